/* The parts of the reader of alert-rules.yaml. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_IMPORT_ALERTING_H
#define OC_CONFIG_IMPORT_ALERTING_H

#include "core/config/import/importer.h"

/* notifications.channels: a list of items with a `type`, or a mapping by name. One that is off is taken over as off. */
void oc_import_channels(struct oc_importer *imp);
/* suppression.rules: the cooldown and the maintenance windows. The severity cascade is the alert service's (policies/inhibit.lua). */
void oc_import_suppression(struct oc_importer *imp);
/* aggregation.rules. Sums by category and by agent, in the words of the original, are what digests say: only their time is taken over.
 * Another grouping becomes that of all alerts; its text is a route's (policies/route.lua). */
void oc_import_aggregation(struct oc_importer *imp);
/* The rule of the list aggregation.rules that says how alerts are grouped: the first that is on and understood, and none that digests follow.
 * NULL: there is none. Borrowed. */
const json_t *oc_import_grouping(const json_t *list);

#endif
