/* The view of cron.import: what became of each line, then the sum. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

static void show_line(const struct cli_show *s, const json_t *row)
{
    const char *result = oc_json_str(row, "result", ""), *hint = oc_json_str(row, "hint", "");
    bool finding = strcmp(result, "finding") == 0;
    printf("line %lld: ", (long long)oc_json_int(row, "line", 0));
    oc_term_cell(stdout, result, 0, finding ? TERM_YELLOW : TERM_GREEN, s->cli->color);
    fputs(": ", stdout);
    oc_term_cell(stdout, oc_json_str(row, "message", ""), 0, TERM_PLAIN, s->cli->color);
    fputc('\n', stdout);
    if (*hint) {
        fputs("  ", stdout);
        oc_term_cell(stdout, hint, 0, TERM_PLAIN, s->cli->color);
        fputc('\n', stdout);
    }
}

static void show(const struct cli_show *s, const json_t *data)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(data, "lines"), i, row)
    {
        show_line(s, row);
    }
    int64_t findings = oc_json_int(data, "findings", 0);
    printf(
        "%lld %s, %lld there already, %lld finding%s\n", (long long)oc_json_int(data, "added", 0),
        oc_json_bool(data, "dry_run", false) ? "would be added" : "added",
        (long long)oc_json_int(data, "present", 0), (long long)findings, findings == 1 ? "" : "s");
}

const struct cli_view oc_view_cron_import = {"cron_import", show, NULL, NULL, NULL, NULL};
