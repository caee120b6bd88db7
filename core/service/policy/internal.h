/* What the files of this folder share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_POLICY_INTERNAL_H
#define OC_SERVICE_POLICY_INTERNAL_H

#include "core/service/policy/policy_service.h"

struct oc_policy_service {
    const struct oc_env *env;
    struct oc_timer *timer; /* NULL in an ephemeral daemon */
};

void oc_policy_add_ops(struct oc_policy_service *s);

#endif
