/* A world of the enumeration: proposals and records of which cases are made. SPDX-License-Identifier: MIT
 *
 * A case is a proposal, some of the records in the order of the ledger, and a time. It is handed to the tally, to the oracle and to
 * Lua as the same numbers of the same pool, so nothing is translated twice. */
#ifndef OC_TESTS_TALLY_WORLD_H
#define OC_TESTS_TALLY_WORLD_H

#include <jansson.h>

#include "core/service/governance/tally/tally.h"

#define POOL_MAX      2048
#define PROPOSALS_MAX 1024
#define CASE_MAX      24 /* records of one case */

enum list { BALLOT, SIGNATURE, VETO, OVERRIDE, DELEGATION };

struct record {
    enum list list;
    union {
        struct oc_tally_stamp stamp; /* all of them begin with it */
        struct oc_ballot_record ballot;
        struct oc_signature_record signature;
        struct oc_veto_record veto;
        struct oc_override_record override;
        struct oc_delegation_record delegation;
    };
};

struct proposal {
    struct oc_tally_rules rules;
    struct oc_electorate electorate;
};

struct world {
    struct record pool[POOL_MAX];
    unsigned records;
    struct proposal proposals[PROPOSALS_MAX];
    unsigned proposal_count;
};

/* Takes a case: ids of the pool, in the order of their indexes (delegations wherever they are). */
typedef void (*emit_fn)(void *ctx, unsigned proposal, int64_t now, const unsigned *ids,
                        size_t count);

/* One family of cases: fills the world, then enumerates. */
struct family {
    const char *name;
    void (*fill)(struct world *w);
    void (*enumerate)(const struct world *w, emit_fn emit, void *ctx);
};
extern const struct family families[];
extern const size_t family_count;

/* The same as the hook sees it: {"records","proposals","outcomes","reasons"}. */
json_t *world_json(const struct world *w);

/* ---- building ---- */

static inline struct record *add_record(struct world *w, enum list list, uint64_t index, int64_t at)
{
    struct record *r = &w->pool[w->records++];
    *r = (struct record){.list = list};
    r->stamp = (struct oc_tally_stamp){.index = index, .at = at, .key_revoked = OC_TALLY_NEVER};
    return r;
}

static inline unsigned add_ballot(struct world *w, uint64_t index, int64_t at, uint32_t member,
                                  enum oc_choice choice, uint64_t nonce)
{
    struct record *r = add_record(w, BALLOT, index, at);
    r->ballot.member = member;
    r->ballot.choice = choice;
    r->ballot.nonce = nonce;
    return w->records - 1;
}

static inline unsigned add_delegation(struct world *w, uint64_t index, int64_t at, uint32_t from,
                                      uint32_t to, int64_t expires_at)
{
    struct record *r = add_record(w, DELEGATION, index, at);
    r->delegation.from = from;
    r->delegation.to = to;
    r->delegation.expires_at = expires_at;
    return w->records - 1;
}

/* Everybody votes and is of the triad. */
static inline struct proposal *add_proposal(struct world *w, uint32_t voters, unsigned threshold,
                                            int64_t deadline)
{
    struct proposal *p = &w->proposals[w->proposal_count++];
    *p = (struct proposal){
        .rules = {.threshold = threshold == 3 ? OC_THRESHOLD_SUPER : (enum oc_threshold)threshold,
                  .strict_supermajority = threshold == 3,
                  .min_votes = 2,
                  .deadline = deadline},
        .electorate = {.count = voters, .triad = (UINT64_C(1) << voters) - 1},
    };
    for (uint32_t i = 0; i < OC_ELECTORS_MAX; i++) {
        p->electorate.revoked_at[i] = OC_TALLY_NEVER;
    }
    return p;
}

#endif
