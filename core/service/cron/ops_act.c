/* The operations that act on schedules: enable, disable, run. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/json.h"
#include "core/service/cron/internal.h"

struct act_params {
    const char *name;
    int32_t wait;
};
#define AT(member) offsetof(struct act_params, member)
#define NAME                                                                                       \
    {                                                                                              \
        .name = "name", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,       \
        .offset = AT(name), .help = "the schedule"                                                 \
    }
static const struct oc_option name_options[] = {NAME, {0}};
static const struct oc_option run_options[] = {NAME,
                                               {.name = "wait",
                                                .type = OC_OPT_BOOL,
                                                .offset = AT(wait),
                                                .default_text = "true",
                                                .help = "answer when it is over"},
                                               {0}};
#undef AT

/* The entry, if the caller could have called its operation as well; else the call has been failed. */
static struct oc_cron_entry *named_for(struct oc_call *call, struct oc_cron_service *s)
{
    const struct act_params *p = oc_call_params(call);
    struct oc_cron_entry *e = oc_cron_named(call, s, p->name);
    if (e && (int32_t)oc_call_actor(call)->role < e->def.o.role) {
        oc_call_failf(call, OC_E_DENIED, NULL, "schedule %s has the role %s, which you have not",
                      e->name, oc_cron_role_name(e->def.o.role));
        return NULL;
    }
    return e;
}

/* ---- cron.enable, cron.disable ---- */

static void set_enabled(struct oc_call *call, struct oc_cron_service *s, bool enabled)
{
    struct oc_cron_entry *e = named_for(call, s);
    struct oc_error err;
    oc_error_init(&err);
    if (!e) {
        return;
    }
    int32_t before = e->enabled_by_hand;
    if (enabled && !oc_cron_enabled(e)) {
        int64_t now = oc_time_wall();
        e->seen = e->seen > now ? e->seen : now;
    }
    e->enabled_by_hand = e->def.o.enabled == (int32_t)enabled ? -1 : enabled;
    e->missed = enabled ? e->missed : 0;
    e->waiting.count = enabled ? e->waiting.count : 0;
    e->dirty = true;
    if (oc_cron_flush(s, &err) != OC_OK) {
        e->enabled_by_hand = before;
        oc_call_fail(call, &err);
        return;
    }
    oc_cron_wake(s);
    if (enabled && !e->available) {
        oc_call_warn(call, "it does not run yet: %s", e->reason);
    }
    if (!enabled) {
        oc_cron_warn_of_asked(call, e);
    }
    oc_call_succeed(call, oc_cron_entry_json(e));
}

static void op_enable(struct oc_call *call, void *ctx)
{
    set_enabled(call, ctx, true);
}

static void op_disable(struct oc_call *call, void *ctx)
{
    set_enabled(call, ctx, false);
}

static const struct oc_op enable_op = {
    .name = "cron.enable",
    .summary = "Let a schedule run at its times again",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
    .params = name_options,
    .params_size = sizeof(struct act_params),
    .view = "record",
    .description = "Also one of the configuration that says enabled = false. What came while it "
                   "was disabled is not missed.",
    .example = "openclaw cron enable health",
    .handler = op_enable,
};

static const struct oc_op disable_op = {
    .name = "cron.disable",
    .summary = "Keep a schedule from running; this survives restarts",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
    .params = name_options,
    .params_size = sizeof(struct act_params),
    .view = "record",
    .description = "Also one of the configuration. A run that is under way goes on to its end.",
    .example = "openclaw cron disable health",
    .handler = op_disable,
};

/* ---- cron.run ---- */

/* Who asked has gone; the run goes on. */
static void asker_left(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "nobody waits for the run any more, it goes on");
    for (size_t i = 0; i < s->runs.count; i++) {
        if (s->runs.items[i]->asker == call) {
            s->runs.items[i]->asker = NULL;
        }
    }
    oc_call_fail(call, &err);
}

static int check_run(const struct oc_cron_entry *e, struct oc_error *err)
{
    if (!e->available) {
        return oc_error_set(err, OC_E_UNSUPPORTED, "schedule %s cannot run: %s", e->name,
                            e->reason);
    }
    if (e->running.count > 0 &&
        (e->def.o.overlap != OC_CRON_PARALLELS || e->running.count >= OC_CRON_PARALLEL)) {
        oc_error_set(err, OC_E_CONFLICT, "schedule %s is running", e->name);
        oc_error_hint(err, "Wait for its end, or give it overlap = \"parallel\".");
        return OC_E_CONFLICT;
    }
    return e->service->stopping ? oc_error_set(err, OC_E_CANCELLED, "the host is stopping") : OC_OK;
}

static void op_run(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    const struct act_params *p = oc_call_params(call);
    struct oc_cron_entry *e = named_for(call, s);
    struct oc_error err;
    oc_error_init(&err);
    if (!e) {
        return;
    }
    bool wait = p->wait;
    oc_cron_check(e);
    struct oc_cron_claim claim = {.entry = e,
                                  .wait = {.due = oc_time_wall(), .trigger = OC_CRON_MANUAL},
                                  .asker = wait ? call : NULL};
    if (wait) {
        oc_call_on_cancel(call, asker_left, s);
    }
    int64_t number = e->number + 1;
    if (check_run(e, &err) != OC_OK || oc_cron_claim(s, &claim, 1, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else if (!wait) {
        oc_call_succeed(call, json_pack("{s:s,s:I,s:s}", "schedule", e->name, "run",
                                        (json_int_t)number, "state", "running"));
    }
}

static const struct oc_op run_op = {
    .name = "cron.run",
    .summary = "Run a schedule now",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES,
    .params = run_options,
    .params_size = sizeof(struct act_params),
    .view = "record",
    .description = "It runs as it would at its time, with the schedule's role and timeout, also "
                   "while it is disabled; its times do not change. The record says what became "
                   "of it; the call itself succeeds when there was a run.",
    .example = "openclaw cron run health\nopenclaw cron run health --wait false",
    .result = "{schedule: string, run: integer, state: string, code?: string, took_ms?: integer, "
              "output?: string|null, proposal?: string}",
    .handler = op_run,
};

void oc_cron_add_act_ops(struct oc_cron_service *s)
{
    oc_ops_add(s->env.ops, &enable_op, s);
    oc_ops_add(s->env.ops, &disable_op, s);
    oc_ops_add(s->env.ops, &run_op, s);
}
