/* The order in which alerts are shown. SPDX-License-Identifier: MIT */
#include "rank.h"

#include <stdlib.h>

void oc_alert_ranks_add(struct oc_alert_ranks *r, const struct oc_alert *a)
{
    const struct oc_alert_rank rank = {a->key, a->starts_at, (int32_t)a->severity, a->firing};
    OC_VEC_PUSH(&r->list, rank);
}

static int compare(const void *x, const void *y)
{
    const struct oc_alert_rank *a = x, *b = y;
    if (a->firing != b->firing) {
        return a->firing ? -1 : 1;
    }
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    if (a->starts_at != b->starts_at) {
        return a->starts_at > b->starts_at ? -1 : 1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

void oc_alert_ranks_sort(struct oc_alert_ranks *r)
{
    if (r->list.count > 0) {
        qsort(r->list.items, r->list.count, sizeof *r->list.items, compare);
    }
}

void oc_alert_ranks_finish(struct oc_alert_ranks *r)
{
    OC_VEC_FINISH(&r->list);
}
