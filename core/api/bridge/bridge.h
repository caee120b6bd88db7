/* The bridge: messages of agents for WebSocket clients, and for those of old its ports 3002 and 3003. SPDX-License-Identifier: MIT  [loop]
 *
 * A client is told every message until it subscribes; from then on only those of its channels. What it sends becomes the
 * operation message.send, under its own role. What a slow client misses is counted and said. */
#ifndef OC_API_BRIDGE_BRIDGE_H
#define OC_API_BRIDGE_BRIDGE_H

#include "core/api/internal.h"
#include "core/api/socket/socket.h"

#define OC_BRIDGE_MESSAGE_MAX  (256u << 10)
#define OC_BRIDGE_QUEUE_MAX    (1u << 20)
#define OC_BRIDGE_QUEUE_HARD   (4u << 20)
#define OC_BRIDGE_SLOW_MS      30000
#define OC_BRIDGE_CHANNELS_MAX 64
#define OC_BRIDGE_SENDING_MAX  64 /* messages of one client that are on their way */
#define OC_BRIDGE_PRESENT_MS   120000
#define OC_BRIDGE_TOUCH_MS     20000

struct oc_bridge_area;
struct oc_bridge_sending;

struct oc_bridge_client {
    struct oc_bridge_area *area;
    struct oc_bridge_client *next, *prev;
    struct oc_socket *socket;
    struct oc_identity who;
    char id[40];
    OC_VEC(char *) channels; /* names and patterns */
    bool chose;              /* it has subscribed once */
    bool lagging;
    int64_t lagging_since;
    int64_t touched; /* mono ms: when its session was last told that it is used */
    uint64_t missed;
    struct oc_bridge_sending *sending;
    unsigned sending_count;
};

struct oc_bridge_area {
    struct oc_api *api;
    struct oc_bridge_client *clients;
    size_t count;
    uint64_t serial;
    struct oc_subscription *messages, *changed, *revoked;
    struct oc_timer *tick;
    int64_t marked_at; /* mono: when agents were last marked as listening */
    bool stopping;
};

/* ---- client.c ---- */

struct oc_bridge_client *oc_bridge_client_create(struct oc_bridge_area *a,
                                                 const struct oc_identity *who);
void oc_bridge_client_destroy(struct oc_bridge_client *c);
extern const struct oc_socket_handler oc_bridge_client_handler;
void oc_bridge_client_tick(struct oc_bridge_client *c, int64_t now);
/* An answer; taken. */
void oc_bridge_answer(struct oc_bridge_client *c, json_t *frame);
/* A message for everybody who wants it. */
void oc_bridge_client_tell(struct oc_bridge_client *c, struct oc_packet *p);
bool oc_bridge_client_wants(const struct oc_bridge_client *c, const char *channel);
/* Marks the agents that listen through us; `c` NULL: those of all clients. */
void oc_bridge_mark(struct oc_bridge_area *a, const struct oc_bridge_client *c);
json_t *oc_bridge_status(struct oc_bridge_area *a);

/* ---- frame.c ---- */

/* One frame of a client, as text. */
void oc_bridge_take_frame(struct oc_bridge_client *c, const char *data, size_t len);
void oc_bridge_sending_leave(struct oc_bridge_client *c);

/* ---- request.c ---- */

/* What a frame of type "message" asks of message.send: its parameters, owned by the caller; NULL and `err` when it is none. */
json_t *oc_bridge_send_params(const json_t *frame, struct oc_error *err);

#endif
