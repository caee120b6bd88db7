/* What becomes of an operation that needs a decision: its plan is made, and both are given to governance. SPDX-License-Identifier: MIT
 *
 * Whoever votes sees the plan, and its hash is among the parameters that run: another plan is not what was approved. Making a plan
 * may take its time (archives are fetched and unpacked); then the gate ends the call itself. What cannot be planned, such as the
 * installation of a folder that is not there, is refused before anybody is asked. What an operation that previews would change is
 * shown in the same way, and binds nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/policy/gate_internal.h"

#define GOVERNANCE "governance."

/* ---- asking governance ---- */

struct request {
    int code;
    json_t *result;
    struct oc_error error;
};

static void on_requested(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct request *r = ctx;
    r->code = code;
    if (code == OC_OK) {
        r->result = json_deep_copy(result);
    } else if (err != NULL) {
        r->error = *err;
    }
}

/* One operation on its way to a decision. */
struct asked {
    struct oc_gate *gate;
    struct oc_call *call;     /* NULL: the caller has given up */
    struct oc_call *planning; /* NULL: it has answered */
    char category[16], reason[256];
    bool begun, planned; /* begun: oc_ops_call has returned */
    int code;
    json_t *plan, *details;
    struct oc_error error;
};

/* A plan is what will be done; a preview is only what it looked like. */
static bool is_bound(const struct asked *a)
{
    return a->plan != NULL && (oc_call_op(a->call)->flags & OC_OP_PLANS) != 0;
}

/* What was asked for, whole: it is run from this, much later. */
static json_t *request_params(const struct asked *a)
{
    const struct oc_actor *actor = oc_call_actor(a->call);
    json_t *params = json_object(), *given = json_deep_copy(oc_call_json(a->call));
    if (is_bound(a)) {
        oc_json_set_str(given, "plan", oc_json_str(a->plan, "plan", ""));
    }
    if (a->plan != NULL) {
        oc_json_take(params, "plan", json_incref(a->plan));
    }
    oc_json_set_str(params, "op", oc_call_op(a->call)->name);
    oc_json_take(params, "params", given);
    oc_json_set_str(params, "actor", actor->name);
    oc_json_set_str(params, "role", oc_gate_role(actor->role));
    oc_json_set_str(params, "category", a->category);
    oc_json_set_str(params, "reason", a->reason);
    return params;
}

static int refuse_request(const struct asked *a, const struct request *r, struct oc_error *err)
{
    oc_error_set(err, OC_E_DENIED,
                 "%s needs a decision, and governance did not take the question: %s",
                 oc_call_op(a->call)->name,
                 r->error.message[0] ? r->error.message : "it did not answer at once");
    oc_error_hint(err, "%s",
                  r->error.hint[0] ? r->error.hint
                                   : "`openclaw governance status` shows how it is.");
    return OC_E_DENIED;
}

/* Whoever asked goes by this: what nobody votes on may be under way by now. */
static void say_when(const json_t *receipt, struct oc_error *err)
{
    const char *proposal = oc_json_str(receipt, "proposal", "");
    const char *status = oc_json_str(receipt, "status", "");
    oc_error_hint(err, "It is proposal %s and %s: `openclaw governance show %s`.", proposal,
                  strcmp(status, "approved") == 0 ? "is approved without a vote, so it runs now"
                  : strcmp(status, "deferred") == 0
                      ? "waits until a majority of the members can be reached"
                      : "runs when it is approved",
                  proposal);
}

static int request(const struct asked *a, json_t **details, struct oc_error *err)
{
    const struct oc_env *env = a->gate->env;
    struct request r = {.code = 1};
    oc_error_init(&r.error);
    struct oc_call *call = oc_ops_call(
        env->ops, &(struct oc_call_request){.op = GOVERNANCE "request",
                                            .params = request_params(a),
                                            .actor = {.name = "policy", .role = OC_ROLE_ADMIN},
                                            .on_done = on_requested,
                                            .ctx = &r});
    if (call != NULL) {
        oc_call_cancel(call); /* it was to answer at once */
    }
    if (r.code != OC_OK || r.result == NULL) {
        json_decref(r.result);
        return refuse_request(a, &r, err);
    }
    oc_error_set(err, OC_E_APPROVAL, "%s needs %s %s decision%s%s", oc_call_op(a->call)->name,
                 oc_article(a->category), a->category, a->reason[0] ? ": " : "", a->reason);
    say_when(r.result, err);
    *details = r.result;
    return OC_E_APPROVAL;
}

/* ---- the plan ---- */

static int finish(const struct asked *a, json_t **details, struct oc_error *err)
{
    if (a->code != OC_OK) {
        *err = a->error;
        *details = json_incref(a->details);
        return a->code;
    }
    return !is_bound(a) || oc_op_check_plan(oc_call_op(a->call), oc_call_json(a->call), a->plan,
                                            err) == OC_OK
               ? request(a, details, err)
               : err->code;
}

static void asked_free(struct asked *a)
{
    json_decref(a->plan);
    json_decref(a->details);
    free(a);
}

static void on_planned(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct asked *a = ctx;
    json_t *details = NULL;
    struct oc_error why;
    oc_error_init(&why);
    a->planned = true;
    a->planning = NULL;
    a->code = code;
    if (a->call != NULL && code == OC_OK) {
        a->plan = oc_op_readable_plan(a->gate->env->ops, oc_call_op(a->call), result);
    } else if (code != OC_OK) {
        a->details = json_deep_copy(result);
        a->error = *err;
    }
    if (!a->begun) {
        return;
    }
    if (a->call != NULL) {
        if (finish(a, &details, &why) == OC_E_DENIED) {
            oc_gate_tell_denied(a->gate, a->call, why.message);
        }
        oc_call_on_cancel(a->call, NULL, NULL);
        oc_call_refuse(a->call, &why, details);
    }
    asked_free(a);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct asked *a = ctx;
    struct oc_call *planning = a->planning;
    a->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled before it was kept for a decision");
    if (planning != NULL) {
        oc_call_cancel(planning); /* `a` is gone, or goes when it answers */
    }
}

static int plan(struct asked *a)
{
    json_t *params = json_deep_copy(oc_call_json(a->call));
    json_object_del(params, "plan");
    oc_json_set_bool(params, "dry_run", true);
    const struct oc_actor *actor = oc_call_actor(a->call);
    a->planning =
        oc_ops_call(a->gate->env->ops,
                    &(struct oc_call_request){.op = oc_call_op(a->call)->name,
                                              .params = params,
                                              .actor = {.name = actor->name, .role = actor->role},
                                              .on_done = on_planned,
                                              .ctx = a});
    a->begun = true;
    if (a->planned) {
        return OC_OK;
    }
    oc_call_on_cancel(a->call, on_cancel, a);
    return OC_GATE_LATER;
}

int oc_gate_request(struct oc_gate *g, const struct oc_call *call, const char *category,
                    const char *reason, json_t **details, struct oc_error *err)
{
    struct asked *a = oc_calloc(1, sizeof *a);
    a->gate = g;
    a->call = (struct oc_call *)(uintptr_t)call;
    oc_copy(a->category, sizeof a->category, category);
    oc_copy(a->reason, sizeof a->reason, reason);
    if ((oc_call_op(call)->flags & (OC_OP_PLANS | OC_OP_PREVIEWS)) == 0) {
        int rc = request(a, details, err);
        asked_free(a);
        return rc;
    }
    int rc = plan(a);
    if (rc == OC_OK) {
        rc = finish(a, details, err);
        asked_free(a);
    }
    return rc;
}
