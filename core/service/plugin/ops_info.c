/* The operation plugin.info: one plugin whole, its rights, where it came from, what it provides. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"
#include "core/service/plugin/internal.h"

struct params {
    const char *name;
};
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct params, name),
     .help = "the plugin: its name, or publisher/name as registries have it"},
    {0}};

/* ---- what it provides ---- */

static json_t *entry_methods(const struct oc_plugin_entry *e)
{
    json_t *methods = json_array();
    const char *p = (const char *)e->methods;
    for (; p && ((const struct oc_method *)(const void *)p)->id; p += e->method_size) {
        json_array_append_new(methods,
                              json_string(((const struct oc_method *)(const void *)p)->id));
    }
    return methods;
}

/* From the code when it is in this process, else from what the code once said of itself. */
static void add_code(struct oc_plugin *plugin, json_t *o)
{
    const struct oc_plugin_entry *e = oc_plugin_entry_of(plugin);
    const json_t *described = oc_plugin_description(plugin);
    size_t stride, size;
    bool known;
    const struct oc_option *table = oc_plugin_options(plugin, &stride, &size, &known);
    if (e) {
        oc_json_take(o, "methods", entry_methods(e));
        oc_json_set_int(o, "abi_major", e->abi_major);
        oc_json_set_int(o, "abi_minor", e->abi_minor);
    } else if (described) {
        json_object_set(o, "methods", json_object_get(described, "methods"));
        oc_json_set_str(o, "abi", oc_json_str(described, "abi", NULL));
    }
    if (table) {
        oc_json_take(o, "options", oc_options_json(table, stride));
    }
}

static json_t *names_of(const json_t *list, const char *key)
{
    json_t *names = json_array(), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        const char *name =
            json_is_string(item) ? json_string_value(item) : oc_json_str(item, key, NULL);
        if (name) {
            json_array_append_new(names, json_string(name));
        }
    }
    return names;
}

static void add_provides(const json_t *manifest, json_t *o)
{
    static const char *const lists[] = {"metrics", "operations", "tools", "events"};
    json_t *provides = json_object();
    for (size_t i = 0; i < OC_COUNT(lists); i++) {
        const json_t *list = json_object_get(manifest, lists[i]);
        if (json_array_size(list)) {
            oc_json_take(provides, lists[i], names_of(list, "name"));
        }
    }
    oc_json_take(o, "provides", provides);
}

/* ---- rights ---- */

static void add_rights(const struct oc_manifest *m, const struct oc_terms *terms, json_t *o)
{
    struct oc_kernel kernel;
    struct oc_rights rights;
    const json_t *requested = json_object_get(m->json, "permissions");
    oc_kernel_probe(&kernel);
    oc_json_take(o, "rights", oc_rights_explain(requested, terms->grants, &kernel, terms->tier));
    oc_rights_read(requested, &rights);
    oc_json_take(o, "unenforced",
                 terms->tier == OC_TIER_SANDBOX ? oc_rights_missing(&rights, &kernel)
                                                : json_array());
    oc_rights_finish(&rights);
    oc_json_take(o, "kernel", oc_kernel_json(&kernel));
}

static json_t *limits_json(const struct oc_limits *l)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "memory_bytes", (json_int_t)l->memory_bytes,
                     "cpu_percent", (json_int_t)l->cpu_percent, "processes",
                     (json_int_t)l->processes, "descriptors", (json_int_t)l->descriptors,
                     "start_ms", (json_int_t)l->start_ms, "call_ms", (json_int_t)l->call_ms,
                     "stop_ms", (json_int_t)l->stop_ms);
}

/* ---- where it came from ---- */

static void add_provenance(struct oc_plugin_service *s, struct oc_plugin *plugin, json_t *o)
{
    const struct oc_installed *p = oc_look_installed(s, oc_plugin_name(plugin));
    struct oc_error err;
    oc_error_init(&err);
    if (!p || !json_object_get(o, "id") || json_is_null(json_object_get(o, "id"))) {
        return;
    }
    json_t *receipt = oc_state_receipt(s->env.home, p, &err);
    json_t *provenance = receipt ? json_deep_copy(receipt) : json_object();
    json_object_del(provenance, "describe");
    oc_json_set_str(provenance, "source", p->source);
    oc_json_set_str(provenance, "trust", p->trust);
    oc_json_set_str(provenance, "digest", *p->digest ? p->digest : NULL);
    oc_json_set_str(provenance, "surface", p->surface);
    json_object_set(provenance, "grants", (json_t *)p->grants);
    if (!receipt && *p->digest) {
        oc_json_set_str(provenance, "problem", err.message);
    }
    oc_json_take(o, "provenance", provenance);
    json_decref(receipt);
}

/* ---- the operation ---- */

static void add_instances(struct oc_plugin_service *s, const struct seen_instances *seen, json_t *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < seen->list.count; i++) {
        json_array_append_new(list, oc_look_stats(s, &seen->list.items[i]));
    }
    oc_json_take(o, "instances", list);
}

static json_t *describe(struct oc_plugin_service *s, struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const struct oc_terms *terms = oc_plugin_terms(plugin);
    struct seen_instances seen;
    if (m && m->library && oc_plugin_state(plugin) == OC_PLUGIN_FOUND && !s->hooks.safe_mode &&
        !terms->disabled) {
        oc_plugin_load(plugin,
                       NULL); /* its options stand in its code; a failure shows as its state */
    }
    oc_look_instances(s, oc_plugin_name(plugin), &seen);
    json_t *o = oc_look_row(s, plugin, &seen);
    add_code(plugin, o);
    if (m) {
        oc_json_set_str(o, "dir", m->dir);
        json_t *whole = oc_manifest_whole(m);
        add_provides(whole, o);
        oc_json_take(o, "manifest", whole);
        oc_json_take(o, "left_out", m->left_out ? json_incref(m->left_out) : json_array());
        add_rights(m, terms, o);
    }
    oc_json_take(o, "limits", limits_json(&terms->limits));
    oc_json_set_bool(o, "require_full", terms->require_full);
    add_provenance(s, plugin, o);
    add_instances(s, &seen, o);
    oc_look_finish(&seen);
    return o;
}

/* ---- one that is not installed: the registries are asked ---- */

struct lookup {
    struct oc_call *call, *inner;
    char *name;
};

static void on_looked_up(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct lookup *l = ctx;
    struct oc_call *call = l->call;
    if (code == OC_OK) {
        json_t *o = json_deep_copy(result);
        if (json_is_object(o) && !json_object_get(o, "state")) {
            oc_json_set_str(o, "state", "available");
        }
        oc_call_succeed(call, o);
    } else {
        struct oc_error copy = *err;
        if (!copy.hint[0]) {
            oc_error_hint(&copy, "`openclaw plugin list` shows what is installed, `openclaw plugin "
                                 "search` what registries offer.");
        }
        oc_call_fail_with(call, &copy, json_incref((json_t *)result));
    }
    free(l->name);
    free(l);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct lookup *l = ctx;
    (void)call;
    oc_call_cancel(l->inner);
}

static void look_up(struct oc_plugin_service *s, struct oc_call *call, const char *name)
{
    if (!oc_ops_find(s->env.ops, "plugin.lookup")) {
        oc_look_plugin_or_fail(s, call, name);
        return;
    }
    struct lookup *l = oc_calloc(1, sizeof *l);
    l->call = call;
    l->name = oc_strdup(name);
    struct oc_call_request req = {.op = "plugin.lookup",
                                  .params = json_pack("{s:s}", "name", name),
                                  .actor = *oc_call_actor(call),
                                  .on_done = on_looked_up,
                                  .ctx = l};
    struct oc_call *inner = oc_ops_call(s->env.ops, &req);
    if (inner) {
        l->inner = inner;
        oc_call_on_cancel(call, on_cancel, l);
    }
}

static void op_info(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_look_plugin(s, p->name);
    if (plugin) {
        oc_call_succeed(call, describe(s, plugin));
    } else {
        look_up(s, call, p->name);
    }
}

static const struct oc_op info_op = {
    .name = "plugin.info",
    .summary = "Show one plugin: rights, provenance, what it provides, options, instances",
    .flags = OC_OP_EPHEMERAL,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "custom:plugin",
    .description =
        "Rights are shown as requested against effective: what was granted, and who "
        "holds the plugin to it on this kernel. A plugin that is not installed is looked "
        "up in the registries.",
    .example = "openclaw plugin info system",
    .result = "{name: string, state: string, version?: string|null, kind?: string|null, "
              "summary?: string|null, options?: [any], manifest?: {}, instances?: [any], "
              "provides?: {*: [string]}}",
    .handler = op_info,
};

void oc_plugin_add_info_op(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &info_op, s);
}
