/* The view of `openclaw plugin audit`. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

static enum term_color color_of(const char *severity)
{
    static const char *const grave[] = {"malicious", "critical", "high"};
    for (size_t i = 0; i < sizeof grave / sizeof *grave; i++) {
        if (strcmp(severity, grave[i]) == 0) {
            return TERM_RED;
        }
    }
    return strcmp(severity, "medium") == 0 ? TERM_YELLOW : TERM_DIM;
}

/* "high       redis 1.2.0  yanked: loses samples", and below it what ends it. */
static void show_finding(const struct cli *cli, const json_t *f)
{
    const char *severity = oc_json_str(f, "severity", "");
    oc_term_cell(stdout, severity, 9, color_of(severity), cli->color);
    fputs("  ", stdout);
    oc_term_cell(stdout, oc_json_str(f, "name", ""), 0, TERM_BOLD, cli->color);
    fputc(' ', stdout);
    oc_term_cell(stdout, oc_json_str(f, "version", ""), 0, TERM_PLAIN, false);
    fputs("  ", stdout);
    oc_term_cell(stdout, oc_json_str(f, "kind", ""), 0, TERM_PLAIN, false);
    fputs(": ", stdout);
    oc_term_cell(stdout, oc_json_str(f, "message", ""), 0, TERM_PLAIN, false);
    fputs("\n           ", stdout);
    oc_term_cell(stdout, oc_json_str(f, "fix", ""), 0, TERM_DIM, cli->color);
    fputc('\n', stdout);
}

static void show(const struct cli_show *s, const json_t *data)
{
    const json_t *findings = json_object_get(data, "findings");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        show_finding(s->cli, json_array_get(findings, i));
    }
    const size_t found = json_array_size(findings);
    const int64_t audited = oc_json_int(data, "audited", 0);
    printf("%lld plugin%s audited, %zu finding%s\n", (long long)audited, audited == 1 ? "" : "s",
           found, found == 1 ? "" : "s");
}

static int exit_code(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return json_array_size(json_object_get(data, "findings")) > 0;
}

const struct cli_view oc_view_plugin_audit = {
    .name = "plugin_audit", .show = show, .exit_code = exit_code};
