/* The area of the bridge: its routes, its clients, what the bus tells. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/bridge/bridge.h"
#include "core/api/socket/accept.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define TICK_MS OC_SECOND

/* ---- what the bus tells ---- */

/* In the host's words and in those of the channel: clients of old know `timestamp`, `threadId`. */
static struct oc_packet *frame_message(const json_t *row)
{
    json_t *o = json_object();
    int64_t time_ms = 0;
    oc_json_set_str(o, "type", "message");
    json_object_update_missing(o, (json_t *)(uintptr_t)row);
    json_object_set(o, "messageType", json_object_get(row, "type"));
    if (oc_time_parse(oc_json_str(row, "time", ""), 0, &time_ms) == OC_OK) {
        oc_json_set_int(o, "timestamp", time_ms);
    }
    json_object_set(o, "threadId", json_object_get(row, "thread"));
    json_object_set(o, "parentId", json_object_get(row, "parent"));
    struct oc_packet *p = oc_packet_json(o);
    json_decref(o);
    return p;
}

static void on_message(void *ctx, const struct oc_event *event)
{
    struct oc_bridge_area *a = ctx;
    const char *channel = oc_json_str(event->data, "channel", "");
    struct oc_packet *p = NULL;
    for (struct oc_bridge_client *c = a->clients; c; c = c->next) {
        if (oc_bridge_client_wants(c, channel)) {
            p = p ? p : frame_message(event->data);
            oc_bridge_client_tell(c, p);
        }
    }
    oc_packet_unref(p);
}

static void on_changed(void *ctx, const struct oc_event *event)
{
    struct oc_bridge_area *a = ctx;
    (void)event;
    for (struct oc_bridge_client *c = a->clients; c; c = c->next) {
        oc_bridge_answer(c, oc_bridge_status(a));
    }
    a->marked_at = 0; /* a server that is new has no marks */
}

static void on_revoked(void *ctx, const struct oc_event *event)
{
    struct oc_bridge_area *a = ctx;
    for (struct oc_bridge_client *c = a->clients; c; c = c->next) {
        if (strcmp(c->who.actor, oc_json_str(event->data, "actor", "")) == 0) {
            oc_socket_close(c->socket, OC_WS_POLICY, "the credentials were revoked");
        }
    }
}

/* ---- who listens ---- */

static void add_agent(json_t *agents, const char *channel)
{
    const size_t len = strlen(channel);
    const char *name = NULL;
    size_t name_len = 0;
    if (oc_starts(channel, "a2a:")) {
        name = channel + 4;
        name_len = len - 4;
    } else if (oc_starts(channel, "agent:") && oc_ends(channel, ":inbox") && len > 12) {
        name = channel + 6;
        name_len = len - 12;
    }
    if (name_len > 0 && !memchr(name, '*', name_len) && json_array_size(agents) < 256) {
        json_array_append_new(agents, json_stringn(name, name_len));
    }
}

/* Only those who may speak for an agent may say that it listens. */
void oc_bridge_mark(struct oc_bridge_area *a, const struct oc_bridge_client *only)
{
    json_t *agents = json_array();
    for (const struct oc_bridge_client *c = only ? only : a->clients; c;
         c = only ? NULL : c->next) {
        for (size_t i = 0; i < c->channels.count && c->who.role >= OC_ROLE_OPERATOR; i++) {
            add_agent(agents, c->channels.items[i]);
        }
    }
    if (json_array_size(agents) > 0) {
        json_t *params = json_object();
        json_object_set(params, "agents", agents);
        const struct oc_call_request req = {
            .op = "message.presence",
            .params = params,
            .actor = {.name = "bridge", .role = OC_ROLE_OPERATOR},
            .on_done = NULL,
        };
        oc_ops_call(a->api->env->ops, &req);
    }
    json_decref(agents);
}

static void tick(void *ctx)
{
    struct oc_bridge_area *a = ctx;
    const int64_t now = oc_time_mono();
    struct oc_bridge_client *c, *next;
    for (c = a->clients; c; c = next) {
        next = c->next;
        oc_bridge_client_tick(c, now);
    }
    if (now - a->marked_at >= OC_BRIDGE_PRESENT_MS) {
        a->marked_at = now;
        oc_bridge_mark(a, NULL);
    }
    if (!a->clients) { /* a host that rests is not woken */
        oc_timer_stop(a->tick);
    }
}

/* ---- HTTP ---- */

json_t *oc_bridge_status(struct oc_bridge_area *a)
{
    json_t *o = json_object(), *rows = oc_ops_ask(a->api->env->ops, "message.status", NULL);
    const json_t *row = json_array_get(rows, 0);
    const char *state = oc_json_str(row, "state", "off");
    json_t *bridge = json_object();
    oc_json_set_str(o, "type", "status");
    oc_json_set_str(o, "status", strcmp(state, "failed") == 0 ? "degraded" : "ok");
    oc_json_set_time(o, "timestamp", oc_time_wall());
    oc_json_set_str(bridge, "state", state);
    json_object_set(bridge, "plugin", json_object_get(row, "plugin"));
    json_object_set(bridge, "since", json_object_get(row, "since"));
    oc_json_take(o, "bridge", bridge);
    oc_json_set_int(o, "clients", (int64_t)a->count);
    json_decref(rows);
    return o;
}

static void get_health(struct oc_http_request *r, void *ctx)
{
    json_t *o = oc_bridge_status(ctx);
    json_object_del(o, "type");
    oc_http_send_json(r, 200, o);
}

static void get_agents(struct oc_http_request *r, void *ctx)
{
    struct oc_bridge_area *a = ctx;
    json_t *snapshot = oc_ops_ask(a->api->env->ops, "health.snapshot", NULL);
    json_t *agents = json_incref(json_object_get(snapshot, "agents"));
    json_decref(snapshot);
    oc_http_send_json(r, 200, agents ? agents : json_array());
}

/* ---- arriving ---- */

struct arrival {
    struct oc_bridge_area *area;
    struct oc_identity who;
};

static void hello(struct oc_bridge_client *c)
{
    json_t *o = oc_bridge_status(c->area);
    oc_json_set_str(o, "type", "connected");
    oc_json_set_str(o, "clientId", c->id);
    oc_json_set_str(o, "version", OC_VERSION);
    oc_json_set_str(o, "actor", c->who.actor);
    oc_bridge_answer(c, o);
}

static void on_ready(void *ctx, struct oc_http_upgrade *u, int fd, struct oc_view extra)
{
    struct arrival *w = ctx;
    if (u && !w->area->stopping) {
        struct oc_bridge_client *c = oc_bridge_client_create(w->area, &w->who);
        if (!oc_timer_active(w->area->tick)) {
            oc_timer_start(w->area->tick, TICK_MS, TICK_MS);
        }
        c->socket = oc_socket_open(w->area->api->env->loop, u, fd, extra, OC_BRIDGE_MESSAGE_MAX,
                                   &oc_bridge_client_handler, c);
        if (c->socket) {
            hello(c);
        } else {
            oc_http_upgrade_close(u);
            oc_bridge_client_destroy(c);
        }
    } else if (u) {
        oc_http_upgrade_close(u);
    }
    free(w);
}

static void arrive(struct oc_http_request *r, void *ctx)
{
    static const char *const protocols[] = {"openclaw.bridge.v1", "a2a-v1", NULL};
    const char *protocol;
    if (oc_ws_handshake(r, protocols, &protocol)) {
        struct arrival *w = oc_calloc(1, sizeof *w);
        w->area = ctx;
        w->who = *oc_http_who(r);
        oc_http_upgrade(r, "websocket", on_ready, w);
    }
}

static const struct oc_route own_routes[] = {
    {"GET", "/", OC_ROUTE_VIEWER, OC_ROUTE_BRIDGE, arrive, NULL},
    {"GET", "/ws", OC_ROUTE_VIEWER, OC_ROUTE_BRIDGE, arrive, NULL},
    {"GET", "/health", OC_ROUTE_PUBLIC, OC_ROUTE_BRIDGE, get_health, NULL},
    {"GET", "/api/agents", OC_ROUTE_VIEWER, OC_ROUTE_BRIDGE, get_agents, NULL},
    {0}};
static const struct oc_route routes[] = {{"GET", "/bridge", OC_ROUTE_VIEWER, OC_ROUTE_UPGRADE,
                                          arrive, "Open a WebSocket of the message bridge"},
                                         {0}};

/* ---- life ---- */

static void *create(struct oc_api *api)
{
    struct oc_bridge_area *a = oc_calloc(1, sizeof *a);
    a->api = api;
    a->messages = oc_bus_subscribe(api->env->bus, "agent.message", on_message, a);
    a->changed = oc_bus_subscribe(api->env->bus, "bridge.changed", on_changed, a);
    a->revoked = oc_bus_subscribe(api->env->bus, "access.revoked", on_revoked, a);
    a->tick = oc_timer_create(api->env->loop, tick, a);
    oc_router_add(&api->bridge, own_routes, a);
    oc_router_add(&api->router, routes, a);
    return a;
}

static void stop(void *area)
{
    struct oc_bridge_area *a = area;
    a->stopping = true;
    for (struct oc_bridge_client *c = a->clients; c; c = c->next) {
        oc_socket_close(c->socket, OC_WS_GOING, "the host is stopping");
    }
}

static void destroy(void *area)
{
    struct oc_bridge_area *a = area;
    while (a->clients) {
        struct oc_bridge_client *c = a->clients;
        oc_socket_destroy(c->socket);
        oc_bridge_client_destroy(c);
    }
    oc_bus_unsubscribe(a->messages);
    oc_bus_unsubscribe(a->changed);
    oc_bus_unsubscribe(a->revoked);
    oc_timer_destroy(a->tick);
    free(a);
}

const struct oc_area oc_area_bridge = {
    .name = "bridge", .create = create, .stop = stop, .destroy = destroy};
