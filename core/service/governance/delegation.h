/* Delegations: who speaks for whom, without circles and not for ever. SPDX-License-Identifier: MIT  [any]
 *
 * A member has one delegation for each scope (a category, or "all"); a newer one of the same scope replaces it. For a proposal the one
 * of its category comes before the one for all. Delegations are live until the deadline: the one in force then counts, and a
 * delegate may itself have delegated. The member's own ballot always comes first. */
#ifndef OC_SERVICE_GOVERNANCE_DELEGATION_H
#define OC_SERVICE_GOVERNANCE_DELEGATION_H

#include "core/service/governance/ballot.h"

#define OC_DELEGATION_MAX (30 * INT64_C(86400000)) /* the longest one */

struct oc_gov_delegation {
    char from[OC_GOV_NAME];
    char to[OC_GOV_NAME]; /* "-": took it back */
    char scope[16];       /* "operational" ... or "all" */
    uint64_t nonce;       /* of the statement: higher replaces */
    int64_t expires_at;   /* the last ms in which it holds */
    struct oc_tally_stamp stamp;
};

/* Whether `d` may be added at `now`: a known scope, not to oneself, an end within OC_DELEGATION_MAX, a nonce above the member's last one
 * of the scope, and no circle with those that hold now. OC_E_CONFIG or OC_E_CONFLICT (which names the circle: "alpha, beta, alpha"). */
int oc_gov_delegation_check(const struct oc_gov_delegation *list, size_t count,
                            const struct oc_gov_delegation *d, int64_t now, struct oc_error *err);

/* Those that matter for a proposal of `category`, by index, into `records` (room for OC_ELECTORS_MAX); at most one for each member: the
 * newest of the category, else of all, as far as accepted at or before `at`. Returns how many. The order is that of their indexes. */
size_t oc_gov_delegation_records(const struct oc_gov_delegation *list, size_t count,
                                 const struct oc_member *members, size_t member_count,
                                 enum oc_gov_category category, int64_t at,
                                 struct oc_delegation_record *records);

#endif
