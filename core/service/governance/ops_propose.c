/* Operations on the text of a proposal: propose, request, discuss, amend, withdraw. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define GATE "policy" /* the actor of core/service/policy/gate.c */

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
     .help = "names of the parameters that it changes"},
    {.name = "op",
     .type = OC_OPT_STRING,
     .offset = AT(op),
     .help = "the operation to run once it is approved, such as alert.silence"},
    {.name = "params",
     .type = OC_OPT_STRING,
     .offset = AT(params),
     .help = "its parameters as a JSON object"},
    {.name = "rollback_op",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_op),
     .help = "the operation that undoes it, when a provisional decision is rejected"},
    {.name = "rollback_params",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_params),
     .help = "its parameters as a JSON object"},
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
    const json_t *p = oc_governance_find(g->state, id), *e = json_object_get(g->state, "emergency");
    if (e && strcmp(oc_json_str(p, "category", ""), "emergency") == 0 &&
        oc_time_wall() <= oc_json_int(e, "until", 0)) {
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
    *out = text ? oc_json_parse(text, strlen(text), err) : NULL;
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
        return oc_error_set(err, OC_E_DENIED, "%s needs a higher role than yours", name);
    }
    if (op && op->flags & OC_OP_INTERNAL) {
        return oc_error_set(err, OC_E_DENIED, "%s is for the host itself", name);
    }
    return OC_OK;
}

static void refuse(struct oc_governance *g, struct oc_call *call, const struct oc_error *err)
{
    if (err->code == OC_E_REFUSED) {
        oc_governance_violation(g, oc_call_actor(call)->name, NULL, err);
    }
    oc_call_fail(call, err);
}

static void op_propose(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct propose_params *p = oc_call_params(call);
    json_t *params = NULL, *undo = NULL, *changes = list_json(&p->changes), *record = NULL;
    struct oc_error err;
    char *id = NULL;
    oc_error_init(&err);
    int rc = check_role(g, call, p->op, &err);
    rc = rc ? rc : check_role(g, call, p->rollback_op, &err);
    rc = rc ? rc : parse_object(p->params, "params", &params, &err);
    rc = rc ? rc : parse_object(p->rollback_params, "rollback_params", &undo, &err);
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
                                       .rollback_op = p->rollback_op,
                                       .rollback_params = undo,
                                       .actor = oc_call_actor(call)->name,
                                       .role = oc_call_actor(call)->role};
        record = oc_governance_draft(g, &draft, &err);
    }
    if (record) {
        submit(g, record, call, &id);
    } else {
        refuse(g, call, &err);
    }
    json_decref(params);
    json_decref(undo);
    json_decref(changes);
    free(id);
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

static json_t *request_record(struct oc_governance *g, const json_t *asked, const json_t *params,
                              struct oc_error *err)
{
    const char *op = oc_json_str(asked, "op", ""), *actor = oc_json_str(asked, "actor", "unknown");
    const char *reason = oc_json_str(asked, "reason", "");
    const json_t *role = json_object_get(asked, "role");
    const struct oc_op *found = oc_ops_find(g->env->ops, op);
    char *title = oc_asprintf("Run %.160s", op);
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

/* The gate answers its caller at once, so the entry is waited for. */
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
    json_t *record = known ? NULL : request_record(g, asked, params, &err);
    if (record) {
        oc_json_set_str(record, "from", "request");
    }
    json_t *receipt = known || record ? receipt_of(known ? known : record) : NULL;
    if (record && (submit(g, record, NULL, &id) != OC_OK || oc_governance_sync(g, &err) != OC_OK)) {
        oc_error_set(&err, OC_E_RETRY, "the ledger could not be written");
        json_decref(receipt);
        receipt = NULL;
    }
    if (receipt) {
        oc_call_succeed(call, receipt);
    } else {
        refuse(g, call, &err);
    }
    json_decref(params);
    free(id);
}

/* ---- discuss, amend, withdraw ---- */

struct text_params {
    const char *proposal, *text, *title, *description, *justification, *impact, *rollback_plan;
};
#define AT(field) offsetof(struct text_params, field)
#define PROPOSAL                                                                                   \
    {                                                                                              \
        .name = "proposal", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,   \
        .offset = AT(proposal), .help = "its id, a part that only it has, or last"                 \
    }
static const struct oc_option discuss_options[] = {PROPOSAL,
                                                   {.name = "text",
                                                    .type = OC_OPT_STRING,
                                                    .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                    .offset = AT(text),
                                                    .help = "what is to be said"},
                                                   {0}};
static const struct oc_option withdraw_options[] = {
    PROPOSAL, {.name = "reason", .type = OC_OPT_STRING, .offset = AT(text), .help = "why"}, {0}};
static const struct oc_option amend_options[] = {
    PROPOSAL,
    {.name = "title", .type = OC_OPT_STRING, .offset = AT(title), .help = "the new title"},
    {.name = "description",
     .type = OC_OPT_STRING,
     .offset = AT(description),
     .help = "the new description"},
    {.name = "justification",
     .type = OC_OPT_STRING,
     .offset = AT(justification),
     .help = "the new justification"},
    {.name = "impact", .type = OC_OPT_STRING, .offset = AT(impact), .help = "the new assessment"},
    {.name = "rollback_plan",
     .type = OC_OPT_STRING,
     .offset = AT(rollback_plan),
     .help = "the new way to undo it"},
    {0}};
#undef AT

/* Still to be decided; NULL when the call has been failed. */
static const json_t *need_open(struct oc_governance *g, struct oc_call *call, const char *id)
{
    const json_t *p = oc_governance_need(g, call, id);
    const char *stage = oc_json_str(p, "stage", "");
    if (p && (oc_governance_is_closed(p) || strcmp(stage, "execution") == 0)) {
        oc_call_failf(call, OC_E_CONFLICT, "Propose it anew.", "%s is %s", oc_json_str(p, "id", ""),
                      oc_json_str(p, "status", "closed"));
        return NULL;
    }
    return p;
}

static bool is_submitter(const struct oc_call *call, const json_t *p)
{
    return oc_call_actor(call)->role >= OC_ROLE_ADMIN ||
           strcmp(oc_json_str(p, "submitter", ""), oc_call_actor(call)->name) == 0;
}

static json_t *entry_by(struct oc_governance *g, const struct oc_call *call, const json_t *p)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", oc_json_str(p, "id", ""));
    oc_json_set_int(entry, "at", oc_governance_now(g, p));
    oc_json_set_str(entry, "by", oc_call_actor(call)->name);
    return entry;
}

static json_t *about(const json_t *p)
{
    return json_pack("{s:s}", "proposal", oc_json_str(p, "id", ""));
}

static void op_discuss(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    if (json_array_size(json_object_get(p, "comments")) >= OC_GOVERNANCE_COMMENT_MAX ||
        strlen(params->text) > OC_GOVERNANCE_TEXT_MAX) {
        oc_call_failf(call, OC_E_CONFIG, "Be brief.", "there is no room for this comment");
        return;
    }
    json_t *entry = entry_by(g, call, p);
    oc_json_set_str(entry, "text", params->text);
    oc_governance_write(g, "comment_added", entry, call, about(p));
}

static void op_withdraw(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    if (!is_submitter(call, p)) {
        oc_call_failf(call, OC_E_DENIED, "Ask an administrator.", "only %s may withdraw it",
                      oc_json_str(p, "submitter", ""));
        return;
    }
    char *id = oc_strdup(oc_json_str(p, "id", ""));
    json_t *entry = entry_by(g, call, p);
    oc_json_set_str(entry, "reason", params->text ? params->text : "withdrawn");
    oc_governance_write(g, "proposal_withdrawn", entry, call, about(p));
    oc_governance_poke(g, id);
    free(id);
}

/* A text that is changed is another proposal: the vote begins anew, with a deadline of its own. */
static json_t *amendment(struct oc_governance *g, const struct oc_call *call, const json_t *p,
                         json_t *fields /* taken */)
{
    const bool submission = strcmp(oc_json_str(p, "stage", ""), "submission") == 0;
    json_t *entry = entry_by(g, call, p), *next = json_deep_copy(p), *cycle = json_object();
    const int64_t now = oc_json_int(entry, "at", 0);
    oc_json_set_int(entry, "revision", oc_json_int(p, "revision", 0) + 1);
    oc_json_set_int(entry, "modifications", oc_json_int(p, "modifications", 0) + !submission);
    json_object_update(next, fields);
    json_object_set(next, "revision", json_object_get(entry, "revision"));
    oc_governance_open_cycle(g, next, now, cycle);
    json_object_update(entry, cycle);
    oc_json_take(entry, "fields", fields);
    if (!submission) {
        oc_json_set_str(entry, "stage", "review");
        oc_json_set_int(entry, "stage_until", now + g->rules.stages.review_ms);
    }
    json_decref(next);
    json_decref(cycle);
    return entry;
}

static json_t *fields_of(const struct text_params *p, struct oc_error *err)
{
    const struct {
        const char *key, *text;
    } all[] = {{"title", p->title},
               {"description", p->description},
               {"justification", p->justification},
               {"impact_assessment", p->impact},
               {"rollback_plan", p->rollback_plan}};
    json_t *fields = json_object();
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        if (all[i].text && strlen(all[i].text) > OC_GOVERNANCE_TEXT_MAX) {
            oc_error_set(err, OC_E_CONFIG, "the %s is too long", all[i].key);
        } else if (all[i].text) {
            oc_json_set_str(fields, all[i].key, all[i].text);
        }
    }
    if (json_object_size(fields) == 0 && !err->code) {
        oc_error_set(err, OC_E_CONFIG, "there is nothing to amend");
        oc_error_hint(err, "Give the text that changes, such as --description.");
    }
    return fields;
}

static int may_amend(const struct oc_governance *g, const struct oc_call *call, const json_t *p,
                     struct oc_error *err)
{
    const char *stage = oc_json_str(p, "stage", "");
    const bool submission = strcmp(stage, "submission") == 0;
    if (!is_submitter(call, p)) {
        return oc_error_set(err, OC_E_DENIED, "only %s may amend it",
                            oc_json_str(p, "submitter", ""));
    }
    if (!submission && strcmp(stage, "review") != 0 && strcmp(stage, "deliberation") != 0) {
        oc_error_set(err, OC_E_CONFLICT, "it is in the stage %s and cannot be amended", stage);
        oc_error_hint(err,
                      "Amendments belong to review and deliberation; propose it anew instead.");
        return OC_E_CONFLICT;
    }
    if (!submission &&
        oc_json_int(p, "modifications", 0) >= (int64_t)g->rules.stages.modification_rounds) {
        oc_error_set(err, OC_E_REFUSED, "it has been amended %u times, which is all there is",
                     g->rules.stages.modification_rounds);
        oc_error_hint(err, "Let it be voted on as it is, or withdraw it and propose it anew.");
        return OC_E_REFUSED;
    }
    return OC_OK;
}

static void op_amend(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct text_params *params = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const json_t *p = need_open(g, call, params->proposal);
    if (!p) {
        return;
    }
    json_t *fields = fields_of(params, &err);
    if (err.code || may_amend(g, call, p, &err) != OC_OK) {
        json_decref(fields);
        refuse(g, call, &err);
        return;
    }
    char *id = oc_strdup(oc_json_str(p, "id", ""));
    json_t *result = about(p), *entry = amendment(g, call, p, fields);
    json_object_set(result, "revision", json_object_get(entry, "revision"));
    if (oc_governance_write(g, "proposal_amended", entry, call, result) == OC_OK) {
        oc_governance_forget_clock(g, id);
        oc_governance_poke(g, id);
    }
    free(id);
}

#define RECEIPT "{proposal: string, index: integer, leaf: string}"

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
    {.name = "governance.discuss",
     .summary = "Say something about a proposal",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = discuss_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .example = "openclaw governance discuss last 'who looks at the disks meanwhile?'",
     .result = RECEIPT,
     .handler = op_discuss},
    {.name = "governance.amend",
     .summary = "Change the text of a proposal",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = amend_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .description =
         "Who proposed it may, three times, while it is reviewed or deliberated. Votes and "
         "signatures for the earlier text do not count for the new one: the vote begins "
         "anew, with a deadline of its own. The operation cannot be changed.",
     .example = "openclaw governance amend last --description 'one hour will do'",
     .result = "{proposal: string, revision: integer, index: integer, leaf: string}",
     .handler = op_amend},
    {.name = "governance.withdraw",
     .summary = "Take a proposal back",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = withdraw_options,
     .params_size = sizeof(struct text_params),
     .view = "record",
     .example = "openclaw governance withdraw last --reason 'not needed any more'",
     .result = RECEIPT,
     .handler = op_withdraw},
};
const size_t oc_governance_ops_propose_count = OC_COUNT(oc_governance_ops_propose);
