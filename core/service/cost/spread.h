/* Growth of counters, laid evenly over the time in which it may have come. SPDX-License-Identifier: MIT  [loop]
 *
 * A counter says how much, not when: between two looks, be it half a minute or a weekend on which this host was down, the
 * growth is taken as even. The span is cut into the days and into the hours that it touches; what falls into a piece is
 * told by the times of its two ends alone, so the pieces of a growth add up to it, those of the days and those of the hours
 * alike. What is counted in whole numbers is shared in whole numbers. */
#ifndef OC_SERVICE_COST_SPREAD_H
#define OC_SERVICE_COST_SPREAD_H

#include "core/base/vec.h"
#include "core/service/cost/ledger.h"

struct oc_cost_piece {
    struct oc_bucket *bucket; /* borrowed of the ledger */
    int64_t from_ms, to_ms;
    bool is_day; /* else an hour */
};

struct oc_cost_spread {
    int64_t from_ms, to_ms; /* from < to */
    OC_VEC(struct oc_cost_piece) pieces;
};

struct oc_cost;

/* The pieces of what has grown from `from_ms` to `to_ms`; all of it came at `to_ms` when it is not later. Further back than
 * figures are kept nothing is laid: the span is shorter then. */
void oc_cost_spread_init(struct oc_cost_spread *sp, struct oc_cost *c, int64_t from_ms,
                         int64_t to_ms);
void oc_cost_spread_finish(struct oc_cost_spread *sp);
/* What of `grown` had come before `at_ms`. */
double oc_cost_spread_until(const struct oc_cost_spread *sp, double grown, bool whole,
                            int64_t at_ms);
double oc_cost_spread_share(const struct oc_cost_spread *sp, double grown, bool whole,
                            const struct oc_cost_piece *piece);

#endif
