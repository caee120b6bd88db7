/* Alerts paired to incidents, those of one outage joined. SPDX-License-Identifier: MIT */
#include "core/api/status/incident.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/time.h"

#define EVENTS_MAX 2000

static void incident_finish(struct oc_incident *i)
{
    free(i->service);
    free(i->text);
}

void oc_incidents_finish(struct oc_incidents *incidents)
{
    for (size_t i = 0; i < incidents->list.count; i++) {
        incident_finish(&incidents->list.items[i]);
    }
    OC_VEC_FINISH(&incidents->list);
}

/* "web/api": the label, or where the alert comes from; owned by the caller. */
static char *service_of(const json_t *alert)
{
    const char *label = oc_json_str(json_object_get(alert, "labels"), "service", NULL);
    const char *instance = oc_json_str(alert, "instance", "");
    const char *target = oc_json_str(alert, "target", "");
    return label     ? oc_strdup(label)
           : *target ? oc_asprintf("%s/%s", instance, target)
                     : oc_strdup(instance);
}

static int64_t time_of(const json_t *alert, const char *key, const json_t *event)
{
    int64_t ms = 0;
    const char *text = oc_json_str(alert, key, oc_json_str(event, "time", ""));
    return oc_time_parse(text, 0, &ms) == OC_OK ? ms : 0;
}

/* Alerts of one service that overlap tell of one outage: it is as grave as the gravest, and lasts as long as any. */
static bool joins(const struct oc_incident *a, const struct oc_incident *b)
{
    return strcmp(a->service, b->service) == 0 && (!a->to_ms || b->from_ms <= a->to_ms) &&
           (!b->to_ms || a->from_ms <= b->to_ms);
}

/* Takes `more`. The words of the gravest count, else whatever was written. */
static void join(struct oc_incident *into, struct oc_incident *more)
{
    if (more->text && (!into->text || (more->critical && !into->critical))) {
        free(into->text);
        into->text = more->text;
        more->text = NULL;
    }
    into->critical = into->critical || more->critical;
    into->from_ms = more->from_ms < into->from_ms ? more->from_ms : into->from_ms;
    into->to_ms = !into->to_ms || !more->to_ms ? 0
                  : more->to_ms > into->to_ms  ? more->to_ms
                                               : into->to_ms;
    incident_finish(more);
}

/* One may close the gap between two others: it is asked again until nothing joins. */
static void add(struct oc_incidents *incidents, struct oc_incident incident)
{
    for (size_t i = 0; i < incidents->list.count; i++) {
        if (joins(&incidents->list.items[i], &incident)) {
            join(&incident, &incidents->list.items[i]);
            incidents->list.count--;
            memmove(&incidents->list.items[i], &incidents->list.items[i + 1],
                    (incidents->list.count - i) * sizeof *incidents->list.items);
            i = SIZE_MAX; /* from the beginning */
        }
    }
    if (incidents->list.count < OC_INCIDENTS_MAX) {
        OC_VEC_PUSH(&incidents->list, incident);
    } else {
        incident_finish(&incident);
    }
}

static int newest_first(const void *a, const void *b)
{
    const int64_t x = ((const struct oc_incident *)a)->from_ms,
                  y = ((const struct oc_incident *)b)->from_ms;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void take_firing(struct oc_incidents *incidents, const json_t *event, int64_t ended,
                        bool (*shown)(void *ctx, const char *service), void *ctx)
{
    const json_t *alert = json_object_get(event, "data");
    const char *text = oc_json_str(json_object_get(alert, "annotations"), "public", NULL);
    const char *severity = oc_json_str(alert, "severity", "");
    char *service = service_of(alert);
    if (strcmp(severity, "info") != 0 && shown(ctx, service)) {
        struct oc_incident i = {.service = service,
                                .text = text ? oc_strdup(text) : NULL,
                                .critical = strcmp(severity, "critical") == 0,
                                .from_ms = time_of(alert, "starts_at", event),
                                .to_ms = ended};
        add(incidents, i);
    } else {
        free(service);
    }
}

void oc_incidents_take(struct oc_incidents *incidents, const json_t *events,
                       bool (*shown)(void *ctx, const char *service), void *ctx)
{
    struct oc_map ended = {0}; /* by alert: when the episode that we meet next, going back, ended */
    size_t i;
    json_t *event;
    oc_incidents_finish(incidents);
    json_array_foreach(events, i, event)
    {
        const json_t *alert = json_object_get(event, "data");
        const char *topic = oc_json_str(event, "topic", ""), *id = oc_json_str(alert, "id", "");
        if (strcmp(topic, "alert.resolved") == 0) {
            int64_t *at = oc_calloc(1, sizeof *at);
            *at = time_of(alert, "ends_at", event);
            free(oc_map_set(&ended, id, at));
        } else if (strcmp(topic, "alert.firing") == 0) {
            int64_t *at = oc_map_remove(&ended, id);
            take_firing(incidents, event, at ? *at : 0, shown, ctx);
            free(at);
        }
    }
    oc_map_finish(&ended, free);
    if (incidents->list.count) {
        qsort(incidents->list.items, incidents->list.count, sizeof *incidents->list.items,
              newest_first);
    }
}

void oc_incidents_read(struct oc_incidents *incidents, struct oc_store *store, int64_t now_ms,
                       bool (*shown)(void *ctx, const char *service), void *ctx)
{
    const struct oc_event_query query = {
        .topic = "alert.*", .from_ms = now_ms - OC_INCIDENT_DAYS * OC_DAY, .limit = EVENTS_MAX};
    struct oc_error err;
    oc_error_init(&err);
    json_t *events = oc_events_query(store, &query, &err);
    if (events) {
        oc_incidents_take(incidents, events, shown, ctx);
    }
    json_decref(events);
}
