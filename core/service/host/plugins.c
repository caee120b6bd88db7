/* The operations plugin.list and plugin.info. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/json.h"
#include "core/service/host/internal.h"

static const char *state_name(const struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (m && !m->library) {
        return "preset";
    }
    switch (oc_plugin_state(plugin)) {
    case OC_PLUGIN_FOUND:
        return "found";
    case OC_PLUGIN_LOADED:
        return "loaded";
    case OC_PLUGIN_FAILED:
        break;
    }
    return "failed";
}

static json_t *plugin_json(struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    json_t *o = json_object();
    oc_json_set_str(o, "name", oc_plugin_name(plugin));
    oc_json_set_str(o, "version", m ? m->version : NULL);
    oc_json_set_str(o, "kind", m ? m->kind : NULL);
    oc_json_set_str(o, "state", state_name(plugin));
    oc_json_set_str(o, "summary", m ? m->summary : NULL);
    oc_json_set_str(o, "error",
                    oc_plugin_state(plugin) == OC_PLUGIN_FAILED ? oc_plugin_error(plugin)->message
                                                                : NULL);
    return o;
}

static void add_row(void *ctx, struct oc_plugin *plugin)
{
    json_array_append_new(ctx, plugin_json(plugin));
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    json_t *rows = json_array();
    oc_plugins_each(s->env.plugins, add_row, rows);
    oc_call_succeed(call, rows);
}

static const struct oc_op list_op = {
    .name = "plugin.list",
    .summary = "List the plugins that are there, and which are loaded",
    .flags = OC_OP_EPHEMERAL,
    .view = "table:name=Name,version=Version,kind=Kind,state=State,summary=Summary,error=Error",
    .example = "openclaw plugin list",
    .handler = op_list,
};

struct info_params {
    const char *name;
};
static const struct oc_option info_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct info_params, name),
                                                 .help = "the plugin"},
                                                {0}};

static json_t *instances_of(struct oc_host_service *s, const char *plugin)
{
    json_t *all = oc_host_ask(s, "collector.list", NULL), *mine = json_array(), *row;
    size_t i;
    json_array_foreach(all, i, row)
    {
        if (strcmp(oc_json_str(row, "plugin", ""), plugin) == 0) {
            json_array_append(mine, row);
        }
    }
    json_decref(all);
    return mine;
}

static void describe_entry(struct oc_plugin *plugin, json_t *o)
{
    const struct oc_plugin_entry *e = oc_plugin_entry_of(plugin);
    if (!e) {
        return;
    }
    json_t *methods = json_array();
    const char *p = (const char *)e->methods;
    for (; p && ((const struct oc_method *)(const void *)p)->id; p += e->method_size) {
        json_array_append_new(methods,
                              json_string(((const struct oc_method *)(const void *)p)->id));
    }
    oc_json_take(o, "methods", methods);
    if (e->options) {
        oc_json_take(o, "options", oc_options_json(e->options, e->option_size));
    }
    oc_json_set_int(o, "abi_major", e->abi_major);
    oc_json_set_int(o, "abi_minor", e->abi_minor);
}

static void op_info(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct info_params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, p->name);
    if (!plugin) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw plugin list` shows what is there.",
                      "no plugin is named %s", p->name);
        return;
    }
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (m && m->library && oc_plugin_state(plugin) == OC_PLUGIN_FOUND && !s->hooks.safe_mode) {
        /* its options stand in its code; a failure shows as its state */
        oc_plugin_load(plugin, NULL);
    }
    json_t *o = plugin_json(plugin);
    if (m) {
        oc_json_set_str(o, "dir", m->dir);
        json_object_set(o, "manifest", m->json);
    }
    describe_entry(plugin, o);
    oc_json_take(o, "instances", instances_of(s, p->name));
    oc_call_succeed(call, o);
}

static const struct oc_op info_op = {
    .name = "plugin.info",
    .summary = "Show one plugin: what it provides, its options, its instances",
    .flags = OC_OP_EPHEMERAL,
    .params = info_options,
    .params_size = sizeof(struct info_params),
    .view = "custom:plugin",
    .example = "openclaw plugin info system",
    .handler = op_info,
};

void oc_host_add_plugin_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &list_op, s);
    oc_ops_add(s->env.ops, &info_op, s);
}
