/* The gate: asks `authorize` before every operation that changes something. SPDX-License-Identifier: MIT */
#include "core/service/policy/gate.h"

#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/ask.h"

#define HOOK       "authorize"
#define STATUS_FOR OC_SECOND /* how long an answer of governance.status is good */
#define GOVERNANCE "governance."
#define SPACE      "policy" /* of the store */
#define GOVERNED   "governed"

struct oc_gate {
    const struct oc_env *env;
    struct oc_question *question;
    struct oc_policies
        *shipped; /* asked when the policy in force failed; made at the first failure */
    struct oc_subscription *news;
    int64_t status_at; /* monotonic; 0 = not known */
    bool governed;     /* once it is, it stays: see look_at_governance */
};

enum verdict { ALLOW, DENY, APPROVAL };

struct asking {
    const struct oc_call *call;
    json_t *params; /* owned: as the operation understands them */
    bool governed;
    enum verdict verdict;
    char reason[256], category[16];
};

/* ---- is there anybody to decide ---- */

static void on_news(void *ctx, const struct oc_event *event)
{
    (void)event;
    ((struct oc_gate *)ctx)->status_at = 0;
}

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
        oc_kv_put(g->env->store, SPACE, GOVERNED, since, true, NULL);
        json_decref(since);
    }
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

static const char *role_name(enum oc_role role)
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
    oc_args_set_str(args, "role", role_name(actor->role));
    oc_args_set_bool(args, "governed", a->governed);
    oc_args_end(args);
    oc_args_json(args, a->params);
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct asking *a = ctx;
    const char *category = oc_answer_get_str(answer, "approval", NULL);
    (void)err;
    oc_copy(a->reason, sizeof a->reason, oc_answer_get_str(answer, "reason", ""));
    if (category != NULL) {
        a->verdict = APPROVAL;
        oc_copy(a->category, sizeof a->category, category);
    } else {
        a->verdict = oc_answer_get_bool(answer, "allow", false) ? ALLOW : DENY;
    }
    return OC_OK;
}

/* The policy in force failed, which has been said. What the shipped one guards stays guarded; beyond that nobody knows
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
    int code = oc_question_ask(g->question, say, hear, a, &err);
    if (code == OC_E_NOT_FOUND) {
        a->verdict = ALLOW;
    } else if (code != OC_OK) {
        ask_shipped(g, a, &err);
    }
}

/* ---- what comes of it ---- */

static int deny(struct oc_gate *g, const struct asking *a, struct oc_error *err)
{
    json_t *data = json_object();
    oc_json_set_str(data, "op", oc_call_op(a->call)->name);
    oc_json_set_str(data, "actor", oc_call_actor(a->call)->name);
    oc_json_set_str(data, "reason", a->reason);
    oc_bus_publish(g->env->bus, "op.denied", data);
    oc_error_set(err, OC_E_DENIED, "the policy refused %s%s%s", oc_call_op(a->call)->name,
                 a->reason[0] ? ": " : "", a->reason);
    oc_error_hint(err, "`openclaw policy explain authorize` shows which line of which policy "
                       "decides.");
    return OC_E_DENIED;
}

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

/* What was asked for, whole: it is run from this, much later. */
static json_t *request_params(const struct asking *a)
{
    const struct oc_actor *actor = oc_call_actor(a->call);
    json_t *params = json_object();
    oc_json_set_str(params, "op", oc_call_op(a->call)->name);
    oc_json_take(params, "params", json_deep_copy(oc_call_json(a->call)));
    oc_json_set_str(params, "actor", actor->name);
    oc_json_set_str(params, "role", role_name(actor->role));
    oc_json_set_str(params, "category", a->category);
    oc_json_set_str(params, "reason", a->reason);
    return params;
}

static int refuse_request(const struct asking *a, const struct request *r, struct oc_error *err)
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

static int request(struct oc_gate *g, const struct asking *a, json_t **details,
                   struct oc_error *err)
{
    struct request r = {.code = 1};
    oc_error_init(&r.error);
    struct oc_call *call = oc_ops_call(
        g->env->ops, &(struct oc_call_request){.op = GOVERNANCE "request",
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
    const char *proposal = oc_json_str(r.result, "proposal", "");
    oc_error_set(err, OC_E_APPROVAL, "%s needs a %s decision%s%s", oc_call_op(a->call)->name,
                 a->category, a->reason[0] ? ": " : "", a->reason);
    oc_error_hint(err,
                  "It is proposal %s and runs when it is approved: `openclaw governance show %s`.",
                  proposal, proposal);
    *details = r.result;
    return OC_E_APPROVAL;
}

/* What governs cannot wait for itself; it can be refused. */
static bool governs(const struct oc_op *op)
{
    return oc_starts(op->name, GOVERNANCE);
}

/* ---- files that decide ---- */

static bool is_section(const char *key, const char *section)
{
    const size_t len = strlen(section);
    return strncmp(key, section, len) == 0 && (key[len] == '\0' || strchr(".[", key[len]));
}

static int keep_section(const char *key, struct oc_error *err)
{
    if (is_section(key, "policies")) {
        oc_error_set(err, OC_E_DENIED, "%s decides about others, and this host is governed", key);
        oc_error_hint(err, "`openclaw policy apply FILE` asks for the decision. Whoever may write "
                           "the host's files can still edit them by hand.");
        return OC_E_DENIED;
    }
    if (is_section(key, "governance")) {
        oc_error_set(err, OC_E_DENIED, "%s is a rule of governance, and this host is governed",
                     key);
        oc_error_hint(err, "Propose it: `openclaw governance propose`. Whoever may write the "
                           "host's files can still edit them by hand.");
        return OC_E_DENIED;
    }
    return OC_OK;
}

/* Private operations write files in the command line's own process, where nobody could be asked to vote: on a governed host they leave
 * alone what decides. */
static int keep_files(const struct oc_call *call, struct oc_error *err)
{
    const struct oc_op *op = oc_call_op(call);
    const json_t *params = oc_call_json(call);
    if (strcmp(op->name, "config.set") == 0 || strcmp(op->name, "config.reset") == 0) {
        return keep_section(oc_json_str(params, "key", ""), err);
    }
    if (strcmp(op->name, "alert.import") != 0 || oc_json_bool(params, "dry_run", false)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "alert.import writes policies, and this host is governed");
    oc_error_hint(err, "Look at the files with --dry-run --json, then `openclaw policy apply FILE` "
                       "asks for the decision. Whoever may write the host's files can still edit "
                       "them by hand.");
    return OC_E_DENIED;
}

static int pass(void *ctx, const struct oc_call *call, json_t **details, struct oc_error *err)
{
    struct oc_gate *g = ctx;
    if (oc_call_op(call)->flags & OC_OP_PRIVATE && oc_gate_governed(g) &&
        keep_files(call, err) != OC_OK) {
        return OC_E_DENIED;
    }
    struct asking a = {
        .call = call, .params = oc_call_bound(call), .governed = oc_gate_governed(g)};
    ask(g, &a);
    json_decref(a.params);
    if (a.verdict == APPROVAL && governs(oc_call_op(call))) {
        a.verdict = ALLOW;
    }
    switch (a.verdict) {
    case DENY:
        return deny(g, &a, err);
    case APPROVAL:
        return request(g, &a, details, err);
    case ALLOW:
    default:
        return OC_OK;
    }
}

struct oc_gate *oc_gate_create(const struct oc_env *env)
{
    struct oc_gate *g = oc_calloc(1, sizeof(*g));
    g->env = env;
    g->question = oc_question_create(env->policies, HOOK);
    if (env->store != NULL) {
        json_t *was = oc_kv_get(env->store, SPACE, GOVERNED);
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
