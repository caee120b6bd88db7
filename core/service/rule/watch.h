/* Which subjects a sample of a series concerns. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RULE_WATCH_H
#define OC_SERVICE_RULE_WATCH_H

#include "core/service/rule/engine.h"
#include "core/service/rule/rhythm.h"

/* What series->rules points to once a series has been met. */
struct oc_rule_watch {
    size_t count, cap;
    struct oc_rule_subject **subjects;
    bool gone;    /* its latest sample says that it has ended */
    bool learned; /* the store was asked for the rhythm */
    struct oc_rhythm rhythm;
};

/* The first sample of a series (series->rules is NULL): makes its subjects. */
void oc_rule_meet(struct oc_rule_engine *e, struct oc_series *series);
/* A sample of a series that was met, before any rule looks at it. */
void oc_rule_hear(struct oc_rule_engine *e, const struct oc_sample *sample);
/* Whether the latest sample of a series that was met is too old to stand for what is so at `at_ms`. */
bool oc_rule_is_silent(struct oc_rule_engine *e, struct oc_series *series, int64_t at_ms);
/* How long it usually was from one sample of a series to the next before `until_ms`, as the store tells; 0 = it is not known. */
int64_t oc_rule_usual_step(struct oc_rule_engine *e, struct oc_series *series, int64_t until_ms);
/* Series came up or ended: the subjects of the rules that read them look for theirs again. */
void oc_rule_rebind(struct oc_rule_engine *e);
/* Frees every subject and lets go of every series. */
void oc_rule_unwatch_all(struct oc_rule_engine *e);

#endif
