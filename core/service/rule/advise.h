/* What is odd about a sound rule: warnings, never errors. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RULE_ADVISE_H
#define OC_SERVICE_RULE_ADVISE_H

#include "core/base/vec.h"
#include "core/service/rule/engine.h"

struct oc_rule_declared {
    OC_VEC(const char *) names; /* of the manifests; one that ends in * stands for many */
    OC_VEC(json_t *) lists;     /* owned: they are borrowed from these */
};

struct oc_rule_advisor {
    struct oc_store *store;
    struct oc_plugins *plugins;       /* NULL: metrics are not looked up */
    const struct oc_node *channels;   /* `alerts.channels`, or NULL */
    struct oc_rule_declared declared; /* empty at first: gathered once for all rules */
};

/* Warns of metrics that no plugin declares (when they are near one that is declared, or of its family: collectors such
 * as prometheus bring names that nobody can know before), of thresholds that are no numbers and are compared by order, and of
 * channels that are not configured. The first warning stays with the rule. */
void oc_rule_advise(struct oc_rule_advisor *a, struct oc_rule *rule,
                    const struct oc_thresholds *thresholds, const struct oc_node *item,
                    const char *path, struct oc_diags *diags);
void oc_rule_advisor_finish(struct oc_rule_advisor *a);

#endif
