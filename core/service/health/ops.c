/* The health service's operations. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/health/table.h"

/* ---- health.check ---- */

struct check_params {
    const char *service;
    int32_t refresh;
    int64_t wait_ms;
};
#define SUMMARY_SHAPE                                                                              \
    "{overallStatus: string, healthyAgents: integer, totalAgents: integer, "                       \
    "healthyServices: integer, totalServices: integer, checks: {*: integer}, "                     \
    "criticalAlerts: integer, warningAlerts: integer, cpuUsage: number|null, "                     \
    "memoryUsage: number|null, diskUsage: number|null}"

static const struct oc_option check_options[] = {
    {.name = "service",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct check_params, service),
     .help = "only this service, collector or target; * and ? match"},
    {.name = "refresh",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct check_params, refresh),
     .help = "run the collectors first instead of giving the latest results"},
    {.name = "wait",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct check_params, wait_ms),
     .default_text = "15s",
     .min = 0,
     .max = 300000,
     .help = "how long to wait for results that are on their way"},
    {0}};

/* A check that waits: for the first round, or for the round that it asked for. */
struct waiting {
    struct oc_health *health;
    struct oc_call *call;  /* ours */
    struct oc_call *inner; /* collector.ready or collector.run; NULL when it is over */
    struct oc_timer *limit;
    bool starting, over;
};

static void waiting_end(struct waiting *w, bool cancelled)
{
    const struct check_params *p = oc_call_params(w->call);
    struct oc_call *call = w->call, *inner = w->inner;
    struct oc_health *h = w->health;
    w->over = true;
    w->inner = NULL;
    oc_timer_destroy(w->limit);
    w->limit = NULL;
    if (inner) {
        oc_call_cancel(inner);
    }
    if (cancelled) {
        oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
        return;
    }
    json_t *snapshot = oc_health_snapshot(h, p->service);
    if (p->service && json_array_size(json_object_get(snapshot, "checks")) == 0) {
        json_decref(snapshot);
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw health check` lists the services.",
                      "no service is named %s", p->service);
        return;
    }
    oc_call_succeed(call, snapshot);
}

static void waiting_free(struct waiting *w)
{
    if (w->over && !w->starting && !w->inner) {
        free(w);
    }
}

static void inner_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct waiting *w = ctx;
    (void)code;
    (void)result;
    (void)err;
    w->inner = NULL;
    if (!w->over) {
        waiting_end(w, false);
        waiting_free(w);
    }
}

static void limit_reached(void *ctx)
{
    struct waiting *w = ctx;
    oc_call_warn(w->call, "some collectors have not answered yet");
    waiting_end(w, false);
    waiting_free(w);
}

static void check_cancelled(struct oc_call *call, void *ctx)
{
    (void)call;
    waiting_end(ctx, true);
    waiting_free(ctx);
}

static void op_check(struct oc_call *call, void *ctx)
{
    const struct check_params *p = oc_call_params(call);
    struct waiting *w = oc_calloc(1, sizeof *w);
    w->health = ctx;
    w->call = call;
    w->starting = true;
    w->limit = oc_timer_create(w->health->env.loop, limit_reached, w);
    oc_timer_start(w->limit, p->wait_ms, 0);
    struct oc_call_request req = {.op = p->refresh && !w->health->env.ephemeral ? "collector.run"
                                                                                : "collector.ready",
                                  .actor = {.name = "health", .role = OC_ROLE_OPERATOR},
                                  .on_done = inner_done,
                                  .ctx = w};
    struct oc_call *inner = oc_ops_call(w->health->env.ops, &req);
    w->starting = false;
    if (w->over) {
        free(w);
        return;
    }
    w->inner = inner;
    oc_call_on_cancel(call, check_cancelled, w);
}

static const struct oc_op check_op = {
    .name = "health.check",
    .summary = "Show the health of every service and agent",
    .flags = OC_OP_EPHEMERAL | OC_OP_COLLECTS,
    .params = check_options,
    .params_size = sizeof(struct check_params),
    .view = "custom:health",
    .description =
        "Exits 0 when all is well, 1 on warnings, 2 when something is critical and 3 when the "
        "state is "
        "unknown, so that it is itself a check that any Nagios-compatible system can run.",
    .example = "openclaw health check\nopenclaw health check web/api --json",
    .result = "{timestamp: time, agents: [{id: string, name: string, status: string}], "
              "services: [{id: string, name: string, type: string, status: string, state: "
              "string, error: string|null}], resources: {}, alerts: [{id: string, "
              "severity: string, rule: string, message: string}], summary: " SUMMARY_SHAPE
              ", checks: [any]}",
    .handler = op_check,
};

/* ---- health.report ---- */

static json_t *recommendation(struct oc_health *h, const struct service *s)
{
    json_t *o = json_object();
    const char *parent = NULL;
    char *action =
        s->check.state == OC_CHECK_UNREACHABLE && oc_health_parent_down(h, s, &parent)
            ? oc_asprintf("mend %s first: this service needs it", parent)
            : oc_asprintf("see `openclaw health history %s` and `openclaw plugin info %s`", s->name,
                          s->plugin);
    oc_json_set_str(o, "service", s->name);
    oc_json_set_str(o, "state", oc_check_state_name(s->check.state));
    oc_json_set_str(o, "issue", s->output);
    oc_json_set_str(o, "action", action);
    free(action);
    return o;
}

static void op_report(struct oc_call *call, void *ctx)
{
    struct oc_health *h = ctx;
    json_t *snapshot = oc_health_snapshot(h, NULL), *recommendations = json_array();
    for (size_t i = 0; i < h->order.count; i++) {
        const struct service *s = h->order.items[i];
        if (s->check.state != OC_CHECK_OK && s->check.state != OC_CHECK_PENDING) {
            json_array_append_new(recommendations, recommendation(h, s));
        }
    }
    json_t *o = json_object();
    json_object_set(o, "summary", json_object_get(snapshot, "summary"));
    json_object_set(o, "timestamp", json_object_get(snapshot, "timestamp"));
    json_object_set(o, "details", json_object_get(snapshot, "checks"));
    oc_json_take(o, "recommendations", recommendations);
    json_decref(snapshot);
    oc_call_succeed(call, o);
}

static const struct oc_op report_op = {
    .name = "health.report",
    .summary = "Write a report: summary, every check, and what to look at",
    .flags = OC_OP_EPHEMERAL | OC_OP_COLLECTS,
    .view = "custom:report",
    .example = "openclaw health report",
    .result = "{summary: " SUMMARY_SHAPE
              ", timestamp: time, details: [any], recommendations: [{service: string, "
              "state: string, issue: string|null, action: string|null}]}",
    .handler = op_report,
};

/* ---- health.snapshot ---- */

struct snapshot_params {
    int32_t alerts;
};
static const struct oc_option snapshot_options[] = {
    {.name = "alerts",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct snapshot_params, alerts),
     .default_text = "true",
     .help = "with the alerts that fire, the gravest 250; without, that list is empty"},
    {0}};

static void op_snapshot(struct oc_call *call, void *ctx)
{
    const struct snapshot_params *p = oc_call_params(call);
    oc_call_succeed(call, p->alerts ? oc_health_snapshot(ctx, NULL) : oc_health_snapshot_bare(ctx));
}

static const struct oc_op snapshot_op = {
    .name = "health.snapshot",
    .summary = "Give the latest health of everything at once, without waiting for a check",
    .flags = OC_OP_INTERNAL,
    .params = snapshot_options,
    .params_size = sizeof(struct snapshot_params),
    .handler = op_snapshot,
};

/* ---- health.watch: the snapshot, then every change ---- */

struct watch {
    struct oc_call *call;
    struct oc_subscription *subscriptions[4];
};

static void watch_event(void *ctx, const struct oc_event *event)
{
    struct watch *w = ctx;
    json_t *row = json_object();
    oc_json_set_str(row, "event", event->topic);
    oc_json_set_time(row, "time", event->time_ms);
    json_object_set(row, "data", event->data);
    oc_call_row(w->call, row);
}

static void watch_cancelled(struct oc_call *call, void *ctx)
{
    struct watch *w = ctx;
    for (size_t i = 0; i < OC_COUNT(w->subscriptions); i++) {
        oc_bus_unsubscribe(w->subscriptions[i]);
    }
    free(w);
    oc_call_succeed(call, json_object());
}

static void op_watch(struct oc_call *call, void *ctx)
{
    struct oc_health *h = ctx;
    struct watch *w = oc_calloc(1, sizeof *w);
    static const char *const topics[] = {"health.changed", "health.flapping", "alert.*",
                                         "plugin.*"};
    w->call = call;
    json_t *first = json_object();
    oc_json_set_str(first, "event", "snapshot");
    oc_json_take(first, "data", oc_health_snapshot(h, NULL));
    oc_call_row(call, first);
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        w->subscriptions[i] = oc_bus_subscribe(h->env.bus, topics[i], watch_event, w);
    }
    oc_call_on_cancel(call, watch_cancelled, w);
}

static const struct oc_op watch_op = {
    .name = "health.watch",
    .summary = "Show the health table, then a line for every change until interrupted",
    .flags = OC_OP_STREAMS,
    .view = "custom:watch",
    .example = "openclaw health watch",
    .handler = op_watch,
};

/* ---- health.history ---- */

struct history_params {
    const char *service, *since;
    int64_t limit;
};
static const struct oc_option history_options[] = {
    {.name = "service",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct history_params, service),
     .help = "only this service; * and ? match"},
    {.name = "since",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct history_params, since),
     .default_text = "24h",
     .help = "from when: \"2h\", a date or a time"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct history_params, limit),
     .default_text = "100",
     .min = 1,
     .max = 10000,
     .help = "at most this many changes, the newest first"},
    {0}};

static void op_history(struct oc_call *call, void *ctx)
{
    struct oc_health *h = ctx;
    const struct history_params *p = oc_call_params(call);
    struct oc_event_query q = {.topic = "health.changed", .limit = 10000};
    struct oc_error err;
    oc_error_init(&err);
    if (oc_time_parse(p->since, oc_time_wall(), &q.from_ms) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Write a duration such as 2h, or a date such as 2026-11-22.",
                      "%s is not a time", p->since);
        return;
    }
    json_t *events = oc_events_query(h->env.store, &q, &err);
    if (!events) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *rows = json_array();
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        json_t *data = json_object_get(event, "data");
        if ((!p->service || oc_glob(p->service, oc_json_str(data, "service", ""))) &&
            json_array_size(rows) < (size_t)p->limit) {
            json_object_set(data, "time", json_object_get(event, "time"));
            json_array_append(rows, data);
        }
    }
    json_decref(events);
    oc_call_succeed(call, rows);
}

static const struct oc_op history_op = {
    .name = "health.history",
    .summary = "List the changes of state, newest first",
    .flags = OC_OP_EPHEMERAL,
    .params = history_options,
    .params_size = sizeof(struct history_params),
    .view = "table:time=Time,service=Service,from=From,to=To,hard=Hard,output=Output",
    .example = "openclaw health history web/api --since 7d",
    .handler = op_history,
};

static void op_summary(struct oc_call *call, void *ctx)
{
    oc_call_succeed(call, oc_health_summary(ctx));
}

static const struct oc_op summary_op = {
    .name = "health.summary",
    .summary = "Counts of services, agents and alerts, and the overall status",
    .flags = OC_OP_EPHEMERAL | OC_OP_COLLECTS,
    .view = "record",
    .example = "openclaw health summary",
    .result = SUMMARY_SHAPE,
    .handler = op_summary,
};

void oc_health_add_ops(struct oc_health *h, struct oc_ops *ops)
{
    oc_ops_add(ops, &summary_op, h);
    oc_ops_add(ops, &check_op, h);
    oc_ops_add(ops, &report_op, h);
    oc_ops_add(ops, &snapshot_op, h);
    oc_ops_add(ops, &watch_op, h);
    oc_ops_add(ops, &history_op, h);
}
