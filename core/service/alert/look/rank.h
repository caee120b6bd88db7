/* The order in which alerts are shown: those that fire before those that are over, the gravest first, then the newest.
 * SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_RANK_H
#define OC_SERVICE_ALERT_RANK_H

#include "core/base/vec.h"
#include "core/service/alert/table/record.h"

/* What the order needs of an alert. */
struct oc_alert_rank {
    uint64_t key;
    int64_t starts_at;
    int32_t severity;
    bool firing;
};

struct oc_alert_ranks {
    OC_VEC(struct oc_alert_rank) list;
};

void oc_alert_ranks_add(struct oc_alert_ranks *r, const struct oc_alert *a);
void oc_alert_ranks_sort(struct oc_alert_ranks *r);
void oc_alert_ranks_finish(struct oc_alert_ranks *r);

#endif
