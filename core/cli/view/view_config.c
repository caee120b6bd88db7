/* The views of configuration. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

/* ---- findings ---- */

/* "file:line: key: message", and the hint below it. */
static void show_finding(const struct cli *cli, const json_t *finding)
{
    const char *file = oc_json_str(finding, "file", ""), *key = oc_json_str(finding, "key", "");
    const char *hint = oc_json_str(finding, "hint", "");
    bool warning = oc_json_bool(finding, "warning", false);
    int64_t line = oc_json_int(finding, "line", 0);
    oc_term_text(stdout, file);
    if (line > 0) {
        printf(":%lld", (long long)line);
    }
    fputs(*file ? ": " : "", stdout);
    oc_term_cell(stdout, warning ? "warning" : "error", 0, warning ? TERM_YELLOW : TERM_RED,
                 cli->color);
    fputs(": ", stdout);
    oc_term_cell(stdout, key, 0, TERM_BOLD, cli->color);
    fputs(*key ? ": " : "", stdout);
    oc_term_cell(stdout, oc_json_str(finding, "message", ""), 0, TERM_PLAIN, false);
    fputc('\n', stdout);
    if (*hint) {
        fputs("  ", stdout);
        oc_term_cell(stdout, hint, 0, TERM_DIM, cli->color);
        fputc('\n', stdout);
    }
}

static void show_list(const struct cli *cli, const json_t *list)
{
    const json_t *finding;
    size_t i;
    json_array_foreach(list, i, finding)
    {
        show_finding(cli, finding);
    }
}

static void show_findings(const struct cli_show *s, const json_t *data)
{
    const json_t *list = json_object_get(data, "findings");
    size_t count = json_array_size(list);
    int64_t errors = oc_json_int(data, "errors", 0);
    show_list(s->cli, list);
    if (count) {
        printf("%zu finding%s, %lld of them error%s\n", count, count == 1 ? "" : "s",
               (long long)errors, errors == 1 ? "" : "s");
    } else {
        puts("The configuration is sound.");
    }
}

static int findings_exit(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_int(data, "errors", 0) > 0 ? oc_error_exit(OC_E_CONFIG) : 0;
}

static void findings_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "warning,file,line,key,message,hint", json_object_get(data, "findings"));
}

const struct cli_view oc_view_findings = {"findings",   show_findings, NULL,
                                          findings_csv, findings_exit, NULL};

/* ---- import ---- */

/* The text is the answer, unless it went to a file; what could not be mapped goes beside it. */
static void show_import(const struct cli_show *s, const json_t *data)
{
    const json_t *list = json_object_get(data, "findings"), *finding;
    const char *output = oc_json_str(data, "output", NULL);
    size_t i;
    if (output) {
        oc_term_printf(stdout, "%s: %lld values of %s, %zu not mapped\n", output,
                       (long long)oc_json_int(data, "mapped", 0),
                       oc_json_str(data, "format", "the file"), json_array_size(list));
        show_list(s->cli, list);
        return;
    }
    oc_term_text(stdout, oc_json_str(data, "text", ""));
    json_array_foreach(list, i, finding)
    {
        char *text = oc_asprintf("%s: %s", oc_json_str(finding, "key", ""),
                                 oc_json_str(finding, "message", ""));
        oc_show_warning(s->cli, text);
        free(text);
    }
}

const struct cli_view oc_view_import = {"import", show_import, NULL, NULL, NULL, NULL};
