/* Matchers to alerts by way of the index. SPDX-License-Identifier: MIT */
#include "select.h"

#include <string.h>

#include "core/service/alert/table/candidates.h"

bool oc_alerts_match(const struct oc_alerts *t, const struct oc_matcher *matchers, size_t count,
                     const struct oc_alert *a)
{
    for (size_t i = 0; i < count; i++) {
        if (!oc_matcher_holds(&matchers[i], t, a)) {
            return false;
        }
    }
    return true;
}

void oc_alerts_select(const struct oc_alerts *t, const struct oc_matcher *matchers, size_t count,
                      struct oc_selection *selection)
{
    struct oc_candidates c;
    memset(selection, 0, sizeof *selection);
    oc_candidates_begin(&c, t, matchers, count);
    while (!c.done) {
        struct oc_alert *a = oc_candidates_step(&c, t);
        if (a && oc_candidates_admit(&c, t, a)) {
            OC_VEC_PUSH(&selection->alerts, a);
        }
    }
    oc_candidates_finish(&c);
}

static int by_key(const void *x, const void *y)
{
    const struct oc_alert *a = *(const struct oc_alert *const *)x;
    const struct oc_alert *b = *(const struct oc_alert *const *)y;
    return (a->key > b->key) - (a->key < b->key);
}

void oc_selection_sort(struct oc_selection *selection)
{
    if (selection->alerts.count > 1) {
        qsort(selection->alerts.items, selection->alerts.count, sizeof *selection->alerts.items,
              by_key);
    }
}
