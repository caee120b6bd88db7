/* Governance: proposals, ballots, decisions, and what an approved one sets in motion. SPDX-License-Identifier: MIT  [loop]
 *
 * Section `governance` of the configuration. */
#ifndef OC_SERVICE_GOVERNANCE_GOVERNANCE_H
#define OC_SERVICE_GOVERNANCE_GOVERNANCE_H

#include "core/service/env.h"

struct oc_governance;

struct oc_governance *oc_governance_create(const struct oc_env *env); /* env borrowed */
void oc_governance_configure(struct oc_governance *s, const struct oc_config *config,
                             struct oc_diags *diags);
/* What it has under way ends: done(ctx) at the latest after about `grace_ms`. */
void oc_governance_stop(struct oc_governance *s, int64_t grace_ms, oc_loop_fn done, void *ctx);
/* Adds its option tables to `sections`, for the reference. */
void oc_governance_describe(json_t *sections);
void oc_governance_destroy(struct oc_governance *s); /* after stop; NULL is fine */

#endif
