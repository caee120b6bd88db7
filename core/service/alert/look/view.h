/* Alerts, groups, silences and receivers as data for whoever renders them. SPDX-License-Identifier: MIT  [loop]
 *
 * Everything given to a callback is borrowed until the callback returns; the service must not be changed from within one. */
#ifndef OC_SERVICE_ALERT_VIEW_H
#define OC_SERVICE_ALERT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/service/alert/table/matcher.h"

struct oc_alert;
struct oc_alert_service;
struct oc_recurrence;

#define OC_RECEIVER_NONE "none" /* the receiver of alerts that no channel is for */

/* ---- alerts ---- */

struct oc_alert_pair {
    const char *name, *value; /* NUL-terminated, valid UTF-8 */
};

enum oc_alert_view_state {
    OC_ALERT_VIEW_UNPROCESSED, /* not looked at yet */
    OC_ALERT_VIEW_ACTIVE,
    OC_ALERT_VIEW_SUPPRESSED, /* silenced (or inhibited) */
};

struct oc_alert_view {
    const char *id;                                   /* 16 hex digits */
    const struct oc_alert_pair *labels, *annotations; /* labels are sorted by name */
    size_t label_count, annotation_count;
    const char *generator; /* the generatorURL, or "" */
    int64_t starts_at, ends_at,
        updated_at; /* wall ms; ends_at of a firing alert: when it ends unless posted again */
    enum oc_alert_view_state state;
    bool firing;
    const char *const *silenced_by; /* ids of silences */
    size_t silenced_by_count;
    const char *const *inhibited_by; /* ids of alerts */
    size_t inhibited_by_count;
    const char *const *
        receivers; /* names of channels: those told, else those that the route policy names; at least one */
    size_t receiver_count;
    const char *acknowledged_by, *assigned_to; /* NULL: nobody */
};

struct oc_alert_query {
    const struct oc_matcher *matchers; /* over labels; all must hold */
    size_t matcher_count;
    const char
        *receiver; /* a regular expression over receivers' names, anchored; NULL or "": any */
    bool active, silenced, inhibited,
        unprocessed; /* Alertmanager's parameters; all true by default there */
    bool resolved;   /* also those that are over (Alertmanager never shows them) */
};

/* Alertmanager's defaults: everything that fires. */
void oc_alert_query_init(struct oc_alert_query *q);

/* Fills `view` for one alert; what it points to is valid until the next call of this function. */
void oc_alert_view_get(struct oc_alert_service *s, const struct oc_alert *alert,
                       struct oc_alert_view *view);

/* ---- receivers and figures ---- */

/* Names of the configured channels (enabled ones), OC_RECEIVER_NONE when there is none. */
void oc_alert_view_receivers(struct oc_alert_service *s, void (*fn)(void *ctx, const char *name),
                             void *ctx);

struct oc_alert_counts {
    uint64_t active, suppressed, resolved; /* alerts now */
    uint64_t firing_by_severity[3];        /* info, warning, critical */
    uint64_t acknowledged;                 /* of those that fire */
    uint64_t silences_active, silences_pending, silences_expired;
    uint64_t received_firing, received_resolved; /* posted, ever since the start */
    uint64_t received_invalid, received_dropped; /* refused; no room */
    uint64_t notifications, notifications_failed;
    uint64_t journal_bytes, journal_syncs, journal_segments;
    bool journal_failing;
};
void oc_alert_view_counts(const struct oc_alert_service *s, struct oc_alert_counts *counts);

/* ---- silences ---- */

enum oc_silence_state { OC_SILENCE_PENDING, OC_SILENCE_ACTIVE, OC_SILENCE_EXPIRED };

struct oc_silence_view {
    const char *id;
    enum oc_silence_state state;
    const struct oc_matcher *matchers;
    size_t matcher_count;
    int64_t starts_at, ends_at, updated_at;
    const char *created_by, *comment;
};

/* All that are kept (expired ones for `alerts.keep_expired_silences`, 5 days): active first, then pending, then expired; the next to
 * end first. `filter` (may be NULL): only silences whose own matchers include each of these (by name, value and kind), as Alertmanager does. */
void oc_alert_view_silences(struct oc_alert_service *s, const struct oc_matcher *filter,
                            size_t filter_count,
                            bool (*fn)(void *ctx, const struct oc_silence_view *view), void *ctx);
/* False when there is none of this id (no prefix). */
bool oc_alert_view_silence(struct oc_alert_service *s, const char *id,
                           struct oc_silence_view *view);

struct oc_silence_draft {
    const char *id;                    /* NULL or "": a new one; else the one to be changed */
    const struct oc_matcher *matchers; /* copied */
    size_t matcher_count;
    int64_t starts_at, ends_at; /* wall ms; a start that is past (or 0) means now */
    const char *created_by, *comment;
    struct oc_recurrence
        *recur; /* taken on success; NULL: it does not come again, or goes on as it did */
    bool until_resolved;
};

#endif
