/* The oracle: what the tally should say, worked out the slow way. SPDX-License-Identifier: MIT
 *
 * It steps through every millisecond and every record and asks, each time from nothing, what holds now: no counters, no state but the
 * moment at which the vote was won. Good for small times only. */
#ifndef OC_TESTS_TALLY_ORACLE_H
#define OC_TESTS_TALLY_ORACLE_H

#include "tests/unit/service/governance/tally_world.h"

struct oracle {
    const struct proposal *p;
    const struct record *records[CASE_MAX]; /* all but delegations, in order */
    size_t count;
    const struct record *delegations[CASE_MAX];
    size_t delegation_count;
    /* once won: the first `won_count` records are those that counted, and voices as they were */
    bool won;
    int64_t won_at;
    size_t won_count;
    struct oc_tally_result r;
};

static bool oracle_believed(const struct record *r)
{
    return r->stamp.at < r->stamp.key_revoked;
}

/* The choice of a member from its own ballots among the first `k` records. */
static enum oc_choice oracle_own(const struct oracle *o, uint32_t member, size_t k)
{
    uint64_t nonce = 0;
    enum oc_choice choice = OC_CHOICE_NONE;
    for (size_t i = 0; i < k; i++) {
        const struct record *r = o->records[i];
        if (r->list == BALLOT && r->ballot.member == member && oracle_believed(r) &&
            r->stamp.at < o->p->electorate.revoked_at[member] && r->ballot.nonce > nonce) {
            nonce = r->ballot.nonce;
            choice = r->ballot.choice;
        }
    }
    return choice;
}

static enum oc_choice oracle_lent(const struct oracle *o, uint32_t member, size_t k, unsigned depth)
{
    const int64_t deadline = o->p->rules.deadline;
    const struct record *newest = NULL;
    if (o->p->electorate.revoked_at[member] <= deadline || depth > o->p->electorate.count) {
        return OC_CHOICE_NONE;
    }
    if (oracle_own(o, member, k) != OC_CHOICE_NONE) {
        return oracle_own(o, member, k);
    }
    for (size_t i = 0; i < o->delegation_count; i++) {
        const struct record *r = o->delegations[i];
        if (r->delegation.from == member && r->stamp.at <= deadline && oracle_believed(r) &&
            (!newest || r->stamp.index > newest->stamp.index)) {
            newest = r;
        }
    }
    if (!newest || newest->delegation.expires_at < deadline ||
        newest->delegation.to >= o->p->electorate.count) {
        return OC_CHOICE_NONE;
    }
    return oracle_lent(o, newest->delegation.to, k, depth + 1);
}

static void oracle_count(struct oracle *o, size_t k, bool lend)
{
    struct oc_tally_result *r = &o->r;
    r->eligible = o->p->electorate.count;
    r->yes = r->no = r->abstain = r->absent = r->present = r->delegated = 0;
    for (uint32_t m = 0; m < r->eligible; m++) {
        enum oc_choice c = oracle_own(o, m, k);
        r->present += c != OC_CHOICE_NONE;
        if (c == OC_CHOICE_NONE && lend) {
            c = oracle_lent(o, m, k, 0);
            r->delegated += c != OC_CHOICE_NONE;
        }
        r->yes += c == OC_CHOICE_YES;
        r->no += c == OC_CHOICE_NO;
        r->abstain += c == OC_CHOICE_ABSTAIN;
        r->absent += c == OC_CHOICE_NONE;
    }
}

/* The threshold as a fraction, the other way round than the tally has it. */
static bool oracle_enough(const struct oracle *o, uint32_t yes)
{
    const uint32_t n = o->p->electorate.count;
    switch (o->p->rules.threshold) {
    case OC_THRESHOLD_SIMPLE:
        return yes > n - yes;
    case OC_THRESHOLD_SUPER:
        return o->p->rules.strict_supermajority ? yes * 100.0 / n > 66.67 : yes >= 2 * (n - yes);
    case OC_THRESHOLD_UNANIMOUS:
    default:
        return n - yes == 0;
    }
}

/* The verdict that counts, -1 = none. */
static int oracle_verdict(const struct oracle *o, enum oc_signature_kind kind, size_t k)
{
    uint64_t nonce = 0;
    int verdict = -1;
    for (size_t i = 0; i < k; i++) {
        const struct record *r = o->records[i];
        if (r->list == SIGNATURE && r->signature.kind == kind && oracle_believed(r) &&
            r->signature.nonce > nonce) {
            nonce = r->signature.nonce;
            verdict = (int)r->signature.verdict;
        }
    }
    return verdict;
}

static bool oracle_signed(const struct oracle *o, size_t k)
{
    return (!o->p->rules.examiner_review || oracle_verdict(o, OC_SIGNATURE_REVIEW, k) >= 0) &&
           (!o->p->rules.sentinel_approval ||
            oracle_verdict(o, OC_SIGNATURE_APPROVAL, k) == OC_VERDICT_APPROVE);
}

static bool oracle_enough_voices(const struct oracle *o)
{
    return oracle_enough(o, o->r.yes) && (o->p->rules.threshold != OC_THRESHOLD_UNANIMOUS ||
                                          o->r.present == o->p->electorate.count);
}

static bool oracle_wins(const struct oracle *o, size_t k)
{
    return oracle_enough_voices(o) && o->r.present >= o->p->rules.min_votes && oracle_signed(o, k);
}

/* The veto of a holder among the first k records, if it is not overridden by them. */
static const struct record *oracle_veto(const struct oracle *o, enum oc_veto_holder holder,
                                        size_t k)
{
    for (size_t i = 0; i < k; i++) {
        const struct record *v = o->records[i];
        if (v->list != VETO || v->veto.holder != holder || v->veto.condition == OC_VETO_NONE ||
            !oracle_believed(v)) {
            continue;
        }
        uint64_t signers = 0;
        for (size_t j = i + 1; j < k; j++) {
            const struct record *r = o->records[j];
            if (r->list == OVERRIDE && oracle_believed(r) &&
                r->stamp.at < o->p->electorate.revoked_at[r->override.member]) {
                signers |= UINT64_C(1) << r->override.member;
            }
        }
        const uint64_t triad = o->p->electorate.triad;
        return triad != 0 && (signers & triad) == triad ? NULL : v; /* the first is the only one */
    }
    return NULL;
}

static bool oracle_vetoed(const struct oracle *o, size_t k)
{
    return oracle_veto(o, OC_VETO_STEWARD, k) || oracle_veto(o, OC_VETO_SENTINEL, k);
}

static bool oracle_end(struct oracle *o, int64_t at, enum oc_outcome outcome,
                       enum oc_tally_reason reason)
{
    o->r.outcome = outcome;
    o->r.reason = reason;
    o->r.decided_at = at;
    return true;
}

static bool oracle_declared(struct oracle *o, size_t k, int64_t t)
{
    const int64_t wait = o->p->rules.declaration_ms;
    return o->won && !oracle_vetoed(o, k) && (wait == 0 || t > o->won_at + wait) &&
           oracle_end(o, t, OC_TALLY_PASSED, OC_REASON_CARRIED);
}

static void oracle_win(struct oracle *o, size_t k, int64_t t)
{
    o->won = true;
    o->won_at = o->r.carried_at = t;
    o->won_count = k;
}

/* Time has come to t; the first k records are there. True when that decides. */
static bool oracle_tick(struct oracle *o, size_t k, int64_t t)
{
    if (!o->won && t > o->p->rules.deadline) {
        oracle_count(o, k, true);
        if (!oracle_wins(o, k)) {
            const enum oc_tally_reason reason =
                o->r.present < o->p->rules.min_votes  ? OC_REASON_NO_QUORUM
                : oracle_enough_voices(o)             ? OC_REASON_UNSIGNED
                : o->r.yes == o->r.no && o->r.yes > 0 ? OC_REASON_TIE
                                                      : OC_REASON_SHORT;
            return oracle_end(o, t, OC_TALLY_TIMED_OUT, reason);
        }
        oracle_win(o, k, t);
    }
    if (oracle_declared(o, k, t)) {
        return true;
    }
    for (unsigned h = OC_VETO_STEWARD; h <= OC_VETO_SENTINEL; h++) {
        const struct record *v = oracle_veto(o, (enum oc_veto_holder)h, k);
        if (v && t > v->stamp.at + o->p->rules.override_ms) {
            return oracle_end(o, t, OC_TALLY_VETOED, OC_REASON_VETO);
        }
    }
    return false;
}

/* The k-th record has just come. */
static bool oracle_record(struct oracle *o, size_t k, int64_t t)
{
    if (o->won) {
        return oracle_declared(o, k, t);
    }
    oracle_count(o, k, false);
    if (oracle_wins(o, k)) {
        oracle_win(o, k, t);
        return oracle_declared(o, k, t);
    }
    if (o->p->rules.sentinel_approval &&
        oracle_verdict(o, OC_SIGNATURE_APPROVAL, k) == OC_VERDICT_REJECT) {
        return oracle_end(o, t, OC_TALLY_REJECTED, OC_REASON_REFUSED);
    }
    if (!oracle_enough(o, o->r.yes + (o->r.eligible - o->r.present))) {
        const bool tie = o->r.absent == 0 && o->r.yes == o->r.no && o->r.yes != 0;
        return oracle_end(o, t, OC_TALLY_REJECTED, tie ? OC_REASON_TIE : OC_REASON_OUTVOTED);
    }
    return false;
}

static void oracle_pending(struct oracle *o, size_t k)
{
    if (!o->won) {
        oracle_count(o, k, false);
    }
    o->r.reason = oracle_vetoed(o, k)                    ? OC_REASON_WAITING_OVERRIDE
                  : o->won                               ? OC_REASON_WAITING_DECLARATION
                  : !oracle_enough(o, o->r.yes)          ? OC_REASON_WAITING_VOTES
                  : o->r.present < o->p->rules.min_votes ? OC_REASON_WAITING_QUORUM
                                                         : OC_REASON_WAITING_SIGNATURES;
}

static void oracle_tally(const struct world *w, unsigned proposal, int64_t now, const unsigned *ids,
                         size_t count, struct oc_tally_result *result)
{
    struct oracle o = {.p = &w->proposals[proposal]};
    size_t k = 0;
    for (size_t i = 0; i < count; i++) {
        const struct record *r = &w->pool[ids[i]];
        if (r->list == DELEGATION) {
            o.delegations[o.delegation_count++] = r;
        } else {
            o.records[o.count++] = r;
        }
    }
    bool over = false;
    for (int64_t t = 0; t <= now && !over; t++) {
        over = oracle_tick(&o, k, t);
        while (!over && k < o.count && o.records[k]->stamp.at == t) {
            k++;
            over = oracle_record(&o, k, t);
        }
    }
    if (!over) {
        oracle_pending(&o, k);
    }
    *result = o.r;
}

#endif
