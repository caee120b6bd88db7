/* The views of one plugin: info, why, doctor. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/cli/value.h"

/* ---- plugin.info ---- */

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

static void show_warning(const struct cli *cli, const char *what, const char *text)
{
    oc_term_cell(stdout, "  ", 0, TERM_PLAIN, false);
    oc_term_cell(stdout, what, 0, TERM_YELLOW, cli->color);
    oc_term_cell(stdout, ": ", 0, TERM_PLAIN, false);
    oc_term_cell(stdout, text, 0, TERM_PLAIN, false);
    fputc('\n', stdout);
}

/* What was asked for against what holds, and who holds the plugin to it. */
static void show_rights(const struct cli *cli, const json_t *data)
{
    static const char *const titles[] = {"Requested", "Effective", "Enforced by", "Note"};
    struct term_table table = {.columns = OC_COUNT(titles), .titles = titles};
    const json_t *right, *text;
    size_t i;
    json_array_foreach(json_object_get(data, "rights"), i, right)
    {
        bool granted = oc_json_bool(right, "granted", true);
        oc_table_add(&table, oc_asprintf("  %s", oc_json_str(right, "permission", "")));
        oc_table_add(&table, oc_strdup(granted ? "granted" : "denied"));
        oc_table_add(&table, oc_strdup(oc_json_str(right, "enforced", "")));
        oc_table_add(&table, oc_strdup(oc_json_str(right, "note", "")));
    }
    if (table.count) {
        fputs("\nrights\n", stdout);
        oc_table_print(&table, stdout, cli->width, cli->color);
    }
    oc_table_finish(&table);
    json_array_foreach(json_object_get(data, "unenforced"), i, text)
    {
        show_warning(cli, "not enforced", json_is_string(text) ? json_string_value(text) : "");
    }
}

static void show_part(const char *title, const json_t *part)
{
    if (json_object_size(part)) {
        oc_term_printf(stdout, "\n%s\n", title);
        oc_view_members(stdout, part, 2);
    }
}

static void show_provides(const struct cli *cli, const json_t *data)
{
    const json_t *item;
    size_t i;
    show_part("provides", json_object_get(data, "provides"));
    json_array_foreach(json_object_get(data, "left_out"), i, item)
    {
        show_warning(cli, "left out", oc_json_str(item, "reason", ""));
    }
}

/* What a person asks: from whom, of which key, since when. All of the receipt is there for --json. */
static void show_provenance(const json_t *data)
{
    static const char *const told[] = {"source",  "trust",         "key",    "comment",
                                       "target",  "size",          "digest", "installed",
                                       "surface", "describe_error"};
    const json_t *provenance = json_object_get(data, "provenance");
    json_t *shown = json_object();
    for (size_t i = 0; i < OC_COUNT(told); i++) {
        json_object_set(shown, told[i], json_object_get(provenance, told[i]));
    }
    json_object_set(shown, "published",
                    json_object_get(json_object_get(provenance, "release"), "published"));
    show_part("provenance", shown);
    json_decref(shown);
}

/* What is not installed is described by its newest version that fits this host, or its newest. */
static const json_t *offered(const json_t *data)
{
    const json_t *versions = json_object_get(data, "versions"), *version;
    size_t i;
    json_array_foreach(versions, i, version)
    {
        if (oc_json_bool(version, "fits", false) &&
            !oc_json_bool(json_object_get(version, "status"), "yanked", false)) {
            return version;
        }
    }
    return json_array_get(versions, 0);
}

static void show_instances(const struct cli_show *s, const json_t *instances)
{
    if (json_array_size(instances) > 0) {
        fputs("\ninstances\n", stdout);
        oc_view_table(s,
                      "instance=Instance,state=State,tier=Tier,pid=Pid,generation=Generation,"
                      "calls=Calls,failures=Failures,restarts=Restarts,last_error=Last error",
                      instances);
    }
}

/* The permissions that it asks for; that there are none is worth a word. */
static void set_wishes(json_t *head, const json_t *from)
{
    json_t *permissions = json_object_get(from, "permissions");
    if (json_is_array(permissions) && !json_array_size(permissions)) {
        oc_json_set_str(head, "permissions", "none");
    } else {
        json_object_set(head, "permissions", permissions);
    }
}

static void show_info(const struct cli_show *s, const json_t *data)
{
    static const char *const plain[] = {"name",    "id",    "version",    "kind",  "state",  "tier",
                                        "summary", "error", "registry",   "size",  "target", "dir",
                                        "methods", "trust", "deprecated", "yanked"};
    const json_t *manifest = json_object_get(data, "manifest"), *release = offered(data);
    json_t *head = json_object();
    for (size_t i = 0; i < OC_COUNT(plain); i++) {
        const json_t *from = json_object_get(data, plain[i]) ? data : release;
        json_object_set(head, plain[i], json_object_get(from, plain[i]));
    }
    json_object_set(head, "license", json_object_get(manifest ? manifest : release, "license"));
    json_object_set(head, "author", json_object_get(manifest ? manifest : release, "author"));
    if (!json_object_get(data, "rights")) {
        set_wishes(head, manifest ? manifest : release ? release : data);
    }
    oc_view_members(stdout, head, 0);
    json_decref(head);
    show_rights(s->cli, data);
    show_provenance(data);
    show_provides(s->cli, data);
    show_options(s->cli, json_object_get(data, "options"));
    if (json_array_size(json_object_get(data, "versions"))) {
        fputs("\nversions\n", stdout);
        oc_view_table(s,
                      "version=Version,artifacts[0].size=Size(size),artifacts[0].arch=For,"
                      "fits=Fits here,published=Published,status.yanked=Yanked",
                      json_object_get(data, "versions"));
    }
    show_instances(s, json_object_get(data, "instances"));
}

const struct cli_view oc_view_plugin = {"plugin", show_info, NULL, NULL, NULL, NULL};

/* ---- plugin.why ---- */

static void show_why(const struct cli_show *s, const json_t *data)
{
    const json_t *gate;
    const char *fix = oc_json_str(data, "fix", NULL);
    size_t i;
    json_array_foreach(json_object_get(data, "gates"), i, gate)
    {
        const char *state = oc_json_str(gate, "state", "");
        oc_term_cell(stdout, strcmp(state, "unknown") == 0 ? "-" : state, 8,
                     oc_term_state_color(state), s->cli->color);
        oc_term_cell(stdout, oc_json_str(gate, "gate", ""), 12, TERM_BOLD, s->cli->color);
        oc_term_cell(stdout, oc_json_str(gate, "message", ""), 0, TERM_PLAIN, false);
        fputc('\n', stdout);
    }
    if (oc_json_bool(data, "ok", false)) {
        oc_term_printf(stdout, "Nothing stands in the way of %s.\n", oc_json_str(data, "what", ""));
    } else if (fix) {
        oc_term_printf(stdout, "Try `%s`.\n", fix);
    }
}

static int why_exit(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_bool(data, "ok", true) ? 0 : 1;
}

static void why_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "gate,state,message,fix", json_object_get(data, "gates"));
}

const struct cli_view oc_view_plugin_why = {"plugin_why", show_why, NULL, why_csv, why_exit, NULL};

/* ---- plugin.doctor ---- */

static void show_finding(const struct cli *cli, const json_t *finding)
{
    const char *severity = oc_json_str(finding, "severity", "");
    const char *fix = oc_json_str(finding, "fix", NULL);
    oc_term_cell(stdout, severity, 9, oc_term_state_color(severity), cli->color);
    oc_term_cell(stdout, oc_json_str(finding, "id", ""), 22, TERM_BOLD, cli->color);
    oc_term_cell(stdout, oc_json_str(finding, "message", ""), 0, TERM_PLAIN, false);
    fputc('\n', stdout);
    if (fix) {
        fputs("         ", stdout);
        oc_term_cell(stdout, fix, 0, TERM_DIM, cli->color);
        fputc('\n', stdout);
    }
}

static const json_t *findings_of(const json_t *data)
{
    return json_is_array(data) ? data : json_object_get(data, "findings");
}

static void show_doctor(const struct cli_show *s, const json_t *data)
{
    const json_t *findings = findings_of(data), *finding;
    const char *copy = oc_json_str(data, "copy", NULL);
    size_t i;
    if (copy) {
        oc_view_plan_show(s->cli, data, stdout);
        oc_term_printf(stdout, "the configuration and the state as they were: %s\n", copy);
    }
    json_array_foreach(findings, i, finding)
    {
        show_finding(s->cli, finding);
    }
    if (!json_array_size(findings)) {
        puts("Nothing is wrong with the plugins.");
    }
}

static int doctor_exit(const struct cli_show *s, const json_t *data)
{
    const json_t *finding;
    size_t i;
    (void)s;
    json_array_foreach(findings_of(data), i, finding)
    {
        if (strcmp(oc_json_str(finding, "severity", ""), "error") == 0) {
            return 1;
        }
    }
    return 0;
}

static void doctor_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "id,severity,plugin,message,fix,safe", findings_of(data));
}

const struct cli_view oc_view_plugin_doctor = {"plugin_doctor", show_doctor, NULL,
                                               doctor_csv,      doctor_exit, NULL};
