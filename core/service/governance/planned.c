/* What is proposed by hand is planned, too, before it is voted on. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/internal.h"

struct planning {
    struct oc_governance *g;
    struct oc_call *call; /* NULL: the caller has given up */
    struct oc_call *plan; /* NULL: it has answered */
    const struct oc_op *op;
    oc_governance_planned_fn then;
};

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct planning *p = ctx;
    if (p->call) {
        oc_call_on_cancel(p->call, NULL, NULL);
    }
    if (p->call && code == OC_OK) {
        json_t *plan = oc_op_readable_plan(p->g->env->ops, p->op, result);
        p->then(p->g, p->call, plan);
        json_decref(plan);
    } else if (p->call) {
        oc_call_fail(p->call, err);
    }
    free(p);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct planning *p = ctx;
    struct oc_call *plan = p->plan;
    p->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled before it was proposed");
    if (plan) {
        oc_call_cancel(plan); /* p is gone, or goes when it answers */
    }
}

void oc_governance_plan(struct oc_governance *g, struct oc_call *call, const struct oc_op *op,
                        const json_t *params, oc_governance_planned_fn then)
{
    const struct oc_actor *actor = oc_call_actor(call);
    struct planning *p = oc_calloc(1, sizeof *p);
    *p = (struct planning){.g = g, .call = call, .op = op, .then = then};
    json_t *dry = params ? json_deep_copy(params) : json_object();
    json_object_del(dry, "plan");
    oc_json_set_bool(dry, "dry_run", true);
    oc_call_on_cancel(call, on_cancel, p);
    struct oc_call *plan = oc_ops_call(
        g->env->ops, &(struct oc_call_request){.op = op->name,
                                               .params = dry,
                                               .actor = {.name = actor->name, .role = actor->role},
                                               .on_done = on_done,
                                               .ctx = p});
    if (plan) { /* else it has answered, and p is gone */
        p->plan = plan;
    }
}
