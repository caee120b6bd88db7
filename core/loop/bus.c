/* The event bus. SPDX-License-Identifier: MIT */
#include "core/loop/bus.h"

#include <string.h>
#include <sys/queue.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define DEPTH_MAX 8

struct oc_subscription {
    struct oc_bus *bus;
    char *topic;
    bool pattern;
    oc_event_fn fn; /* NULL once unsubscribed; freed when no delivery is going on */
    void *ctx;
    uint64_t since; /* the first event it may see */
    TAILQ_ENTRY(oc_subscription) link;
};

TAILQ_HEAD(subscriptions, oc_subscription);

struct oc_bus {
    struct subscriptions list;
    uint64_t last_id;
    unsigned depth;
    bool has_dead;
};

struct oc_bus *oc_bus_create(void)
{
    struct oc_bus *bus = oc_calloc(1, sizeof *bus);
    TAILQ_INIT(&bus->list);
    return bus;
}

static void remove_subscription(struct oc_subscription *s)
{
    TAILQ_REMOVE(&s->bus->list, s, link);
    free(s->topic);
    free(s);
}

void oc_bus_destroy(struct oc_bus *bus)
{
    if (!bus) {
        return;
    }
    OC_ASSERT(bus->depth == 0);
    while (!TAILQ_EMPTY(&bus->list)) {
        remove_subscription(TAILQ_FIRST(&bus->list));
    }
    free(bus);
}

struct oc_subscription *oc_bus_subscribe(struct oc_bus *bus, const char *topic, oc_event_fn fn,
                                         void *ctx)
{
    struct oc_subscription *s = oc_calloc(1, sizeof *s);
    s->bus = bus;
    s->topic = oc_strdup(topic);
    s->pattern = strpbrk(topic, "*?") != NULL;
    s->fn = fn;
    s->ctx = ctx;
    s->since = bus->last_id + 1;
    TAILQ_INSERT_TAIL(&bus->list, s, link);
    return s;
}

void oc_bus_unsubscribe(struct oc_subscription *s)
{
    if (!s) {
        return;
    }
    if (s->bus->depth == 0) {
        remove_subscription(s);
    } else { /* a delivery further up may be standing on it */
        s->fn = NULL;
        s->bus->has_dead = true;
    }
}

static void remove_dead(struct oc_bus *bus)
{
    struct oc_subscription *s = TAILQ_FIRST(&bus->list), *next;
    for (; s; s = next) {
        next = TAILQ_NEXT(s, link);
        if (!s->fn) {
            remove_subscription(s);
        }
    }
    bus->has_dead = false;
}

static bool wants(const struct oc_subscription *s, const struct oc_event *event)
{
    if (!s->fn || event->id < s->since) {
        return false;
    }
    if (!strcmp(s->topic, event->topic)) {
        return true;
    }
    if (event->native) {
        return false;
    }
    return s->pattern && oc_glob(s->topic, event->topic);
}

static void deliver(struct oc_bus *bus, const char *topic, json_t *data, const void *native)
{
    struct oc_event event = {
        .time_ms = oc_time_wall(), .topic = topic, .data = data, .native = native};
    struct oc_subscription *s;

    if (bus->depth == DEPTH_MAX) {
        oc_err("event dropped: events cause each other", "topic=%s depth=%u", topic, bus->depth);
        return;
    }
    event.id = ++bus->last_id;
    bus->depth++;
    TAILQ_FOREACH(s, &bus->list, link)
    {
        if (wants(s, &event)) {
            s->fn(s->ctx, &event);
        }
    }
    bus->depth--;
    if (bus->depth == 0 && bus->has_dead) {
        remove_dead(bus);
    }
}

void oc_bus_publish(struct oc_bus *bus, const char *topic, json_t *data)
{
    data = data ? data : json_object();
    deliver(bus, topic, data, NULL);
    json_decref(data);
}

void oc_bus_publish_native(struct oc_bus *bus, const char *topic, const void *native)
{
    deliver(bus, topic, NULL, native);
}
