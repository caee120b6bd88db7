/* What the files of the gate share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_POLICY_GATE_INTERNAL_H
#define OC_SERVICE_POLICY_GATE_INTERNAL_H

#include "core/service/policy/gate.h"

/* Of the store: since when governance can decide on this host. */
#define OC_GATE_SPACE    "policy"
#define OC_GATE_GOVERNED "governed"

struct oc_gate {
    const struct oc_env *env;
    struct oc_question *question;
    struct oc_policies
        *shipped; /* asked when the policy in force failed; made at the first failure */
    struct oc_subscription *news;
    int64_t status_at; /* monotonic; 0 = not known */
    bool governed;     /* once it is, it stays */
};

const char *oc_gate_role(enum oc_role role); /* "operator" */

/* Publishes "op.denied": once for a call that the gate refuses, whether at once or later. */
void oc_gate_tell_denied(const struct oc_gate *g, const struct oc_call *call, const char *reason);

/* ---- gate_files.c ---- */
/* Private operations write files in the command line's own process, where nobody could be asked to vote: on a governed host they leave
 * alone what decides. OC_E_DENIED, also when it cannot be told whether the host is governed. */
int oc_gate_keep_files(struct oc_gate *g, const struct oc_op *op, const json_t *params,
                       struct oc_error *err);

/* ---- gate_request.c ---- */
/* Has the call kept for a decision, with the plan that is voted on: OC_E_APPROVAL and details, or why not, or OC_GATE_LATER while the
 * plan is made. */
int oc_gate_request(struct oc_gate *g, const struct oc_call *call, const char *category,
                    const char *reason, json_t **details, struct oc_error *err);

#endif
