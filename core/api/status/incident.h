/* What went wrong lately, from the history of alerts. SPDX-License-Identifier: MIT  [loop]
 *
 * One outage is one incident, however many alerts tell of it: those of one service whose times overlap are joined.
 * Only what the public may know: which shown service, how grave, from when to when, and what the operator wrote for the
 * public (the annotation `public` of the rule). Messages of alerts stay inside. */
#ifndef OC_API_STATUS_INCIDENT_H
#define OC_API_STATUS_INCIDENT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/vec.h"
#include "core/store/store.h"

#define OC_INCIDENT_DAYS 14
#define OC_INCIDENTS_MAX 50

struct oc_incident {
    char *service, *text; /* owned; text is NULL when nobody wrote one */
    bool critical;
    int64_t from_ms, to_ms; /* to_ms 0: it goes on */
};

struct oc_incidents {
    OC_VEC(struct oc_incident) list; /* the newest first */
};

/* Reads the events of the latest OC_INCIDENT_DAYS. `shown(ctx, service)` says whether a service is public. */
void oc_incidents_read(struct oc_incidents *incidents, struct oc_store *store, int64_t now_ms,
                       bool (*shown)(void *ctx, const char *service), void *ctx);
/* The same of events as oc_events_query answers them (newest first). */
void oc_incidents_take(struct oc_incidents *incidents, const json_t *events,
                       bool (*shown)(void *ctx, const char *service), void *ctx);
void oc_incidents_finish(struct oc_incidents *incidents); /* empty afterwards */

#endif
