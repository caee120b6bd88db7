/* The operations plugin.reload and plugin.reset, and the reload of what was replaced. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/plugin/internal.h"
#include "core/sys/file.h"

#define WATCH_MS OC_MINUTE
#define WATCH_MARGIN                                                                               \
    (2 * OC_SECOND) /* the end of a watch is told by an event; this is for one that never comes */

/* ---- after an update ---- */

static void on_replaced(void *ctx, const json_t *receipt)
{
    ((struct oc_plugin_service *)ctx)->reloading--;
    bool ok = oc_json_bool(receipt, "ok", false);
    oc_log(ok ? OC_LOG_INFO : OC_LOG_ERROR, ok ? "plugin reloaded" : "plugin not reloaded",
           "instance=%s plugin=%s from=%s to=%s reason=%s", oc_json_str(receipt, "instance", ""),
           oc_json_str(receipt, "plugin", ""),
           oc_json_str(json_object_get(receipt, "from"), "version", ""),
           oc_json_str(json_object_get(receipt, "to"), "version", ""),
           oc_json_str(receipt, "message", ""));
}

void oc_plugin_reload_replaced(struct oc_plugin_service *s)
{
    struct seen_instances seen;
    oc_look_instances(s, NULL, &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        struct oc_instance *instance = seen.list.items[i].instance;
        struct oc_plugin *runs = oc_instance_plugin(instance);
        struct oc_plugin *now = oc_plugin_find(s->env.plugins, oc_plugin_name(runs));
        struct oc_error err;
        oc_error_init(&err);
        bool other = now != runs || oc_map_get(&s->changed, oc_plugin_name(runs));
        if (!now || !other || oc_plugin_terms(now)->disabled) {
            continue;
        }
        s->reloading++;
        if (oc_instance_reload(instance, now, NULL, WATCH_MS, on_replaced, s, &err) != OC_OK) {
            s->reloading--;
            oc_err("plugin not reloaded", "instance=%s reason=%s", oc_instance_name(instance),
                   err.message);
        }
    }
    oc_look_finish(&seen);
    oc_map_finish(&s->changed, NULL);
}

/* ---- plugin.reload ---- */

struct reload_params {
    const char *name;
    int32_t wait;
    int64_t watch_ms;
};
static const struct oc_option reload_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct reload_params, name),
     .help = "the plugin"},
    {.name = "wait",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct reload_params, wait),
     .help = "answer after the watch: the receipt then says whether the new generation was kept"},
    {.name = "watch",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct reload_params, watch_ms),
     .default_text = "60s",
     .min = 0,
     .max = 3600000,
     .help = "how long the new generation is watched; a crash or failures bring the old one back"},
    {0}};

struct reload {
    struct oc_plugin_service *service;
    struct oc_call *call; /* NULL once the caller has given up */
    json_t *receipts;     /* instance -> receipt */
    unsigned switching;   /* instances that have not switched yet */
    unsigned watched;     /* and those whose watch goes on */
    struct oc_subscription *ends;
    struct oc_timer *limit;
};

static bool all_well(const json_t *receipts)
{
    const char *key;
    json_t *receipt;
    json_object_foreach((json_t *)receipts, key, receipt)
    {
        if (!oc_json_bool(receipt, "ok", false) || oc_json_bool(receipt, "rolled_back", false)) {
            return false;
        }
    }
    return true;
}

static json_t *reload_result(const struct reload *r)
{
    json_t *o = json_object(), *list = json_array(), *receipt;
    const char *key;
    json_object_foreach(r->receipts, key, receipt)
    {
        json_array_append(list, receipt);
    }
    oc_json_set_bool(o, "ok", all_well(r->receipts));
    oc_json_take(o, "receipts", list);
    return o;
}

static void reload_end(struct reload *r)
{
    struct oc_call *call = r->call;
    json_t *result = reload_result(r);
    oc_bus_unsubscribe(r->ends);
    oc_timer_destroy(r->limit);
    json_decref(r->receipts);
    free(r);
    if (call) {
        oc_call_succeed(call, result);
    } else {
        json_decref(result);
    }
}

static void reload_look(struct reload *r)
{
    if (r->switching == 0 && (r->watched == 0 || !r->call)) {
        reload_end(r);
    }
}

/* The watch of one instance is over, for better or worse. */
static void on_watch_end(void *ctx, const struct oc_event *event)
{
    struct reload *r = ctx;
    const char *instance = oc_json_str(event->data, "instance", "");
    bool over = strcmp(oc_json_str(event->data, "phase", ""), "watch") == 0;
    if (over && r->watched && json_object_get(r->receipts, instance)) {
        json_object_set(r->receipts, instance, event->data);
        r->watched--;
        reload_look(r);
    }
}

static void on_limit(void *ctx)
{
    struct reload *r = ctx;
    r->watched = 0;
    reload_look(r);
}

static void on_switched(void *ctx, const json_t *receipt)
{
    struct reload *r = ctx;
    const struct reload_params *p = r->call ? oc_call_params(r->call) : NULL;
    json_object_set_new(r->receipts, oc_json_str(receipt, "instance", ""), json_deep_copy(receipt));
    r->switching--;
    if (p && p->wait && p->watch_ms && oc_json_bool(receipt, "ok", false)) {
        r->watched++;
        oc_timer_start(r->limit, p->watch_ms + WATCH_MARGIN, 0);
    }
    reload_look(r);
}

static void on_reload_cancelled(struct oc_call *call, void *ctx)
{
    struct reload *r = ctx;
    r->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL,
                  "nobody waits any more; the reload goes on by itself");
    reload_look(r);
}

/* Starts them all; those that cannot even begin are receipts of failure. */
static void reload_begin(struct reload *r, struct oc_plugin *plugin,
                         const struct seen_instances *seen, int64_t watch_ms)
{
    r->switching++; /* ours, until all were started */
    for (size_t i = 0; i < seen->list.count; i++) {
        struct oc_instance *instance = seen->list.items[i].instance;
        struct oc_error err;
        oc_error_init(&err);
        r->switching++;
        if (oc_instance_reload(instance, plugin, NULL, watch_ms, on_switched, r, &err) != OC_OK) {
            r->switching--;
            json_object_set_new(r->receipts, oc_instance_name(instance),
                                json_pack("{s:s,s:s,s:b,s:s,s:s,s:s}", "instance",
                                          oc_instance_name(instance), "plugin",
                                          oc_plugin_name(plugin), "ok", 0, "phase", "start",
                                          "message", err.message, "hint", err.hint));
        }
    }
    r->switching--;
}

static void reload_start(struct oc_plugin_service *s, struct oc_call *call,
                         struct oc_plugin *plugin, const struct seen_instances *seen)
{
    const struct reload_params *p = oc_call_params(call);
    struct reload *r = oc_calloc(1, sizeof *r);
    r->service = s;
    r->call = call;
    r->receipts = json_object();
    r->ends = oc_bus_subscribe(s->env.bus, "plugin.reloaded", on_watch_end, r);
    r->limit = oc_timer_create(s->env.loop, on_limit, r);
    oc_call_on_cancel(call, on_reload_cancelled, r);
    reload_begin(r, plugin, seen, p->watch_ms);
    reload_look(r);
}

static void read_again(struct oc_plugin_service *s)
{
    struct oc_diags diags = {0};
    char *folder = oc_path_join(s->env.home, "packages/current/plugins");
    oc_plugins_sync(s->env.plugins, folder);
    oc_plugin_set_all_terms(s, s->hooks.config(s->hooks.ctx), &diags);
    oc_diags_finish(&diags);
    free(folder);
}

static void op_reload(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct reload_params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_look_plugin_or_fail(s, call, p->name);
    struct seen_instances seen;
    if (!plugin) {
        return;
    }
    read_again(s); /* one that is linked may have been built anew */
    plugin = oc_look_plugin(s, p->name);
    oc_look_instances(s, plugin ? oc_plugin_name(plugin) : "", &seen);
    if (!seen.list.count) {
        char *hint = oc_asprintf("`openclaw plugin why %s` shows what is missing.", p->name);
        oc_call_failf(call, OC_E_CONFLICT, hint, "nothing of plugin %s runs", p->name);
        free(hint);
    } else {
        reload_start(s, call, plugin, &seen);
    }
    oc_look_finish(&seen);
}

/* ---- plugin.reset ---- */

struct reset_params {
    const char *name;
};
static const struct oc_option reset_options[] = {{.name = "name",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct reset_params, name),
                                                  .help = "the plugin"},
                                                 {0}};

static void op_reset(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct reset_params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_look_plugin_or_fail(s, call, p->name);
    struct seen_instances seen;
    if (!plugin) {
        return;
    }
    json_t *o = json_object(), *list = json_array();
    oc_json_set_bool(o, "forgotten", oc_plugin_reset(plugin));
    oc_look_instances(s, oc_plugin_name(plugin), &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        struct oc_instance *instance = seen.list.items[i].instance;
        json_t *row = json_object();
        oc_json_set_str(row, "instance", oc_instance_name(instance));
        oc_json_set_str(row, "from", oc_instance_state_name(oc_instance_state(instance)));
        oc_instance_reset(instance);
        oc_json_set_str(row, "to", oc_instance_state_name(oc_instance_state(instance)));
        json_array_append_new(list, row);
    }
    oc_look_finish(&seen);
    oc_json_set_str(o, "plugin", oc_plugin_name(plugin));
    oc_json_take(o, "instances", list);
    s->hooks.changed(s->hooks.ctx); /* those that could not be made are tried anew */
    oc_call_succeed(call, o);
}

static const struct oc_op ops[] = {
    {.name = "plugin.reload",
     .summary = "Start a plugin anew beside the one that runs, and switch when it is well",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES,
     .params = reload_options,
     .params_size = sizeof(struct reload_params),
     .view = "custom:plugin_reload",
     .description =
         "The new generation is started and probed while the old one serves. Running calls end, "
         "state is handed over, new calls wait for the switch: none is lost. What fails before the "
         "switch leaves everything as it was; what fails while it is watched is undone.",
     .example =
         "openclaw plugin reload hello\nopenclaw plugin reload hello --wait --watch 10s --json",
     .handler = op_reload},
    {.name = "plugin.reset",
     .summary = "Forget the crashes of a plugin: it leaves quarantine and starts again",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES,
     .params = reset_options,
     .params_size = sizeof(struct reset_params),
     .view = "custom:plugin_reset",
     .example = "openclaw plugin reset hello",
     .handler = op_reset},
};

void oc_plugin_add_control_ops(struct oc_plugin_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env.ops, &ops[i], s);
    }
}
