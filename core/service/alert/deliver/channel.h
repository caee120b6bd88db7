/* A configured channel: its options, its plugin instance, its queue. SPDX-License-Identifier: MIT
 * [loop]
 *
 * An item of `alerts.channels` = what the host reads (struct oc_channel_options) + options of the
 * plugin. */
#ifndef OC_SERVICE_ALERT_CHANNEL_H
#define OC_SERVICE_ALERT_CHANNEL_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/config/node.h"
#include "core/service/alert/deliver/delivery.h"
#include "core/service/alert/deliver/digest.h"
#include "core/service/alert/table/record.h"
#include "core/service/env.h"

#define OC_CHANNEL_SEND       "alert.send/1"
#define OC_CHANNEL_RETRY_MAX  (15 * OC_MINUTE) /* the longest pause that a receiver can ask for */
#define OC_CHANNEL_PATIENCE   OC_MINUTE        /* a longer one is for the fallback to bridge */
#define OC_CHANNEL_ANSWER_MAX 1024

struct oc_outbox;

struct oc_channel_options {
    const char *plugin, *name, *fallback;
    struct oc_list levels;
    int32_t enabled;
    int64_t timeout, retries;
};

/* What a plugin said about one call, in its JSON record {"answer","retry_after" (s)}. */
struct oc_channel_answer {
    char text[OC_CHANNEL_ANSWER_MAX];
    int64_t retry_after_ms;
};

struct oc_channel {
    struct oc_outbox *outbox; /* NULL once let go */
    unsigned refs;            /* its owner, its instance, the call in flight */
    struct oc_arena arena;
    struct oc_channel_options options;
    char *name;      /* owned */
    json_t *config;  /* owned: what it was made from */
    unsigned levels; /* bits 1 << enum oc_alert_severity */
    bool incidents;  /* what an alert opens there only its own end closes: no digests */
    struct oc_instance *instance; /* NULL when it is disabled or unusable */
    struct oc_error error;        /* why it is unusable; code OC_OK when it is not */

    struct oc_delivery_queue queue;
    struct oc_digest digest;
    bool in_flight; /* the head of the queue is being sent */
    struct oc_timer *retry;
    int64_t retry_at;                /* wall; while `retry` runs */
    int64_t rests_until;             /* monotonic: the receiver has asked for a long pause */
    struct oc_channel_answer answer; /* of the call in flight */

    uint64_t sent, failed, dropped;
    int64_t last_ms;
    char last_error[512];
};

/* Makes a channel from `node`, whose key is `path`; never NULL: what is wrong goes to `diags` and
 * into `error`. */
struct oc_channel *oc_channel_create(const struct oc_env *env, const struct oc_node *node,
                                     const char *path, struct oc_diags *diags);
/* Looks at all that `node` says, the plugin's options too, and starts nothing: findings go to
 * `diags`. */
void oc_channel_check(const struct oc_env *env, const struct oc_node *node, const char *path,
                      struct oc_diags *diags);
/* Lets go of it: nothing is sent any more, the instance stops within about `grace_ms`, then
 * `done(ctx)` (may be NULL). The queue is dropped; take it out first if it matters. */
void oc_channel_release(struct oc_channel *ch, int64_t grace_ms, oc_loop_fn done, void *ctx);
void oc_channel_unref(struct oc_channel *ch);

/* The option table of the host's keys; owned by the caller. */
json_t *oc_channel_options_json(void);

/* True when a delivery can be given to it with hope. */
bool oc_channel_usable(const struct oc_channel *ch);
/* Its receiver wants to be left alone for a while that is long for an alert. */
bool oc_channel_rests(const struct oc_channel *ch);
bool oc_channel_admits(const struct oc_channel *ch, enum oc_alert_severity severity);
/* Keeps what the records of one call say. */
void oc_channel_answer_read(struct oc_channel_answer *answer, const struct oc_record *records,
                            size_t count);

json_t *oc_channel_json(const struct oc_channel *ch);       /* for alert.channels */
json_t *oc_channel_route_json(const struct oc_channel *ch); /* {"name","plugin","levels"} */

#endif
