/* Which subjects a sample of a series concerns. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RULE_WATCH_H
#define OC_SERVICE_RULE_WATCH_H

#include "core/service/rule/engine.h"

/* What series->rules points to once a series has been met. */
struct oc_rule_watch {
    size_t count, cap;
    struct oc_rule_subject **subjects;
};

/* The first sample of a series (series->rules is NULL): makes its subjects. */
void oc_rule_meet(struct oc_rule_engine *e, struct oc_series *series);
/* Series came up: the subjects of the rules that read them look for theirs again. */
void oc_rule_rebind(struct oc_rule_engine *e);
/* Frees every subject and lets go of every series. */
void oc_rule_unwatch_all(struct oc_rule_engine *e);

#endif
