/* What governance knows: the sum of its ledger entries. SPDX-License-Identifier: MIT  [loop]
 *
 * The state is one JSON document, and oc_governance_apply is the only thing that changes it: it looks at the entry and at the
 * state, never at a clock or at the configuration. So replaying the entries gives the same bytes again, and whatever depends on
 * time or on judgment (a stage that ends, a decision) is an entry of its own, written when it happened.
 *
 *   {"proposals": {ID: proposal}, "closed": [ID, the oldest first], "keys": [oc_member_key_json ..], "revoked": {KEY: ms}, "members": {NAME: {"heard",
 *    "reachable",..}}, "delegations": [..], "mode": {..}, "emergency": {..} or absent, "posted": ms, "covers": index,
 *    "floors": {"delegation:KEY:SCOPE" or "emergency:KEY": the highest nonce that was ever used}}
 *
 * A proposal:
 *   {"id","category","title","description","justification","impact_assessment","rollback_plan","changes":[..],
 *    "submitter","submitted_at","index","rules": {frozen},"electorate": [{"name","triad"}],"revision","modifications","cycle",
 *    "subject": hex,"stage","stage_until","status","reason","tally","decided_at","time": of its newest record,
 *    "ballots","signatures","vetoes","overrides": [{"kind","member","word","nonce","at","index","key","text"}],
 *    "nonces": {"ballot:alpha:1": [index, signature]},"comments": [..],
 *    "op": {"name","params","actor","role"},"rollback": {"name","params"},
 *    "execution": {"status","attempts","started_at","ended_at","message","hint"},
 *    "deadlock": {..},"provisional": {..},"review": {"due","by"}} */
#ifndef OC_SERVICE_GOVERNANCE_STATE_H
#define OC_SERVICE_GOVERNANCE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/sys/crypto.h"

#define OC_GOVERNANCE_CLOSED_MAX                                                                   \
    1000 /* decided proposals that stay at hand; older ones are in the ledger */

json_t *oc_governance_state_new(void);
/* Adds one entry. Entries of other types, and what refers to something that is not there, change nothing. */
void oc_governance_apply(json_t *state, uint64_t index, const char *type, const json_t *entry);
/* Whether entries of this type are for oc_governance_apply. */
bool oc_governance_knows(const char *type);
/* SHA-256 of the state's canonical text. */
void oc_governance_state_hash(const json_t *state, char hex[OC_SHA256_HEX]);

/* borrowed; NULL when there is none */
json_t *oc_governance_find(const json_t *state, const char *id);
json_t *oc_governance_member(const json_t *state, const char *name);
/* The highest nonce that was used for such a statement without a proposal (scope is NULL for an emergency); 0: none. It outlives
 * the statement, so that none can be brought a second time. */
int64_t oc_governance_floor(const json_t *state, const char *kind, const char *key,
                            const char *scope);
/* Nothing more will be decided about it. */
bool oc_governance_is_closed(const json_t *proposal);

#endif
