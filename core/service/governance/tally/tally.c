/* The tally: what a proposal's ballots, signatures and vetoes amount to. SPDX-License-Identifier: MIT */
#include "core/service/governance/tally/tally.h"

#include <string.h>

#define HOLDERS 2 /* of the veto */

enum phase { VOTING, DECLARING, UNDECIDED, OVER };

struct veto {
    bool cast, stands;
    uint64_t index;
    int64_t until; /* the last ms in which it can be overridden */
    enum oc_veto_condition condition;
};

/* The walk along the ledger. Voices, counts of bad ballots and the decision are kept in the result itself. */
struct walk {
    const struct oc_tally_case *c;
    struct oc_tally_result *r;
    enum phase phase;
    uint64_t nonces[OC_ELECTORS_MAX];
    uint64_t signature_nonce[2]; /* by kind */
    bool reviewed, approved, refused;
    struct veto vetoes[HOLDERS];
    uint64_t override[OC_ELECTORS_MAX]; /* index + 1 of the newest one, 0 = none */
    int64_t declare_end;
    /* of the next record, in each list */
    size_t ballot, signature, veto, over;
    uint64_t last_index;
    int64_t last_at;
    bool any; /* last_* are set */
};

static int64_t plus(int64_t at, int64_t ms)
{
    int64_t sum;
    return __builtin_add_overflow(at, ms > 0 ? ms : 0, &sum) ? INT64_MAX : sum;
}

static bool met(const struct walk *w, uint32_t yes)
{
    const struct oc_tally_rules *rules = &w->c->rules;
    return oc_threshold_met(rules->threshold, rules->strict_supermajority, yes, w->r->eligible);
}

/* ---- where it stands ---- */

static uint32_t missing(const struct walk *w)
{
    const struct oc_tally_rules *rules = &w->c->rules;
    return (rules->examiner_review && !w->reviewed ? OC_TALLY_MISSING_REVIEW : 0) |
           (rules->sentinel_approval && !w->approved ? OC_TALLY_MISSING_APPROVAL : 0);
}

static bool carries(const struct walk *w)
{
    const struct oc_tally_rules *rules = &w->c->rules;
    const bool all_present =
        rules->threshold != OC_THRESHOLD_UNANIMOUS || w->r->present == w->r->eligible;
    return met(w, w->r->yes) && w->r->present >= rules->min_votes && all_present && missing(w) == 0;
}

static bool veto_stands(const struct walk *w)
{
    return w->vetoes[OC_VETO_STEWARD].stands || w->vetoes[OC_VETO_SENTINEL].stands;
}

static void decide(struct walk *w, int64_t at, enum oc_outcome outcome, enum oc_tally_reason reason)
{
    w->phase = OVER;
    w->r->outcome = outcome;
    w->r->reason = reason;
    w->r->decided_at = at;
}

static void declare(struct walk *w, int64_t at)
{
    const bool due = w->c->rules.declaration_ms <= 0 || at > w->declare_end;
    if (due && !veto_stands(w)) {
        decide(w, at, OC_TALLY_PASSED, OC_REASON_CARRIED);
    }
}

static void carry(struct walk *w, int64_t at)
{
    w->phase = DECLARING;
    w->r->carried_at = at;
    w->declare_end = plus(at, w->c->rules.declaration_ms);
    declare(w, at);
}

/* After each record: is it decided? Whoever has not voted may still say yes. */
static void settle(struct walk *w, int64_t at)
{
    struct oc_tally_result *r = w->r;
    if (w->phase == UNDECIDED) {
        return;
    }
    if (w->phase == DECLARING) {
        declare(w, at);
    } else if (carries(w)) {
        carry(w, at);
    } else if (w->refused) {
        decide(w, at, OC_TALLY_REJECTED, OC_REASON_REFUSED);
    } else if (!met(w, r->yes + r->eligible - r->present)) {
        const bool tie = r->present == r->eligible && r->yes == r->no && r->yes > 0;
        decide(w, at, OC_TALLY_REJECTED, tie ? OC_REASON_TIE : OC_REASON_OUTVOTED);
    }
}

/* ---- the deadline ---- */

static bool key_fails(const struct oc_tally_stamp *stamp)
{
    return stamp->at >= stamp->key_revoked;
}

static bool revoked(const struct walk *w, uint32_t member, int64_t at)
{
    return at >= w->c->electorate.revoked_at[member];
}

/* Whom each member would let speak for it at the deadline: its newest delegation says. */
static void find_delegates(const struct walk *w, uint32_t delegates[OC_ELECTORS_MAX])
{
    const int64_t deadline = w->c->rules.deadline;
    const uint32_t count = w->r->eligible;
    uint64_t newest[OC_ELECTORS_MAX] = {0}; /* index + 1 */
    for (uint32_t i = 0; i < count; i++) {
        delegates[i] = OC_TALLY_NOBODY;
    }
    for (size_t i = 0; i < w->c->delegation_count; i++) {
        const struct oc_delegation_record *d = &w->c->delegations[i];
        if (d->from < count && d->stamp.at <= deadline && !key_fails(&d->stamp) &&
            d->stamp.index + 1 > newest[d->from]) {
            const bool holds = d->to < count && d->expires_at >= deadline;
            newest[d->from] = d->stamp.index + 1;
            delegates[d->from] = holds ? d->to : OC_TALLY_NOBODY;
        }
    }
}

/* Follows the chain to the first that voted itself. In a circle there is none, and a revoked member breaks it. */
static enum oc_choice follow(const struct walk *w, const uint32_t *delegates, const uint8_t *own,
                             uint32_t member)
{
    for (uint32_t steps = 0; steps < w->r->eligible; steps++) {
        if (revoked(w, member, w->c->rules.deadline)) {
            break;
        }
        member = delegates[member];
        if (member == OC_TALLY_NOBODY || revoked(w, member, w->c->rules.deadline)) {
            break;
        }
        if (own[member] != OC_CHOICE_NONE) {
            return (enum oc_choice)own[member];
        }
    }
    return OC_CHOICE_NONE;
}

static void count_voice(struct oc_tally_result *r, enum oc_choice choice, uint32_t by)
{
    r->yes += choice == OC_CHOICE_YES ? by : 0;
    r->no += choice == OC_CHOICE_NO ? by : 0;
    r->abstain += choice == OC_CHOICE_ABSTAIN ? by : 0;
}

static void let_delegates_speak(struct walk *w)
{
    uint32_t delegates[OC_ELECTORS_MAX];
    uint8_t own[OC_ELECTORS_MAX];
    if (w->c->delegation_count == 0) {
        return;
    }
    find_delegates(w, delegates);
    memcpy(own, w->r->voice, sizeof own);
    for (uint32_t i = 0; i < w->r->eligible; i++) {
        if (own[i] == OC_CHOICE_NONE) {
            const enum oc_choice choice = follow(w, delegates, own, i);
            w->r->voice[i] = (uint8_t)choice;
            w->r->delegated += choice != OC_CHOICE_NONE;
            count_voice(w->r, choice, 1);
        }
    }
}

static enum oc_tally_reason why_not(const struct walk *w)
{
    const struct oc_tally_result *r = w->r;
    if (r->present < w->c->rules.min_votes) {
        return OC_REASON_NO_QUORUM;
    }
    const bool short_of = w->c->rules.threshold == OC_THRESHOLD_UNANIMOUS
                              ? r->present < r->eligible || !met(w, r->yes)
                              : !met(w, r->yes);
    if (!short_of) {
        return OC_REASON_UNSIGNED;
    }
    return r->yes == r->no && r->yes > 0 ? OC_REASON_TIE : OC_REASON_SHORT;
}

static void close_vote(struct walk *w, int64_t at)
{
    let_delegates_speak(w);
    if (carries(w)) {
        carry(w, at);
    } else {
        decide(w, at, OC_TALLY_TIMED_OUT, why_not(w));
    }
}

/* ---- periods that end ---- */

enum period { NO_PERIOD, DEADLINE, DECLARATION, STEWARD_VETO, SENTINEL_VETO };

/* The period that ends first; of several that end together the first in the order of the enumeration. */
static enum period next_end(const struct walk *w, int64_t *end)
{
    enum period next = NO_PERIOD;
    *end = OC_TALLY_NEVER;
    if (w->phase == VOTING) {
        *end = w->c->rules.deadline;
        next = DEADLINE;
    } else if (w->phase == DECLARING && !veto_stands(w)) {
        *end = w->declare_end;
        next = DECLARATION;
    }
    for (unsigned i = 0; i < HOLDERS; i++) {
        if (w->vetoes[i].stands && (next == NO_PERIOD || w->vetoes[i].until < *end)) {
            *end = w->vetoes[i].until;
            next = i == OC_VETO_STEWARD ? STEWARD_VETO : SENTINEL_VETO;
        }
    }
    return next;
}

/* Ends what ended before `at`: each period includes its last ms. */
static void elapse(struct walk *w, int64_t at)
{
    int64_t end;
    while (w->phase != OVER) {
        const enum period period = next_end(w, &end);
        if (period == NO_PERIOD || end >= at) {
            return;
        }
        if (period == DEADLINE) {
            close_vote(w, end + 1);
        } else if (period == DECLARATION) {
            decide(w, end + 1, OC_TALLY_PASSED, OC_REASON_CARRIED);
        } else {
            w->r->condition = w->vetoes[period == STEWARD_VETO ? 0 : 1].condition;
            decide(w, end + 1, OC_TALLY_VETOED, OC_REASON_VETO);
        }
    }
}

/* ---- records ---- */

static void take_ballot(struct walk *w, const struct oc_ballot_record *b)
{
    struct oc_tally_result *r = w->r;
    if (b->member >= r->eligible || b->choice < OC_CHOICE_YES || b->choice > OC_CHOICE_ABSTAIN) {
        r->unknown++;
    } else if (w->phase != VOTING) {
        r->late++;
    } else if (key_fails(&b->stamp) || revoked(w, b->member, b->stamp.at)) {
        r->revoked++;
    } else if (b->nonce == w->nonces[b->member]) {
        r->duplicate++;
    } else if (b->nonce < w->nonces[b->member]) {
        r->stale++;
    } else {
        const enum oc_choice before = (enum oc_choice)r->voice[b->member];
        w->nonces[b->member] = b->nonce;
        r->voice[b->member] = (uint8_t)b->choice;
        r->present += before == OC_CHOICE_NONE;
        count_voice(r, before, (uint32_t)-1);
        count_voice(r, b->choice, 1);
    }
}

static void take_signature(struct walk *w, const struct oc_signature_record *s)
{
    if (w->phase != VOTING || key_fails(&s->stamp) || s->kind > OC_SIGNATURE_APPROVAL ||
        s->verdict > OC_VERDICT_ABSTAIN || s->nonce <= w->signature_nonce[s->kind]) {
        return;
    }
    w->signature_nonce[s->kind] = s->nonce;
    if (s->kind == OC_SIGNATURE_REVIEW) {
        w->reviewed = true;
        return;
    }
    w->approved = s->verdict == OC_VERDICT_APPROVE;
    w->refused = w->c->rules.sentinel_approval && s->verdict == OC_VERDICT_REJECT;
}

static void take_veto(struct walk *w, const struct oc_veto_record *v)
{
    if (key_fails(&v->stamp) || v->holder > OC_VETO_SENTINEL || w->vetoes[v->holder].cast ||
        v->condition < OC_VETO_SECURITY || v->condition > OC_VETO_IDENTITY) {
        return;
    }
    w->vetoes[v->holder] = (struct veto){
        .cast = true,
        .stands = true,
        .index = v->stamp.index,
        .until = plus(v->stamp.at, w->c->rules.override_ms),
        .condition = v->condition,
    };
}

static bool overridden(const struct walk *w, const struct veto *v)
{
    bool any = false;
    for (uint32_t i = 0; i < w->r->eligible; i++) {
        if (w->c->electorate.triad >> i & 1) {
            any = true;
            if (w->override[i] == 0 || w->override[i] - 1 < v->index) {
                return false;
            }
        }
    }
    return any;
}

static void take_override(struct walk *w, const struct oc_override_record *o)
{
    if (key_fails(&o->stamp) || o->member >= w->r->eligible || revoked(w, o->member, o->stamp.at)) {
        return;
    }
    w->override[o->member] = o->stamp.index + 1;
    for (unsigned i = 0; i < HOLDERS; i++) {
        if (w->vetoes[i].stands && overridden(w, &w->vetoes[i])) {
            w->vetoes[i].stands = false;
        }
    }
}

/* ---- the walk ---- */

/* The stamp of the next record in the order of the ledger; NULL after the last one. */
static const struct oc_tally_stamp *peek(const struct walk *w)
{
    const struct oc_tally_case *c = w->c;
    const struct oc_tally_stamp *next = NULL;
    if (w->ballot < c->ballot_count) {
        next = &c->ballots[w->ballot].stamp;
    }
    if (w->signature < c->signature_count) {
        const struct oc_tally_stamp *s = &c->signatures[w->signature].stamp;
        next = !next || s->index < next->index ? s : next;
    }
    if (w->veto < c->veto_count) {
        const struct oc_tally_stamp *s = &c->vetoes[w->veto].stamp;
        next = !next || s->index < next->index ? s : next;
    }
    if (w->over < c->override_count) {
        const struct oc_tally_stamp *s = &c->overrides[w->over].stamp;
        next = !next || s->index < next->index ? s : next;
    }
    return next;
}

/* Takes the record whose stamp `next` is. */
static void take(struct walk *w, const struct oc_tally_stamp *next)
{
    const struct oc_tally_case *c = w->c;
    if (w->ballot < c->ballot_count && next == &c->ballots[w->ballot].stamp) {
        take_ballot(w, &c->ballots[w->ballot++]);
    } else if (w->signature < c->signature_count && next == &c->signatures[w->signature].stamp) {
        take_signature(w, &c->signatures[w->signature++]);
    } else if (w->veto < c->veto_count && next == &c->vetoes[w->veto].stamp) {
        take_veto(w, &c->vetoes[w->veto++]);
    } else {
        take_override(w, &c->overrides[w->over++]);
    }
}

static bool in_order(struct walk *w, const struct oc_tally_stamp *s)
{
    const bool good = !w->any || (s->index > w->last_index && s->at >= w->last_at);
    w->any = true;
    w->last_index = s->index;
    w->last_at = s->at;
    return good;
}

/* What lies after the decision is late, whatever it is. */
static void count_rest(struct walk *w, int64_t now)
{
    for (size_t i = w->ballot; i < w->c->ballot_count && w->c->ballots[i].stamp.at <= now; i++) {
        w->r->late++;
    }
}

static bool walk(struct walk *w, int64_t now)
{
    const struct oc_tally_stamp *next;
    while ((next = peek(w)) != NULL && next->at <= now) {
        if (!in_order(w, next)) {
            return false;
        }
        elapse(w, next->at);
        if (w->phase == OVER) {
            break;
        }
        take(w, next);
        settle(w, next->at);
        if (w->phase == OVER) {
            break;
        }
    }
    elapse(w, now);
    count_rest(w, now);
    return true;
}

static enum oc_tally_reason why_pending(const struct walk *w)
{
    if (veto_stands(w)) {
        return OC_REASON_WAITING_OVERRIDE;
    }
    if (w->phase == DECLARING) {
        return OC_REASON_WAITING_DECLARATION;
    }
    if (!met(w, w->r->yes)) {
        return OC_REASON_WAITING_VOTES;
    }
    return w->r->present < w->c->rules.min_votes ? OC_REASON_WAITING_QUORUM
                                                 : OC_REASON_WAITING_SIGNATURES;
}

static void report_vetoes(const struct walk *w)
{
    const struct veto *oldest = NULL;
    for (unsigned i = 0; i < HOLDERS; i++) {
        const struct veto *v = &w->vetoes[i];
        if (v->stands) {
            w->r->vetoes |= UINT64_C(1) << i;
            oldest = !oldest || v->index < oldest->index ? v : oldest;
        }
    }
    if (w->r->outcome != OC_TALLY_VETOED && oldest) {
        w->r->condition = oldest->condition;
    }
}

static void report(const struct walk *w)
{
    struct oc_tally_result *r = w->r;
    int64_t end;
    r->absent = r->eligible - r->yes - r->no - r->abstain;
    r->needed =
        oc_threshold_needed(w->c->rules.threshold, w->c->rules.strict_supermajority, r->eligible);
    r->missing = missing(w);
    report_vetoes(w);
    if (w->phase != OVER) {
        r->reason = why_pending(w);
        r->next = next_end(w, &end) == NO_PERIOD ? OC_TALLY_NEVER : plus(end, 1);
    }
}

static void count(const struct oc_tally_case *c, int64_t now, enum phase phase,
                  struct oc_tally_result *result)
{
    struct walk w = {.c = c, .r = result, .phase = phase};
    memset(result, 0, sizeof *result);
    result->next = OC_TALLY_NEVER;
    if (c->electorate.count >= 1 && c->electorate.count <= OC_ELECTORS_MAX) {
        result->eligible = c->electorate.count;
        if (walk(&w, now)) {
            report(&w);
            return;
        }
        memset(result, 0, sizeof *result);
        result->next = OC_TALLY_NEVER;
    }
    result->outcome = OC_TALLY_INVALID;
    result->reason = OC_REASON_BAD_INPUT;
}

void oc_tally(const struct oc_tally_case *c, int64_t now, struct oc_tally_result *result)
{
    count(c, now, VOTING, result);
}

void oc_tally_vetoes(const struct oc_tally_case *c, int64_t now, struct oc_tally_result *result)
{
    count(c, now, UNDECIDED, result);
}
