/* Alerts paired to incidents. SPDX-License-Identifier: MIT */
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

static void take_firing(struct oc_incidents *incidents, const json_t *event, int64_t ended,
                        bool (*shown)(void *ctx, const char *service), void *ctx)
{
    const json_t *alert = json_object_get(event, "data");
    const char *text = oc_json_str(json_object_get(alert, "annotations"), "public", NULL);
    const char *severity = oc_json_str(alert, "severity", "");
    char *service = service_of(alert);
    if (incidents->list.count < OC_INCIDENTS_MAX && strcmp(severity, "info") != 0 &&
        shown(ctx, service)) {
        struct oc_incident i = {.service = service,
                                .text = text ? oc_strdup(text) : NULL,
                                .critical = strcmp(severity, "critical") == 0,
                                .from_ms = time_of(alert, "starts_at", event),
                                .to_ms = ended};
        OC_VEC_PUSH(&incidents->list, i);
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
