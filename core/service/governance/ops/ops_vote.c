/* Operations that members sign: vote, review, approve, veto, override, ratify, delegate, emergency. SPDX-License-Identifier: MIT
 *
 * All of them are one thing: a statement of a member and its signature. On the command line --key FILE signs there: the key
 * never reaches the daemon (core/cli/sign.c). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/act.h"

#define CONDITIONS                                                                                 \
    "security_violation_detected, corruption_risk_identified or identity_threat_detected"

static const struct oc_option vote_options[] = {
    OC_ACT_PROPOSAL,
    OC_ACT_CHOICE("choice", "yes, no or abstain", "yes|no|abstain"),
    OC_ACT_MEMBER("the member that votes"),
    OC_ACT_REASON("why; it becomes part of the record"),
    {.name = "change",
     .type = OC_OPT_BOOL,
     .offset = OC_ACT_AT(change),
     .help = "replace the vote that the member has cast before"},
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option review_options[] = {
    OC_ACT_PROPOSAL,
    OC_ACT_CHOICE("verdict", "approve, request_changes, reject or abstain",
                  "approve|request_changes|reject|abstain"),
    OC_ACT_MEMBER("the member that reviews"),
    OC_ACT_REASON("what was found"),
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option approve_options[] = {
    OC_ACT_PROPOSAL,
    OC_ACT_MEMBER(
        "the sentinel; in a deadlock the steward or the examiner; nobody: a person decides"),
    {.name = "refuse",
     .type = OC_OPT_BOOL,
     .offset = OC_ACT_AT(refuse),
     .help = "refuse it instead: that rejects the proposal"},
    OC_ACT_REASON("why"),
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option veto_options[] = {
    OC_ACT_PROPOSAL,
    OC_ACT_WORD("condition", OC_OPT_REQUIRED, CONDITIONS),
    {.name = "evidence",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = OC_ACT_AT(reason),
     .help = "what shows that the condition is met"},
    OC_ACT_MEMBER("the steward or the sentinel"),
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option override_options[] = {OC_ACT_PROPOSAL,
                                                    OC_ACT_MEMBER("a member of the triad"),
                                                    OC_ACT_REASON("why the veto is lifted"),
                                                    OC_ACT_SIGNED,
                                                    {0}};
static const struct oc_option ratify_options[] = {
    OC_ACT_PROPOSAL,
    OC_ACT_CHOICE("choice", "yes, or no to undo it", "yes|no"),
    OC_ACT_MEMBER("the member that votes"),
    OC_ACT_REASON("why"),
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option emergency_options[] = {
    OC_ACT_CHOICE(
        "condition", CONDITIONS,
        "security_violation_detected|corruption_risk_identified|identity_threat_detected"),
    OC_ACT_MEMBER("the sentinel"),
    {.name = "reason",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = OC_ACT_AT(reason),
     .help = "what has happened"},
    {.name = "expires",
     .type = OC_OPT_INT,
     .flags = OC_OPT_ADVANCED,
     .offset = OC_ACT_AT(expires),
     .help = "wall ms at which it ends, as it was signed"},
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option delegate_options[] = {
    {.name = "to",
     .type = OC_OPT_STRING,
     .flags = OC_ACT_FIRST,
     .offset = OC_ACT_AT(to),
     .help = "the member that speaks for the other one"},
    OC_ACT_MEMBER("the member that will not be there"),
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = OC_ACT_AT(span_ms),
     .default_text = "1d",
     .min = 1000,
     .max = 2592000000.0,
     .help = "how long it holds"},
    OC_ACT_SCOPE,
    OC_ACT_EXPIRES,
    OC_ACT_SIGNED,
    {0}};
static const struct oc_option undelegate_options[] = {
    OC_ACT_MEMBER("the member that is back"), OC_ACT_SCOPE, OC_ACT_EXPIRES, OC_ACT_SIGNED, {0}};

/* ---- what is taken ---- */

/* An emergency that is over and that nobody has looked at yet; NULL: there is none. */
static const json_t *unreviewed(const struct oc_governance *g)
{
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        const json_t *review = json_object_get(p, "review");
        if (oc_starts(id, OC_GOVERNANCE_EMERGENCY) && review && !json_object_get(review, "by")) {
            return p;
        }
    }
    return NULL;
}

/* Whoever could declare one upon the other would never have to give the power back. */
static int check_last(struct oc_governance *g, struct oc_error *err)
{
    if (oc_governance_in_emergency(g)) {
        oc_error_set(err, OC_E_CONFLICT, "an emergency is on already, and is not made longer");
        oc_error_hint(err, "`openclaw governance status` shows until when it lasts.");
        return OC_E_CONFLICT;
    }
    oc_governance_end_emergency(g);
    const json_t *last = unreviewed(g);
    if (!last) {
        return OC_OK;
    }
    const char *id = oc_json_str(last, "id", "");
    oc_error_set(err, OC_E_CONFLICT, "%s has not been reviewed yet", id);
    oc_error_hint(err,
                  "`openclaw governance review %s approve --as MEMBER --key FILE`, by another "
                  "member than who declared it; the next one can be declared then.",
                  id);
    return OC_E_CONFLICT;
}

static int check_emergency(struct oc_governance *g, const struct oc_governance_act *act,
                           struct oc_error *err)
{
    const int64_t until = act->statement.expires_ms;
    if (until > oc_time_wall() + g->rules.emergency_ms || until <= oc_time_wall()) {
        return oc_error_set(err, OC_E_CONFIG, "an emergency lasts no longer than the rules say");
    }
    const int rc = check_last(g, err);
    return rc ? rc : oc_governance_check_floor(g, act, err);
}

static bool votes(const struct oc_governance *g, const char *member)
{
    for (uint32_t i = 0; i < g->rules.triad_count; i++) {
        if (strcmp(g->rules.triad[i], member) == 0) {
            return true;
        }
    }
    return false;
}

static int check_delegation(struct oc_governance *g, const struct oc_governance_act *act,
                            struct oc_error *err)
{
    const struct oc_statement *s = &act->statement;
    struct oc_gov_delegation d = {.nonce = s->nonce, .expires_at = s->expires_ms};
    size_t count;
    if (s->kind == OC_STATEMENT_EMERGENCY) {
        return check_emergency(g, act, err);
    }
    if (s->kind != OC_STATEMENT_DELEGATION) {
        return OC_OK;
    }
    if (strcmp(s->to, "-") != 0 && !votes(g, s->to)) {
        oc_error_set(err, OC_E_CONFIG, "%.64s does not vote: it cannot speak for %.64s", s->to,
                     s->member);
        oc_error_hint(err, "`openclaw governance status` shows the members.");
        return OC_E_CONFIG;
    }
    struct oc_gov_delegation *all = oc_governance_delegations(g, &count);
    oc_copy(d.from, sizeof d.from, s->member);
    oc_copy(d.to, sizeof d.to, s->to);
    oc_copy(d.scope, sizeof d.scope, s->scope);
    const int rc = oc_gov_delegation_check(all, count, &d, oc_time_wall(), err);
    free(all);
    return rc ? rc : oc_governance_check_floor(g, act, err);
}

/* A person who ends a deadlock signs nothing: the ledger keeps who it was. */
static void decide_as_person(struct oc_governance *g, struct oc_call *call, const json_t *p,
                             const struct oc_act_params *params)
{
    const json_t *deadlock = json_object_get(p, "deadlock");
    const char *id = oc_json_str(p, "id", "");
    if (strcmp(oc_json_str(p, "stage", ""), "deadlock") != 0 ||
        strcmp(oc_json_str(deadlock, "method", ""), "emergency_human_consultation") != 0) {
        oc_call_failf(call, OC_E_CONFIG, "Give --as MEMBER and --key FILE.",
                      "nobody has asked a person to decide about %s", id);
        return;
    }
    if (oc_call_actor(call)->role < OC_ROLE_ADMIN) {
        oc_call_failf(call, OC_E_DENIED, "Ask an administrator.",
                      "a deadlock is ended by an administrator");
        return;
    }
    json_t *entry = json_object();
    oc_json_set_str(entry, "proposal", id);
    oc_json_set_int(entry, "at", oc_governance_now(g, p));
    oc_json_set_str(entry, "kind", "approval");
    oc_json_set_str(entry, "member", "human");
    oc_json_set_str(entry, "word", params->refuse ? "reject" : "approve");
    oc_json_set_str(entry, "actor", oc_call_actor(call)->name);
    if (params->reason) {
        oc_json_set_str(entry, "text", params->reason);
    }
    char *copy = oc_strdup(id);
    if (oc_governance_write(g, "approval_signed", entry, call,
                            json_pack("{s:s,s:s}", "proposal", copy, "member", "human")) == OC_OK) {
        oc_governance_poke(g, copy);
    }
    free(copy);
}

/* The receipt that it got, from the entry itself. */
static void answer_known(struct oc_governance *g, struct oc_call *call, int64_t index)
{
    static const char *const keys[] = {"proposal", "member", "word", "nonce", "id"};
    struct oc_error err;
    oc_error_init(&err);
    json_t *entry = oc_governance_entry(g, (uint64_t)index, &err), *result = json_object();
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(entry, keys[i]);
        if (value || strcmp(keys[i], "word") == 0) {
            oc_json_take(result, keys[i], value ? json_incref(value) : json_null());
        }
    }
    oc_governance_receipt(g, result, (uint64_t)index);
    if (entry) {
        oc_call_succeed(call, result);
    } else {
        json_decref(result);
        oc_call_fail(call, &err);
    }
    json_decref(entry);
}

static void accept(struct oc_governance *g, struct oc_call *call, const json_t *p,
                   struct oc_governance_act *act)
{
    struct oc_error err;
    int64_t index = -1;
    oc_error_init(&err);
    if (!act->signature) {
        oc_call_failf(call, OC_E_AUTH,
                      "Give --key FILE, or the signature of what `openclaw governance "
                      "form` prints.",
                      "%s has not signed it", act->statement.member);
        return;
    }
    if (p && oc_governance_is_known(g, p, act, &index, &err)) {
        if (err.code) {
            oc_call_fail(call, &err);
        } else {
            answer_known(g, call, index);
        }
        return;
    }
    if (oc_governance_prepare(g, p, act, &err) != OC_OK ||
        check_delegation(g, act, &err) != OC_OK || oc_governance_verify(act, NULL, &err) != OC_OK) {
        if (err.code == OC_E_VERIFY) {
            oc_governance_violation(g, oc_call_actor(call)->name,
                                    *act->statement.proposal ? act->statement.proposal : NULL,
                                    &err);
        }
        oc_call_fail(call, &err);
        return;
    }
    oc_governance_commit(g, act, call);
}

static void op_act(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct oc_act_params *params = oc_call_params(call);
    const struct oc_act_kind *k = oc_act_kind_of(oc_call_op(call)->name);
    struct oc_governance_act act;
    const json_t *p = NULL;
    if (params->proposal && !(p = oc_governance_need(g, call, params->proposal))) {
        return;
    }
    if (p) { /* what is due now comes first: the deadline may have passed */
        char *id = oc_strdup(oc_json_str(p, "id", ""));
        oc_governance_poke(g, id);
        p = oc_governance_find(g->state, id);
        free(id);
    }
    if (k->kind == OC_STATEMENT_APPROVAL && !params->member) {
        decide_as_person(g, call, p, params);
        return;
    }
    if (!params->member) {
        oc_call_failf(call, OC_E_CONFIG, "Give --as MEMBER, and --key FILE with its key.",
                      "it is not said who speaks");
        return;
    }
    struct oc_error err;
    oc_error_init(&err);
    if (oc_act_check_word(k, params->word, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_act_make(g, k, params, &act);
    accept(g, call, p, &act);
}

#define RECEIPT                                                                                    \
    "{proposal?: string, member: string, word?: string|null, nonce?: integer, index: integer, "    \
    "leaf: string}"
#define SIGNS(NAME, SUMMARY, OPTIONS, DESCRIPTION, EXAMPLE)                                        \
    {                                                                                              \
        .name = NAME, .summary = SUMMARY, .role = OC_ROLE_OPERATOR, .flags = OC_OP_ACTS,           \
        .params = OPTIONS, .params_size = sizeof(struct oc_act_params), .view = "record",          \
        .description = DESCRIPTION, .example = EXAMPLE, .result = RECEIPT, .handler = op_act       \
    }

const struct oc_op oc_governance_ops_vote[] = {
    SIGNS("governance.vote", "Vote on a proposal", vote_options,
          OC_GOV_HELP_COUNTING
          "\n" OC_GOV_HELP_VOTE
          "\nThe answer is a receipt: the place of the ballot in the ledger and "
          "its leaf hash. It comes when the ballot is on the disk. The same "
          "signed ballot again gives the same receipt.",
          "openclaw governance vote last yes --as alpha --key ~/alpha.key\n"
          "openclaw governance vote last no --as alpha --key ~/alpha.key --change --reason 'too "
          "late'"),
    SIGNS("governance.review", "Review a proposal", review_options,
          "Anybody with a key may say what they think of it; tactical and strategic proposals need "
          "the "
          "examiner's review, whatever its verdict. To ask for changes or to reject leads to a "
          "deliberation; to abstain is to have looked at it and to say nothing. What was done "
          "without a vote in an emergency must be reviewed afterwards.",
          "openclaw governance review last approve --as examiner --key ~/examiner.key"),
    SIGNS("governance.approve", "Give the approval that a proposal needs", approve_options,
          "Strategic proposals need the sentinel's. In a deadlock the steward, then the examiner, "
          "then a "
          "person (an administrator, without --as) decides.",
          "openclaw governance approve last --as sentinel --key ~/sentinel.key\n"
          "openclaw governance approve last --refuse --reason 'not now'"),
    SIGNS("governance.veto", "Veto a proposal", veto_options, OC_GOV_HELP_VETO,
          "openclaw governance veto last --condition security_violation_detected --evidence "
          "'the plugin opens a port' --as steward --key ~/steward.key"),
    SIGNS("governance.override", "Lift a veto: every member of the triad has to", override_options,
          OC_GOV_HELP_VETO, "openclaw governance override last --as alpha --key ~/alpha.key"),
    SIGNS("governance.ratify", "Vote on what was decided provisionally in the degraded mode",
          ratify_options,
          "A majority of no undoes it: its rollback operation is run, or people are told. Silence "
          "until "
          "the end of the window ratifies it.",
          "openclaw governance ratify last yes --as alpha --key ~/alpha.key"),
    SIGNS("governance.delegate", "Let another member speak for one that does not vote",
          delegate_options, OC_GOV_HELP_DELEGATE,
          "openclaw governance delegate beta --as alpha --for 2h --key ~/alpha.key"),
    SIGNS("governance.undelegate", "Take a delegation back", undelegate_options,
          OC_GOV_HELP_DELEGATE, "openclaw governance undelegate --as alpha --key ~/alpha.key"),
    SIGNS("governance.emergency", "Declare an emergency", emergency_options,
          "The sentinel alone does. While it lasts, emergency proposals are approved at once; each "
          "of "
          "them, and the emergency itself, has to be reviewed afterwards: an overdue review is an "
          "alert. One that is on is not made longer; the next one can be declared when the one "
          "before has been reviewed by another member.",
          "openclaw governance emergency security_violation_detected --as sentinel --key "
          "~/sentinel.key --reason 'a key has leaked'"),
};
const size_t oc_governance_ops_vote_count = OC_COUNT(oc_governance_ops_vote);
