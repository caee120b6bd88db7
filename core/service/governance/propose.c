/* From a draft to the record of a proposal. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/act.h"

#define PARAMS_MAX (128u << 10) /* bytes of an operation's parameters */
#define DEPTH_MAX  32           /* of what is searched for names of parameters */

/* ---- what is voted on ---- */

static void hash_of(const json_t *proposal, const char *purpose, char hex[OC_SHA256_HEX])
{
    static const char *const keys[] = {
        "id",      "category", "title",    "description",   "justification", "rules",
        "op",      "plan",     "rollback", "rollback_plan", "changes",       "impact_assessment",
        "steward", "sentinel", "examiner", "electorate",    "revision",      "cycle"};
    json_t *subject = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(proposal, keys[i]);
        if (value) {
            json_object_set(subject, keys[i], value);
        }
    }
    if (purpose) {
        oc_json_set_str(subject, "purpose", purpose);
    }
    char *text = oc_json_text(subject);
    oc_sha256_hex(text, strlen(text), hex);
    free(text);
    json_decref(subject);
}

void oc_governance_subject(const json_t *proposal, char hex[OC_SHA256_HEX])
{
    hash_of(proposal, NULL, hex);
}

void oc_governance_ratify_subject(const json_t *proposal, char hex[OC_SHA256_HEX])
{
    hash_of(proposal, "ratification", hex);
}

/* ---- what nobody may change ---- */

/* What cannot be searched to its end is not let through. */
static const struct oc_gov_inviolable too_deep = {"what is nested so deep", "not searched"};

static const struct oc_gov_inviolable *touches(const json_t *value, int depth)
{
    const struct oc_gov_inviolable *found = NULL;
    const char *key;
    json_t *member;
    size_t i;
    if (depth > DEPTH_MAX) {
        return json_is_object(value) || json_is_array(value) ? &too_deep : NULL;
    }
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        return strchr(text, '.') && strlen(text) < 128 ? oc_gov_inviolable_find(text) : NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        found = found ? found : strchr(key, '.') ? oc_gov_inviolable_find(key) : NULL;
        found = found ? found : touches(member, depth + 1);
    }
    json_array_foreach(value, i, member)
    {
        found = found ? found : touches(member, depth + 1);
    }
    return found;
}

static bool is_rule(const char *name)
{
    static const char own[] = "governance.";
    return strncasecmp(name, own, sizeof own - 1) == 0;
}

/* A change of the rules by which everything else is decided is strategic (docs/decisions/0033). */
static int check_change(const struct oc_draft *d, const char *name, struct oc_error *err)
{
    if (oc_gov_change_check(name, err) != OC_OK) {
        return err->code;
    }
    if (!is_rule(name) || strcmp(d->category, "strategic") == 0) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFIG, "%.64s is a rule of governance: its change is strategic", name);
    oc_error_hint(err, "Propose it with --category strategic.");
    return OC_E_CONFIG;
}

static int check_changes(const struct oc_draft *d, struct oc_error *err)
{
    const json_t *name;
    size_t i;
    int rc = OC_OK;
    json_array_foreach(d->changes, i, name)
    {
        rc = rc ? rc : check_change(d, json_is_string(name) ? json_string_value(name) : "", err);
    }
    return rc;
}

static int check_inviolable(const struct oc_draft *d, struct oc_error *err)
{
    const struct oc_gov_inviolable *hit = NULL;
    const json_t *name;
    size_t i;
    json_array_foreach(d->changes, i, name)
    {
        hit =
            hit ? hit : oc_gov_inviolable_find(json_is_string(name) ? json_string_value(name) : "");
    }
    hit = hit ? hit : touches(d->params, 0);
    hit = hit ? hit : touches(d->rollback_params, 0);
    if (!hit) {
        return check_changes(d, err);
    }
    if (hit == &too_deep) {
        oc_error_set(err, OC_E_REFUSED, "the parameters are nested deeper than %d", DEPTH_MAX);
        oc_error_hint(err, "What is inviolable could hide there: make them flatter.");
        return OC_E_REFUSED;
    }
    oc_error_set(err, OC_E_REFUSED, "%s is inviolable: it is %s, and no vote changes it", hit->name,
                 hit->value);
    oc_error_hint(err, "Leave it out of the proposal.");
    return OC_E_REFUSED;
}

/* ---- the operation ---- */

/* What the operation would refuse is not voted on. */
static int check_params(const struct oc_op *op, const json_t *params, struct oc_error *err)
{
    if (!op->params && json_object_size(params) > 0 && !(op->flags & OC_OP_INTERNAL)) {
        oc_error_set(err, OC_E_CONFIG, "%s takes no parameters", op->name);
        oc_error_hint(err, "Leave --params out.");
        return OC_E_CONFIG;
    }
    json_t *bound = oc_op_bound(op, params, err);
    if (!bound) {
        return err->code ? err->code : OC_E_CONFIG;
    }
    json_decref(bound);
    return OC_OK;
}

/* What is voted on is read by everybody and kept for good: nothing secret may be in it. */
static int check_secrets(struct oc_governance *g, const struct oc_op *op, const json_t *params,
                         struct oc_error *err)
{
    json_t *copy = params ? json_deep_copy(params) : json_object();
    const char *hidden = oc_op_mask(g->env->ops, op, copy);
    if (hidden) {
        oc_error_set(err, OC_E_REFUSED, "%s is given a secret: %.64s", op->name, hidden);
        oc_error_hint(err, "What is voted on is public and kept for good. Put the secret where "
                           "the operation can find it, such as the configuration.");
    }
    json_decref(copy);
    return hidden ? OC_E_REFUSED : OC_OK;
}

static int check_op(struct oc_governance *g, const char *name, const json_t *params,
                    struct oc_error *err)
{
    const struct oc_op *op = name ? oc_ops_find(g->env->ops, name) : NULL;
    if (!name && params) {
        oc_error_set(err, OC_E_CONFIG, "there are parameters of no operation");
        oc_error_hint(err, "Name the operation that takes them with --op, or --rollback-op.");
        return OC_E_CONFIG;
    }
    if (!name) {
        return OC_OK;
    }
    if (!op) {
        oc_error_set(err, OC_E_NOT_FOUND, "no operation is named %s", name);
        oc_error_hint(err, "`openclaw governance propose --help` says how operations are named.");
        return OC_E_NOT_FOUND;
    }
    if (op->flags & (OC_OP_PRIVATE | OC_OP_STREAMS)) {
        return oc_error_set(err, OC_E_UNSUPPORTED, "%s cannot be run by a decision", name);
    }
    if (oc_act_kind_of(name)) {
        oc_error_set(err, OC_E_UNSUPPORTED, "%s is what a member signs: no decision says it", name);
        oc_error_hint(err, "The member calls it itself, with its key.");
        return OC_E_UNSUPPORTED;
    }
    if (op->flags & OC_OP_TELLS_SECRET) {
        oc_error_set(err, OC_E_REFUSED, "%s answers with a secret, which would be kept", name);
        oc_error_hint(err, "Only who is there to take it may call it: call it yourself.");
        return OC_E_REFUSED;
    }
    if (check_secrets(g, op, params, err) != OC_OK) {
        return OC_E_REFUSED;
    }
    char *text = oc_json_text(params);
    const size_t len = text ? strlen(text) : 0;
    free(text);
    return len <= PARAMS_MAX
               ? check_params(op, params, err)
               : oc_error_set(err, OC_E_CONFIG, "the parameters of %s are too long", name);
}

/* What was put to the vote by the gate was found good before. What takes it back is not asked (oc_op.check): it runs on a host that the
 * operation has changed, and nobody knows today what it finds there. Its parameters have to be sound like the others. */
static int check_call(struct oc_governance *g, const struct oc_draft *d, const char *op,
                      const json_t *params, struct oc_error *err)
{
    const struct oc_call_request req = {.op = op,
                                        .params = params ? json_deep_copy(params) : NULL,
                                        .actor = {.name = d->actor, .role = d->role}};
    if (!op || d->gated) {
        json_decref(req.params);
        return OC_OK;
    }
    return oc_ops_check(g->env->ops, &req, err);
}

/* ---- what the policy wants for the operation ---- */

static int rank(enum oc_gov_category category)
{
    static const int ranks[OC_GOV_CATEGORIES] = {[OC_GOV_EMERGENCY] = 0,
                                                 [OC_GOV_OPERATIONAL] = 1,
                                                 [OC_GOV_TACTICAL] = 2,
                                                 [OC_GOV_STRATEGIC] = 3};
    return ranks[category];
}

static int judge(const char *op, const json_t *answer, enum oc_gov_category chosen,
                 struct oc_error *err)
{
    const char *wanted = oc_json_str(answer, "approval", NULL);
    enum oc_gov_category least = OC_GOV_STRATEGIC;
    if (!wanted && oc_json_bool(answer, "allow", false)) {
        return OC_OK;
    }
    if (!wanted) {
        oc_error_set(err, OC_E_DENIED, "the policy refuses %s: %.200s", op,
                     oc_json_str(answer, "reason", ""));
        oc_error_hint(err, "What it refuses cannot be voted on either.");
        return OC_E_DENIED;
    }
    oc_gov_category_parse(wanted, &least);
    if (rank(chosen) < rank(least)) {
        oc_error_set(err, OC_E_DENIED, "%s needs %s %s decision", op, oc_article(wanted), wanted);
        oc_error_hint(err,
                      least == OC_GOV_STRATEGIC ? "Give --category %s."
                                                : "Give --category %s, or a stricter one.",
                      wanted);
        return OC_E_DENIED;
    }
    return OC_OK;
}

/* Nobody gets around the policy by choosing a category that is easier to win. */
static int check_policy(struct oc_governance *g, const struct oc_draft *d, const char *op,
                        const json_t *params, struct oc_error *err)
{
    enum oc_gov_category category = OC_GOV_OPERATIONAL;
    json_t *answer = NULL;
    if (!op || d->gated || !g->env->policies) {
        return OC_OK;
    }
    oc_gov_category_parse(d->category, &category);
    const struct oc_op *wanted = oc_ops_find(g->env->ops, op);
    json_t *given = wanted ? oc_op_bound(wanted, params, err) : NULL;
    if (!given) {
        return err->code != OC_OK ? err->code : OC_E_CONFIG;
    }
    json_t *args = json_pack("[s,{s:s,s:s,s:b},o]", op, "name", d->actor, "role",
                             oc_governance_role(d->role), "governed", 1, given);
    int rc = oc_policy_ask(g->env->policies, "authorize", args, &answer, NULL, err);
    if (rc == OC_E_NOT_FOUND) {
        oc_error_init(err);
        rc = OC_OK;
    } else if (rc == OC_OK) {
        rc = judge(op, answer, category, err);
    }
    json_decref(args);
    json_decref(answer);
    return rc;
}

/* ---- the draft ---- */

const char *oc_governance_role(enum oc_role role)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    return roles[role];
}

static int check_text(const char *what, const char *text, size_t max, struct oc_error *err)
{
    return !text || strlen(text) <= max
               ? OC_OK
               : oc_error_set(err, OC_E_CONFIG, "the %s is longer than %zu bytes", what, max);
}

/* Roughly the bytes that it takes when it is saved. */
static size_t weight(const json_t *value)
{
    size_t sum = 16 + json_string_length(value), i;
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        sum += strlen(key) + weight(member);
    }
    json_array_foreach(value, i, member)
    {
        sum += weight(member);
    }
    return sum;
}

int oc_governance_room(const struct oc_governance *g, size_t more, struct oc_error *err)
{
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        more += oc_governance_is_closed(p) ? 0 : weight(p);
    }
    if (more <= OC_GOVERNANCE_ROOM_MAX) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "the open proposals hold %u MB of text already",
                 OC_GOVERNANCE_ROOM_MAX >> 20);
    oc_error_hint(err, "Decide or withdraw some of them first, or be brief.");
    return OC_E_CONFLICT;
}

static int check(struct oc_governance *g, const struct oc_draft *d, struct oc_error *err)
{
    enum oc_gov_category category;
    if (!d->category || !oc_gov_category_parse(d->category, &category)) {
        oc_error_set(err, OC_E_CONFIG, "'%.32s' is no category", d->category ? d->category : "");
        oc_error_hint(err, "Categories are operational, tactical, strategic and emergency.");
        return OC_E_CONFIG;
    }
    if (!d->title || !*d->title) {
        return oc_error_set(err, OC_E_CONFIG, "a proposal needs a title");
    }
    int rc = oc_governance_check_quota(g, d, err);
    rc = rc ? rc : check_text("title", d->title, OC_GOVERNANCE_TITLE_MAX, err);
    rc = rc ? rc : check_text("description", d->description, OC_GOVERNANCE_TEXT_MAX, err);
    rc = rc ? rc : check_text("justification", d->justification, OC_GOVERNANCE_TEXT_MAX, err);
    rc = rc ? rc : check_text("impact assessment", d->impact, OC_GOVERNANCE_TEXT_MAX, err);
    rc = rc ? rc : check_text("rollback plan", d->rollback_plan, OC_GOVERNANCE_TEXT_MAX, err);
    rc = rc ? rc : check_inviolable(d, err);
    rc = rc ? rc : check_op(g, d->op, d->params, err);
    rc = rc ? rc : check_op(g, d->rollback_op, d->rollback_params, err);
    rc = rc ? rc : check_call(g, d, d->op, d->params, err);
    rc = rc ? rc : check_policy(g, d, d->op, d->params, err);
    return rc ? rc : check_policy(g, d, d->rollback_op, d->rollback_params, err);
}

/* "PROPOSAL-20261122-231501-042-00": ids sort as they were made. */
static void make_id(struct oc_governance *g, int64_t now, char *id, size_t size)
{
    char time[32];
    do {
        g->serial = now == g->last_ms ? g->serial + 1 : 0;
        g->last_ms = now;
        oc_time_format(now, time, sizeof time); /* 2026-11-22T13:30:00.123Z */
        snprintf(id, size, "PROPOSAL-%.4s%.2s%.2s-%.2s%.2s%.2s-%.3s-%02u", time, time + 5, time + 8,
                 time + 11, time + 14, time + 17, time + 20, g->serial);
    } while (oc_governance_find(g->state, id));
}

static void set_op(json_t *p, const char *key, const char *name, const json_t *params)
{
    if (name) {
        json_t *op = json_object();
        oc_json_set_str(op, "name", name);
        oc_json_take(op, "params", params ? json_deep_copy(params) : json_object());
        oc_json_take(p, key, op);
    }
}

static void set_texts(json_t *p, const struct oc_draft *d)
{
    oc_json_set_str(p, "category", d->category);
    oc_json_set_str(p, "title", d->title);
    oc_json_set_str(p, "description", d->description ? d->description : "");
    oc_json_set_str(p, "justification", d->justification ? d->justification : "");
    oc_json_set_str(p, "impact_assessment", d->impact ? d->impact : "");
    oc_json_set_str(p, "rollback_plan", d->rollback_plan ? d->rollback_plan : "");
    oc_json_take(p, "changes", d->changes ? json_deep_copy(d->changes) : json_array());
}

/* Who holds which office now does so for this proposal until its end. */
static void freeze(struct oc_governance *g, json_t *p, int64_t now)
{
    json_t *cycle = json_object();
    oc_json_set_str(p, "steward", g->rules.steward);
    oc_json_set_str(p, "sentinel", g->rules.sentinel);
    oc_json_set_str(p, "examiner", g->rules.examiner);
    oc_json_take(p, "electorate", oc_governance_electorate_json(g));
    oc_json_set_int(p, "revision", 0);
    oc_json_set_int(p, "modifications", 0);
    oc_json_set_int(p, "cycle", 1);
    oc_governance_open_cycle(g, p, now, cycle);
    json_object_update(p, cycle);
    json_decref(cycle);
}

/* There is always room for what cannot wait. */
static size_t own_room(const struct oc_draft *d)
{
    return d->role == OC_ROLE_ADMIN || strcmp(d->category, "emergency") == 0
               ? OC_GOVERNANCE_ROOM_MAX
               : 0;
}

json_t *oc_governance_draft(struct oc_governance *g, const struct oc_draft *d, struct oc_error *err)
{
    const int64_t now = oc_time_wall();
    char id[OC_GOV_ID];
    if (check(g, d, err) != OC_OK) {
        return NULL;
    }
    json_t *p = json_object();
    make_id(g, now, id, sizeof id);
    oc_json_set_str(p, "id", id);
    set_texts(p, d);
    set_op(p, "op", d->op, d->params);
    set_op(p, "rollback", d->rollback_op, d->rollback_params);
    if (d->plan) {
        oc_json_take(p, "plan", json_deep_copy(d->plan));
    }
    if (d->op) {
        oc_json_set_str(json_object_get(p, "op"), "actor", d->actor);
        oc_json_set_int(json_object_get(p, "op"), "role", d->role);
    }
    oc_json_set_str(p, "submitter", d->actor);
    oc_json_set_int(p, "submitted_at", now);
    oc_json_set_int(p, "time", now);
    oc_json_set_str(p, "status", "open");
    oc_json_set_str(p, "stage", "submission");
    oc_json_set_int(p, "stage_until", now + g->rules.stages.submission_ms);
    freeze(g, p, now);
    const size_t bytes = weight(p);
    if (oc_governance_room(g, bytes > own_room(d) ? bytes - own_room(d) : 0, err) != OC_OK ||
        oc_governance_charge(g, d, bytes, err) != OC_OK) {
        json_decref(p);
        return NULL;
    }
    return p;
}

void oc_governance_violation(struct oc_governance *g, const char *actor, const char *proposal,
                             const struct oc_error *what)
{
    json_t *entry = json_object();
    oc_json_set_str(entry, "actor", actor);
    if (proposal) {
        oc_json_set_str(entry, "proposal", proposal);
    }
    oc_json_set_str(entry, "message", what->message);
    oc_governance_write(g, "rule_violation_detected", entry, NULL, NULL);
}

void oc_governance_refuse(struct oc_governance *g, struct oc_call *call, const struct oc_error *err)
{
    if (err->code == OC_E_REFUSED) {
        oc_governance_violation(g, oc_call_actor(call)->name, NULL, err);
    }
    oc_call_fail(call, err);
}
