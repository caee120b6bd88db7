/* Operations that open a proposal: propose, and request for what the gate keeps. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define NAMED_MAX 100      /* bytes of what a title names beside the operation */
#define GATE      "policy" /* the actor of core/service/policy/gate.c */

struct propose_params {
    const char *title, *category, *description, *justification, *impact, *rollback_plan;
    const char *op, *params, *rollback_op, *rollback_params;
    struct oc_list changes;
};
#define AT(field) offsetof(struct propose_params, field)
static const struct oc_option propose_options[] = {
    {.name = "title",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(title),
     .help = "what is proposed, in one line"},
    {.name = "category",
     .type = OC_OPT_STRING,
     .offset = AT(category),
     .default_text = "operational",
     .help = "operational, tactical, strategic or emergency"},
    {.name = "description",
     .type = OC_OPT_STRING,
     .offset = AT(description),
     .help = "what is to be done"},
    {.name = "justification", .type = OC_OPT_STRING, .offset = AT(justification), .help = "why"},
    {.name = "impact",
     .type = OC_OPT_STRING,
     .offset = AT(impact),
     .help = "what it changes, and for whom"},
    {.name = "rollback_plan",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_plan),
     .help = "how it is undone"},
    {.name = "changes",
     .type = OC_OPT_STRINGS,
     .offset = AT(changes),
     .help = "names of the parameters that it changes, such as alerts.cooldown; `openclaw "
             "governance rules` lists those that no vote changes"},
    {.name = "op",
     .type = OC_OPT_STRING,
     .offset = AT(op),
     .help = "the operation to run once it is approved, such as alert.silence"},
    {.name = "params",
     .type = OC_OPT_STRING,
     .choices = "json",
     .offset = AT(params),
     .help = "its parameters: a JSON object, or a string that holds one"},
    {.name = "rollback_op",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_op),
     .help = "the operation that undoes it, when a provisional decision is rejected"},
    {.name = "rollback_params",
     .type = OC_OPT_STRING,
     .choices = "json",
     .offset = AT(rollback_params),
     .help = "its parameters: a JSON object, or a string that holds one"},
    {0}};
#undef AT

/* ---- a new proposal ---- */

static json_t *receipt_of(const json_t *p)
{
    json_t *o = json_object();
    oc_json_set_str(o, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_str(o, "category", oc_json_str(p, "category", ""));
    oc_json_set_time(o, "deadline", oc_json_int(json_object_get(p, "rules"), "deadline", 0));
    return o;
}

/* In an emergency that was declared, an emergency proposal needs no vote: it is reviewed afterwards. */
static void settle_at_once(struct oc_governance *g, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    if (strcmp(oc_json_str(p, "category", ""), "emergency") == 0 && oc_governance_in_emergency(g)) {
        oc_governance_decide(g, p, "approved", "emergency_override", NULL);
    }
    oc_governance_degrade(g, id);
    oc_governance_poke(g, id);
}

/* Takes the record; the call (may be NULL) ends with the receipt. OC_OK and the id in *id (owned), or the code of `call`. */
static int submit(struct oc_governance *g, json_t *record, struct oc_call *call, char **id)
{
    json_t *entry = json_object(), *receipt = receipt_of(record);
    *id = oc_strdup(oc_json_str(record, "id", ""));
    oc_json_set_str(entry, "proposal", *id);
    oc_json_set_int(entry, "at", oc_json_int(record, "submitted_at", 0));
    oc_json_take(entry, "record", record);
    int rc = oc_governance_write(g, "proposal_submitted", entry, call, receipt);
    if (rc == OC_OK) {
        settle_at_once(g, *id);
    }
    return rc;
}

static int parse_object(const char *text, const char *what, json_t **out, struct oc_error *err)
{
    *out = text ? oc_json_parse_request(text, strlen(text), err) : NULL;
    if (text && !*out) {
        return oc_error_prefix(err, "%s", what);
    }
    if (text && !json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return oc_error_set(err, OC_E_CONFIG, "%s is no JSON object", what);
    }
    return OC_OK;
}

static json_t *list_json(const struct oc_list *list)
{
    const char *const *items = list->items;
    json_t *all = json_array();
    for (uint64_t i = 0; i < list->count; i++) {
        json_array_append_new(all, json_string(items[i]));
    }
    return all;
}

/* Who proposes an operation must be allowed to call it. */
static int check_role(struct oc_governance *g, const struct oc_call *call, const char *name,
                      struct oc_error *err)
{
    const struct oc_op *op = name ? oc_ops_find(g->env->ops, name) : NULL;
    if (op && oc_call_actor(call)->role < op->role) {
        const enum oc_role own = oc_call_actor(call)->role;
        oc_error_set(err, OC_E_DENIED, "%s needs the role %s, and yours is %s", name,
                     oc_governance_role(op->role), oc_governance_role(own));
        oc_error_hint(err, "Have it proposed by somebody with that role.");
        return OC_E_DENIED;
    }
    if (op && op->flags & OC_OP_INTERNAL) {
        return oc_error_set(err, OC_E_DENIED, "%s is for the host itself", name);
    }
    return OC_OK;
}

/* The hash of the plan is among what will run. */
static int bind_plan(struct oc_governance *g, const char *name, json_t **params, const json_t *plan,
                     struct oc_error *err)
{
    const struct oc_op *op = plan ? oc_ops_find(g->env->ops, name) : NULL;
    if (!op) {
        return plan ? oc_error_set(err, OC_E_NOT_FOUND, "%s is gone", name) : OC_OK;
    }
    if (!(op->flags & OC_OP_PLANS)) {
        return OC_OK; /* it shows what would change, and binds nothing */
    }
    *params = *params ? *params : json_object();
    int rc = oc_op_check_plan(op, *params, plan, err);
    oc_json_set_str(*params, "plan", oc_json_str(plan, "plan", ""));
    return rc;
}

static void propose(struct oc_governance *g, struct oc_call *call, const json_t *plan)
{
    const struct propose_params *p = oc_call_params(call);
    json_t *params = NULL, *undo = NULL, *changes = list_json(&p->changes), *record = NULL;
    struct oc_error err;
    char *id = NULL;
    oc_error_init(&err);
    int rc = parse_object(p->params, "params", &params, &err);
    rc = rc ? rc : parse_object(p->rollback_params, "rollback_params", &undo, &err);
    rc = rc ? rc : bind_plan(g, p->op, &params, plan, &err);
    rc = rc ? rc : oc_governance_may_post(g, p->category, &err);
    if (rc == OC_OK) {
        const struct oc_draft draft = {.category = p->category,
                                       .title = p->title,
                                       .description = p->description,
                                       .justification = p->justification,
                                       .impact = p->impact,
                                       .rollback_plan = p->rollback_plan,
                                       .changes = changes,
                                       .op = p->op,
                                       .params = params,
                                       .plan = plan,
                                       .rollback_op = p->rollback_op,
                                       .rollback_params = undo,
                                       .actor = oc_call_actor(call)->name,
                                       .role = oc_call_actor(call)->role};
        record = oc_governance_draft(g, &draft, &err);
    }
    if (record) {
        submit(g, record, call, &id);
    } else {
        oc_governance_refuse(g, call, &err);
    }
    json_decref(params);
    json_decref(undo);
    json_decref(changes);
    free(id);
}

static void op_propose(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct propose_params *p = oc_call_params(call);
    const struct oc_op *op = p->op ? oc_ops_find(g->env->ops, p->op) : NULL;
    json_t *params = NULL;
    struct oc_error err;
    oc_error_init(&err);
    int rc = check_role(g, call, p->op, &err);
    rc = rc ? rc : check_role(g, call, p->rollback_op, &err);
    rc = rc ? rc : parse_object(p->params, "params", &params, &err);
    if (rc != OC_OK) {
        oc_governance_refuse(g, call, &err);
    } else if (op && op->flags & (OC_OP_PLANS | OC_OP_PREVIEWS)) {
        oc_governance_plan(g, call, op, params, propose);
    } else {
        propose(g, call, NULL);
    }
    json_decref(params);
}

/* ---- governance.request: an operation that waits for a decision ---- */

static bool is_same(const json_t *p, const char *op, const json_t *params, const char *actor)
{
    const json_t *o = json_object_get(p, "op");
    return o && !oc_governance_is_closed(p) && strcmp(oc_json_str(o, "name", ""), op) == 0 &&
           strcmp(oc_json_str(o, "actor", ""), actor) == 0 &&
           json_equal(json_object_get(o, "params"), params) &&
           strcmp(oc_json_str(p, "from", ""), "request") == 0;
}

/* Asked again while it waits, the same thing is the same proposal. */
static const json_t *waiting(const struct oc_governance *g, const char *op, const json_t *params,
                             const char *actor)
{
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        if (is_same(p, op, params, actor)) {
            return p;
        }
    }
    return NULL;
}

static const char *one_line(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && *text && strlen(text) <= NAMED_MAX && !strpbrk(text, "\r\n") ? text : NULL;
}

/* What the operation is about, such as the policy or the runbook: what it calls a name, or is given first. NULL: it does not say. */
static const char *about(const struct oc_op *op, const json_t *params)
{
    const char *name = one_line(json_object_get(params, "name"));
    for (const struct oc_option *o = op ? op->params : NULL; o && o->name && !name; o++) {
        const json_t *value = json_object_get(params, o->name);
        const bool first = (o->flags & OC_OPT_POSITIONAL) && o->type != OC_OPT_SECRET;
        name = first ? one_line(json_is_array(value) ? json_array_get(value, 0) : value) : NULL;
    }
    return name;
}

static json_t *request_record(struct oc_governance *g, const json_t *asked, const json_t *params,
                              struct oc_error *err)
{
    const char *op = oc_json_str(asked, "op", ""), *actor = oc_json_str(asked, "actor", "unknown");
    const char *reason = oc_json_str(asked, "reason", "");
    const json_t *role = json_object_get(asked, "role");
    const struct oc_op *found = oc_ops_find(g->env->ops, op);
    const char *name = about(found, params);
    char *title = oc_asprintf("Run %.80s%s%s", op, name ? " " : "", name ? name : "");
    char *text = oc_asprintf("%s, asked for by %s.", found ? found->summary : op, actor);
    const char *word = json_is_string(role) ? json_string_value(role) : "";
    const struct oc_draft draft = {
        .category = oc_json_str(asked, "category", "operational"),
        .title = title,
        .description = text,
        .justification = *reason ? reason : "The policy asks for a decision before it is run.",
        .impact = "What the operation does with these parameters, and nothing else.",
        .rollback_plan = "None is known: the operation says what it has done.",
        .op = op,
        .params = params,
        .plan = json_object_get(asked, "plan"),
        .gated = true,
        .actor = actor,
        .role = json_is_integer(role)           ? (enum oc_role)json_integer_value(role)
                : strcmp(word, "admin") == 0    ? OC_ROLE_ADMIN
                : strcmp(word, "operator") == 0 ? OC_ROLE_OPERATOR
                                                : OC_ROLE_VIEWER};
    json_t *record = oc_governance_may_post(g, draft.category, err) == OC_OK
                         ? oc_governance_draft(g, &draft, err)
                         : NULL;
    free(title);
    free(text);
    return record;
}

/* The gate answers its caller at once, so the entry is waited for. What nobody could decide is not kept: the gate refuses it then. */
static void op_request(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    if (strcmp(oc_call_actor(call)->name, GATE) != 0) { /* it says in whose name something is run */
        oc_call_failf(call, OC_E_DENIED, "Propose it: `openclaw governance propose`.",
                      "only the gate keeps operations for a decision");
        return;
    }
    const json_t *asked = oc_call_json(call), *given = json_object_get(asked, "params");
    json_t *params = json_is_object(given) ? json_deep_copy(given) : json_object();
    struct oc_error err;
    char *id = NULL;
    oc_error_init(&err);
    const json_t *known =
        waiting(g, oc_json_str(asked, "op", ""), params, oc_json_str(asked, "actor", "unknown"));
    json_t *record = known || oc_governance_ready(g, &err) != OC_OK
                         ? NULL
                         : request_record(g, asked, params, &err);
    if (record) {
        oc_json_set_str(record, "from", "request");
    }
    json_t *receipt = known || record ? receipt_of(known ? known : record) : NULL;
    if (record && (submit(g, record, NULL, &id) != OC_OK || oc_governance_sync(g, &err) != OC_OK)) {
        oc_error_set(&err, OC_E_RETRY, "the ledger could not be written");
        json_decref(receipt);
        receipt = NULL;
    }
    if (receipt) { /* decided already, where nobody is there to vote or an emergency was declared */
        const json_t *p = oc_governance_find(g->state, oc_json_str(receipt, "proposal", ""));
        oc_json_set_str(receipt, "status", oc_json_str(p, "status", "open"));
        oc_call_succeed(call, receipt);
    } else {
        oc_governance_refuse(g, call, &err);
    }
    json_decref(params);
    free(id);
}

const struct oc_op oc_governance_ops_propose[] = {
    {.name = "governance.propose",
     .summary = "Propose something to be decided",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = propose_options,
     .params_size = sizeof(struct propose_params),
     .view = "record",
     .description = OC_GOV_HELP_CATEGORIES
     "\n" OC_GOV_HELP_COUNTING "\nA proposal that names an operation has it run once it is "
     "approved: exactly so, in the name of who proposed it, and "
     "once. What is voted on is public, so an operation that is "
     "given a secret is refused. A proposal with texts missing "
     "stays in its submission until `governance amend` adds them.",
     .example = "openclaw governance propose 'Silence the load test' --category operational "
                "--description 'Two hours without alerts of rule cpu' --justification 'load test' "
                "--impact 'nobody is told of cpu alerts' --rollback-plan 'remove the silence'",
     .result = "{proposal: string, category: string, deadline: time, index: integer, leaf: string}",
     .handler = op_propose},
    {.name = "governance.request",
     .summary = "Keep an operation until it is decided",
     .flags =
         OC_OP_INTERNAL, /* no table: the parameters of the operation are an object of any shape */
     .handler = op_request},
};
const size_t oc_governance_ops_propose_count = OC_COUNT(oc_governance_ops_propose);
