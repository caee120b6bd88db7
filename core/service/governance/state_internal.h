/* What the files of the state share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_GOVERNANCE_STATE_INTERNAL_H
#define OC_SERVICE_GOVERNANCE_STATE_INTERNAL_H

#include "core/service/governance/state.h"

/* One type of entry. Both tables are sorted by name. */
struct oc_state_type {
    const char *name;
    void (*apply)(json_t *state, uint64_t index, const json_t *entry);
};
extern const struct oc_state_type oc_state_voting[], oc_state_power[];
extern const size_t oc_state_voting_count, oc_state_power_count;

void oc_state_copy(json_t *to, const json_t *from, const char *key);
json_t *oc_state_object(json_t *parent, const char *key);
json_t *oc_state_list(json_t *parent, const char *key);
json_t *oc_state_proposal(json_t *state, const json_t *entry);
void oc_state_sign(json_t *state, json_t *proposal, const char *list, uint64_t index,
                   const json_t *entry);
void oc_state_heard(json_t *state, const json_t *entry);
void oc_state_floor(json_t *state, const char *kind, const char *scope, const json_t *entry);
void oc_state_close(json_t *state, json_t *proposal);

#endif
