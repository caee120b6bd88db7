/* Names in routes that nobody knows: of channels, of intervals, and in texts. SPDX-License-Identifier: MIT  [loop]
 *
 * Each function appends sentences such as "a route names the channel x, which is not configured" to `warnings`, a list, each once. */
#ifndef OC_SERVICE_ALERT_ROUTES_CHECK_H
#define OC_SERVICE_ALERT_ROUTES_CHECK_H

#include "core/service/alert/service.h"

/* Intervals of a whole tree, as the hook `routes` shows it; what is no tree has none. Which of the channels in it are told is the policy's:
 * it may leave out those that are not configured. */
void oc_routes_warn_tree(const struct oc_alert_service *s, const json_t *tree, json_t *warnings);
/* Channels and intervals of where one alert went, and what its texts fill in from nowhere. */
void oc_routes_warn_route(const struct oc_alert_service *s, const struct oc_route *route,
                          json_t *warnings);

/* A severity that is none of the host's: what the alert counts as. */
void oc_routes_warn_severity(const struct oc_alert_service *s, const struct oc_alert *alert,
                             json_t *warnings);

#endif
