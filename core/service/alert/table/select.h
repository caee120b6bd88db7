/* Which alerts a set of matchers means, found by the labels they name. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_SELECT_H
#define OC_SERVICE_ALERT_SELECT_H

#include "core/service/alert/table/matcher.h"
#include "core/service/alert/table/table.h"

struct oc_selection {
    OC_VEC(struct oc_alert *) alerts; /* in no order */
};

/* Every alert for which all matchers hold (all alerts when there are none), also resolved ones; candidates.h says how. Finish with
 * OC_VEC_FINISH(&selection->alerts). */
void oc_alerts_select(const struct oc_alerts *t, const struct oc_matcher *matchers, size_t count,
                      struct oc_selection *selection);
bool oc_alerts_match(const struct oc_alerts *t, const struct oc_matcher *matchers, size_t count,
                     const struct oc_alert *a);
/* Sorts by id. */
void oc_selection_sort(struct oc_selection *selection);

#endif
