/* The gate: asks `authorize` before every operation that changes something. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/ask.h"
#include "core/service/policy/gate_internal.h"

#define HOOK       "authorize"
#define STATUS_FOR OC_SECOND /* how long an answer of governance.status is good */
#define GOVERNANCE "governance."

enum verdict { ALLOW, DENY, APPROVAL };

struct asking {
    const struct oc_call *call;
    json_t *params; /* owned: as the operation understands them, secrets masked */
    bool governed;
    enum verdict verdict;
    char reason[256], category[16];
};

/* ---- is there anybody to decide ---- */

/* Governance that could decide once is not gone when a key is revoked or its ledger is ill: what needs a decision waits
 * until it can decide again, or whoever can break it could do anything. */
static void look_at_governance(struct oc_gate *g)
{
    if (g->governed || oc_ops_find(g->env->ops, GOVERNANCE "status") == NULL) {
        return;
    }
    json_t *status = oc_ops_ask(g->env->ops, GOVERNANCE "status", NULL);
    g->governed = oc_json_bool(status, "ready", false);
    json_decref(status);
    if (g->governed && g->env->store != NULL) {
        json_t *since = json_object();
        oc_json_set_time(since, "since", oc_time_wall());
        oc_kv_put(g->env->store, OC_GATE_SPACE, OC_GATE_GOVERNED, since, true, NULL);
        json_decref(since);
    }
}

/* At once: private daemons see it by what is in the store. */
static void on_news(void *ctx, const struct oc_event *event)
{
    (void)event;
    ((struct oc_gate *)ctx)->status_at = 0;
    look_at_governance(ctx);
}

bool oc_gate_governed(struct oc_gate *g)
{
    int64_t now = oc_time_mono();
    if (g->status_at == 0 || now - g->status_at >= STATUS_FOR) {
        look_at_governance(g);
        g->status_at = now;
    }
    return g->governed;
}

/* ---- the question ---- */

const char *oc_gate_role(enum oc_role role)
{
    return role == OC_ROLE_ADMIN ? "admin" : role == OC_ROLE_OPERATOR ? "operator" : "viewer";
}

static void say(struct oc_args *args, void *ctx)
{
    const struct asking *a = ctx;
    const struct oc_op *op = oc_call_op(a->call);
    const struct oc_actor *actor = oc_call_actor(a->call);
    oc_args_str(args, op->name);
    oc_args_object(args, 3);
    oc_args_set_str(args, "name", actor->name);
    oc_args_set_str(args, "role", oc_gate_role(actor->role));
    oc_args_set_bool(args, "governed", a->governed);
    oc_args_end(args);
    oc_args_json(args, a->params);
}

/* It becomes part of a message: a reason that breaks lines could pass for more than one. */
static void make_one_line(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7f') {
            *text = ' ';
        }
    }
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct asking *a = ctx;
    const char *category = oc_answer_get_str(answer, "approval", NULL);
    (void)err;
    oc_copy(a->reason, sizeof a->reason, oc_answer_get_str(answer, "reason", ""));
    make_one_line(a->reason);
    if (category != NULL) {
        a->verdict = APPROVAL;
        oc_copy(a->category, sizeof a->category, category);
    } else {
        a->verdict = oc_answer_get_bool(answer, "allow", false) ? ALLOW : DENY;
    }
    return OC_OK;
}

/* The policy in force failed, which has been said, or there is none. What the shipped one guards stays guarded; beyond that nobody knows
 * what the owner wanted, and what destroys does not run. */
static void ask_shipped(struct oc_gate *g, struct asking *a, const struct oc_error *failure)
{
    struct oc_error err;
    oc_error_init(&err);
    if (g->shipped == NULL) {
        g->shipped = oc_policies_create(NULL, NULL);
    }
    struct oc_question *q = oc_question_create(g->shipped, HOOK);
    int code = oc_question_ask(q, say, hear, a, &err);
    oc_question_destroy(q);
    const bool destroys = (oc_call_op(a->call)->flags & OC_OP_DESTRUCTIVE) != 0;
    if (code != OC_OK || (a->verdict == ALLOW && destroys)) {
        a->verdict = DENY;
        snprintf(a->reason, sizeof a->reason, "who may do this cannot be told: %.200s",
                 failure->message);
    }
}

static void ask(struct oc_gate *g, struct asking *a)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_question_ask(g->question, say, hear, a, &err) != OC_OK) {
        ask_shipped(g, a, &err);
    }
}

/* ---- what comes of it ---- */

static int deny(const struct asking *a, struct oc_error *err)
{
    oc_error_set(err, OC_E_DENIED, "the policy refused %s%s%s", oc_call_op(a->call)->name,
                 a->reason[0] ? ": " : "", a->reason);
    oc_error_hint(err, "`openclaw policy explain authorize` shows which line of which policy "
                       "decides.");
    return OC_E_DENIED;
}

/* What governs cannot wait for itself; it can be refused. */
static bool governs(const struct oc_op *op)
{
    return oc_starts(op->name, GOVERNANCE);
}

/* What an operation would do is there to be looked at before anything is decided. */
static bool only_plans(const struct oc_op *op, const json_t *params)
{
    return op->flags & (OC_OP_PLANS | OC_OP_PREVIEWS) && oc_json_bool(params, "dry_run", false);
}

static int judge(struct oc_gate *g, struct asking *a, json_t **details, struct oc_error *err)
{
    const struct oc_op *op = oc_call_op(a->call);
    if (op->flags & OC_OP_PRIVATE && oc_gate_keep_files(g, op, a->params, err) != OC_OK) {
        return OC_E_DENIED;
    }
    oc_op_mask(oc_call_ops(a->call), op, a->params);
    ask(g, a);
    if (a->verdict == APPROVAL && (governs(op) || only_plans(op, a->params))) {
        a->verdict = ALLOW;
    }
    switch (a->verdict) {
    case DENY:
        return deny(a, err);
    case APPROVAL:
        return oc_gate_request(g, a->call, a->category, a->reason, details, err);
    case ALLOW:
    default:
        return OC_OK;
    }
}

void oc_gate_tell_denied(const struct oc_gate *g, const struct oc_call *call, const char *reason)
{
    json_t *data = json_object();
    oc_json_set_str(data, "op", oc_call_op(call)->name);
    oc_json_set_str(data, "actor", oc_call_actor(call)->name);
    oc_json_set_str(data, "by", "policy");
    oc_json_set_str(data, "reason", reason);
    oc_bus_publish(g->env->bus, "op.denied", data);
}

static int pass(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    struct oc_gate *g = ctx;
    struct asking a = {.call = call,
                       .params = oc_call_bound(call),
                       .verdict = ALLOW,
                       .governed = oc_gate_governed(g)};
    const int rc = judge(g, &a, details, err);
    json_decref(a.params);
    if (rc == OC_E_DENIED) {
        oc_gate_tell_denied(g, call, a.verdict == DENY ? a.reason : err->message);
    }
    return rc;
}

struct oc_gate *oc_gate_create(const struct oc_env *env)
{
    struct oc_gate *g = oc_calloc(1, sizeof(*g));
    g->env = env;
    g->question = oc_question_create(env->policies, HOOK);
    if (env->store != NULL) {
        json_t *was = oc_kv_get(env->store, OC_GATE_SPACE, OC_GATE_GOVERNED);
        g->governed = json_is_object(was);
        json_decref(was);
    }
    g->news = oc_bus_subscribe(env->bus, GOVERNANCE "*", on_news, g);
    oc_ops_set_gate(env->ops, pass, g);
    return g;
}

void oc_gate_destroy(struct oc_gate *g)
{
    if (g == NULL) {
        return;
    }
    oc_ops_set_gate(g->env->ops, NULL, NULL);
    oc_bus_unsubscribe(g->news);
    oc_question_destroy(g->question);
    oc_policies_destroy(g->shipped);
    free(g);
}
