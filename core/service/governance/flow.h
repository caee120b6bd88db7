/* What the files of the flow share: the steps of a proposal. SPDX-License-Identifier: MIT  [loop]
 *
 * The outcome is the tally's to say. The stages around it are about time: each ends when its work is done and at the latest after
 * its own time, review and deliberation so that the last stage keeps its share, and the deadline ends them all. A ballot may be cast
 * in every one of them but the first. Each step is an entry; steps are taken until there is nothing to do now.
 *
 *   flow       takes the steps until there is nothing to do now
 *   stage      the stages around the vote
 *   deadlock   a vote without a decision, and the ways out of it
 *   opinion    what the policy says of a tally that passed
 *   clock      the time of a proposal, and when to look at it again
 *
 * Functions that take a step give true when they have written an entry, so that there may be more to do; `p` is another one then. */
#ifndef OC_SERVICE_GOVERNANCE_FLOW_H
#define OC_SERVICE_GOVERNANCE_FLOW_H

#include "core/service/governance/internal.h"

/* An entry about a proposal at this time; owned by the caller. */
json_t *oc_flow_entry(const json_t *proposal, int64_t now);

/* ---- clock.c ---- */

int64_t oc_flow_deadline(const json_t *proposal);
/* Looks at the proposal again after `look` of its own time; OC_TALLY_NEVER: never. */
void oc_flow_look_again(struct oc_governance *g, const json_t *proposal, int64_t look);

/* ---- stage.c ---- */

bool oc_flow_step_stage(struct oc_governance *g, const json_t *proposal, int64_t now,
                        const struct oc_tally_result *tally);

/* In this stage until then; false: it is so already. */
bool oc_flow_wait(struct oc_governance *g, const json_t *proposal, const char *stage, int64_t now,
                  int64_t until);

/* ---- deadlock.c: a veto that stands is settled first ---- */

/* The vote has ended in a tie, or with too few yes. */
bool oc_flow_undecided(struct oc_governance *g, const json_t *proposal, int64_t now,
                       const struct oc_tally_result *tally);
/* *look: when to look again. */
bool oc_flow_step_deadlock(struct oc_governance *g, const json_t *proposal, int64_t now,
                           const struct oc_tally_result *tally, int64_t *look);

/* ---- opinion.c ---- */

/* Why the policy does not let pass what the tally passed; NULL: it does, or there is none. */
const char *oc_flow_second_opinion(struct oc_governance *g, const json_t *proposal, int64_t now,
                                   const struct oc_tally_result *tally);

#endif
