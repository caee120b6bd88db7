/* Subscribing: what a client has missed, or else a snapshot. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/op/topic.h"

#define TOPICS_AT_ONCE 40
#define NO_TOPICS      "expected `topics`, a list of names"
#define TEXT_OF(x)     #x
#define TEXT(x)        TEXT_OF(x)

static const char *pattern_of(const char *name)
{
    return name + strlen(oc_ws_topic_name(OC_WS_EVENTS));
}

static bool add_pattern(struct oc_ws_client *c, const char *pattern)
{
    for (size_t i = 0; i < c->patterns.count; i++) {
        if (strcmp(c->patterns.items[i], pattern) == 0) {
            return true;
        }
    }
    if (c->patterns.count >= OC_WS_PATTERNS_MAX || strlen(pattern) > OC_WS_NAME_MAX) {
        return false;
    }
    OC_VEC_PUSH(&c->patterns, oc_strdup(pattern));
    return true;
}

static void join(struct oc_ws_client *c, enum oc_ws_topic topic)
{
    if (!(c->topics >> topic & 1)) {
        oc_ws_topic_settle(c->hub, topic);
        c->topics |= 1u << topic;
        oc_ws_watch(c->hub, topic);
    }
}

/* ---- what was missed ---- */

static bool wants(const struct oc_ws_client *c, const struct oc_ws_told *t, uint32_t topics,
                  const json_t *patterns)
{
    size_t i;
    const json_t *p;
    if (!(topics >> t->topic & 1) || !oc_ws_may_see(c, t->role, t->actor)) {
        return false;
    }
    if (t->topic != OC_WS_EVENTS) {
        return true;
    }
    json_array_foreach(patterns, i, p)
    {
        if (oc_glob(json_string_value(p), t->event)) {
            return true;
        }
    }
    return false;
}

/* True when the ring has everything of the topic that was told after `since`. */
static bool knows_since(const struct oc_ws_hub *h, enum oc_ws_topic topic, uint64_t since)
{
    return topic != OC_WS_SAMPLES && since >= h->base[topic] && since >= h->ring.forgotten &&
           since <= h->seq;
}

static void replay(struct oc_ws_client *c, uint64_t since, uint32_t topics, const json_t *patterns)
{
    const struct oc_ws_ring *ring = &c->hub->ring;
    for (size_t i = oc_ws_ring_after(ring, since); i < ring->count; i++) {
        const struct oc_ws_told *t = oc_ws_ring_at(ring, i);
        if (wants(c, t, topics, patterns)) {
            oc_ws_push(c, (enum oc_ws_topic)t->topic, t->packet);
        }
    }
}

/* `pattern` is of `events:`, else "". It is no row that may be dropped: who misses it takes what it has for all there is. */
static void send_resync(struct oc_ws_client *c, enum oc_ws_topic topic, const char *pattern)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", "resync");
    oc_json_take(o, "topic", json_sprintf("%s%s", oc_ws_topic_name(topic), pattern));
    oc_ws_answer(c, o);
}

/* All topics are told before the first of them has its snapshot, which may take long to get through. Events have none: each pattern is
 * told that some of its own may be missing. */
static void send_resyncs(struct oc_ws_client *c)
{
    const uint32_t topics = c->legacy ? 0 : c->stale & c->topics & ~c->noticed;
    for (int i = 0; i < OC_WS_EVENTS; i++) {
        if (topics >> i & 1) {
            send_resync(c, (enum oc_ws_topic)i, "");
        }
    }
    for (size_t i = 0; topics >> OC_WS_EVENTS & 1 && i < c->patterns.count; i++) {
        send_resync(c, OC_WS_EVENTS, c->patterns.items[i]);
    }
    c->noticed |= c->stale;
}

static void catch_up(struct oc_ws_client *c, uint32_t topics, const json_t *since,
                     const json_t *patterns)
{
    const uint64_t from = (uint64_t)json_integer_value(since);
    const json_t *pattern;
    uint32_t known = 0;
    size_t at;
    for (int i = 0; i < OC_WS_TOPICS && since; i++) {
        if (topics >> i & 1 && knows_since(c->hub, (enum oc_ws_topic)i, from)) {
            known |= 1u << i;
        }
    }
    if (known) {
        replay(c, from, known, patterns);
    }
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        if (topics >> i & 1 && !(known >> i & 1)) {
            if (since && i == OC_WS_EVENTS) {
                json_array_foreach(patterns, at, pattern)
                {
                    send_resync(c, OC_WS_EVENTS, json_string_value(pattern));
                }
            } else if (since && i != OC_WS_SAMPLES) {
                send_resync(c, (enum oc_ws_topic)i, "");
            }
            oc_ws_topic_snapshot(c, (enum oc_ws_topic)i);
        }
    }
}

/* ---- subscribe, unsubscribe ---- */

static void acknowledge(struct oc_ws_client *c)
{
    json_t *o = json_object(), *list = json_array();
    for (int i = 0; i < OC_WS_EVENTS; i++) {
        if (c->topics >> i & 1) {
            json_array_append_new(list, json_string(oc_ws_topic_name((enum oc_ws_topic)i)));
        }
    }
    for (size_t i = 0; i < c->patterns.count; i++) {
        json_array_append_new(list, json_sprintf("%s%s", oc_ws_topic_name(OC_WS_EVENTS),
                                                 (const char *)c->patterns.items[i]));
    }
    oc_json_set_str(o, "type", "subscribed");
    oc_json_take(o, "topics", list);
    oc_json_set_int(o, "event", (int64_t)c->hub->seq);
    oc_ws_answer(c, o);
}

/* A pattern that matches nothing but what others are told would wait for ever. */
static enum oc_role role_of(int topic, const char *name)
{
    const enum oc_role role = oc_ws_topic_role((enum oc_ws_topic)topic);
    const enum oc_role events =
        topic == OC_WS_EVENTS ? oc_topic_pattern_role(pattern_of(name)) : OC_ROLE_VIEWER;
    return role > events ? role : events;
}

/* The bit of the topic, or 0 when it was refused, which has been said. */
static uint32_t admit(struct oc_ws_client *c, const char *name, json_t *patterns)
{
    const int topic = oc_ws_topic_find(name);
    if (topic < 0) {
        oc_ws_error(c, "not_found", "there is no such topic", name);
    } else if (c->who.role < role_of(topic, name)) {
        oc_socket_refused(c->socket, "role", "subscribe", name);
        oc_ws_error(c, "denied", "the topic needs another role", name);
    } else if (topic == OC_WS_EVENTS && !add_pattern(c, pattern_of(name))) {
        oc_ws_error(c, "config", "too many patterns, or one that is too long", name);
    } else {
        if (topic == OC_WS_EVENTS) {
            json_array_append_new(patterns, json_string(pattern_of(name)));
        }
        return 1u << topic;
    }
    return 0;
}

/* What is wrong with the frame; NULL: nothing. What would be taken for something else, or left out, is refused instead. */
static const char *complaint_about(const json_t *topics, const json_t *selectors,
                                   const json_t *since)
{
    size_t i;
    const json_t *name;
    if (!json_is_array(topics)) {
        return NO_TOPICS;
    }
    json_array_foreach(topics, i, name)
    {
        if (!json_is_string(name)) {
            return NO_TOPICS;
        }
    }
    if (json_array_size(topics) > TOPICS_AT_ONCE) {
        return "expected at most " TEXT(TOPICS_AT_ONCE) " topics at once";
    }
    if (since && !json_is_null(since) &&
        (!json_is_integer(since) || json_integer_value(since) < 0)) {
        return "expected `since`, the number of an event";
    }
    return oc_ws_samples_complaint(selectors);
}

void oc_ws_subscribe(struct oc_ws_client *c, const json_t *topics, const json_t *selectors,
                     const json_t *since)
{
    uint32_t asked = 0;
    size_t i;
    const json_t *name;
    json_t *patterns = json_array();
    const char *complaint = complaint_about(topics, selectors, since);
    if (!oc_ws_within_rate(c, "subscribe")) {
        oc_ws_error(c, "retry", OC_WS_TOO_OFTEN, NULL);
    } else if (complaint) {
        oc_ws_error(c, "config", complaint, NULL);
    } else {
        json_array_foreach(topics, i, name)
        {
            asked |= admit(c, json_string_value(name), patterns);
        }
        if (asked >> OC_WS_SAMPLES & 1) {
            oc_ws_samples_select(c, selectors);
        }
        for (i = 0; i < OC_WS_TOPICS; i++) {
            if (asked >> i & 1) {
                join(c, (enum oc_ws_topic)i);
            }
        }
        acknowledge(c);
        catch_up(c, asked, json_is_null(since) ? NULL : since, patterns);
    }
    json_decref(patterns);
}

static void leave(struct oc_ws_client *c, enum oc_ws_topic topic)
{
    if (!(c->topics >> topic & 1)) {
        return;
    }
    c->topics &= ~(1u << topic);
    if (topic == OC_WS_SAMPLES) {
        oc_ws_samples_leave(c);
    }
    oc_ws_unwatch(c->hub, topic);
}

static void leave_pattern(struct oc_ws_client *c, const char *pattern)
{
    for (size_t i = 0; i < c->patterns.count; i++) {
        if (strcmp(c->patterns.items[i], pattern) == 0) {
            free(c->patterns.items[i]);
            OC_VEC_REMOVE(&c->patterns, i);
            break;
        }
    }
    if (c->patterns.count == 0) {
        leave(c, OC_WS_EVENTS);
    }
}

void oc_ws_unsubscribe(struct oc_ws_client *c, const json_t *topics)
{
    size_t i;
    const json_t *name;
    json_array_foreach(topics, i, name)
    {
        const char *text = json_string_value(name);
        const int topic = text ? oc_ws_topic_find(text) : -1;
        if (topic == OC_WS_EVENTS) {
            leave_pattern(c, pattern_of(text));
        } else if (topic >= 0) {
            leave(c, (enum oc_ws_topic)topic);
        }
    }
    acknowledge(c);
}

/* One at a time, each when nothing else waits: together they may be more than may wait. */
void oc_ws_resync(struct oc_ws_client *c)
{
    enum oc_ws_topic topic = OC_WS_HEALTH;
    while (!(c->stale >> topic & 1)) {
        topic++;
    }
    send_resyncs(c);
    oc_ws_topic_settle(c->hub, topic);
    c->stale &= ~(1u << topic);
    c->noticed &= ~(1u << topic);
    if (c->legacy && c->parts) {
        oc_ws_legacy_hello(c);
    } else if (c->topics >> topic & 1 && !c->legacy) {
        oc_ws_topic_snapshot(c, topic);
    }
    if (c->stale) {
        oc_socket_remind(c->socket);
    }
}
