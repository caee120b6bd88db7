/* The operations plugin.status and plugin.top: how plugins fare. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/plugin/internal.h"

/* ---- plugin.status ---- */

struct status_params {
    const char *name;
    int32_t metrics;
};
static const struct oc_option status_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct status_params, name),
     .help = "the plugin; all that run when it is left out"},
    {.name = "metrics",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct status_params, metrics),
     .help = "also memory, processor time, calls, p50 and p99"},
    {0}};

/* An instance that could not even be made has no figures, and is what one looks for. */
static void add_broken(const struct oc_plugin_service *s, const char *plugin, json_t *rows)
{
    for (size_t i = 0; i < s->residents.count; i++) {
        const struct resident *r = s->residents.items[i];
        if (!r->instance && (!plugin || strcmp(plugin, r->plugin) == 0)) {
            json_t *o = json_object();
            oc_json_set_str(o, "instance", r->plugin);
            oc_json_set_str(o, "plugin", r->plugin);
            oc_json_set_str(o, "owner", "plugins");
            oc_json_set_str(o, "state", "failed");
            oc_json_set_str(o, "last_error", r->error.message);
            oc_json_set_str(o, "hint", r->error.hint);
            json_array_append_new(rows, o);
        }
    }
}

/* Those of other services that could not be made: their owners list them. */
static void add_failed(struct oc_plugin_service *s, const char *op, const char *name_key,
                       const char *owner, const char *plugin, json_t *rows)
{
    json_t *all = oc_ops_ask(s->env.ops, op, NULL), *row;
    size_t i;
    json_array_foreach(all, i, row)
    {
        bool failed = strcmp(oc_json_str(row, "state", ""), "failed") == 0;
        bool mine = !plugin || strcmp(oc_json_str(row, "plugin", ""), plugin) == 0;
        if (failed && mine && !json_object_get(row, "tier")) {
            json_t *o = json_object();
            oc_json_set_str(o, "instance", oc_json_str(row, name_key, ""));
            oc_json_set_str(o, "plugin", oc_json_str(row, "plugin", ""));
            oc_json_set_str(o, "owner", owner);
            oc_json_set_str(o, "state", "failed");
            oc_json_set_str(o, "last_error", oc_json_str(row, "last_error", ""));
            oc_json_set_str(o, "hint", oc_json_str(row, "hint", ""));
            json_array_append_new(rows, o);
        }
    }
    json_decref(all);
}

static bool is_listed(const json_t *rows, const json_t *row)
{
    size_t i;
    json_t *other;
    json_array_foreach(rows, i, other)
    {
        if (strcmp(oc_json_str(other, "instance", ""), oc_json_str(row, "instance", "")) == 0 &&
            strcmp(oc_json_str(other, "owner", ""), oc_json_str(row, "owner", "")) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *status_rows(struct oc_plugin_service *s, const char *plugin)
{
    struct seen_instances seen;
    json_t *rows = json_array(), *broken = json_array(), *row;
    size_t k;
    oc_look_instances(s, plugin, &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        json_array_append_new(rows, oc_look_stats(s, &seen.list.items[i]));
    }
    oc_look_finish(&seen);
    add_broken(s, plugin, broken);
    add_failed(s, "collector.list", "instance", "collectors", plugin, broken);
    add_failed(s, "alert.channels", "name", "alerts.channels", plugin, broken);
    json_array_foreach(broken, k, row)
    {
        if (!is_listed(rows, row)) {
            json_array_append(rows, row);
        }
    }
    json_decref(broken);
    return rows;
}

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct status_params *p = oc_call_params(call);
    const char *name = p->name;
    if (name) {
        struct oc_plugin *plugin = oc_look_plugin_or_fail(s, call, name);
        if (!plugin) {
            return;
        }
        name = oc_plugin_name(plugin);
    }
    oc_call_succeed(call, status_rows(s, name));
}

static const struct oc_op status_op = {
    .name = "plugin.status",
    .summary = "Show how the instances of plugins fare: state, restarts, last error, figures",
    .params = status_options,
    .params_size = sizeof(struct status_params),
    .view = "custom:plugin_status",
    .example = "openclaw plugin status\nopenclaw plugin status hello --metrics",
    .result = "[{instance: string, plugin: string, owner: string, state: string, "
              "last_error: string|null, calls?: integer, failures?: integer, timeouts?: "
              "integer, restarts?: integer}]",
    .handler = op_status,
};

/* ---- plugin.top ---- */

struct top_params {
    int32_t sort;
    int64_t every_ms, count;
};
static const char *const sort_keys[] = {"cpu_percent", "memory_bytes", "calls_per_second",
                                        "p99_ms",      "restarts",     "failures"};
static const struct oc_option top_options[] = {
    {.name = "sort",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct top_params, sort),
     .default_text = "cpu",
     .choices = "cpu|memory|calls|p99|restarts|failures",
     .help = "the figure that comes first, the largest on top"},
    {.name = "every",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct top_params, every_ms),
     .default_text = "2s",
     .min = 100,
     .max = 3600000,
     .help = "time between two tables"},
    {.name = "count",
     .type = OC_OPT_INT,
     .offset = offsetof(struct top_params, count),
     .default_text = "0",
     .min = 0,
     .max = 1000000,
     .help = "end after this many tables; 0 = when interrupted"},
    {0}};

struct top {
    struct oc_plugin_service *service;
    struct oc_call *call;
    struct oc_timer *timer;
    json_t *before; /* instance -> {"cpu_ms","calls"} */
    int64_t before_ms, told;
};

static double rate(const json_t *now, const json_t *before, const char *key, int64_t span_ms)
{
    double more = oc_json_num(now, key, 0) - oc_json_num(before, key, 0);
    return before && span_ms > 0 && more > 0 ? more / (double)span_ms : 0;
}

/* Sorted by insertion: a host has few instances, and the next table is seconds away. */
static void insert_sorted(json_t *rows, json_t *row /* taken */, const char *key)
{
    size_t at = 0;
    while (at < json_array_size(rows) &&
           oc_json_num(json_array_get(rows, at), key, 0) >= oc_json_num(row, key, 0)) {
        at++;
    }
    json_array_insert_new(rows, at, row);
}

static json_t *top_table(struct top *t)
{
    const struct top_params *p = oc_call_params(t->call);
    int64_t now = oc_time_mono(), span = t->before ? now - t->before_ms : 0;
    json_t *all = status_rows(t->service, NULL), *rows = json_array(), *seen = json_object(), *row;
    size_t i;
    json_array_foreach(all, i, row)
    {
        const char *name = oc_json_str(row, "instance", "");
        const json_t *before = json_object_get(t->before, name);
        if (json_is_number(json_object_get(row, "cpu_ms"))) {
            oc_json_set_num(row, "cpu_percent", rate(row, before, "cpu_ms", span) * 100);
        }
        oc_json_set_num(row, "calls_per_second",
                        rate(row, before, "calls", span) * (double)OC_SECOND);
        json_object_set(seen, name, row);
        insert_sorted(rows, json_incref(row), sort_keys[p->sort]);
    }
    json_decref(all);
    json_decref(t->before);
    t->before = seen;
    t->before_ms = now;
    return rows;
}

static void top_end(struct top *t)
{
    struct oc_call *call = t->call;
    oc_timer_destroy(t->timer);
    json_decref(t->before);
    free(t);
    oc_call_succeed(call, json_array());
}

static void top_tell(void *ctx)
{
    struct top *t = ctx;
    const struct top_params *p = oc_call_params(t->call);
    json_t *row = json_object();
    oc_json_set_time(row, "time", oc_time_wall());
    oc_json_take(row, "instances", top_table(t));
    oc_call_row(t->call, row);
    if (p->count && ++t->told == p->count) {
        top_end(t);
    }
}

static void top_cancelled(struct oc_call *call, void *ctx)
{
    (void)call;
    top_end(ctx);
}

static void op_top(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct top_params *p = oc_call_params(call);
    struct top *t = oc_calloc(1, sizeof *t);
    t->service = s;
    t->call = call;
    t->timer = oc_timer_create(s->env.loop, top_tell, t);
    oc_call_on_cancel(call, top_cancelled, t);
    oc_timer_start(t->timer, p->every_ms, p->every_ms);
    top_tell(t);
}

static const struct oc_op top_op = {
    .name = "plugin.top",
    .summary = "Show which plugins take the most, again and again",
    .flags = OC_OP_STREAMS,
    .params = top_options,
    .params_size = sizeof(struct top_params),
    .view = "custom:plugin_top",
    .example = "openclaw plugin top --sort memory\nopenclaw plugin top --count 1",
    .handler = op_top,
};

void oc_plugin_add_status_ops(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &status_op, s);
    oc_ops_add(s->env.ops, &top_op, s);
}
