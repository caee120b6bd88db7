/* What the files of the rule service share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RULE_SERVICE_H
#define OC_SERVICE_RULE_SERVICE_H

#include "core/service/rule/engine.h"
#include "core/service/rule/rule.h"

struct oc_rule_service {
    const struct oc_env *env;
    struct oc_rule_engine *engine;
    struct oc_subscription *samples; /* NULL in an ephemeral daemon: it only looks */
    struct oc_timer *timer;
    struct oc_rule_source source; /* of the configuration in force */
    bool restored;
};

void oc_rule_add_ops(struct oc_rule_service *s);

#endif
