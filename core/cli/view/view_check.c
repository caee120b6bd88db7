/* The view of `openclaw plugin check`. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

#define COULD_NOT_RUN 2

static enum term_color color_of(const char *severity)
{
    return strcmp(severity, "error") == 0     ? TERM_RED
           : strcmp(severity, "warning") == 0 ? TERM_YELLOW
                                              : TERM_DIM;
}

static void show_cell(const char *text, size_t width, enum term_color color, bool colored)
{
    oc_term_cell(stdout, text, width, color, colored);
}

/* "error    OC0113  unique symbols", below it each place, and once what to do. */
static void show_head(const struct cli *cli, const json_t *finding)
{
    const char *severity = oc_json_str(finding, "severity", "");
    show_cell(severity, 7, color_of(severity), cli->color);
    fputs("  ", stdout);
    show_cell(oc_json_str(finding, "id", ""), 0, TERM_BOLD, cli->color);
    fputs("  ", stdout);
    show_cell(oc_json_str(finding, "title", ""), 0, TERM_PLAIN, false);
    fputc('\n', stdout);
}

static void show_place(const json_t *finding)
{
    const char *file = oc_json_str(finding, "file", NULL);
    const char *accepted = oc_json_str(finding, "accepted", NULL);
    fputs("         ", stdout);
    if (file) {
        show_cell(file, 0, TERM_PLAIN, false);
        fputs(": ", stdout);
    }
    show_cell(oc_json_str(finding, "message", ""), 0, TERM_PLAIN, false);
    if (accepted) {
        fputs("; accepted: ", stdout);
        show_cell(accepted, 0, TERM_PLAIN, false);
    }
    fputc('\n', stdout);
}

static bool same_check(const json_t *a, const json_t *b)
{
    return a && b && strcmp(oc_json_str(a, "id", ""), oc_json_str(b, "id", "")) == 0 &&
           strcmp(oc_json_str(a, "severity", ""), oc_json_str(b, "severity", "")) == 0;
}

/* All of one severity, those of one check together. */
static void show_severity(const struct cli *cli, const json_t *list, const char *severity)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *finding = json_array_get(list, i);
        bool seen = strcmp(oc_json_str(finding, "severity", ""), severity) != 0;
        for (size_t k = 0; k < i && !seen; k++) {
            seen = same_check(json_array_get(list, k), finding);
        }
        if (seen) {
            continue;
        }
        show_head(cli, finding);
        for (size_t k = i; k < json_array_size(list); k++) {
            if (same_check(json_array_get(list, k), finding)) {
                show_place(json_array_get(list, k));
            }
        }
        if (!oc_json_str(finding, "accepted", NULL)) {
            fputs("         ", stdout);
            show_cell(oc_json_str(finding, "hint", ""), 0, TERM_DIM, cli->color);
            fputc('\n', stdout);
        }
    }
}

static void show_left_out(const json_t *data)
{
    const json_t *left;
    size_t i;
    json_array_foreach(json_object_get(data, "left_out"), i, left)
    {
        printf("Level %lld was left out: ", (long long)oc_json_int(left, "level", 0));
        show_cell(oc_json_str(left, "why", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
}

static void show_summary(const json_t *data)
{
    const char *name = oc_json_str(data, "name", NULL);
    static const char *const kinds[] = {"error", "warning", "note"};
    show_cell(name ? name : oc_json_str(data, "path", ""), 0, TERM_PLAIN, false);
    oc_term_printf(stdout, "%s%s: ", name ? " " : "", name ? oc_json_str(data, "version", "") : "");
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        char key[16];
        snprintf(key, sizeof key, "%ss", kinds[i]);
        const int64_t n = oc_json_int(data, key, 0);
        printf("%lld %s%s, ", (long long)n, kinds[i], n == 1 ? "" : "s");
    }
    printf("%lld checks at level %lld\n", (long long)oc_json_int(data, "checks", 0),
           (long long)oc_json_int(data, "level", 0));
}

static void show_check(const struct cli_show *s, const json_t *data)
{
    const json_t *list = json_object_get(data, "findings");
    const json_t *table = json_object_get(data, "table");
    const char *document = oc_json_str(data, "document", NULL);
    if (table) {
        oc_view_table(s, "id=Check,level=Level,severity=Severity,title=What", table);
        return;
    }
    if (document) {
        oc_show_text(s->cli, document);
        return;
    }
    show_severity(s->cli, list, "error");
    show_severity(s->cli, list, "warning");
    show_severity(s->cli, list, "note");
    show_left_out(data);
    show_summary(data);
}

static void check_csv(const struct cli_show *s, const json_t *data)
{
    const json_t *table = json_object_get(data, "table");
    oc_view_table_csv(s, table ? "id,level,severity,title" : "id,severity,file,where,message,hint",
                      table ? table : json_object_get(data, "findings"));
}

static int check_exit(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_bool(data, "clean", true) ? 0 : 1;
}

/* Interrupted is interrupted, and a misspelt option is a matter of usage; all else could not be checked. */
static int check_failed(const struct cli_show *s, const struct cli_answer *answer)
{
    (void)s;
    return answer->interrupted ? -1 : COULD_NOT_RUN;
}

const struct cli_view oc_view_check = {"check",   show_check, NULL,
                                       check_csv, check_exit, check_failed};
