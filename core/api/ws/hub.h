/* The WebSocket at /ws: clients, topics and what they are told. SPDX-License-Identifier: MIT  [loop]
 *
 * A topic is worked for only while somebody watches it, and for a minute after, so that a client that lost its connection
 * can go on where it was. What a topic tells is computed once and framed once for all. Everything that is told has a number
 * (`event`) that grows, also over restarts of the host; the newest are kept in a ring from which a client that comes back
 * with `since` is served. */
#ifndef OC_API_WS_HUB_H
#define OC_API_WS_HUB_H

#include "core/api/internal.h"
#include "core/api/socket/socket.h"
#include "core/api/ws/ring.h"
#include "core/base/map.h"
#include "core/store/series.h"

enum oc_ws_topic {
    OC_WS_HEALTH,
    OC_WS_ALERTS,
    OC_WS_JOBS,
    OC_WS_MESSAGES,
    OC_WS_LOGS,
    OC_WS_SAMPLES,
    OC_WS_EVENTS, /* by patterns */
    OC_WS_TOPICS,
};

#define OC_WS_TICK_MS       250        /* a topic tells at most four times a second */
#define OC_WS_LINGER_MS     60000      /* a topic without watchers goes on for so long */
#define OC_WS_QUEUE_MAX     (1u << 20) /* bytes that may wait for one client */
#define OC_WS_QUEUE_HARD    (8u << 20) /* answers to its own calls may wait beside that */
#define OC_WS_SLOW_MS       30000      /* a client that cannot be caught up with is closed */
#define OC_WS_MESSAGE_MAX   (1u << 20)
#define OC_WS_PATTERNS_MAX  32
#define OC_WS_SELECTORS_MAX 256
#define OC_WS_SELECTOR_MAX  512   /* bytes of one: a series with its labels */
#define OC_WS_NAME_MAX      128   /* of a pattern */
#define OC_WS_TOUCH_MS      20000 /* a dashboard that is left open all day stays signed in */
#define OC_WS_CALLS_MAX     16
#define OC_WS_LEGACY_MS     5000 /* between two updates of clients of old */

struct oc_ws_hub;
struct oc_ws_view;
struct oc_ws_call;

struct oc_ws_client {
    struct oc_ws_hub *hub;
    struct oc_ws_client *next, *prev;
    struct oc_socket *socket;
    struct oc_identity who;
    uint32_t topics; /* bits 1 << enum oc_ws_topic */
    uint32_t parts;  /* of clients of old: OC_WS_PART_* */
    bool legacy;
    uint32_t stale;   /* topics that it was not told of: each is sent anew when it has caught up */
    uint32_t noticed; /* of them, those of which it knows that */
    int64_t lagging_since; /* mono ms */
    int64_t touched;       /* mono ms: when its session was last told that it is used */
    OC_VEC(char *) patterns;
    struct oc_ws_view *view; /* of samples */
    struct oc_ws_call *calls;
    unsigned call_count;
};

/* One topic that tells of changes in ticks: `change` says that there may be something, `tell` looks and tells. */
struct oc_ws_pace {
    struct oc_timer *timer;
    int64_t told, cost_us; /* mono ms of the last time; what it took of the processor */
};

struct oc_ws_hub {
    struct oc_api *api;
    struct oc_ws_client *clients;
    size_t count, watchers[OC_WS_TOPICS];
    bool live[OC_WS_TOPICS];
    int64_t unwatched[OC_WS_TOPICS]; /* mono ms since when nobody watches */
    uint64_t base[OC_WS_TOPICS];     /* the ring knows everything of a topic after this number */
    uint64_t seq;
    struct oc_ws_ring ring;
    struct oc_subscription *events, *batches;
    struct oc_timer *tick; /* each second, while there are clients or live topics */
    struct oc_ws_pace pace[OC_WS_TOPICS];
    struct {
        struct oc_map agents, services, checks; /* id -> json_t, as last told */
        json_t *resources, *summary;
        struct oc_packet *snapshot; /* NULL: to be made anew */
        uint32_t changed_legacy;    /* OC_WS_PART_*: since clients of old were told */
        int64_t told_legacy;
    } health;
    struct oc_alert_watch *alerts;    /* while the topic is live */
    struct oc_packet *alert_snapshot; /* NULL: to be made anew */
    OC_VEC(json_t *) jobs;            /* the newest last */
    json_t *lines;                    /* of the log, not told yet */
    struct oc_call *log_call;
    struct oc_ws_view *views;
    bool stopping;
};

/* ---- hub.c ---- */

/* The next number. */
uint64_t oc_ws_next(struct oc_ws_hub *h);
/* {"type","topic","event","data"}; takes data. */
json_t *oc_ws_frame(const char *type, const char *topic, uint64_t seq, json_t *data);
/* Tells a delta to everybody who watches the topic and may see it: `actor` (NULL: all) and admins. Takes data. */
void oc_ws_tell(struct oc_ws_hub *h, enum oc_ws_topic topic, const char *actor, json_t *data);
/* Something of the topic may have changed: oc_ws_topic_tell soon, at most once in OC_WS_TICK_MS, and less often when it is
 * costly. */
void oc_ws_changed(struct oc_ws_hub *h, enum oc_ws_topic topic);
/* One more watcher, or one less. */
void oc_ws_watch(struct oc_ws_hub *h, enum oc_ws_topic topic);
void oc_ws_unwatch(struct oc_ws_hub *h, enum oc_ws_topic topic);

/* ---- topic.c ---- */

const char *oc_ws_topic_name(enum oc_ws_topic topic);
int oc_ws_topic_find(const char *name); /* -1: none; "events:x" is OC_WS_EVENTS */
enum oc_role oc_ws_topic_role(enum oc_ws_topic topic);
void oc_ws_topic_begin(struct oc_ws_hub *h, enum oc_ws_topic topic);
void oc_ws_topic_end(struct oc_ws_hub *h, enum oc_ws_topic topic);
void oc_ws_topic_tell(struct oc_ws_hub *h, enum oc_ws_topic topic);
/* Before somebody gets a snapshot: those who watch are told what it would have in common with the next delta. */
void oc_ws_topic_settle(struct oc_ws_hub *h, enum oc_ws_topic topic);
/* Sends the state of a topic to one client. */
void oc_ws_topic_snapshot(struct oc_ws_client *c, enum oc_ws_topic topic);

/* ---- client.c ---- */

struct oc_ws_client *oc_ws_client_create(struct oc_ws_hub *h, const struct oc_identity *who,
                                         bool legacy);
void oc_ws_client_destroy(struct oc_ws_client *c); /* at once */
/* A packet that may be dropped when the client is slow: the topic is then sent anew. OC_WS_TOPICS: none, rows of a call. */
void oc_ws_push(struct oc_ws_client *c, enum oc_ws_topic topic, struct oc_packet *p);
void oc_ws_push_json(struct oc_ws_client *c, enum oc_ws_topic topic, json_t *frame); /* taken */
/* An answer to what the client asked: not dropped; a client that asks and never reads is closed. Takes frame. */
void oc_ws_answer(struct oc_ws_client *c, json_t *frame);
void oc_ws_error(struct oc_ws_client *c, const char *code, const char *message, const char *what);
/* Counts what the client asks for as a request; false, which the trail is told, when that is one too many. */
bool oc_ws_within_rate(const struct oc_ws_client *c, const char *method);
#define OC_WS_TOO_OFTEN "too many requests of this client"
bool oc_ws_may_see(const struct oc_ws_client *c, enum oc_role role, const char *actor);
bool oc_ws_wants_event(const struct oc_ws_client *c, const char *topic);
void oc_ws_client_tick(struct oc_ws_client *c, int64_t now);
extern const struct oc_socket_handler oc_ws_client_handler;

/* ---- subscribe.c ---- */

void oc_ws_subscribe(struct oc_ws_client *c, const json_t *topics, const json_t *selectors,
                     const json_t *since);
void oc_ws_unsubscribe(struct oc_ws_client *c, const json_t *topics);
/* After a drop: the next of the topics that are stale, anew. */
void oc_ws_resync(struct oc_ws_client *c);

/* ---- call.c ---- */

void oc_ws_call_begin(struct oc_ws_client *c, const json_t *id, const char *op,
                      const json_t *params);
void oc_ws_call_cancel(struct oc_ws_client *c, const json_t *id);
/* What waited was dropped: calls whose rows were among it are given up. */
void oc_ws_calls_lost(struct oc_ws_client *c);
void oc_ws_calls_tick(struct oc_ws_client *c);
void oc_ws_calls_leave(struct oc_ws_client *c); /* cancels all; nobody hears of them any more */

/* ---- health.c, alerts.c, samples.c, feeds.c ---- */

void oc_ws_health_begin(struct oc_ws_hub *h);
void oc_ws_health_end(struct oc_ws_hub *h);
void oc_ws_health_tell(struct oc_ws_hub *h);
void oc_ws_health_settle(struct oc_ws_hub *h);
struct oc_packet *oc_ws_health_snapshot(struct oc_ws_hub *h); /* borrowed */
void oc_ws_alerts_begin(struct oc_ws_hub *h);
void oc_ws_alerts_end(struct oc_ws_hub *h);
void oc_ws_alerts_tell(struct oc_ws_hub *h);
struct oc_packet *oc_ws_alerts_snapshot(struct oc_ws_hub *h); /* borrowed */
void oc_ws_samples_batch(struct oc_ws_hub *h, const struct oc_batch *batch);
void oc_ws_samples_tell(struct oc_ws_hub *h);
void oc_ws_samples_snapshot(struct oc_ws_client *c);
/* What is wrong with them; NULL: nothing. */
const char *oc_ws_samples_complaint(const json_t *selectors);
/* Of selectors that nothing is wrong with. */
void oc_ws_samples_select(struct oc_ws_client *c, const json_t *selectors);
void oc_ws_samples_leave(struct oc_ws_client *c);
void oc_ws_logs_begin(struct oc_ws_hub *h);
void oc_ws_logs_end(struct oc_ws_hub *h);
void oc_ws_logs_tell(struct oc_ws_hub *h);
void oc_ws_logs_settle(struct oc_ws_hub *h);
void oc_ws_jobs_event(struct oc_ws_hub *h, const struct oc_event *event);
json_t *oc_ws_jobs_json(const struct oc_ws_client *c);

/* ---- legacy.c: clients that know nothing of openclaw.v1 ---- */

#define OC_WS_PART_AGENTS    1u
#define OC_WS_PART_SERVICES  2u
#define OC_WS_PART_RESOURCES 4u
#define OC_WS_PART_SUMMARY   8u
#define OC_WS_PART_ALERTS    16u
#define OC_WS_PARTS_ALL      31u

void oc_ws_legacy_hello(struct oc_ws_client *c);
void oc_ws_legacy_subscribe(struct oc_ws_client *c, const json_t *names);
void oc_ws_legacy_unsubscribe(struct oc_ws_client *c, const json_t *names);
void oc_ws_legacy_alert(struct oc_ws_hub *h, const struct oc_event *event);
void oc_ws_legacy_tick(struct oc_ws_hub *h, int64_t now);

#endif
