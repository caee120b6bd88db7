/* Whether a route may tell somebody now: its mute and active intervals. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_MUTE_H
#define OC_SERVICE_ALERT_MUTE_H

#include "core/service/alert/service.h"

/* True when nothing may be told by this leaf at `now`: it is in one of its mute intervals, or outside of all of its active ones. `*until` receives the
 * first moment at which something may be told again; INT64_MAX: never within eight years. */
bool oc_mute_is(const struct oc_alert_service *s, const struct oc_leaf *leaf, int64_t now,
                int64_t *until);
/* Whether there is an interval of that name. */
bool oc_mute_knows(const struct oc_alert_service *s, const char *name);
/* A finding for each interval that a route, once taken or tried, names and nobody configured. */
void oc_mute_doctor(const struct oc_alert_service *s, json_t *findings);

#endif
