/* The tally's case as the hook `quorum` sees it, and whether its answer agrees. SPDX-License-Identifier: MIT */
#include "core/service/governance/tally/tally_hook.h"

#include <string.h>

#include "core/base/json.h"
#include "core/service/governance/rules.h"

static void put_stamp(json_t *o, const struct oc_tally_stamp *stamp)
{
    oc_json_set_int(o, "index", (int64_t)stamp->index);
    oc_json_set_int(o, "at", stamp->at);
    if (stamp->key_revoked != OC_TALLY_NEVER) {
        oc_json_set_int(o, "key_revoked", stamp->key_revoked);
    }
}

/* Somebody outside the electorate has no name here, so the hook does not find it either. */
static void put_member(json_t *o, const char *key, uint32_t member, const struct oc_member *members,
                       uint32_t count)
{
    oc_json_set_str(o, key, member < count ? members[member].name : "");
}

/* JSON has no larger ones; no ballot that was accepted has one. */
static void put_nonce(json_t *o, uint64_t nonce)
{
    oc_json_set_int(o, "nonce", nonce <= INT64_MAX ? (int64_t)nonce : 0);
}

json_t *oc_tally_ballot_json(const struct oc_ballot_record *b, const struct oc_member *members,
                             uint32_t count)
{
    json_t *o = json_object();
    put_stamp(o, &b->stamp);
    put_member(o, "member", b->member, members, count);
    oc_json_set_str(o, "choice", oc_choice_name(b->choice));
    put_nonce(o, b->nonce);
    return o;
}

json_t *oc_tally_signature_json(const struct oc_signature_record *s)
{
    json_t *o = json_object();
    put_stamp(o, &s->stamp);
    oc_json_set_str(o, "kind", s->kind == OC_SIGNATURE_REVIEW ? "review" : "approval");
    oc_json_set_str(o, "verdict", oc_verdict_name(s->verdict));
    put_nonce(o, s->nonce);
    return o;
}

json_t *oc_tally_veto_json(const struct oc_veto_record *v)
{
    json_t *o = json_object();
    put_stamp(o, &v->stamp);
    oc_json_set_str(o, "holder", v->holder == OC_VETO_STEWARD ? "steward" : "sentinel");
    oc_json_set_str(o, "condition", oc_veto_name(v->condition));
    return o;
}

json_t *oc_tally_override_json(const struct oc_override_record *r, const struct oc_member *members,
                               uint32_t count)
{
    json_t *o = json_object();
    put_stamp(o, &r->stamp);
    put_member(o, "member", r->member, members, count);
    return o;
}

json_t *oc_tally_delegation_json(const struct oc_delegation_record *d,
                                 const struct oc_member *members, uint32_t count)
{
    json_t *o = json_object();
    put_stamp(o, &d->stamp);
    put_member(o, "from", d->from, members, count);
    put_member(o, "to", d->to, members, count);
    oc_json_set_int(o, "expires_at", d->expires_at);
    return o;
}

json_t *oc_tally_proposal_json(const struct oc_tally_rules *rules,
                               const struct oc_electorate *electorate,
                               const struct oc_member *members)
{
    json_t *o = json_object(), *list = json_array();
    for (uint32_t i = 0; i < electorate->count && i < OC_ELECTORS_MAX; i++) {
        json_t *m = json_object();
        oc_json_set_str(m, "name", members[i].name);
        oc_json_set_bool(m, "triad", electorate->triad >> i & 1);
        if (electorate->revoked_at[i] != OC_TALLY_NEVER) {
            oc_json_set_int(m, "revoked_at", electorate->revoked_at[i]);
        }
        json_array_append_new(list, m);
    }
    oc_json_take(o, "electorate", list);
    oc_json_take(o, "rules", oc_tally_rules_json(rules));
    return o;
}

json_t *oc_tally_hook_args(const struct oc_tally_case *c, const struct oc_member *members,
                           int64_t now, const json_t *more)
{
    const uint32_t count = c->electorate.count;
    json_t *args = json_array(), *ballots = json_array();
    json_t *p = oc_tally_proposal_json(&c->rules, &c->electorate, members);
    json_t *signatures = json_array(), *vetoes = json_array();
    json_t *overrides = json_array(), *delegations = json_array();
    for (size_t i = 0; i < c->ballot_count; i++) {
        json_array_append_new(ballots, oc_tally_ballot_json(&c->ballots[i], members, count));
    }
    for (size_t i = 0; i < c->signature_count; i++) {
        json_array_append_new(signatures, oc_tally_signature_json(&c->signatures[i]));
    }
    for (size_t i = 0; i < c->veto_count; i++) {
        json_array_append_new(vetoes, oc_tally_veto_json(&c->vetoes[i]));
    }
    for (size_t i = 0; i < c->override_count; i++) {
        json_array_append_new(overrides, oc_tally_override_json(&c->overrides[i], members, count));
    }
    for (size_t i = 0; i < c->delegation_count; i++) {
        json_array_append_new(delegations,
                              oc_tally_delegation_json(&c->delegations[i], members, count));
    }
    oc_json_take(p, "signatures", signatures);
    oc_json_take(p, "vetoes", vetoes);
    oc_json_take(p, "overrides", overrides);
    oc_json_take(p, "delegations", delegations);
    if (more) {
        json_object_update_missing(p, (json_t *)more);
    }
    json_array_append_new(args, p);
    json_array_append_new(args, ballots);
    json_array_append_new(args, json_integer(now));
    return args;
}

enum oc_tally_agreement oc_tally_hook_compare(const json_t *answer,
                                              const struct oc_tally_result *result)
{
    const char *outcome = oc_json_str(answer, "outcome", "");
    if (strcmp(outcome, oc_outcome_name(result->outcome)) == 0) {
        return OC_TALLY_AGREES;
    }
    return result->outcome == OC_TALLY_PASSED ? OC_TALLY_HELD_BACK : OC_TALLY_DISAGREES;
}
