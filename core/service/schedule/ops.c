/* The schedule's operations. SPDX-License-Identifier: MIT */
#include "core/service/schedule/ops.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static void op_list(struct oc_call *call, void *ctx)
{
    oc_call_succeed(call, oc_schedule_json(ctx));
}

static const struct oc_op list_op = {
    .name = "collector.list",
    .summary = "List the collectors with their calls, times and last errors",
    .flags = OC_OP_EPHEMERAL | OC_OP_COLLECTS,
    .view = "table:instance=Instance,plugin=Plugin,state=State,interval_ms=Interval(duration),"
            "calls=Calls,failures=Failures,"
            "missed_slots=Missed,p50_ms=p50 ms,p99_ms=p99 ms,last_error=Last error",
    .example = "openclaw collector list",
    .result = "[{instance: string, plugin: string, state: string, interval_ms: integer, "
              "calls: integer, failures: integer, timeouts: integer, missed_slots: "
              "integer, samples: integer, last_error: string|null}]",
    .handler = op_list,
};

/* ---- collector.run: start calls, answer when each has ended ---- */

struct run_params {
    const char *name;
};
static const struct oc_option run_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct run_params, name),
     .help = "the collector; all of them when it is left out"},
    {0}};

struct run {
    struct oc_call *call;
    struct oc_subscription *batches;
    struct oc_map pending; /* instances whose calls we began */
    size_t ended;
};

static void run_end(struct run *run, bool cancelled)
{
    struct oc_call *call = run->call;
    oc_bus_unsubscribe(run->batches);
    size_t ended = run->ended;
    oc_map_finish(&run->pending, NULL);
    free(run);
    if (cancelled) {
        oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled while collectors were running");
    } else {
        oc_call_succeed(call, json_pack("{s:I}", "collected", (json_int_t)ended));
    }
}

static void run_on_batch(void *ctx, const struct oc_event *event)
{
    struct run *run = ctx;
    const struct oc_batch *batch = event->native;
    if (batch->last && oc_map_remove(&run->pending, batch->instance)) {
        run->ended++;
        if (run->pending.count == 0) {
            run_end(run, false);
        }
    }
}

static void run_on_cancel(struct oc_call *call, void *ctx)
{
    (void)call;
    run_end(ctx, true);
}

static void op_run(struct oc_call *call, void *ctx)
{
    const struct run_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    struct oc_map begun = {0};
    oc_schedule_run(ctx, p->name, &begun, &err);
    if (begun.count == 0) {
        if (!err.code) {
            oc_error_set(&err, OC_E_NOT_FOUND,
                         p->name ? "no collector is named %s" : "there are no collectors", p->name);
            oc_error_hint(&err, "`openclaw collector list` shows them.");
        }
        oc_map_finish(&begun, NULL);
        oc_call_fail(call, &err);
        return;
    }
    struct run *run = oc_calloc(1, sizeof *run);
    run->call = call;
    run->pending = begun;
    run->batches = oc_bus_subscribe(oc_schedule_bus(ctx), "samples", run_on_batch, run);
    oc_call_on_cancel(call, run_on_cancel, run);
}

static const struct oc_op run_op = {
    .name = "collector.run",
    .summary = "Run a collector, or all of them, now and wait for the results",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_ACTS,
    .params = run_options,
    .params_size = sizeof(struct run_params),
    .view = "record",
    .example = "openclaw collector run system",
    .handler = op_run,
};

/* ---- collector.ready: answers when every collector has been called once ---- */

struct ready {
    struct oc_call *call;
    struct oc_subscription *first;
};

static void ready_on_first(void *ctx, const struct oc_event *event)
{
    struct ready *r = ctx;
    struct oc_call *call = r->call;
    (void)event;
    oc_bus_unsubscribe(r->first);
    free(r);
    oc_call_succeed(call, json_object());
}

static void ready_on_cancel(struct oc_call *call, void *ctx)
{
    struct ready *r = ctx;
    oc_bus_unsubscribe(r->first);
    free(r);
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled while collectors were running");
}

static void op_ready(struct oc_call *call, void *ctx)
{
    if (oc_schedule_first_round_over(ctx)) {
        oc_call_succeed(call, json_object());
        return;
    }
    struct ready *r = oc_calloc(1, sizeof *r);
    r->call = call;
    r->first = oc_bus_subscribe(oc_schedule_bus(ctx), "collect.first", ready_on_first, r);
    oc_call_on_cancel(call, ready_on_cancel, r);
}

static const struct oc_op ready_op = {
    .name = "collector.ready",
    .summary = "Wait until every collector has been called once",
    .flags = OC_OP_INTERNAL,
    .handler = op_ready,
};

void oc_schedule_add_ops(struct oc_schedule *s, struct oc_ops *ops)
{
    oc_ops_add(ops, &list_op, s);
    oc_ops_add(ops, &run_op, s);
    oc_ops_add(ops, &ready_op, s);
}
