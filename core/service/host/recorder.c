/* The recorder of events. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/service/host/internal.h"

#define ACTORS 256
#define EACH   20 /* refusals of one actor in a minute */

/* Topics that are signals between services, not facts worth keeping. */
static const char *const signals[] = {"api.listening",   "collector.detail", "collector.member",
                                      "collector.swept", "collect.first",    "health.soft",
                                      "job.progress",    "samples.complete"};

static bool is_signal(const char *topic)
{
    for (size_t i = 0; i < OC_COUNT(signals); i++) {
        if (strcmp(topic, signals[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whoever may do nothing can be refused as often as they like, and that must not fill the store. How often it was is in the audit.
 * A refused change is told twice: that it was refused, and that it was tried. */
static bool is_one_too_many(struct oc_host_service *s, const struct oc_event *event)
{
    unsigned left_out = 0;
    struct oc_ration *ration =
        strcmp(event->topic, "op.denied") == 0 ? &s->refusals
        : strcmp(event->topic, "audit") == 0 && oc_json_bool(event->data, "refused", false)
            ? &s->refused_changes
            : NULL;
    return ration && !oc_ration_take(ration, oc_json_str(event->data, "actor", ""), &left_out);
}

static void record(void *ctx, const struct oc_event *event)
{
    struct oc_host_service *s = ctx;
    if (!is_signal(event->topic) && !is_one_too_many(s, event)) {
        oc_events_append(s->env.store, event->time_ms, event->topic, event->data, NULL);
    }
}

void oc_host_start_recorder(struct oc_host_service *s)
{
    s->refusals = s->refused_changes = (struct oc_ration){.each = EACH, .max = ACTORS};
    s->recorder = oc_bus_subscribe(s->env.bus, s->env.ephemeral ? "audit" : "*", record, s);
}

void oc_host_stop_recorder(struct oc_host_service *s)
{
    oc_bus_unsubscribe(s->recorder);
    oc_ration_finish(&s->refusals);
    oc_ration_finish(&s->refused_changes);
}
