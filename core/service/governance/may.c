/* Who may say what about a proposal, and when. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/governance/internal.h"

/* ---- who may ---- */

static bool is_member(struct oc_governance *g, const json_t *p, const char *name, bool triad)
{
    const struct oc_frozen_electorate *f = oc_governance_frozen(g, p);
    const uint32_t i = oc_electorate_find(f->members, f->count, name);
    return i != OC_TALLY_NOBODY && (!triad || f->members[i].triad);
}

static bool holds(const json_t *p, const char *office, const char *name)
{
    return strcmp(oc_json_str(p, office, ""), name) == 0;
}

static int refuse(struct oc_error *err, const char *member, const char *what)
{
    oc_error_set(err, OC_E_DENIED, "%s %s", member, what);
    oc_error_hint(err,
                  "`openclaw governance show` tells who votes on it and who holds which office.");
    return OC_E_DENIED;
}

static bool may_approve(const json_t *p, const char *name)
{
    const char *method = oc_json_str(json_object_get(p, "deadlock"), "method", "");
    return holds(p, "sentinel", name) ||
           (strcmp(method, "escalate_to_steward") == 0 && holds(p, "steward", name)) ||
           (strcmp(method, "request_examiner_arbitration") == 0 && holds(p, "examiner", name));
}

int oc_governance_check_office(struct oc_governance *g, const json_t *p,
                               const struct oc_governance_act *act, struct oc_error *err)
{
    const char *name = act->statement.member;
    switch (act->statement.kind) {
    case OC_STATEMENT_BALLOT:
        return is_member(g, p, name, false) ? OC_OK
                                            : refuse(err, name, "does not vote on this proposal");
    case OC_STATEMENT_OVERRIDE:
        return is_member(g, p, name, true)
                   ? OC_OK
                   : refuse(err, name, "is not one of the triad of this proposal");
    case OC_STATEMENT_REVIEW:
        return OC_OK; /* whoever has a key may give advice */
    case OC_STATEMENT_APPROVAL:
        return may_approve(p, name) ? OC_OK : refuse(err, name, "is not asked for an approval");
    case OC_STATEMENT_VETO:
        return holds(p, "steward", name) || holds(p, "sentinel", name)
                   ? OC_OK
                   : refuse(err, name, "holds no veto");
    case OC_STATEMENT_EMERGENCY:
        return strcmp(g->rules.sentinel, name) == 0
                   ? OC_OK
                   : refuse(err, name, "is not the sentinel, who alone declares an emergency");
    case OC_STATEMENT_DELEGATION:
    case OC_STATEMENT_KINDS:
    default:
        return OC_OK;
    }
}

/* ---- when ---- */

static int closed(const json_t *p, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFLICT, "%s is %s: it takes nothing more", oc_json_str(p, "id", ""),
                 oc_json_str(p, "status", "closed"));
    oc_error_hint(err, "`openclaw governance show %s` tells how it was decided.",
                  oc_json_str(p, "id", ""));
    return OC_E_CONFLICT;
}

static int check_ratification(const json_t *p, struct oc_error *err)
{
    const json_t *v = json_object_get(p, "provisional");
    if (!v || strcmp(oc_json_str(v, "status", ""), "pending") != 0) {
        oc_error_set(err, OC_E_CONFLICT,
                     "%s is no provisional decision that waits for a ratification",
                     oc_json_str(p, "id", ""));
        oc_error_hint(err, "`openclaw governance list --status provisional` lists those.");
        return OC_E_CONFLICT;
    }
    return OC_OK;
}

static bool has_vetoed(const json_t *p, const char *member)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(p, "vetoes"), i, row)
    {
        if (strcmp(oc_json_str(row, "member", ""), member) == 0) {
            return true;
        }
    }
    return false;
}

/* One that has been lifted, or has ended the proposal, takes no override any more. */
static int check_override(struct oc_governance *g, const json_t *p, struct oc_error *err)
{
    struct oc_tally_result v;
    oc_governance_vetoes(g, p, oc_governance_now(g, p), &v);
    if (v.vetoes && v.outcome == OC_TALLY_PENDING) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "no veto stands against %s", oc_json_str(p, "id", ""));
    oc_error_hint(err, "An override lifts a veto that was exercised before it: there is nothing to "
                       "lift.");
    return OC_E_CONFLICT;
}

/* Who declared an emergency does not say that it was well done. */
static int check_review(const json_t *p, const char *member, struct oc_error *err)
{
    if (!oc_starts(oc_json_str(p, "id", ""), OC_GOVERNANCE_EMERGENCY) ||
        !holds(p, "submitter", member)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "%s has declared %s, and does not review it", member,
                 oc_json_str(p, "id", ""));
    oc_error_hint(err, "Another member does: the examiner, or one of the triad.");
    return OC_E_DENIED;
}

int oc_governance_check_time(struct oc_governance *g, const json_t *p,
                             const struct oc_governance_act *act, struct oc_error *err)
{
    const char *stage = oc_json_str(p, "stage", "");
    const enum oc_statement_kind kind = act->statement.kind;
    if (act->ratification) {
        return check_ratification(p, err);
    }
    if (kind == OC_STATEMENT_REVIEW && json_object_get(p, "review")) { /* afterwards */
        return check_review(p, act->statement.member, err);
    }
    if (oc_governance_is_closed(p) || strcmp(stage, "execution") == 0) {
        return closed(p, err);
    }
    if (strcmp(stage, "deferred") == 0 ||
        (kind == OC_STATEMENT_BALLOT && strcmp(stage, "submission") == 0)) {
        oc_error_set(err, OC_E_CONFLICT, "%s is in the stage %s: nothing can be voted on yet",
                     oc_json_str(p, "id", ""), stage);
        oc_error_hint(err, "A proposal leaves its submission once all its texts are there: "
                           "`openclaw governance amend` adds them.");
        return OC_E_CONFLICT;
    }
    if (kind == OC_STATEMENT_VETO && has_vetoed(p, act->statement.member)) {
        oc_error_set(err, OC_E_CONFLICT, "%s has used its veto against %s", act->statement.member,
                     oc_json_str(p, "id", ""));
        oc_error_hint(err, "Each holder has one for a text: vote against it, or speak up with "
                           "`openclaw governance discuss`.");
        return OC_E_CONFLICT;
    }
    return kind == OC_STATEMENT_OVERRIDE ? check_override(g, p, err) : OC_OK;
}

/* A changed vote is a vote that somebody meant to change. */
int oc_governance_check_change(const json_t *p, const struct oc_governance_act *act,
                               struct oc_error *err)
{
    const json_t *row;
    size_t i, count = 0;
    json_array_foreach(json_object_get(p, "ballots"), i, row)
    {
        count += strcmp(oc_json_str(row, "member", ""), act->statement.member) == 0;
    }
    if (act->statement.kind != OC_STATEMENT_BALLOT || act->ratification || !count) {
        return OC_OK;
    }
    if (!act->change) {
        oc_error_set(err, OC_E_CONFLICT, "%s has voted already", act->statement.member);
        oc_error_hint(err, "Give --change to replace that vote.");
        return OC_E_CONFLICT;
    }
    return count < OC_GOVERNANCE_BALLOT_MAX
               ? OC_OK
               : oc_error_set(err, OC_E_REFUSED, "%s has changed its vote too often",
                              act->statement.member);
}

/* What stops others, or goes without their vote, says why. */
int oc_governance_check_reason(const struct oc_governance_act *act, struct oc_error *err)
{
    const bool veto = act->statement.kind == OC_STATEMENT_VETO;
    const char *text = act->text ? act->text : "";
    if (strlen(text) > OC_GOVERNANCE_TEXT_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "the reason is longer than %u bytes",
                            OC_GOVERNANCE_TEXT_MAX);
    }
    if ((!veto && act->statement.kind != OC_STATEMENT_EMERGENCY) || text[strspn(text, " \t\r\n")]) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFIG, veto ? "a veto needs evidence" : "an emergency needs a reason");
    oc_error_hint(err, veto ? "Say with --evidence what shows that the condition is met."
                            : "Say with --reason what has happened.");
    return OC_E_CONFIG;
}
