/* Operations that change units: start, stop, restart, kill. SPDX-License-Identifier: MIT
 *
 * One thing at a time is done to a unit. An act that has begun goes to its end even when its caller gives up: half a restart is
 * worse than one that nobody watches. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"
#include "core/sys/file.h"

#define STOP_EXTRA (10 * OC_SECOND) /* for SIGKILL, and what is left of the session */
#define LOOK_EVERY 250

struct act_params {
    const char *name;
    int64_t wait_ms;
};
static const struct oc_option start_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct act_params, name),
     .help = "the unit"},
    {.name = "wait",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct act_params, wait_ms),
     .default_text = "0",
     .max = 3600000,
     .help = "wait so long for it to be healthy, and fail when it is not"},
    {0}};
static const struct oc_option stop_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct act_params, name),
                                                 .help = "the unit"},
                                                {0}};

enum verb { VERB_START, VERB_STOP, VERB_RESTART, VERB_KILL };
static const char *const doing[] = {"starting", "stopping", "restarting", "killing"};

struct act {
    struct oc_call *call; /* NULL: the caller has given up */
    struct unit *unit;
    enum verb verb;
    int64_t wait_until; /* monotonic; 0 = does not wait */
    bool changed, killed;
    struct oc_timer *timer;
};

static void act_free(struct act *a)
{
    oc_timer_destroy(a->timer);
    oc_unit_set_idle(a->unit);
    oc_unit_unref(a->unit);
    free(a);
}

static void act_fail(struct act *a, const struct oc_error *err)
{
    oc_warn("unit not changed", "unit=%s doing=%s reason=%s", a->unit->name, doing[a->verb],
            err->message);
    if (a->call) {
        oc_call_fail(a->call, err);
    }
    act_free(a);
}

static void act_succeed(struct act *a)
{
    a->unit->busy = NULL;
    json_t *o = oc_unit_json(a->unit);
    oc_json_set_bool(o, "changed", a->changed);
    oc_json_set_bool(o, "killed", a->killed);
    if (a->call) {
        oc_call_succeed(a->call, o);
    } else {
        json_decref(o);
    }
    act_free(a);
}

static void act_looked(void *ctx);

static void look_again(void *ctx)
{
    struct act *a = ctx;
    oc_unit_look(a->unit, act_looked, a);
}

static void act_looked(void *ctx)
{
    struct act *a = ctx;
    struct oc_error err;
    if (!a->wait_until || oc_unit_is_healthy(a->unit)) {
        act_succeed(a);
    } else if (oc_time_mono() >= a->wait_until || a->unit->service->stopping) {
        oc_error_init(&err);
        oc_error_set(&err, OC_E_TIMEOUT, "%s is not healthy: %s", a->unit->name,
                     *a->unit->output ? a->unit->output
                                      : oc_json_str(a->unit->last, "message", "it does not run"));
        oc_error_hint(&err, "`openclaw unit logs %s` shows what it wrote.", a->unit->name);
        act_fail(a, &err);
    } else {
        oc_timer_start(a->timer, LOOK_EVERY, 0);
    }
}

static void act_done(void *ctx, int code, const json_t *answer, const struct oc_error *err)
{
    struct act *a = ctx;
    if (code != OC_OK) {
        act_fail(a, err);
        return;
    }
    a->changed = a->changed || oc_json_bool(answer, "changed", true);
    a->killed = a->killed || oc_json_bool(answer, "killed", false);
    oc_unit_look(a->unit, act_looked, a);
}

static void start_it(struct act *a)
{
    oc_unit_drive(a->unit, "driver.start/1", NULL, a->unit->options.start_ms, act_done, a);
}

static void stopped_first(void *ctx, int code, const json_t *answer, const struct oc_error *err)
{
    struct act *a = ctx;
    if (code != OC_OK) {
        act_fail(a, err);
        return;
    }
    a->killed = oc_json_bool(answer, "killed", false);
    start_it(a);
}

static void stop_it(struct act *a, bool force, drive_fn then)
{
    oc_unit_drive(a->unit, "driver.stop/1", json_pack("{s:b}", "force", (int)force),
                  a->unit->options.stop_ms + STOP_EXTRA, then, a);
}

static void restart_it(struct act *a)
{
    const struct unit *u = a->unit;
    if (u->driver && oc_plugin_has_method(oc_instance_plugin(u->driver), "driver.restart/1")) {
        oc_unit_drive(a->unit, "driver.restart/1", NULL,
                      u->options.stop_ms + u->options.start_ms + STOP_EXTRA, act_done, a);
    } else {
        stop_it(a, false, stopped_first);
    }
}

static void act_go(struct act *a)
{
    switch (a->verb) {
    case VERB_START:
        start_it(a);
        break;
    case VERB_STOP:
        stop_it(a, false, act_done);
        break;
    case VERB_RESTART:
        restart_it(a);
        break;
    case VERB_KILL:
        stop_it(a, true, act_done);
        break;
    }
}

static void act_cancelled(struct oc_call *call, void *ctx)
{
    struct act *a = ctx;
    bool waits = oc_timer_active(a->timer);
    char name[80];
    snprintf(name, sizeof name, "%s", a->unit->name);
    a->call = NULL;
    a->wait_until = a->wait_until ? 1 : 0;
    if (waits) { /* nothing is under way any more: it was only waited for */
        act_free(a);
    }
    oc_call_failf(call, OC_E_CANCELLED, NULL,
                  "nobody waits for unit %s any more: what was begun goes on", name);
}

static int make_folders(const struct oc_unit *s, struct oc_error *err)
{
    int rc = oc_dir_make(s->state_dir, 0700, err);
    return rc == OC_OK ? oc_dir_make(s->logs_dir, 0700, err) : rc;
}

static void act_on(struct oc_call *call, struct oc_unit *s, enum verb verb, int64_t wait_ms,
                   const char *name)
{
    struct unit *u = oc_unit_find(s, name);
    struct oc_error err;
    oc_error_init(&err);
    if (!u) {
        oc_error_set(&err, OC_E_NOT_FOUND, "no unit is named %s", name);
        oc_error_hint(&err, "`openclaw unit list` shows the units.");
    } else if ((verb == VERB_START || verb == VERB_RESTART) &&
               oc_unit_check_contained(s, call, &err) != OC_OK) {
        oc_error_prefix(&err, "unit %s", name);
    } else if (oc_unit_busy(u)) {
        oc_error_set(&err, OC_E_CONFLICT, "somebody else is %s unit %s", oc_unit_busy(u), name);
    } else if (make_folders(s, &err) == OC_OK && oc_unit_open(u) != OC_OK) {
        err = u->error;
    }
    if (err.code != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    struct act *a = oc_calloc(1, sizeof *a);
    *a = (struct act){.call = call, .unit = oc_unit_ref(u), .verb = verb};
    a->wait_until = wait_ms > 0 ? oc_time_mono() + wait_ms : 0;
    a->timer = oc_timer_create(s->env.loop, look_again, a);
    u->busy = doing[verb];
    oc_call_on_cancel(call, act_cancelled, a);
    act_go(a);
}

static void op_start(struct oc_call *call, void *ctx)
{
    const struct act_params *p = oc_call_params(call);
    act_on(call, ctx, VERB_START, p->wait_ms, p->name);
}

static void op_restart(struct oc_call *call, void *ctx)
{
    const struct act_params *p = oc_call_params(call);
    act_on(call, ctx, VERB_RESTART, p->wait_ms, p->name);
}

static void op_stop(struct oc_call *call, void *ctx)
{
    const struct act_params *p = oc_call_params(call);
    act_on(call, ctx, VERB_STOP, 0, p->name);
}

static void op_kill(struct oc_call *call, void *ctx)
{
    const struct act_params *p = oc_call_params(call);
    act_on(call, ctx, VERB_KILL, 0, p->name);
}

#define ACTS (OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL)
#define SHAPE                                                                                      \
    "{name: string, state: string, healthy: boolean, health: string, output: string, pid: "        \
    "integer|null, started: time|null, changed: boolean, killed: boolean}"

static const struct oc_op acts[] = {
    {.name = "unit.start",
     .summary = "Start a unit; one that runs is left as it is",
     .role = OC_ROLE_OPERATOR,
     .flags = ACTS,
     .params = start_options,
     .params_size = sizeof(struct act_params),
     .view = "record",
     .example = "openclaw unit start steward --wait 30s",
     .result = SHAPE,
     .handler = op_start},
    {.name = "unit.stop",
     .summary = "Stop a unit: it is asked to end, and killed after its stop_timeout",
     .role = OC_ROLE_OPERATOR,
     .flags = ACTS | OC_OP_DESTRUCTIVE,
     .params = stop_options,
     .params_size = sizeof(struct act_params),
     .view = "record",
     .example = "openclaw unit stop steward --yes",
     .result = SHAPE,
     .handler = op_stop},
    {.name = "unit.restart",
     .summary = "Stop a unit and start it again",
     .role = OC_ROLE_OPERATOR,
     .flags = ACTS | OC_OP_DESTRUCTIVE,
     .params = start_options,
     .params_size = sizeof(struct act_params),
     .view = "record",
     .example = "openclaw unit restart steward --wait 30s --yes",
     .result = SHAPE,
     .handler = op_restart},
    {.name = "unit.kill",
     .summary = "Kill a unit at once, without asking it to end",
     .role = OC_ROLE_OPERATOR,
     .flags = ACTS | OC_OP_DESTRUCTIVE,
     .params = stop_options,
     .params_size = sizeof(struct act_params),
     .view = "record",
     .example = "openclaw unit kill steward --yes",
     .result = SHAPE,
     .handler = op_kill},
};

void oc_unit_add_act_ops(struct oc_unit *s)
{
    for (size_t i = 0; i < OC_COUNT(acts); i++) {
        oc_ops_add(s->env.ops, &acts[i], s);
    }
}
