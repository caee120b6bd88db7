/* What changes among the alerts that fire, from one look to the next, for those who show them all. SPDX-License-Identifier: MIT  [loop]
 *
 * Of an alert only a stamp is kept, a hash of all that its row is made of: a look costs well below a microsecond for each alert that is
 * as it was, and rows are made of those that are not. Of more than `limit` the gravest are told, in the order of alert.list. */
#ifndef OC_SERVICE_ALERT_WATCH_H
#define OC_SERVICE_ALERT_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct oc_alert_service;
struct oc_alert_watch;

/* Knows nothing yet: for the first look everything is new. Close it before the service is destroyed. */
struct oc_alert_watch *oc_alert_watch_open(struct oc_alert_service *s, size_t limit);
void oc_alert_watch_close(struct oc_alert_watch *w); /* NULL is fine */

/* Appends to `changed` the rows (as alert.list gives them) that are new or differ since the last look, to `removed` the ids of those that
 * are no longer among the told. False when nothing changed, and oc_alert_watch_left_out neither. */
bool oc_alert_watch_look(struct oc_alert_watch *w, json_t *changed, json_t *removed);
/* How many fire beyond the limit, at the last look. */
size_t oc_alert_watch_left_out(const struct oc_alert_watch *w);
/* All that are told now, the gravest first; owned by the caller. */
json_t *oc_alert_watch_rows(const struct oc_alert_watch *w);

#endif
