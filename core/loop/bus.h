/* The event bus: facts that happened, told to whoever listens. SPDX-License-Identifier: MIT  [loop]
 *
 * Topics are dotted words ("alert.firing", "plugin.fenced"). Delivery is synchronous, in the order of subscription.
 * A subscriber may publish (the new event is delivered at once, depth at most 8) and may unsubscribe itself. */
#ifndef OC_LOOP_BUS_H
#define OC_LOOP_BUS_H

#include <jansson.h>
#include <stdint.h>

struct oc_bus;
struct oc_subscription;

struct oc_event {
    uint64_t id; /* grows by one; starts anew with the process */
    int64_t time_ms;
    const char *topic;
    json_t *data; /* borrowed; an object, NULL when `native` is used */
    /* borrowed; for the topics that a header declares with a C type (samples are too many for JSON) */
    const void *native;
};

typedef void (*oc_event_fn)(void *ctx, const struct oc_event *event);

struct oc_bus *oc_bus_create(void);
void oc_bus_destroy(struct oc_bus *bus);
/* In `topic` * and ? match as in oc_glob; a pattern sees no native-only events. */
struct oc_subscription *oc_bus_subscribe(struct oc_bus *bus, const char *topic, oc_event_fn fn,
                                         void *ctx);
void oc_bus_unsubscribe(struct oc_subscription *s);                       /* NULL is fine */
void oc_bus_publish(struct oc_bus *bus, const char *topic, json_t *data); /* takes data */
void oc_bus_publish_native(struct oc_bus *bus, const char *topic, const void *native);

#endif
