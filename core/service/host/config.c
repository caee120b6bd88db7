/* The operations over the configuration. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/dump.h"
#include "core/config/import/import.h"
#include "core/service/host/internal.h"
#include "core/sys/file.h"

/* ---- config.show ---- */

struct key_params {
    const char *key;
};
static const struct oc_option show_options[] = {
    {.name = "key",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct key_params, key),
     .help = "only this part, for example store or collectors[0]"},
    {0}};

static const struct oc_node *root_of(const struct oc_host_service *s)
{
    return oc_config_root(s->hooks.config(s->hooks.ctx));
}

static const struct oc_node *node_at(struct oc_host_service *s, const char *key)
{
    return key ? oc_node_get(root_of(s), key) : root_of(s);
}

static void fail_unknown_key(struct oc_call *call, const char *key)
{
    oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw config show` lists everything that is set.",
                  "the configuration has no %s", key);
}

/* The default of a key that nobody set, "section.option", from the option tables; NULL when there is none. */
static char *default_of(struct oc_host_service *s, const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot || strchr(dot + 1, '.')) {
        return NULL;
    }
    char *section = oc_strndup(key, (size_t)(dot - key)), *found = NULL;
    json_t *sections = s->hooks.sections(s->hooks.ctx), *option;
    size_t i;
    json_array_foreach(json_object_get(sections, section), i, option)
    {
        if (strcmp(oc_json_str(option, "name", ""), dot + 1) == 0) {
            found = oc_strdup(oc_json_str(option, "default", NULL));
        }
    }
    json_decref(sections);
    free(section);
    return found;
}

static json_t *masked_at(const struct oc_host_service *s, const struct oc_call *call,
                         const struct oc_node *root, const char *key, const json_t *value)
{
    const struct oc_masking m = {.plugins = s->env.plugins,
                                 .all = oc_actor_is_told_all(oc_call_actor(call))};
    return oc_mask_config_at(&m, root, key, value);
}

static json_t *masked_node(const struct oc_host_service *s, const struct oc_call *call,
                           const char *key, const struct oc_node *node)
{
    json_t *plain = oc_node_json(node);
    json_t *value = masked_at(s, call, root_of(s), key, plain);
    json_decref(plain);
    return value;
}

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct key_params *p = oc_call_params(call);
    const struct oc_node *node = node_at(s, p->key);
    if (!node) {
        fail_unknown_key(call, p->key);
        return;
    }
    json_t *masked = masked_node(s, call, p->key, node);
    char *text = oc_dump_json(masked);
    json_t *o = json_object();
    oc_json_set_str(o, "file", oc_config_file(s->hooks.config(s->hooks.ctx)));
    oc_json_set_str(o, "text", text);
    oc_json_take(o, "config", masked);
    free(text);
    oc_call_succeed(call, o);
}

static const struct oc_op show_op = {
    .name = "config.show",
    .summary = "Show the configuration in force, secrets hidden",
    .flags = OC_OP_EPHEMERAL,
    .params = show_options,
    .params_size = sizeof(struct key_params),
    .view = "text:text",
    .description =
        "Who is not an admin does not see either what may be a secret: headers of requests, "
        "bodies, arguments of commands, who logs in with a URL and what its query says.",
    .example = "openclaw config show alerts",
    .handler = op_show,
};

static void op_get(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct key_params *p = oc_call_params(call);
    const struct oc_node *node = node_at(s, p->key);
    char *fallback = node ? NULL : default_of(s, p->key);
    if (!node && !fallback) {
        fail_unknown_key(call, p->key);
        return;
    }
    json_t *masked = node ? masked_node(s, call, p->key, node) : json_string(fallback);
    free(fallback);
    char *text =
        json_is_string(masked) ? oc_strdup(json_string_value(masked)) : oc_dump_json(masked);
    json_t *o = json_object();
    oc_json_take(o, "value", masked);
    oc_json_set_str(o, "text", text);
    free(text);
    oc_call_succeed(call, o);
}

static const struct oc_option get_options[] = {{.name = "key",
                                                .type = OC_OPT_STRING,
                                                .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                .offset = offsetof(struct key_params, key),
                                                .help = "a key, for example store.retention"},
                                               {0}};

static const struct oc_op get_op = {
    .name = "config.get",
    .summary = "Print one value of the configuration in force",
    .flags = OC_OP_EPHEMERAL,
    .params = get_options,
    .params_size = sizeof(struct key_params),
    .view = "text:text",
    .example = "openclaw config get store.retention",
    .handler = op_get,
};

static void op_explain(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct key_params *p = oc_call_params(call);
    json_t *layers = oc_config_explain(s->hooks.config(s->hooks.ctx), p->key), *layer;
    size_t i;
    char *fallback = json_array_size(layers) == 0 ? default_of(s, p->key) : NULL;
    if (json_array_size(layers) == 0 && !fallback) {
        json_decref(layers);
        fail_unknown_key(call, p->key);
        return;
    }
    if (fallback) {
        json_array_append_new(layers,
                              json_pack("{s:s,s:s,s:s,s:n,s:b}", "layer", "default", "value",
                                        fallback, "file", "option table", "line", "wins", 1));
        free(fallback);
    }
    json_array_foreach(layers, i, layer)
    {
        json_t *value = json_object_get(layer, "value");
        oc_json_take(layer, "value", masked_at(s, call, root_of(s), p->key, value));
    }
    oc_call_succeed(call, layers);
}

static const struct oc_op explain_op = {
    .name = "config.explain",
    .summary = "Show where a value comes from: every layer that sets it, and which one wins",
    .flags = OC_OP_EPHEMERAL,
    .params = get_options,
    .params_size = sizeof(struct key_params),
    .view = "table:layer=Layer,value=Value,file=File,line=Line,wins=Wins",
    .example = "openclaw config explain store.retention",
    .handler = op_explain,
};

/* ---- config.validate ---- */

struct file_params {
    const char *file;
};
static const struct oc_option validate_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct file_params, file),
     .help = "the file to check; the configuration in use when left out"},
    {0}};

static const char *file_in_use(struct oc_host_service *s, const char *given)
{
    return given ? given : oc_config_file(s->hooks.config(s->hooks.ctx));
}

static void op_validate(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct file_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    json_t *findings = s->hooks.check(s->hooks.ctx, file_in_use(s, p->file), NULL, &err);
    if (!findings) {
        oc_call_fail(call, &err);
        return;
    }
    oc_call_succeed(call, findings);
}

static const struct oc_op validate_op = {
    .name = "config.validate",
    .summary = "Check a configuration file, the options of every plugin included",
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE,
    .params = validate_options,
    .params_size = sizeof(struct file_params),
    .view = "custom:findings",
    .description = "Exits 7 when there are errors.",
    .example = "openclaw config validate openclaw.conf",
    .handler = op_validate,
};

/* ---- config.set and config.reset ---- */

/* Figures and words of the host's own sections are no secrets; what a plugin, a channel, an operation or a token is told may be one. */
static bool is_open(const json_t *params, const char *name)
{
    static const char *const sections[] = {
        "thresholds.",   "store.",      "log.",      "health.",  "maintenance[",
        "dependencies[", "alerts.",     "host.",     "cost.",    "ledger.",
        "evidence.",     "governance.", "policies.", "runbooks."};
    const char *key = oc_json_str(params, "key", ""), *value = oc_json_str(params, name, NULL);
    bool open = false;
    for (size_t i = 0; i < OC_COUNT(sections); i++) {
        open = open || oc_starts(key, sections[i]);
    }
    return open && value && !oc_starts(key, "alerts.channels") &&
           (oc_mask_is_figure(key, value) || !oc_mask_secret_key(key)) &&
           !strpbrk(value, "{}()=") && !strstr(value, "://");
}

struct set_params {
    const char *key, *value, *file;
};
static const struct oc_option set_options[] = {{.name = "key",
                                                .type = OC_OPT_STRING,
                                                .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                .offset = offsetof(struct set_params, key),
                                                .help = "a key, for example alerts.cooldown"},
                                               {.name = "value",
                                                /* it may be a password: the audit trail hides it */
                                                .type = OC_OPT_SECRET,
                                                .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                .offset = offsetof(struct set_params, value),
                                                .help = "its new value"},
                                               {0}};
static const struct oc_option reset_options[] = {{.name = "key",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct set_params, key),
                                                  .help = "a key; its default holds again"},
                                                 {0}};

struct edit_check {
    struct oc_host_service *service;
    const struct oc_call *call;
    const char *file, *key, *value;
    int64_t errors; /* that the file had before and still has */
    json_t *shown;  /* the value as it may be shown; owned */
};

/* The value in the caller's own words, unless the file as it is then says that something of it is a secret. */
static json_t *shown_value(const struct edit_check *e, const struct oc_node *root)
{
    const struct oc_node *node = e->value ? oc_node_get(root, e->key) : NULL;
    if (!node) {
        return e->value ? json_string(OC_MASK) : json_null();
    }
    json_t *plain = oc_node_json(node),
           *masked = masked_at(e->service, e->call, root, e->key, plain);
    if (json_equal(plain, masked)) {
        json_decref(masked);
        masked = json_string(e->value);
    }
    json_decref(plain);
    return masked;
}

/* Only an error that the edit makes is in its way: what was wrong before can be mended one by one. */
static int check_edit(void *ctx, const struct oc_config_draft *draft, struct oc_error *err)
{
    struct edit_check *e = ctx;
    const struct oc_host_hooks *hooks = &e->service->hooks;
    struct oc_error why;
    json_t *now = hooks->check(hooks->ctx, e->file, draft->text, err), *old = NULL;
    if (!now) {
        return err->code ? err->code : OC_E_CONFIG;
    }
    e->errors = oc_json_int(now, "errors", 0);
    json_decref(e->shown); /* a number in place of a string is checked as both */
    e->shown = shown_value(e, draft->root);
    if (e->errors > 0) {
        old = hooks->check(hooks->ctx, e->file, draft->old_text, &why);
    }
    int rc = oc_diags_refuse_new(json_object_get(now, "findings"), json_object_get(old, "findings"),
                                 err);
    json_decref(old);
    json_decref(now);
    return rc;
}

/* What keeps the new value from taking effect, or the file from being sound. */
static void warn_after(struct oc_call *call, const struct edit_check *e, const char *key)
{
    char *above = oc_config_above_file(e->service->hooks.config(e->service->hooks.ctx), key);
    if (above) {
        oc_call_warn(call, "%s is set by %s, too, which goes above the file", key, above);
    }
    if (e->errors > 0) {
        oc_call_warn(call,
                     "the file had errors before and still has %lld: "
                     "`openclaw config validate` lists them",
                     (long long)e->errors);
    }
    free(above);
}

static void edit(struct oc_call *call, struct oc_host_service *s, const char *key,
                 const char *value)
{
    const struct oc_config *config = s->hooks.config(s->hooks.ctx);
    char *file = oc_config_file(config) ? oc_strdup(oc_config_file(config))
                                        : oc_path_join(oc_config_folder(config), "openclaw.conf");
    struct edit_check check = {
        .service = s, .call = call, .file = file, .key = key, .value = value};
    struct oc_error err;
    oc_error_init(&err);
    if (oc_config_edit(file, key, value, check_edit, &check, &err) == OC_OK) {
        json_t *o = json_object();
        oc_json_set_str(o, "file", file);
        oc_json_set_str(o, "key", key);
        json_object_set(o, "value", check.shown);
        oc_json_set_str(o, "next", "openclaw reload");
        warn_after(call, &check, key);
        oc_call_succeed(call, o);
    } else {
        oc_call_fail(call, &err);
    }
    json_decref(check.shown);
    free(file);
}

static void op_set(struct oc_call *call, void *ctx)
{
    const struct set_params *p = oc_call_params(call);
    edit(call, ctx, p->key, p->value);
}

static void op_reset(struct oc_call *call, void *ctx)
{
    const struct set_params *p = oc_call_params(call);
    edit(call, ctx, p->key, NULL);
}

static const struct oc_op set_op = {
    .name = "config.set",
    .summary = "Set one value in the configuration file, keeping its comments and layout",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_MUTATES,
    .params = set_options,
    .params_size = sizeof(struct set_params),
    .view = "record",
    .description =
        "The new file is validated before it replaces the old one: an error that it did not "
        "have before is refused. `openclaw reload` puts it in force.",
    .example = "openclaw config set alerts.cooldown 10m",
    .handler = op_set,
    .is_open = is_open,
};

static const struct oc_op reset_op = {
    .name = "config.reset",
    .summary = "Take a value out of the configuration file: its default holds again",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_MUTATES,
    .params = reset_options,
    .params_size = sizeof(struct set_params),
    .view = "record",
    .example = "openclaw config reset alerts.cooldown",
    .handler = op_reset,
};

/* ---- config.import ---- */

struct import_params {
    const char *file, *output;
    int32_t force;
};
static const struct oc_option import_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct import_params, file),
     .help = "monitoring-config.json, alert-rules.yaml or openclaw.json of the original system"},
    {.name = "output",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct import_params, output),
     .help = "write the result to this file, for example one in conf.d"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct import_params, force),
     .help = "replace the file if it is there"},
    {0}};

static int write_import(const struct import_params *p, const struct oc_buf *text,
                        struct oc_error *err)
{
    if (!p->output) {
        return OC_OK;
    }
    if (oc_file_exists(p->output) && !p->force) {
        oc_error_set(err, OC_E_CONFLICT, "%s exists", p->output);
        oc_error_hint(err, "Give another --output, or --force to replace it.");
        return err->code;
    }
    char *dir = oc_path_dir(p->output); /* the first file of conf.d makes that */
    int rc = oc_dir_make(dir, 0700, err);
    free(dir);
    return rc != OC_OK
               ? rc
               : oc_file_write(p->output, text->data ? text->data : "", text->len, 0600, err);
}

static void op_import(struct oc_call *call, void *ctx)
{
    const struct import_params *p = oc_call_params(call);
    struct oc_buf text = {0};
    struct oc_diags diags = {0};
    struct oc_error err;
    oc_error_init(&err);
    (void)ctx;
    json_t *report = oc_import(p->file, &text, &diags, &err);
    if (report && write_import(p, &text, &err) == OC_OK) {
        oc_json_set_str(report, "text", text.data ? text.data : "");
        oc_json_set_str(report, "output", p->output);
        oc_json_take(report, "findings", oc_diags_json(&diags));
        oc_call_succeed(call, report);
    } else {
        json_decref(report);
        oc_call_fail(call, &err);
    }
    oc_diags_finish(&diags);
    oc_buf_finish(&text);
}

static const struct oc_op import_op = {
    .name = "config.import",
    .summary =
        "Turn a configuration of the original system into ours, and say what could not be mapped",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE,
    .params = import_options,
    .params_size = sizeof(struct import_params),
    .view = "custom:import",
    .example =
        "openclaw config import monitoring-config.json --output ~/.openclaw/conf.d/imported.conf",
    .handler = op_import,
};

void oc_host_add_config_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &show_op, s);
    oc_ops_add(s->env.ops, &get_op, s);
    oc_ops_add(s->env.ops, &explain_op, s);
    oc_ops_add(s->env.ops, &validate_op, s);
    oc_ops_add(s->env.ops, &set_op, s);
    oc_ops_add(s->env.ops, &reset_op, s);
    oc_ops_add(s->env.ops, &import_op, s);
}
