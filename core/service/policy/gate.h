/* The gate: asks `authorize` before every operation that changes something. SPDX-License-Identifier: MIT
 *
 * "Needs approval" becomes a proposal of governance (operation governance.request), and the call ends with OC_E_APPROVAL.
 * What is decided when the policy fails, and from when on anything is guarded: docs/decisions/0030. [loop] */
#ifndef OC_SERVICE_POLICY_GATE_H
#define OC_SERVICE_POLICY_GATE_H

#include "core/service/env.h"

struct oc_gate;

/* Installs itself; `env` is borrowed. */
struct oc_gate *oc_gate_create(const struct oc_env *env);
void oc_gate_destroy(struct oc_gate *g); /* takes itself away; NULL is fine */

/* Whether governance can decide, or once could. Asked of governance.status at most once a second. */
bool oc_gate_governed(struct oc_gate *g);

#endif
