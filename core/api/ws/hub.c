/* The area: the route, the tick, what the bus tells. SPDX-License-Identifier: MIT */
#include "core/api/ws/hub.h"

#include <string.h>

#include "core/api/areas.h"
#include "core/api/socket/accept.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/op/topic.h"

#define SWEEP_MS     OC_SECOND
#define APART_MAX_MS OC_SECOND /* between two looks at a costly topic */
#define SOON_MS      5         /* what changes together is told together */
#define SEQ_PER_MS   1000u

/* ---- numbers and frames ---- */

uint64_t oc_ws_next(struct oc_ws_hub *h)
{
    return ++h->seq;
}

json_t *oc_ws_frame(const char *type, const char *topic, uint64_t seq, json_t *data)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", type);
    oc_json_set_str(o, "topic", topic);
    oc_json_set_int(o, "event", (int64_t)seq);
    oc_json_take(o, "data", data);
    return o;
}

static void keep(struct oc_ws_hub *h, enum oc_ws_topic topic, const char *event, enum oc_role role,
                 const char *actor, struct oc_packet *packet)
{
    const struct oc_ws_told told = {.seq = h->seq,
                                    .topic = (int)topic,
                                    .role = role,
                                    .event = (char *)(uintptr_t)event,
                                    .actor = (char *)(uintptr_t)actor,
                                    .packet = packet};
    oc_ws_ring_add(&h->ring, &told);
}

void oc_ws_tell(struct oc_ws_hub *h, enum oc_ws_topic topic, const char *actor, json_t *data)
{
    struct oc_ws_client *c;
    json_t *frame = oc_ws_frame("delta", oc_ws_topic_name(topic), oc_ws_next(h), data);
    struct oc_packet *p = oc_packet_json(frame);
    json_decref(frame);
    keep(h, topic, NULL, oc_ws_topic_role(topic), actor, p);
    for (c = h->clients; c; c = c->next) {
        if (!c->legacy && c->topics >> topic & 1 && oc_ws_may_see(c, OC_ROLE_VIEWER, actor)) {
            oc_ws_push(c, topic, p);
        }
    }
    oc_packet_unref(p);
}

/* ---- watching ---- */

/* The cost is that of this thread: what others do on a busy machine is none of ours. */
static void pace_due(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    struct oc_ws_pace *p = &h->pace[topic];
    const int64_t begun_us = oc_time_thread_us();
    p->told = oc_time_mono();
    oc_ws_topic_tell(h, topic);
    p->cost_us = oc_time_thread_us() - begun_us;
}

static void health_due(void *hub)
{
    pace_due(hub, OC_WS_HEALTH);
}

static void alerts_due(void *hub)
{
    pace_due(hub, OC_WS_ALERTS);
}

static void logs_due(void *hub)
{
    pace_due(hub, OC_WS_LOGS);
}

static void samples_due(void *hub)
{
    pace_due(hub, OC_WS_SAMPLES);
}

static const oc_loop_fn due_of[OC_WS_TOPICS] = {[OC_WS_HEALTH] = health_due,
                                                [OC_WS_ALERTS] = alerts_due,
                                                [OC_WS_LOGS] = logs_due,
                                                [OC_WS_SAMPLES] = samples_due};

void oc_ws_changed(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    struct oc_ws_pace *p = &h->pace[topic];
    if (!h->live[topic] || !due_of[topic] || oc_timer_active(p->timer)) {
        return;
    }
    /* What takes long is not done more than a twentieth of the time; but nobody waits for long because it once did. */
    const int64_t apart_ms = p->cost_us * 20 / 1000;
    const int64_t apart = apart_ms < OC_WS_TICK_MS  ? OC_WS_TICK_MS
                          : apart_ms > APART_MAX_MS ? APART_MAX_MS
                                                    : apart_ms;
    const int64_t wait = p->told + apart - oc_time_mono();
    oc_timer_start(p->timer, wait > SOON_MS ? wait : SOON_MS, 0);
}

void oc_ws_watch(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (h->watchers[topic]++ == 0 && !h->live[topic]) {
        h->live[topic] = true;
        h->base[topic] = h->seq;
        oc_ws_topic_begin(h, topic);
    }
}

void oc_ws_unwatch(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    if (--h->watchers[topic] == 0) {
        h->unwatched[topic] = oc_time_mono();
    }
}

static void end_topic(struct oc_ws_hub *h, enum oc_ws_topic topic)
{
    h->live[topic] = false;
    if (h->pace[topic].timer) {
        oc_timer_stop(h->pace[topic].timer);
    }
    oc_ws_topic_end(h, topic);
}

/* ---- the bus ---- */

static void tell_event(struct oc_ws_hub *h, const struct oc_event *event)
{
    struct oc_ws_client *c;
    const enum oc_role role = oc_topic_role(event->topic, h->api->env->plugins);
    const char *actor =
        oc_starts(event->topic, "job.") ? oc_json_str(event->data, "actor", "") : NULL;
    json_t *frame = oc_ws_frame("event", event->topic, oc_ws_next(h), json_incref(event->data));
    oc_json_set_int(frame, "time", event->time_ms);
    struct oc_packet *p = oc_packet_json(frame);
    json_decref(frame);
    keep(h, OC_WS_EVENTS, event->topic, role, actor, p);
    for (c = h->clients; c; c = c->next) {
        if (c->patterns.count > 0 && oc_ws_may_see(c, role, actor) &&
            oc_ws_wants_event(c, event->topic)) {
            oc_ws_push(c, OC_WS_EVENTS, p);
        }
    }
    oc_packet_unref(p);
}

static void revoked(struct oc_ws_hub *h, const char *actor)
{
    for (struct oc_ws_client *c = h->clients; c; c = c->next) {
        if (strcmp(c->who.actor, actor) == 0) {
            oc_socket_close(c->socket, OC_WS_POLICY, "the credentials were revoked");
        }
    }
}

static void tell_message(struct oc_ws_hub *h, const struct oc_event *event)
{
    json_t *data = json_object(), *list = json_array();
    json_array_append(list, event->data);
    oc_json_take(data, "messages", list);
    oc_ws_tell(h, OC_WS_MESSAGES, NULL, data);
}

static void on_event(void *ctx, const struct oc_event *event)
{
    struct oc_ws_hub *h = ctx;
    const bool alert = oc_starts(event->topic, "alert.") || oc_starts(event->topic, "silence.");
    if (strcmp(event->topic, "access.revoked") == 0) {
        revoked(h, oc_json_str(event->data, "actor", ""));
    }
    if (alert) {
        oc_ws_changed(h, OC_WS_ALERTS);
        oc_ws_legacy_alert(h, event);
    }
    if (alert || oc_starts(event->topic, "health.")) {
        oc_ws_changed(h, OC_WS_HEALTH);
    }
    if (oc_starts(event->topic, "job.")) {
        oc_ws_jobs_event(h, event);
    }
    if (h->live[OC_WS_MESSAGES] && strcmp(event->topic, "agent.message") == 0) {
        tell_message(h, event);
    }
    if (h->live[OC_WS_EVENTS]) {
        tell_event(h, event);
    }
}

static void on_batch(void *ctx, const struct oc_event *event)
{
    struct oc_ws_hub *h = ctx;
    oc_ws_changed(h, OC_WS_HEALTH);
    if (h->live[OC_WS_SAMPLES]) {
        oc_ws_samples_batch(h, event->native);
    }
}

/* ---- the tick ---- */

/* Nobody is there, and nobody left a moment ago: a host that rests is not woken. */
static bool is_alone(const struct oc_ws_hub *h)
{
    bool live = false;
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        live = live || h->live[i];
    }
    return !h->clients && !live;
}

static void tick(void *ctx)
{
    struct oc_ws_hub *h = ctx;
    const int64_t now = oc_time_mono();
    struct oc_ws_client *c, *next;
    for (c = h->clients; c; c = next) {
        next = c->next;
        oc_ws_client_tick(c, now);
    }
    oc_ws_legacy_tick(h, now);
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        if (h->live[i] && h->watchers[i] == 0 && now - h->unwatched[i] >= OC_WS_LINGER_MS) {
            end_topic(h, (enum oc_ws_topic)i);
        }
    }
    if (is_alone(h)) {
        oc_timer_stop(h->tick);
    }
}

/* ---- arriving ---- */

static const char *const protocols[] = {"openclaw.v1", NULL};

/* Between the handshake and the socket. The hub may go first: it then forgets it. */
struct arrival {
    struct oc_ws_hub *hub;
    struct oc_identity who;
    bool legacy;
};

static void hello(struct oc_ws_client *c)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    json_t *o = json_object();
    oc_json_set_str(o, "type", "hello");
    oc_json_set_str(o, "version", OC_VERSION);
    oc_json_set_str(o, "actor", c->who.actor);
    oc_json_set_str(o, "role", roles[c->who.role]);
    oc_json_set_int(o, "event", (int64_t)c->hub->seq);
    oc_ws_answer(c, o);
}

static void on_ready(void *ctx, struct oc_http_upgrade *u, int fd, struct oc_view extra)
{
    struct arrival *a = ctx;
    if (u && !a->hub->stopping) {
        struct oc_ws_client *c = oc_ws_client_create(a->hub, &a->who, a->legacy);
        if (!oc_timer_active(a->hub->tick)) {
            oc_timer_start(a->hub->tick, SWEEP_MS, SWEEP_MS);
        }
        c->socket = oc_socket_open(a->hub->api->env->loop, u, fd, extra, OC_WS_MESSAGE_MAX,
                                   &oc_ws_client_handler, c);
        if (!c->socket) {
            oc_http_upgrade_close(u);
            oc_ws_client_destroy(c);
        } else if (a->legacy) {
            oc_ws_legacy_hello(c);
        } else {
            hello(c);
        }
    } else if (u) {
        oc_http_upgrade_close(u);
    }
    free(a);
}

static void arrive(struct oc_http_request *r, void *ctx)
{
    const char *protocol;
    if (!oc_ws_handshake(r, protocols, &protocol)) {
        return;
    }
    struct arrival *a = oc_calloc(1, sizeof *a);
    a->hub = ctx;
    a->who = *oc_http_who(r);
    a->legacy = protocol == NULL;
    oc_http_upgrade(r, "websocket", on_ready, a);
}

static const struct oc_route routes[] = {{"GET", "/ws", OC_ROUTE_VIEWER, OC_ROUTE_UPGRADE, arrive,
                                          "Open a WebSocket (subprotocol openclaw.v1)"},
                                         {0}};

/* ---- life ---- */

static void *create(struct oc_api *api)
{
    struct oc_ws_hub *h = oc_calloc(1, sizeof *h);
    h->api = api;
    /* Numbers go on growing over restarts, also of a host that lived for a part of a second: as long as there were not a thousand a
     * millisecond. */
    h->seq = (uint64_t)oc_time_wall() * SEQ_PER_MS;
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        h->base[i] = h->seq;
        h->pace[i].timer = due_of[i] ? oc_timer_create(api->env->loop, due_of[i], h) : NULL;
    }
    h->tick = oc_timer_create(api->env->loop, tick, h);
    h->events = oc_bus_subscribe(api->env->bus, "*", on_event, h);
    h->batches = oc_bus_subscribe(api->env->bus, "samples", on_batch, h);
    oc_router_add(&api->router, routes, h);
    return h;
}

static void stop(void *area)
{
    struct oc_ws_hub *h = area;
    h->stopping = true;
    for (struct oc_ws_client *c = h->clients; c; c = c->next) {
        oc_ws_calls_leave(c);
        oc_socket_close(c->socket, OC_WS_GOING, "the host is stopping");
    }
    if (h->live[OC_WS_LOGS]) {
        end_topic(h, OC_WS_LOGS); /* its call must not outlive what it asks */
    }
}

static void destroy(void *area)
{
    struct oc_ws_hub *h = area;
    h->stopping = true;
    while (h->clients) {
        struct oc_ws_client *c = h->clients;
        oc_socket_destroy(c->socket);
        oc_ws_client_destroy(c);
    }
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        if (h->live[i]) {
            end_topic(h, (enum oc_ws_topic)i);
        }
        oc_timer_destroy(h->pace[i].timer);
    }
    for (size_t i = 0; i < h->jobs.count; i++) {
        json_decref(h->jobs.items[i]);
    }
    OC_VEC_FINISH(&h->jobs);
    oc_bus_unsubscribe(h->events);
    oc_bus_unsubscribe(h->batches);
    oc_timer_destroy(h->tick);
    oc_ws_ring_finish(&h->ring);
    free(h);
}

const struct oc_area oc_area_ws = {
    .name = "ws", .create = create, .stop = stop, .destroy = destroy};
