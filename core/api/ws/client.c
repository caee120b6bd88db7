/* One client: what it sends, what may wait for it, when it is given up. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/guard.h"
#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/meter.h"
#include "core/base/text.h"
#include "core/base/time.h"

static struct oc_meter clients = {.name = "openclaw_websocket_clients",
                                  .help = "Clients of the WebSocket at /ws",
                                  .kind = OC_METER_GAUGE};

/* ---- life ---- */

struct oc_ws_client *oc_ws_client_create(struct oc_ws_hub *h, const struct oc_identity *who,
                                         bool legacy)
{
    struct oc_ws_client *c = oc_calloc(1, sizeof *c);
    c->hub = h;
    c->who = *who;
    c->who.role = who->kind == OC_IDENTITY_NONE ? OC_ROLE_VIEWER : who->role;
    c->legacy = legacy;
    c->next = h->clients;
    if (h->clients) {
        h->clients->prev = c;
    }
    h->clients = c;
    h->count++;
    oc_meter_set(&clients, (double)h->count, NULL, NULL, NULL);
    return c;
}

void oc_ws_client_destroy(struct oc_ws_client *c)
{
    struct oc_ws_hub *h = c->hub;
    oc_ws_calls_leave(c);
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        h->clients = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    h->count--;
    oc_meter_set(&clients, (double)h->count, NULL, NULL, NULL);
    for (int i = 0; i < OC_WS_TOPICS; i++) {
        if (c->topics >> i & 1) {
            oc_ws_unwatch(h, (enum oc_ws_topic)i);
        }
    }
    for (size_t i = 0; i < c->patterns.count; i++) {
        free(c->patterns.items[i]);
    }
    OC_VEC_FINISH(&c->patterns);
    oc_ws_samples_leave(c);
    free(c);
}

/* ---- sending ---- */

void oc_ws_push(struct oc_ws_client *c, enum oc_ws_topic topic, struct oc_packet *p)
{
    const size_t pending = c->socket ? oc_socket_pending(c->socket) : 0;
    if (!c->socket || c->stale >> topic & 1) {
        return;
    }
    /* One snapshot may be longer than all that may wait: it is shared, and must get through some time. */
    if (pending > 0 && pending + p->len > OC_WS_QUEUE_MAX) {
        oc_socket_drop(c->socket);
        c->lagging_since = c->stale ? c->lagging_since : oc_time_mono();
        c->stale |= c->topics;
        oc_ws_calls_lost(c);
        return;
    }
    oc_socket_send(c->socket, p, true);
}

void oc_ws_push_json(struct oc_ws_client *c, enum oc_ws_topic topic, json_t *frame)
{
    struct oc_packet *p = oc_packet_json(frame);
    json_decref(frame);
    oc_ws_push(c, topic, p);
    oc_packet_unref(p);
}

void oc_ws_answer(struct oc_ws_client *c, json_t *frame)
{
    if (c->socket && oc_socket_pending(c->socket) > OC_WS_QUEUE_HARD) {
        oc_socket_close(c->socket, OC_WS_LATER, "answers are not read");
    } else if (c->socket) {
        struct oc_packet *p = oc_packet_json(frame);
        oc_socket_send(c->socket, p, false);
        oc_packet_unref(p);
    }
    json_decref(frame);
}

void oc_ws_error(struct oc_ws_client *c, const char *code, const char *message, const char *what)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", "error");
    oc_json_set_str(o, "code", code);
    oc_json_set_str(o, "message", message);
    if (what) {
        oc_json_set_str(o, "topic", what);
    }
    oc_ws_answer(c, o);
}

bool oc_ws_within_rate(const struct oc_ws_client *c, const char *method)
{
    const bool within = oc_guard_within_rate(c->hub->api, &c->who, oc_socket_peer(c->socket));
    if (!within && c->socket) {
        oc_socket_refused(c->socket, "rate-limited", method, NULL);
    }
    return within;
}

bool oc_ws_may_see(const struct oc_ws_client *c, enum oc_role role, const char *actor)
{
    return c->who.role >= role &&
           (!actor || c->who.role == OC_ROLE_ADMIN || strcmp(actor, c->who.actor) == 0);
}

bool oc_ws_wants_event(const struct oc_ws_client *c, const char *topic)
{
    for (size_t i = 0; i < c->patterns.count; i++) {
        if (oc_glob(c->patterns.items[i], topic)) {
            return true;
        }
    }
    return false;
}

/* ---- what it sends ---- */

static void pong(struct oc_ws_client *c)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", "pong");
    oc_json_set_int(o, "timestamp", oc_time_wall());
    oc_ws_answer(c, o);
}

static void take_legacy(struct oc_ws_client *c, const char *type, const json_t *frame)
{
    const json_t *names = json_object_get(frame, "subscriptions");
    names = names ? names : json_object_get(frame, "topics");
    if (strcmp(type, "subscribe") == 0) {
        oc_ws_legacy_subscribe(c, names);
    } else if (strcmp(type, "unsubscribe") == 0) {
        oc_ws_legacy_unsubscribe(c, names);
    } /* the server of old was silent about anything else */
}

static void take_frame(struct oc_ws_client *c, const char *type, const json_t *frame)
{
    const json_t *id = json_object_get(frame, "id");
    if (strcmp(type, "ping") == 0) {
        pong(c);
    } else if (c->legacy) {
        take_legacy(c, type, frame);
    } else if (strcmp(type, "subscribe") == 0) {
        oc_ws_subscribe(c, json_object_get(frame, "topics"), json_object_get(frame, "selectors"),
                        json_object_get(frame, "since"));
    } else if (strcmp(type, "unsubscribe") == 0) {
        oc_ws_unsubscribe(c, json_object_get(frame, "topics"));
    } else if (strcmp(type, "call") == 0) {
        oc_ws_call_begin(c, id, oc_json_str(frame, "op", ""), json_object_get(frame, "params"));
    } else if (strcmp(type, "cancel") == 0) {
        oc_ws_call_cancel(c, id);
    } else {
        oc_ws_error(c, "config", "the frame has no type that is known here", NULL);
    }
}

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct oc_ws_client *c = ctx;
    struct oc_error err;
    oc_error_init(&err);
    if (!text) {
        oc_socket_close(c->socket, OC_WS_TYPE, "text frames only");
        return;
    }
    json_t *frame = oc_json_parse_request(data, len, &err);
    const char *type = oc_json_str(frame, "type", NULL);
    if (type) {
        take_frame(c, type, frame);
    } else {
        oc_ws_error(c, "config", frame ? "expected an object with a type" : err.message, NULL);
    }
    json_decref(frame);
}

static void on_drained(void *ctx)
{
    struct oc_ws_client *c = ctx;
    if (c->stale) {
        oc_ws_resync(c);
    }
}

static void on_closed(void *ctx)
{
    struct oc_ws_client *c = ctx;
    c->socket = NULL;
    oc_ws_client_destroy(c);
}

const struct oc_socket_handler oc_ws_client_handler = {on_message, on_drained, on_closed};

/* ---- each second ---- */

void oc_ws_client_tick(struct oc_ws_client *c, int64_t now)
{
    if (now - c->touched >= OC_WS_TOUCH_MS) {
        c->touched = now;
        oc_access_touch(c->hub->api->access, &c->who);
    }
    if (c->who.expires_ms && oc_time_wall() >= c->who.expires_ms) {
        oc_socket_close(c->socket, OC_WS_POLICY, "the credentials have expired");
    } else if (c->stale && now - c->lagging_since >= OC_WS_SLOW_MS) {
        oc_socket_close(c->socket, OC_WS_LATER, "too slow");
    }
    oc_ws_calls_tick(c);
    oc_socket_tick(c->socket, now);
}
