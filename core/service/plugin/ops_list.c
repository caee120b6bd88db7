/* The operations plugin.list and plugin.instances. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/plugin/internal.h"

struct listing {
    struct oc_plugin_service *service;
    struct oc_map instances; /* plugin -> struct seen_instances, owned */
    json_t *rows;
};

/* One look at all instances, sorted by plugin: a table of hundreds stays linear. */
static void gather(struct listing *l)
{
    struct seen_instances all;
    oc_look_instances(l->service, NULL, &all);
    for (size_t i = 0; i < all.list.count; i++) {
        const char *name = oc_plugin_name(oc_instance_plugin(all.list.items[i].instance));
        struct seen_instances *mine = oc_map_get(&l->instances, name);
        if (!mine) {
            mine = oc_calloc(1, sizeof *mine);
            oc_map_set(&l->instances, name, mine);
        }
        OC_VEC_PUSH(&mine->list, all.list.items[i]);
    }
    oc_look_finish(&all);
}

static void forget(void *seen)
{
    oc_look_finish(seen);
    free(seen);
}

static void add_row(void *ctx, struct oc_plugin *plugin)
{
    static const struct seen_instances none;
    struct listing *l = ctx;
    const struct seen_instances *seen = oc_map_get(&l->instances, oc_plugin_name(plugin));
    json_array_append_new(l->rows, oc_look_row(l->service, plugin, seen ? seen : &none));
}

/* Installed, and yet not among the plugins: safe mode reads none, or the folder is gone. */
static json_t *bare_row(const struct oc_installed *p, bool safe_mode)
{
    json_t *o = json_object(), *installed = json_object();
    oc_json_set_str(o, "name", p->name);
    oc_json_set_str(o, "id", p->id);
    oc_json_set_str(o, "version", p->version);
    oc_json_set_str(o, "state", safe_mode ? "found" : p->enabled ? "failed" : "disabled");
    oc_json_set_str(installed, "source", p->source);
    oc_json_set_str(installed, "digest", *p->digest ? p->digest : NULL);
    oc_json_set_str(installed, "trust", p->trust);
    oc_json_set_bool(installed, "enabled", p->enabled);
    oc_json_set_bool(installed, "pinned", p->pinned);
    oc_json_take(o, "installed", installed);
    oc_json_set_int(o, "configured", 0);
    oc_json_take(o, "running", json_null());
    oc_json_set_str(o, "tier", p->tier);
    oc_json_set_str(o, "error",
                    safe_mode    ? "safe mode: no plugin is loaded"
                    : p->enabled ? "its folder is gone"
                                 : "it is disabled");
    return o;
}

static void add_missing(struct listing *l)
{
    const struct oc_plugin_service *s = l->service;
    for (size_t i = 0; i < s->state.count; i++) {
        if (!oc_plugin_find(s->env.plugins, s->state.plugins[i].name)) {
            json_array_append_new(l->rows, bare_row(&s->state.plugins[i], s->hooks.safe_mode));
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(oc_json_str(*(json_t *const *)a, "name", ""),
                  oc_json_str(*(json_t *const *)b, "name", ""));
}

static json_t *sorted(json_t *rows /* taken */)
{
    size_t i, count = json_array_size(rows);
    json_t **list = oc_calloc(count + 1, sizeof *list), *result = json_array(), *row;
    json_array_foreach(rows, i, row)
    {
        list[i] = row;
    }
    qsort(list, count, sizeof *list, by_name);
    for (i = 0; i < count; i++) {
        json_array_append(result, list[i]);
    }
    free(list);
    json_decref(rows);
    return result;
}

struct list_params {
    int32_t installed;
};
static const struct oc_option list_options[] = {{.name = "installed",
                                                 .type = OC_OPT_BOOL,
                                                 .offset = offsetof(struct list_params, installed),
                                                 .help = "leave out what came with the host"},
                                                {0}};

static json_t *only_packages(json_t *rows /* taken */)
{
    json_t *kept = json_array(), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(oc_json_str(json_object_get(row, "installed"), "source", ""), "bundled") != 0) {
            json_array_append(kept, row);
        }
    }
    json_decref(rows);
    return kept;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct listing l = {.service = ctx, .rows = json_array()};
    const struct list_params *p = oc_call_params(call);
    gather(&l);
    oc_plugins_each(l.service->env.plugins, add_row, &l);
    add_missing(&l);
    oc_map_finish(&l.instances, forget);
    if (l.service->env.ephemeral) {
        oc_call_warn(call, "no daemon is running: what runs cannot be told");
    }
    if (l.service->state_error.code != OC_OK) {
        oc_call_warn(call, "what is installed cannot be read: %s", l.service->state_error.message);
    }
    oc_call_succeed(call, sorted(p->installed ? only_packages(l.rows) : l.rows));
}

static void op_instances(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    struct seen_instances seen;
    json_t *rows = json_array();
    oc_look_instances(s, NULL, &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        json_array_append_new(rows, oc_look_stats(s, &seen.list.items[i]));
    }
    oc_look_finish(&seen);
    for (size_t i = 0; i < s->residents.count; i++) {
        const struct resident *r = s->residents.items[i];
        if (!r->instance) {
            json_array_append_new(rows, json_pack("{s:s,s:s,s:s,s:s,s:s}", "instance", r->plugin,
                                                  "plugin", r->plugin, "owner", "plugins", "state",
                                                  "failed", "error", r->error.message));
        }
    }
    oc_call_succeed(call, rows);
}

static const struct oc_op ops[] = {
    {.name = "plugin.list",
     .summary = "List the plugins: what is on disk, what is wanted, what runs",
     .flags = OC_OP_EPHEMERAL | OC_OP_PLAIN,
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view = "custom:plugins",
     .description = "`Installed` tells where a plugin came from, `Wanted` how many instances the "
                    "configuration asks for, `Runs` what the daemon says of them. Without a daemon "
                    "the last is left out, and said so.",
     .example = "openclaw plugin list\nopenclaw plugin list --installed",
     .result = "[{name: string, id: string|null, version: string|null, kind: string|null, "
               "state: string, installed: {source?: string|null}|null, configured: integer, "
               "running: {state: string, generation: integer, tier: string, pid: "
               "integer|null, instances: integer}|null, tier: string, summary: string|null, "
               "error: string|null}]",
     .handler = op_list},
    {.name = "plugin.instances",
     .summary = "Every instance of a plugin with its figures, whoever owns it",
     .flags = OC_OP_INTERNAL,
     .handler = op_instances},
};

void oc_plugin_add_list_ops(struct oc_plugin_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env.ops, &ops[i], s);
    }
}
