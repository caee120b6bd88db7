/* What would change in files, as unified diffs. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

static void put_line(const struct cli *cli, const char *text, enum term_color color)
{
    oc_term_cell(stdout, text, 0, color, cli->color);
    fputc('\n', stdout);
}

static enum term_color color_of(const char *line)
{
    switch (line[0]) {
    case '+':
        return TERM_GREEN;
    case '-':
        return TERM_RED;
    case '@':
        return TERM_CYAN;
    default:
        return TERM_PLAIN;
    }
}

/* "--- policies/route.lua (in force)" */
static void put_head(const struct cli *cli, const char *sign, const json_t *change, const char *key)
{
    const char *what = oc_json_str(change, key, NULL);
    char *text = what ? oc_asprintf("%s %s (%s)", sign, oc_json_str(change, "file", ""), what)
                      : oc_asprintf("%s nothing", sign);
    put_line(cli, text, TERM_BOLD);
    free(text);
}

static void show_change(const struct cli *cli, const json_t *change)
{
    const json_t *lines = json_object_get(change, "lines"), *line;
    const long long left_out = oc_json_int(change, "left_out", 0);
    size_t i;
    put_head(cli, "---", change, "before");
    put_head(cli, "+++", change, "after");
    if (json_array_size(lines) == 0 && !left_out) {
        put_line(cli, "no line is another one", TERM_DIM);
    }
    json_array_foreach(lines, i, line)
    {
        const char *text = json_is_string(line) ? json_string_value(line) : "";
        put_line(cli, text, color_of(text));
    }
    if (left_out > 0) {
        printf("... and %lld more lines: %lld added and %lld removed in all\n", left_out,
               (long long)oc_json_int(change, "added", 0),
               (long long)oc_json_int(change, "removed", 0));
    }
}

void oc_view_changes_show(const struct cli *cli, const json_t *changes)
{
    const json_t *change;
    size_t i;
    json_array_foreach(changes, i, change)
    {
        show_change(cli, change);
    }
}

/* ---- policy.apply, policy.remove ---- */

static void show(const struct cli_show *s, const json_t *data)
{
    json_t *rest = json_copy((json_t *)(uintptr_t)data);
    const json_t *changes = json_object_get(data, "changes");
    json_object_del(rest, "changes");
    oc_view_record(s, rest);
    if (changes) {
        fputc('\n', stdout);
        oc_view_changes_show(s->cli, changes);
    }
    json_decref(rest);
}

const struct cli_view oc_view_policy_change = {.name = "policy_change", .show = show};
