/* Whom to tell: the `route` policy's answer, or the fall-back. SPDX-License-Identifier: MIT  [loop]
 */
#ifndef OC_SERVICE_ALERT_ROUTE_H
#define OC_SERVICE_ALERT_ROUTE_H

#include "core/service/alert/outbox.h"

struct oc_route {
    OC_VEC(struct oc_channel *) channels; /* usable ones, each once, in the order of the answer */
    const char *by;                       /* "policy" or "levels" (the fall-back) */
    OC_VEC(char *) unknown;               /* owned: names in the answer that are not configured */
    char note[256];                       /* why the policy's answer was not used, or "" */
};

/* One round of routing. A policy that ran into its deadline is not asked again in the same round: a
 * thousand alerts must not hold the loop a thousand times as long. */
struct oc_router {
    const struct oc_outbox *outbox;
    const struct oc_alerts *alerts;
    int64_t now;
    char failure[256]; /* why the policy is not asked any more, or "" */
};

/* Asks route(alert, at_ms), where alert also has "configured_channels". A list of names is taken as
 * it is, also an empty one. No policy, a failed one, no list, or a list without one usable channel:
 * all usable channels whose `levels` admit the severity. Finish with oc_route_finish. */
void oc_route_find(struct oc_router *router, const struct oc_alert *alert, struct oc_route *route);
void oc_route_finish(struct oc_route *route);

#endif
