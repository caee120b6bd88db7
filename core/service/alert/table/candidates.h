/* Alerts that a set of matchers may mean, found by way of the index, a few at a time. SPDX-License-Identifier: MIT  [loop]
 *
 * One matcher is chosen to go by: with a value to be equal to, the rarest; else one that is tried once for each value of its label instead of once for each
 * alert; one that alerts without the label fulfil rules out those of the other values. The table may change between two calls: no alert that
 * stays is missed, some may come twice. */
#ifndef OC_SERVICE_ALERT_CANDIDATES_H
#define OC_SERVICE_ALERT_CANDIDATES_H

#include "core/service/alert/table/matcher.h"
#include "core/service/alert/table/table.h"

enum oc_candidates_mode {
    OC_CANDIDATES_ALL,   /* every place; those that are ruled out are skipped */
    OC_CANDIDATES_VALUES /* those of values that hold */
};

struct oc_candidates {
    const struct oc_matcher *matchers; /* borrowed */
    size_t count;
    const struct oc_matcher *by; /* the one chosen; NULL: none */
    enum oc_candidates_mode mode;
    size_t
        values; /* of its label, still to be tried: from the last to the first, as values are removed by moving the last */
    bool one;   /* `by` speaks of one value */
    bool done;
    uint32_t at; /* the next place */
    OC_VEC(uint32_t) places;
    uint64_t *ruled_out; /* bits of places */
    uint32_t ruled_count;
};

/* `matchers` has to stay as long as `c` is used. */
void oc_candidates_begin(struct oc_candidates *c, const struct oc_alerts *t,
                         const struct oc_matcher *matchers, size_t count);
/* The next one, or NULL: nothing found in this step, or all is `done`. A step is short, whatever the matchers are. */
struct oc_alert *oc_candidates_step(struct oc_candidates *c, const struct oc_alerts *t);
/* Whether all matchers hold for an alert that a step gave. */
bool oc_candidates_admit(const struct oc_candidates *c, const struct oc_alerts *t,
                         const struct oc_alert *a);
/* Steps that the regular expressions of the matchers have taken, for callers that take turns: looking at one alert may be cheap or not. */
uint64_t oc_candidates_effort(const struct oc_candidates *c);
void oc_candidates_finish(struct oc_candidates *c);

#endif
