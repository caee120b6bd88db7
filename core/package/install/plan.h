/* Plans of every verb that changes what is installed. SPDX-License-Identifier: MIT  [worker]
 *
 * {"dry_run":true,"plan":"<sha256>","generation":n,"actions":[..],"permissions":[{"permission","why","name"}],"surface",
 *  "consent":"needed"|"given"|"none","warnings":[..],"changelog"} */
#ifndef OC_PACKAGE_INSTALL_PLAN_H
#define OC_PACKAGE_INSTALL_PLAN_H

#include "core/package/install/candidate.h"

json_t *oc_plan_new(void); /* an empty one; owned by the caller */
/* Hashes actions, permissions and the generation that they start from into plan.plan. */
void oc_plan_seal(struct oc_txn *t, json_t *plan);
/* OC_OK when `wanted` is NULL or the hash of this plan, else OC_E_CONFLICT "plan-changed". */
int oc_plan_check(struct oc_work *w, const json_t *plan, const char *wanted);

#endif
