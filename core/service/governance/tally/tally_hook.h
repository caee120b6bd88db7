/* The tally's case as the hook `quorum` sees it, and whether its answer agrees. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SERVICE_GOVERNANCE_TALLY_HOOK_H
#define OC_SERVICE_GOVERNANCE_TALLY_HOOK_H

#include <jansson.h>

#include "core/service/governance/ballot.h"
#include "core/service/governance/tally/tally.h"

/* One record each; `members` are the electorate's, in its order. */
json_t *oc_tally_ballot_json(const struct oc_ballot_record *b, const struct oc_member *members,
                             uint32_t count);
json_t *oc_tally_signature_json(const struct oc_signature_record *s);
json_t *oc_tally_veto_json(const struct oc_veto_record *v);
json_t *oc_tally_override_json(const struct oc_override_record *o, const struct oc_member *members,
                               uint32_t count);
json_t *oc_tally_delegation_json(const struct oc_delegation_record *d,
                                 const struct oc_member *members, uint32_t count);
/* {"electorate","rules"}: the part that does not grow. */
json_t *oc_tally_proposal_json(const struct oc_tally_rules *rules,
                               const struct oc_electorate *electorate,
                               const struct oc_member *members);

/* [proposal, ballots, now], the arguments of the hook; owned by the caller. Members of `more` (borrowed, may be NULL) are put into the proposal
 * too, where it has none of that name: "id", "category", "title" ... */
json_t *oc_tally_hook_args(const struct oc_tally_case *c, const struct oc_member *members,
                           int64_t now, const json_t *more);

enum oc_tally_agreement {
    OC_TALLY_AGREES,    /* the same outcome */
    OC_TALLY_HELD_BACK, /* the tally passed it and the policy did not: it is not carried out */
    OC_TALLY_DISAGREES, /* anything else: nothing is carried out, and somebody must look */
};
enum oc_tally_agreement oc_tally_hook_compare(const json_t *answer,
                                              const struct oc_tally_result *result);

#endif
