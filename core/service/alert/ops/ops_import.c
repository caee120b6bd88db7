/* The operation alert.import. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/import/import.h"
#include "core/config/yaml.h"
#include "core/policy/shipped.h"
#include "core/service/alert/intake/import.h"
#include "core/service/alert/service.h"
#include "core/sys/file.h"

#define FILE_MAX (1u << 20) /* bytes */

struct import_params {
    const char *file;
    int32_t dry_run, force;
};

static const struct oc_option import_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct import_params, file),
     .help = "alert-rules.yaml of the original system"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct import_params, dry_run),
     .help = "write nothing, say what would be written"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct import_params, force),
     .help = "replace files that are there"},
    {0},
};

struct import {
    const struct oc_alert_service *s;
    const struct import_params *p;
    struct oc_buf source;
    json_t *rules, *files, *findings;
};

/* A finding of the configuration's reader about what is taken over here. */
static bool is_ours(const json_t *finding)
{
    return oc_starts(oc_json_str(finding, "hint", ""), OC_IMPORT_AS_POLICY);
}

static int read_configuration(struct import *i, struct oc_buf *conf, struct oc_error *err)
{
    struct oc_diags diags = {0};
    json_t *report = oc_import_text(i->p->file, i->source.data ? i->source.data : "", i->source.len,
                                    conf, &diags, err);
    json_t *all = oc_diags_json(&diags), *finding;
    size_t k;
    json_array_foreach(all, k, finding)
    {
        if (!is_ours(finding)) {
            json_array_append(i->findings, finding);
        }
    }
    int rc = report ? OC_OK : err->code;
    if (report && strcmp(oc_json_str(report, "format", ""), "alert-rules.yaml") != 0) {
        rc = oc_error_set(err, OC_E_UNSUPPORTED, "%s is no alert-rules.yaml", i->p->file);
        oc_error_hint(err, "`openclaw config import` reads the other files.");
    }
    json_decref(report);
    json_decref(all);
    oc_diags_finish(&diags);
    return rc;
}

/* Adds the file, in this folder (NULL = the home), to the report, as something to be written unless it says what is shipped. */
static void add_file(struct import *i, const char *folder, const char *name,
                     const struct oc_buf *text, const char *shipped, size_t len)
{
    bool same = shipped && text->len == len && memcmp(text->data, shipped, len) == 0;
    char *path = oc_path_join(folder ? folder : i->s->env->home, name);
    json_t *json = json_object();
    oc_json_set_str(json, "file", path);
    oc_json_set_bool(json, "as_shipped", same);
    oc_json_set_bool(json, "exists", oc_file_exists(path));
    oc_json_set_str(json, "text", same || !text->data ? "" : text->data);
    json_array_append_new(i->files, json);
    free(path);
}

static const struct oc_shipped_policy *shipped_policy(const char *name)
{
    const struct oc_shipped_policy *p = oc_shipped_policies;
    while (p->name && strcmp(p->name, name) != 0) {
        p++;
    }
    return p->name ? p : NULL;
}

typedef bool (*import_fn)(const json_t *rules, const char *source, size_t len, struct oc_buf *out,
                          json_t *findings);

static void import_policy(struct import *i, const char *policy, const char *name, import_fn fn)
{
    struct oc_buf out = {0};
    const struct oc_shipped_policy *shipped = shipped_policy(policy);
    size_t len = shipped ? (size_t)(shipped->end - shipped->text) : 0;
    if (shipped && fn(i->rules, shipped->text, len, &out, i->findings)) {
        oc_buf_addc(&out, '\0');
        out.len--;
        add_file(i, NULL, name, &out, shipped->text, len);
    }
    oc_buf_finish(&out);
}

static void set_places(struct import *i)
{
    json_t *finding;
    size_t k;
    json_array_foreach(i->findings, k, finding)
    {
        unsigned line = oc_alert_import_line(i->source.data ? i->source.data : "",
                                             oc_json_str(finding, "key", ""));
        oc_json_set_str(finding, "file", i->p->file);
        oc_json_set_int(finding, "line", line);
    }
}

static int check_free(const struct import *i, struct oc_error *err)
{
    json_t *file;
    size_t k;
    json_array_foreach(i->files, k, file)
    {
        bool write = !oc_json_bool(file, "as_shipped", false);
        if (write && oc_json_bool(file, "exists", false) && !i->p->force) {
            oc_error_set(err, OC_E_CONFLICT, "%s exists", oc_json_str(file, "file", ""));
            oc_error_hint(err, "Give --force to replace it, or --dry-run to see what would be.");
            return OC_E_CONFLICT;
        }
    }
    return OC_OK;
}

static int write_files(const struct import *i, struct oc_error *err)
{
    json_t *file;
    size_t k;
    int rc = check_free(i, err);
    json_array_foreach(i->files, k, file)
    {
        const char *path = oc_json_str(file, "file", ""), *text = oc_json_str(file, "text", "");
        if (rc != OC_OK || oc_json_bool(file, "as_shipped", false)) {
            continue;
        }
        char *folder = oc_path_dir(path);
        rc = oc_dir_make(folder, 0700, err);
        rc = rc == OC_OK ? oc_file_write(path, text, strlen(text), 0600, err) : rc;
        free(folder);
    }
    return rc;
}

static void add_words(json_t *result, const struct import *i)
{
    struct oc_buf text = {0};
    const json_t *item;
    size_t k;
    json_array_foreach(i->files, k, item)
    {
        const char *verb = oc_json_bool(item, "as_shipped", false) ? "as shipped, not written"
                           : i->p->dry_run                         ? "would be written"
                                                                   : "written";
        oc_buf_addf(&text, "%s: %s\n", oc_json_str(item, "file", ""), verb);
    }
    json_array_foreach(i->findings, k, item)
    {
        oc_buf_addf(&text, "%s:%lld: %s: %s\n", oc_json_str(item, "file", ""),
                    (long long)oc_json_int(item, "line", 0), oc_json_str(item, "key", ""),
                    oc_json_str(item, "message", ""));
        if (*oc_json_str(item, "hint", "")) {
            oc_buf_addf(&text, "  %s\n", oc_json_str(item, "hint", ""));
        }
    }
    if (text.len > 0) {
        text.data[--text.len] = '\0';
    }
    oc_json_set_str(result, "text", text.len ? text.data : "");
    oc_buf_finish(&text);
}

static int import_all(struct import *i, struct oc_error *err)
{
    struct oc_buf conf = {0};
    int rc = oc_file_read(i->p->file, FILE_MAX, &i->source, err);
    rc = rc == OC_OK ? read_configuration(i, &conf, err) : rc;
    if (rc == OC_OK) {
        i->rules = oc_yaml_parse(i->source.data ? i->source.data : "", i->source.len, err);
        rc = i->rules ? OC_OK : err->code;
    }
    if (rc == OC_OK) {
        add_file(i, i->s->config_folder, "conf.d/alert-rules.conf", &conf, NULL, 0);
        import_policy(i, "route", "policies/route.lua", oc_alert_import_routes);
        import_policy(i, "inhibit", "policies/inhibit.lua", oc_alert_import_inhibition);
        import_policy(i, "escalate", "policies/escalate.lua", oc_alert_import_escalation);
        set_places(i);
        rc = i->p->dry_run ? OC_OK : write_files(i, err);
    }
    oc_buf_finish(&conf);
    return rc;
}

static void op_import(struct oc_call *call, void *ctx)
{
    struct import i = {
        .s = ctx, .p = oc_call_params(call), .files = json_array(), .findings = json_array()};
    struct oc_error err;
    oc_error_init(&err);
    if (import_all(&i, &err) == OC_OK) {
        json_t *result = json_object();
        oc_json_set_bool(result, "dry_run", i.p->dry_run != 0);
        oc_json_take(result, "files", json_incref(i.files));
        oc_json_take(result, "findings", json_incref(i.findings));
        add_words(result, &i);
        oc_call_succeed(call, result);
    } else {
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&i.source);
    json_decref(i.rules);
    json_decref(i.files);
    json_decref(i.findings);
}

static const struct oc_op import_op = {
    .name = "alert.import",
    .summary = "Take over alert-rules.yaml of the original system as configuration and policies",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_MUTATES,
    .params = import_options,
    .params_size = sizeof(struct import_params),
    .view = "text:text",
    .description =
        "Thresholds, channels, windows and aggregation go to conf.d/alert-rules.conf beside the "
        "configuration file; routing, "
        "suppression and escalation become policies/route.lua, inhibit.lua and escalate.lua, "
        "unless they are what is shipped. What has no place is said with its line. `openclaw "
        "reload` puts "
        "it in force.",
    .example = "openclaw alert import alert-rules.yaml --dry-run",
    .result =
        "{dry_run: boolean, files: [{file: string, as_shipped: boolean, exists: boolean, text: "
        "string}], findings: [{key: string, message: string, hint?: string|null, file: string, "
        "line: integer, *: any}], text: string}",
    .handler = op_import};

void oc_alert_add_import_ops(struct oc_alert_service *s)
{
    oc_ops_add(s->env->ops, &import_op, s);
}
