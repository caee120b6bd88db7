/* The view of plans and of what became of them: actions, rights, warnings. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

static void put(FILE *out, const char *text, size_t width, enum term_color color, bool use_color)
{
    oc_term_cell(out, text, width, color, use_color);
}

static bool colored(const struct cli *cli, const FILE *out)
{
    return out == stderr ? cli->color_err : cli->color;
}

static enum term_color color_of(const char *what)
{
    if (strcmp(what, "install") == 0 || strcmp(what, "enable") == 0) {
        return TERM_GREEN;
    }
    return strcmp(what, "remove") == 0 || strcmp(what, "purge") == 0 ? TERM_RED : TERM_CYAN;
}

/* "install  acme/hello 1.1.0 (from 1.0.0)  12 KB  registry:main, publisher, process" */
static void show_action(const json_t *action, FILE *out, bool color)
{
    static const char *const told[] = {"source", "trust", "tier"};
    const char *what = oc_json_str(action, "do", ""), *id = oc_json_str(action, "id", NULL);
    const char *version = oc_json_str(action, "version", ""),
               *from = oc_json_str(action, "from", "");
    const char *command = oc_json_str(action, "command", NULL),
               *kind = oc_json_str(action, "kind", "");
    double size = oc_json_num(action, "size", 0);
    char human[32];
    bool first = true;
    fputs("  ", out);
    put(out, what, strlen(what) > 8 ? 0 : 8, color_of(what), color);
    fputc(' ', out);
    if (!id && *kind) { /* "delete generation 3" */
        put(out, kind, 0, TERM_PLAIN, false);
        fputc(' ', out);
    }
    put(out, id ? id : oc_json_str(action, "name", ""), 0, TERM_BOLD, color);
    oc_term_printf(out, "%s%s", *version ? " " : "", version);
    if (*from) {
        oc_term_printf(out, " (from %s)", from);
    }
    if (size > 0) {
        fprintf(out, "  %s", oc_size_human(size, human, sizeof human));
    }
    for (size_t i = 0; i < OC_COUNT(told); i++) {
        const char *text = oc_json_str(action, told[i], NULL);
        if (text && *text) {
            fputs(first ? "  " : ", ", out);
            put(out, text, 0, TERM_PLAIN, false);
            first = false;
        }
    }
    if (command) {
        fputs("  ", out);
        put(out, command, 0, TERM_DIM, color);
    }
    if (json_is_false(json_object_get(action, "ok"))) {
        fputs("  ", out);
        put(out, oc_json_str(action, "message", "failed"), 0, TERM_RED, color);
    }
    fputc('\n', out);
}

static void show_permissions(const json_t *permissions, FILE *out, bool color)
{
    static const struct {
        const char *why, *mark;
        enum term_color color;
    } marks[] = {{"new", "+", TERM_YELLOW}, {"gone", "-", TERM_DIM}, {"kept", " ", TERM_PLAIN}};
    const json_t *permission;
    size_t i;
    if (json_array_size(permissions)) {
        fputs("permissions\n", out);
    }
    json_array_foreach(permissions, i, permission)
    {
        const char *why = oc_json_str(permission, "why", "kept");
        size_t k = 0;
        while (k + 1 < OC_COUNT(marks) && strcmp(marks[k].why, why) != 0) {
            k++;
        }
        fprintf(out, "  %s ", marks[k].mark);
        put(out, oc_json_str(permission, "permission", ""), 0, marks[k].color, color);
        fputs(k == 0 ? "  (new)\n" : k == 1 ? "  (no longer)\n" : "\n", out);
    }
}

static void show_changelog(const char *changelog, FILE *out)
{
    if (*changelog) {
        fputs("changes\n", out);
        oc_term_text(out, changelog);
        fputc('\n', out);
    }
}

static void show_warnings(const json_t *warnings, FILE *out, bool color)
{
    const json_t *warning;
    size_t i;
    json_array_foreach(warnings, i, warning)
    {
        put(out, "warning: ", 0, TERM_YELLOW, color);
        put(out,
            json_is_string(warning) ? json_string_value(warning)
                                    : oc_json_str(warning, "message", ""),
            0, TERM_PLAIN, false);
        fputc('\n', out);
    }
}

void oc_view_plan_show(const struct cli *cli, const json_t *plan, FILE *out)
{
    const json_t *actions = json_object_get(plan, "actions"), *action;
    bool color = colored(cli, out);
    bool done = !oc_json_bool(plan, "dry_run", false);
    size_t i;
    if (json_object_get(plan, "steps")) {
        oc_view_runbook_plan(cli, plan, out);
        return;
    }
    fputs(!json_array_size(actions) ? "Nothing is to be done.\n" : done ? "done\n" : "plan\n", out);
    json_array_foreach(actions, i, action)
    {
        show_action(action, out, color);
    }
    show_permissions(json_object_get(plan, "permissions"), out, color);
    show_changelog(oc_json_str(plan, "changelog", ""), out);
    show_warnings(json_object_get(plan, "warnings"), out, color);
    if (!done && strcmp(oc_json_str(plan, "consent", ""), "needed") == 0) {
        oc_term_printf(out, "surface %s\n", oc_json_str(plan, "surface", ""));
    }
    if (done && json_object_get(plan, "generation")) {
        fprintf(out, "generation %lld\n", (long long)oc_json_int(plan, "generation", 0));
    }
    const char *next = oc_json_str(plan, "next", NULL);
    if (done && next) {
        oc_term_printf(out, "next: `%s`\n", next);
    }
}

static void show(const struct cli_show *s, const json_t *data)
{
    oc_view_plan_show(s->cli, data, stdout);
}

static void csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "do,name,id,version,from,size,source,tier,trust,digest",
                      json_object_get(data, "actions"));
}

const struct cli_view oc_view_plan = {"plan", show, NULL, csv, NULL, NULL};
