/* Clients of the bridge: what they are told and what may wait for them. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/bridge/bridge.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

struct oc_bridge_client *oc_bridge_client_create(struct oc_bridge_area *a,
                                                 const struct oc_identity *who)
{
    struct oc_bridge_client *c = oc_calloc(1, sizeof *c);
    c->area = a;
    c->who = *who;
    c->who.role = who->kind == OC_IDENTITY_NONE ? OC_ROLE_VIEWER : who->role;
    snprintf(c->id, sizeof c->id, "client-%" PRIu64, ++a->serial);
    c->next = a->clients;
    if (a->clients) {
        a->clients->prev = c;
    }
    a->clients = c;
    a->count++;
    return c;
}

void oc_bridge_client_destroy(struct oc_bridge_client *c)
{
    oc_bridge_sending_leave(c);
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->area->clients = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    c->area->count--;
    for (size_t i = 0; i < c->channels.count; i++) {
        free(c->channels.items[i]);
    }
    OC_VEC_FINISH(&c->channels);
    free(c);
}

/* ---- telling ---- */

void oc_bridge_answer(struct oc_bridge_client *c, json_t *frame)
{
    if (oc_socket_pending(c->socket) > OC_BRIDGE_QUEUE_HARD) {
        oc_socket_close(c->socket, OC_WS_LATER, "answers are not read");
    } else {
        struct oc_packet *p = oc_packet_json(frame);
        oc_socket_send(c->socket, p, false);
        oc_packet_unref(p);
    }
    json_decref(frame);
}

void oc_bridge_client_tell(struct oc_bridge_client *c, struct oc_packet *p)
{
    const size_t pending = oc_socket_pending(c->socket);
    if (!c->lagging && pending > 0 && pending + p->len > OC_BRIDGE_QUEUE_MAX) {
        c->missed += oc_socket_drop(c->socket);
        c->lagging = true;
        c->lagging_since = oc_time_mono();
    }
    if (c->lagging) {
        c->missed++;
    } else {
        oc_socket_send(c->socket, p, true);
    }
}

bool oc_bridge_client_wants(const struct oc_bridge_client *c, const char *channel)
{
    for (size_t i = 0; i < c->channels.count; i++) {
        if (oc_glob(c->channels.items[i], channel)) {
            return true;
        }
    }
    return !c->chose;
}

/* ---- the socket ---- */

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct oc_bridge_client *c = ctx;
    if (text) {
        oc_bridge_take_frame(c, data, len);
    } else {
        oc_socket_close(c->socket, OC_WS_TYPE, "text frames only");
    }
}

static void on_drained(void *ctx)
{
    struct oc_bridge_client *c = ctx;
    if (c->lagging) {
        json_t *o = json_object();
        oc_json_set_str(o, "type", "lost");
        oc_json_set_int(o, "messages", (int64_t)c->missed);
        c->lagging = false;
        c->missed = 0;
        oc_bridge_answer(c, o);
    }
}

static void on_closed(void *ctx)
{
    struct oc_bridge_client *c = ctx;
    c->socket = NULL;
    oc_bridge_client_destroy(c);
}

const struct oc_socket_handler oc_bridge_client_handler = {on_message, on_drained, on_closed};

void oc_bridge_client_tick(struct oc_bridge_client *c, int64_t now)
{
    if (now - c->touched >= OC_BRIDGE_TOUCH_MS) {
        c->touched = now;
        oc_access_touch(c->area->api->access, &c->who);
    }
    if (c->who.expires_ms && oc_time_wall() >= c->who.expires_ms) {
        oc_socket_close(c->socket, OC_WS_POLICY, "the credentials have expired");
    } else if (c->lagging && now - c->lagging_since >= OC_BRIDGE_SLOW_MS) {
        oc_socket_close(c->socket, OC_WS_LATER, "too slow");
    }
    oc_socket_tick(c->socket, now);
}
