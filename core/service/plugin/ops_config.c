/* The operations plugin.config.*: the section `plugins.NAME` of the configuration file. SPDX-License-Identifier: MIT
 *
 * They work on the file, in a private process of the caller, and check what is new against the option table of the plugin
 * before the file is replaced. `openclaw reload` puts it in force. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/dump.h"
#include "core/config/mask.h"
#include "core/plugin/mask.h"
#include "core/service/plugin/options.h"
#include "core/sys/file.h"

#define FILE_MAX (1u << 20)

struct params {
    const char *name, *key, *value, *file, *output;
    int32_t secrets;
};
#define NAME                                                                                       \
    {                                                                                              \
        .name = "name", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,       \
        .offset = offsetof(struct params, name), .help = "the plugin"                              \
    }
#define KEY(flag, text)                                                                            \
    {                                                                                              \
        .name = "key", .type = OC_OPT_STRING, .flags = (flag) | OC_OPT_POSITIONAL,                 \
        .offset = offsetof(struct params, key), .help = (text)                                     \
    }
static const struct oc_option get_options[] = {NAME, KEY(0, "only this option"), {0}};
static const struct oc_option unset_options[] = {
    NAME, KEY(OC_OPT_REQUIRED, "an option of it"), {0}};
static const struct oc_option set_options[] = {
    NAME,
    KEY(OC_OPT_REQUIRED, "an option of it, as `openclaw plugin info` lists them"),
    {.name = "value",
     .type = OC_OPT_SECRET, /* it may be one: the audit trail hides it */
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct params, value),
     .help = "its new value"},
    {0}};
static const struct oc_option reset_options[] = {NAME, {0}};
static const struct oc_option export_options[] = {
    NAME,
    {.name = "output",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct params, output),
     .help = "write to this file, readable by its owner alone"},
    {.name = "secrets",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct params, secrets),
     .help = "with the secrets as they are written; else each is " OC_MASK},
    {0}};
static const struct oc_option import_options[] = {
    NAME,
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct params, file),
     .help = "what `plugin config export` wrote, or a JSON object"},
    {0}};

/* ---- reading ---- */

static char *text_of(const json_t *value)
{
    return json_is_string(value) ? oc_strdup(json_string_value(value)) : oc_dump_json(value);
}

/* The plugin of the call, its options known; the call has failed when it is NULL. */
static struct oc_plugin *plugin_of(struct oc_plugin_service *s, struct oc_call *call)
{
    const struct params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_look_plugin_or_fail(s, call, p->name);
    struct oc_error err;
    oc_error_init(&err);
    if (plugin && !oc_plugin_learn_options(s, plugin, &err)) {
        oc_call_fail(call, &err);
        plugin = NULL;
    }
    return plugin;
}

static const struct oc_node *section_of(const struct oc_plugin_service *s,
                                        const struct oc_plugin *plugin)
{
    return oc_plugin_section(s->hooks.config(s->hooks.ctx), oc_plugin_name(plugin));
}

/* What is set for the plugin: with secrets as they are written, or as `openclaw config show` hides them. */
static json_t *section_json(const struct oc_plugin_service *s, const struct oc_call *call,
                            const struct oc_plugin *plugin, bool plain)
{
    const struct oc_node *section = section_of(s, plugin);
    json_t *all = section ? oc_node_json(section) : json_object();
    if (!plain) {
        const struct oc_masking m = {.plugins = s->env.plugins,
                                     .all = oc_actor_is_told_all(oc_call_actor(call))};
        char *path = oc_asprintf("plugins.%s", oc_plugin_name(plugin));
        json_t *masked =
            oc_mask_config_at(&m, oc_config_root(s->hooks.config(s->hooks.ctx)), path, all);
        json_decref(all);
        all = masked;
        free(path);
    }
    return all;
}

static void op_get(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    struct oc_plugin *plugin = plugin_of(ctx, call);
    if (!plugin) {
        return;
    }
    json_t *all = section_json(ctx, call, plugin, false);
    json_t *value = p->key ? oc_json_path(all, p->key) : all;
    if (value) {
        json_t *o = json_object();
        char *text = text_of(value);
        json_object_set(o, "value", value);
        oc_json_set_str(o, "text", text);
        oc_call_succeed(call, o);
        free(text);
    } else {
        char *hint = oc_asprintf("`openclaw plugin info %s` lists its options and their defaults.",
                                 oc_plugin_name(plugin));
        oc_call_failf(call, OC_E_NOT_FOUND, hint, "%s is not set for plugin %s", p->key,
                      oc_plugin_name(plugin));
        free(hint);
    }
    json_decref(all);
}

static void op_export(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    struct oc_plugin *plugin = plugin_of(ctx, call);
    struct oc_error err;
    int rc = OC_OK;
    if (!plugin) {
        return;
    }
    oc_error_init(&err);
    json_t *o = json_object();
    json_t *all = section_json(ctx, call, plugin, p->secrets);
    char *text = text_of(all);
    if (p->output) {
        rc = oc_file_write(p->output, text, strlen(text), 0600, &err);
        free(text);
        text = oc_strdup(p->output);
    }
    oc_json_set_str(o, "plugin", oc_plugin_name(plugin));
    oc_json_set_str(o, "output", p->output);
    oc_json_set_str(o, "text", text);
    oc_json_take(o, "config", all);
    free(text);
    if (rc == OC_OK) {
        oc_call_succeed(call, o);
    } else {
        json_decref(o);
        oc_call_fail(call, &err);
    }
}

/* ---- writing ---- */

struct edit {
    const struct oc_plugin_service *service;
    struct oc_plugin *plugin;
    bool whole; /* nothing may be missing, nor wrong because it was so before */
};

static bool is_about_missing(const struct oc_diag *d, const json_t *missing)
{
    size_t i;
    json_t *name;
    const char *dot = strrchr(d->key, '.');
    json_array_foreach(missing, i, name)
    {
        if (dot && strcmp(dot + 1, json_string_value(name)) == 0) {
            return true;
        }
    }
    return false;
}

static const struct oc_node *section_in(const struct oc_node *root, const char *plugin)
{
    const struct oc_node *all = oc_node_get(root, "plugins");
    for (size_t i = 0; all && all->type == OC_NODE_GROUP && i < all->count; i++) {
        if (strcmp(all->children[i]->key, plugin) == 0) {
            return all->children[i];
        }
    }
    return NULL;
}

/* What is wrong with the section, but for what is missing in it. Owned by the caller. */
static json_t *findings_of(const struct edit *e, const struct oc_node *root)
{
    struct oc_diags diags = {.of_another = true};
    const struct oc_node *section = section_in(root, oc_plugin_name(e->plugin));
    json_t *missing = e->whole ? json_array() : oc_plugin_missing_options(e->plugin, section);
    oc_plugin_check_section(e->service, e->plugin, section, &diags);
    for (size_t i = diags.list.count; i-- > 0;) {
        if (is_about_missing(&diags.list.items[i], missing)) {
            oc_diags_remove(&diags, i);
        }
    }
    json_t *findings = oc_diags_json(&diags);
    json_decref(missing);
    oc_diags_finish(&diags);
    return findings;
}

/* What is given must be right; what is not given yet, and what was wrong before, may follow with the next command. */
static int check(void *ctx, const struct oc_config_draft *draft, struct oc_error *err)
{
    const struct edit *e = ctx;
    json_t *now = findings_of(e, draft->root);
    json_t *old = e->whole || !draft->old_root ? NULL : findings_of(e, draft->old_root);
    int rc = oc_diags_refuse_new(now, old, err);
    json_decref(now);
    json_decref(old);
    return rc;
}

static json_t *edited(const struct oc_plugin *plugin, const char *file, const char *key)
{
    json_t *o = json_object();
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    char *enable = oc_asprintf("openclaw plugin enable %s", oc_plugin_name(plugin));
    oc_json_set_str(o, "plugin", oc_plugin_name(plugin));
    oc_json_set_str(o, "file", file);
    oc_json_set_str(o, "key", key);
    oc_json_set_str(o, "next", terms->disabled ? enable : "openclaw reload");
    free(enable);
    return o;
}

/* `key` NULL stands for the whole section, `value` NULL for taking it out. */
static void edit(struct oc_call *call, struct oc_plugin_service *s, const char *key,
                 const char *value, bool whole)
{
    const struct oc_config *config = s->hooks.config(s->hooks.ctx);
    struct oc_plugin *plugin = plugin_of(s, call);
    struct oc_error err;
    if (!plugin) {
        return;
    }
    oc_error_init(&err);
    struct edit e = {s, plugin, whole};
    const char *main_file = oc_config_file(config), *name = oc_plugin_name(plugin);
    char *file =
        main_file ? oc_strdup(main_file) : oc_path_join(oc_config_folder(config), "openclaw.conf");
    char *path = key ? oc_asprintf("plugins.%s.%s", name, key) : oc_asprintf("plugins.%s", name);
    if (oc_config_edit(file, path, value, value ? check : NULL, &e, &err) == OC_OK) {
        char *above = oc_config_above_file(config, path);
        if (above) {
            oc_call_warn(call, "%s is set by %s, too, which goes above the file", path, above);
        }
        free(above);
        oc_call_succeed(call, edited(plugin, file, path));
    } else {
        oc_call_fail(call, &err);
    }
    free(path);
    free(file);
}

static void op_set(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    edit(call, ctx, p->key, p->value, false);
}

static void op_unset(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    edit(call, ctx, p->key, NULL, false);
}

static void op_reset(struct oc_call *call, void *ctx)
{
    edit(call, ctx, NULL, NULL, false);
}

/* The content of the file as the value of one group. */
static char *group_text(const struct oc_buf *text, struct oc_error *err)
{
    size_t at = strspn(text->data, " \t\r\n");
    if (text->data[at] != '{') {
        return oc_asprintf("{\n%s\n}", text->data);
    }
    json_t *json = oc_json_parse(text->data, text->len, err);
    if (!json) {
        return NULL;
    }
    struct oc_node *node = oc_node_from_json(json, "");
    struct oc_buf out = {0};
    const size_t left_out = oc_dump_value(node, &out);
    oc_node_free(node);
    json_decref(json);
    if (left_out > 0) {
        oc_buf_finish(&out);
        oc_error_set(err, OC_E_CONFIG, "%zu of its keys have names that no file can spell",
                     left_out);
        oc_error_hint(err, "A name begins with a letter; letters, digits, _ and - follow.");
        return NULL;
    }
    return oc_buf_take(&out);
}

static void op_import(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    oc_buf_adds(&text, "");
    int rc = oc_file_read(p->file, FILE_MAX, &text, &err);
    char *group = rc == OC_OK ? group_text(&text, &err) : NULL;
    if (!group) {
        oc_call_fail(call, &err);
    } else if (strstr(group, OC_MASK)) {
        oc_call_failf(call, OC_E_CONFIG, "Write them, or export with `--secrets`.",
                      "%s has secrets that are hidden", p->file);
    } else {
        edit(call, ctx, NULL, group, true);
    }
    free(group);
    oc_buf_finish(&text);
}

#define READS  (OC_OP_EPHEMERAL | OC_OP_PRIVATE)
#define WRITES (OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_MUTATES)
static const struct oc_op ops[] = {
    {.name = "plugin.config.get",
     .summary = "Show what is set for a plugin in the configuration, secrets hidden",
     .flags = READS,
     .params = get_options,
     .params_size = sizeof(struct params),
     .view = "text:text",
     .example = "openclaw plugin config get hello\nopenclaw plugin config get hello interval",
     .handler = op_get},
    {.name = "plugin.config.set",
     .summary = "Set one option of a plugin in the configuration file, after checking it",
     .role = OC_ROLE_ADMIN,
     .flags = WRITES,
     .params = set_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .description =
         "Writes `plugins.NAME.KEY`: what the one instance is made from that an installed and "
         "enabled plugin gets when no item of `collectors` or `alerts.channels` names it. Comments "
         "and layout of the file stay. `openclaw reload` puts it in force.",
     .example = "openclaw plugin config set hello interval 5s",
     .handler = op_set},
    {.name = "plugin.config.unset",
     .summary =
         "Take one option of a plugin out of the configuration file: its default holds again",
     .role = OC_ROLE_ADMIN,
     .flags = WRITES,
     .params = unset_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw plugin config unset hello interval",
     .handler = op_unset},
    {.name = "plugin.config.reset",
     .summary = "Take everything that is set for a plugin out of the configuration file",
     .role = OC_ROLE_ADMIN,
     .flags = WRITES | OC_OP_DESTRUCTIVE,
     .params = reset_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw plugin config reset hello",
     .handler = op_reset},
    {.name = "plugin.config.export",
     .summary = "Write what is set for a plugin as a file that `plugin config import` reads",
     .flags = READS,
     .params = export_options,
     .params_size = sizeof(struct params),
     .view = "text:text",
     .example = "openclaw plugin config export hello --output hello.conf",
     .handler = op_export},
    {.name = "plugin.config.import",
     .summary = "Replace what is set for a plugin by a file, after checking all of it",
     .role = OC_ROLE_ADMIN,
     .flags = WRITES,
     .params = import_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw plugin config import hello hello.conf",
     .handler = op_import},
};

void oc_plugin_add_config_ops(struct oc_plugin_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env.ops, &ops[i], s);
    }
}
