/* The views of configuration and plugins. SPDX-License-Identifier: MIT */
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
    (void)s;
    oc_view_table_csv("warning,file,line,key,message,hint", json_object_get(data, "findings"));
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
        printf("%s: %lld values of %s, %zu not mapped\n", output,
               (long long)oc_json_int(data, "mapped", 0), oc_json_str(data, "format", "the file"),
               json_array_size(list));
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

/* ---- one plugin ---- */

static void show_options(const struct cli *cli, const json_t *options)
{
    static const char *const titles[] = {"Option", "Type", "Default", "Meaning"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *option;
    size_t i;
    json_array_foreach(options, i, option)
    {
        const char *name = oc_json_str(option, "name", "");
        bool required = oc_json_bool(option, "required", false);
        char *fallback = oc_value_text(json_object_get(option, "default"), CLI_UNIT_NONE);
        oc_table_add(&table, oc_asprintf("  %s", name));
        oc_table_add(&table, oc_strdup(oc_json_str(option, "type", "")));
        oc_table_add(&table, required ? oc_strdup("(required)") : oc_strdup(fallback));
        oc_table_add(&table, oc_strdup(oc_json_str(option, "help", "")));
        free(fallback);
    }
    if (table.count) {
        fputs("\noptions\n", stdout);
        oc_table_print(&table, stdout, cli->width, cli->color);
    }
    oc_table_finish(&table);
}

static void show_instances(const struct cli_show *s, const json_t *instances)
{
    if (json_array_size(instances) > 0) {
        fputs("\ninstances\n", stdout);
        oc_view_table(s,
                      "instance=Instance,state=State,interval_ms=Interval,calls=Calls,"
                      "failures=Failures,last_error=Last error",
                      instances);
    }
}

static void show_plugin(const struct cli_show *s, const json_t *data)
{
    static const char *const plain[] = {"name",    "version", "kind", "state",
                                        "summary", "error",   "dir",  "methods"};
    const json_t *manifest = json_object_get(data, "manifest");
    json_t *head = json_object();
    for (size_t i = 0; i < OC_COUNT(plain); i++) {
        json_object_set(head, plain[i], json_object_get(data, plain[i]));
    }
    json_object_set(head, "license", json_object_get(manifest, "license"));
    json_object_set(head, "permissions", json_object_get(manifest, "permissions"));
    oc_view_members(stdout, head, 0);
    json_decref(head);
    show_options(s->cli, json_object_get(data, "options"));
    show_instances(s, json_object_get(data, "instances"));
}

const struct cli_view oc_view_plugin = {"plugin", show_plugin, NULL, NULL, NULL, NULL};
