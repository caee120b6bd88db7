/* Maintenance mode: the host is worked on, agents take no new work, nobody is woken. SPDX-License-Identifier: MIT
 *
 * It is a fact that everybody can ask for (maintenance.status) and hear of (event maintenance.changed), and a silence on all
 * alerts that ends with it. It survives a restart and ends by itself; with `contain` it does not: then no unit is started until
 * a run of the runbook emergency-restart with after=5 ends it. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"

#define SPACE "maintenance-mode"
#define KEY   "mode"

struct on_params {
    const char *reason;
    int64_t for_ms;
    int32_t silence, contain;
};
#define AT(member) offsetof(struct on_params, member)
static const struct oc_option on_options[] = {
    {.name = "reason",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(reason),
     .default_text = "maintenance",
     .help = "why; it is the comment of the silence, too"},
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = AT(for_ms),
     .default_text = "2h",
     .min = 60000,
     .max = 2592000000.0,
     .help = "when it ends by itself"},
    {.name = "silence",
     .type = OC_OPT_BOOL,
     .offset = AT(silence),
     .default_text = "true",
     .help = "silence alerts meanwhile"},
    {.name = "contain",
     .type = OC_OPT_BOOL,
     .offset = AT(contain),
     .help = "no unit is started until `openclaw runbook run emergency-restart --param after=5` "
             "ends it"},
    {0}};
#undef AT

/* {"active","since","until","reason","by","silence","problem"}; what has run out is not active. Owned. */
static json_t *current(const struct oc_unit *s)
{
    json_t *kept = oc_kv_get(s->env.store, SPACE, KEY), *o = json_object();
    int64_t until = oc_json_int(kept, "until_ms", 0);
    bool contained = oc_json_bool(kept, "containment", false);
    bool active = contained || until > oc_time_wall();
    oc_json_set_bool(o, "active", active);
    oc_json_set_bool(o, "containment", contained);
    oc_json_set_time(o, "since", active ? oc_json_int(kept, "since_ms", 0) : 0);
    oc_json_set_time(o, "until", active && !contained ? until : 0);
    oc_json_set_str(o, "reason", active ? oc_json_str(kept, "reason", "") : NULL);
    oc_json_set_str(o, "by", active ? oc_json_str(kept, "by", "") : NULL);
    oc_json_set_str(o, "silence", active ? oc_json_str(kept, "silence", NULL) : NULL);
    oc_json_set_str(o, "problem", active ? oc_json_str(kept, "problem", NULL) : NULL);
    json_decref(kept);
    return o;
}

#define RESTART "openclaw runbook run emergency-restart --param after=5"

/* Whether the caller is the one run that may end it: its name is the host's, its runbook and parameters are looked up. */
static bool is_restart(const struct oc_unit *s, const struct oc_actor *actor)
{
    static const char prefix[] = "runbook:";
    if (strncmp(actor->name, prefix, strlen(prefix)) != 0) {
        return false;
    }
    json_t *run = oc_ops_ask(s->env.ops, "runbook.status",
                             json_pack("{s:s}", "run", actor->name + strlen(prefix)));
    const json_t *params = json_object_get(run, "params");
    bool is = strcmp(oc_json_str(run, "runbook", ""), "emergency-restart") == 0 &&
              oc_json_int(params, "after", 0) == 5;
    json_decref(run);
    return is;
}

int oc_unit_check_contained(const struct oc_unit *s, const struct oc_call *call,
                            struct oc_error *err)
{
    json_t *kept = oc_kv_get(s->env.store, SPACE, KEY);
    bool contained = oc_json_bool(kept, "containment", false);
    json_decref(kept);
    if (!contained || is_restart(s, oc_call_actor(call))) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "the host is contained: nothing is started without approval");
    oc_error_hint(err, "`%s` starts everything again, and ends the containment.", RESTART);
    return err->code;
}

static void publish(struct oc_unit *s)
{
    oc_bus_publish(s->env.bus, "maintenance.changed", current(s));
}

struct answer {
    int code;
    char id[64];
    struct oc_error err;
};

static void take_id(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct answer *a = ctx;
    a->code = code;
    snprintf(a->id, sizeof a->id, "%s", oc_json_str(result, "id", ""));
    if (code != OC_OK) {
        a->err = *err;
    }
}

/* These operations answer at once. */
static void silence(struct oc_unit *s, const struct oc_call *call, const char *op, json_t *params,
                    struct answer *answer)
{
    const struct oc_actor *actor = oc_call_actor(call);
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = actor->name, .role = actor->role},
                                  .on_done = take_id,
                                  .ctx = answer};
    *answer = (struct answer){.code = OC_E_RETRY};
    oc_error_init(&answer->err);
    oc_ops_call(s->env.ops, &req);
}

static void lift(struct oc_unit *s, struct oc_call *call)
{
    struct answer a;
    json_t *now = current(s);
    const char *id = oc_json_str(now, "silence", "");
    if (*id) {
        silence(s, call, "alert.unsilence", json_pack("{s:s}", "id", id), &a);
        if (a.code != OC_OK && a.code != OC_E_NOT_FOUND) {
            oc_call_warn(call, "its silence %s is still there: %s", id, a.err.message);
        }
    }
    json_decref(now);
}

/* Maintenance goes on without it: agents must not wait for who decides about alerts. Whoever began it is told, and so is who asks. */
static char *problem_of(struct oc_call *call, const struct answer *a)
{
    if (a->code == OC_OK) {
        return NULL;
    }
    char *problem = oc_asprintf("alerts are not silenced: %s",
                                *a->err.message ? a->err.message : "nobody answered");
    oc_warn("maintenance mode without its silence", "reason=%s", a->err.message);
    oc_call_warn(call, "%s", problem);
    return problem;
}

static void op_on(struct oc_call *call, void *ctx)
{
    struct oc_unit *s = ctx;
    const struct on_params *p = oc_call_params(call);
    struct answer a = {.code = OC_E_RETRY};
    char *problem = NULL;
    struct oc_error err;
    char text[40], comment[200];
    int64_t now = oc_time_wall(), until = now + p->for_ms;
    json_t *kept = oc_kv_get(s->env.store, SPACE, KEY);
    bool contained = p->contain || oc_json_bool(kept, "containment", false);
    json_decref(kept);
    oc_error_init(&err);
    lift(s, call); /* one silence, however often it is switched on */
    if (p->silence) {
        snprintf(comment, sizeof comment, "maintenance: %.180s", p->reason);
        silence(s, call, "alert.silence",
                json_pack("{s:[s],s:s,s:s}", "matchers", "severity=~.+", "until",
                          oc_time_format(until, text, sizeof text), "comment", comment),
                &a);
        problem = problem_of(call, &a);
    }
    json_t *mode =
        json_pack("{s:I,s:I}", "since_ms", (json_int_t)now, "until_ms", (json_int_t)until);
    oc_json_set_bool(mode, "containment", contained);
    oc_json_set_str(mode, "reason", p->reason);
    oc_json_set_str(mode, "by", oc_call_actor(call)->name);
    oc_json_set_str(mode, "silence", a.code == OC_OK && *a.id ? a.id : NULL);
    oc_json_set_str(mode, "problem", problem);
    free(problem);
    int rc = oc_kv_put(s->env.store, SPACE, KEY, mode, true, &err);
    json_decref(mode);
    if (rc != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    publish(s);
    oc_call_succeed(call, current(s));
}

static void op_off(struct oc_call *call, void *ctx)
{
    struct oc_unit *s = ctx;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_unit_check_contained(s, call, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    lift(s, call);
    if (oc_kv_remove(s->env.store, SPACE, KEY, true, &err) != OC_OK && err.code != OC_E_NOT_FOUND) {
        oc_call_fail(call, &err);
        return;
    }
    publish(s);
    oc_call_succeed(call, current(s));
}

static void op_status(struct oc_call *call, void *ctx)
{
    oc_call_succeed(call, current(ctx));
}

#define SHAPE                                                                                      \
    "{active: boolean, containment: boolean, since: time|null, until: time|null, reason: "         \
    "string|null, by: string|null, "                                                               \
    "silence: string|null, problem: string|null}"

static const struct oc_op ops[] = {
    {.name = "maintenance.on",
     .summary = "Begin maintenance: alerts are silenced and agents are told to take no new work",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE,
     .params = on_options,
     .params_size = sizeof(struct on_params),
     .view = "record",
     .example = "openclaw maintenance on 'disk is replaced' --for 1h",
     .result = SHAPE,
     .handler = op_on},
    {.name = "maintenance.off",
     .summary = "End maintenance and its silence",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE,
     .view = "record",
     .example = "openclaw maintenance off",
     .result = SHAPE,
     .handler = op_off},
    {.name = "maintenance.status",
     .summary = "Show whether maintenance goes on, until when and why",
     .flags = OC_OP_EPHEMERAL,
     .view = "record",
     .example = "openclaw maintenance status",
     .result = SHAPE,
     .handler = op_status},
};

void oc_unit_add_maintenance_ops(struct oc_unit *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env.ops, &ops[i], s);
    }
}
