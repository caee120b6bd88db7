/* A proposal for tests of the tally, written record after record. SPDX-License-Identifier: MIT */
#ifndef TESTS_GOVERNANCE_TALLY_DRAFT_H
#define TESTS_GOVERNANCE_TALLY_DRAFT_H

#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/service/governance/tally/tally.h"

#define DEADLINE 1000
#define MAX      16

struct draft {
    struct oc_tally_case c;
    struct oc_ballot_record ballots[MAX];
    struct oc_delegation_record delegations[MAX];
    struct oc_signature_record signatures[MAX];
    struct oc_veto_record vetoes[MAX];
    struct oc_override_record overrides[MAX];
    uint64_t index;
    struct oc_tally_result r;
};

static inline struct draft begin(uint32_t voters, enum oc_threshold threshold)
{
    struct draft d = {0};
    d.c.rules = (struct oc_tally_rules){.threshold = threshold,
                                        .min_votes = 2,
                                        .deadline = DEADLINE,
                                        .declaration_ms = 0,
                                        .override_ms = 100};
    d.c.electorate.count = voters;
    d.c.electorate.triad = (UINT64_C(1) << voters) - 1;
    for (unsigned i = 0; i < OC_ELECTORS_MAX; i++) {
        d.c.electorate.revoked_at[i] = OC_TALLY_NEVER;
    }
    return d;
}

static inline struct oc_tally_stamp stamp(struct draft *d, int64_t at)
{
    return (struct oc_tally_stamp){.index = d->index++, .at = at, .key_revoked = OC_TALLY_NEVER};
}

static inline struct oc_ballot_record *again(struct draft *d, int64_t at, uint32_t member,
                                             enum oc_choice choice, uint64_t nonce)
{
    struct oc_ballot_record *b = &d->ballots[d->c.ballot_count++];
    *b = (struct oc_ballot_record){
        .stamp = stamp(d, at), .member = member, .choice = choice, .nonce = nonce};
    return b;
}

static inline struct oc_ballot_record *vote(struct draft *d, int64_t at, uint32_t member,
                                            enum oc_choice choice)
{
    return again(d, at, member, choice, 1);
}

static inline void lend(struct draft *d, int64_t at, uint32_t from, uint32_t to, int64_t expires)
{
    d->delegations[d->c.delegation_count++] = (struct oc_delegation_record){
        .stamp = stamp(d, at), .from = from, .to = to, .expires_at = expires};
}

static inline void put_signature(struct draft *d, int64_t at, enum oc_signature_kind kind,
                                 enum oc_verdict verdict, uint64_t nonce)
{
    d->signatures[d->c.signature_count++] = (struct oc_signature_record){
        .stamp = stamp(d, at), .kind = kind, .verdict = verdict, .nonce = nonce};
}

static inline void veto(struct draft *d, int64_t at, enum oc_veto_holder holder,
                        enum oc_veto_condition condition)
{
    d->vetoes[d->c.veto_count++] =
        (struct oc_veto_record){.stamp = stamp(d, at), .holder = holder, .condition = condition};
}

static inline void override(struct draft *d, int64_t at, uint32_t member)
{
    d->overrides[d->c.override_count++] =
        (struct oc_override_record){.stamp = stamp(d, at), .member = member};
}

static inline const struct oc_tally_result *tally(struct draft *d, int64_t now)
{
    d->c.ballots = d->ballots;
    d->c.delegations = d->delegations;
    d->c.signatures = d->signatures;
    d->c.vetoes = d->vetoes;
    d->c.overrides = d->overrides;
    memset(&d->r, 0xa5, sizeof d->r);
    oc_tally(&d->c, now, &d->r);
    return &d->r;
}

#define EXPECT(d, now, wanted_outcome, wanted_reason)                                              \
    do {                                                                                           \
        tally(&(d), now);                                                                          \
        assert_string_equal(oc_outcome_name((d).r.outcome), oc_outcome_name(wanted_outcome));      \
        assert_string_equal(oc_tally_reason_name((d).r.reason),                                    \
                            oc_tally_reason_name(wanted_reason));                                  \
    } while (0)

#endif
