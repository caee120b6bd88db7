/* What the files of the view share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_VIEW_INTERNAL_H
#define OC_SERVICE_ALERT_VIEW_INTERNAL_H

#include "core/base/vec.h"
#include "core/service/alert/intake/ingest.h"
#include "core/service/alert/look/view.h"
#include "core/service/alert/table/table.h"

#define OC_VIEW_PAIRS_MAX    (OC_INGEST_LABELS_MAX + 8)
#define OC_VIEW_SILENCES_MAX 64
#define OC_VIEW_SOURCES_MAX  16 /* alerts that keep one quiet */

/* What the route policy said of an alert that nobody has been told of yet. */
struct oc_view_route {
    uint64_t of;   /* what it was asked about, and by which policy; 0: not asked */
    uint64_t mask; /* bit n: channel n of the outbox */
};

/* What a view points to. */
struct oc_view_scratch {
    OC_VEC(struct oc_view_route) routes; /* by place in the table */
    uint64_t failed_at; /* the versions with which the policy ran out of time; 0: none did */
    char id[OC_ALERT_ID_MAX + 1];
    struct oc_alert_pair labels[OC_VIEW_PAIRS_MAX], annotations[OC_VIEW_PAIRS_MAX];
    size_t label_count, annotation_count;
    const char *receivers[OC_ALERT_CHANNELS_MAX];
    size_t receiver_count;
    const char *silences[OC_VIEW_SILENCES_MAX];
    size_t silence_count;
    const char *sources[OC_VIEW_SOURCES_MAX];
    char source_ids[OC_VIEW_SOURCES_MAX][OC_ALERT_ID_MAX + 1];
    size_t source_count;
};

/* The query's expression over receivers; NULL when it has none. Owned by the caller. */
int oc_view_receiver(const struct oc_alert_query *q, struct oc_regex **receiver,
                     struct oc_error *err);
bool oc_view_admits_receiver(struct oc_regex *receiver, const char *name);
/* Those told, else those that the route policy names. It is asked once, and again when the alert, the policies or the channels are others. */
void oc_view_fill_receivers(struct oc_view_scratch *v, struct oc_alert_service *s,
                            const struct oc_alert *a);
void oc_view_free(struct oc_view_scratch *v); /* NULL is fine */
/* Names of channels as oc_view_fill_receivers says; valid until the next call. */
const char *const *oc_view_receivers_of(struct oc_alert_service *s, const struct oc_alert *a,
                                        size_t *count);
bool oc_view_admits(const struct oc_alert_query *q, struct oc_regex *receiver,
                    const struct oc_alert *a, const struct oc_alert_view *view);

#endif
