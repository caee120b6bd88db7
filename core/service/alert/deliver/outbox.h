/* The outbox: promises become deliveries, also across a crash. SPDX-License-Identifier: MIT  [loop]
 *
 * A promise is first *fresh*: in memory only. The service adds the fresh ones together with the
 * alerts to one frame of the journal (oc_outbox_write), sets them free (oc_outbox_hand_over), which
 * queues and sends them, and writes the frame. That a delivery was made or given up is written with the
 * next frame; a crash before that sends it again with the same id. Deliveries of one channel
 * go one after the other in order; channels do not wait for each other. */
#ifndef OC_SERVICE_ALERT_OUTBOX_H
#define OC_SERVICE_ALERT_OUTBOX_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/service/alert/deliver/channel.h"
#include "core/store/journal.h"

struct oc_outbox {
    const struct oc_env *env;
    json_t *host; /* owned: {"name"} */
    OC_VEC(struct oc_channel *) channels;
    struct oc_delivery_queue fresh;
    struct oc_journal *journal; /* borrowed; NULL: nothing is kept */
    OC_VEC(char *) ended;       /* ids that the journal has as promised */
    struct oc_map loaded;       /* id -> struct oc_delivery of an earlier run, until restored */
    uint64_t sent, failed;      /* ever since the start */
    int64_t seq;
    void (*wake)(void *ctx); /* `ended` has gathered something: write soon */
    void *wake_ctx;
    /* a promise went to another channel (failover.h); may be NULL */
    void (*passed)(void *wake_ctx, const struct oc_delivery *d, const char *to);
    int64_t storm_limit, storm_interval; /* digest.h; 0: no digests */
};

void oc_outbox_init(struct oc_outbox *o, const struct oc_env *env, void (*wake)(void *ctx),
                    void *wake_ctx);
void oc_outbox_finish(struct oc_outbox *o); /* the channels must have been released */
void oc_outbox_set_host(struct oc_outbox *o, const char *name);

struct oc_channel *oc_outbox_channel(const struct oc_outbox *o,
                                     const char *name); /* NULL when absent */
/* Takes a channel in. One of the same name is replaced: its queue goes over, then it is released.
 */
void oc_outbox_adopt(struct oc_outbox *o, struct oc_channel *ch);
/* Channel i is no longer configured: its queue fails. */
void oc_outbox_remove(struct oc_outbox *o, size_t i);
/* A record of the journal; before oc_outbox_restore. */
void oc_outbox_load(struct oc_outbox *o, uint32_t segment, unsigned type, const void *data,
                    size_t len);
/* A promise as the version before kept it in the store. */
void oc_outbox_import(struct oc_outbox *o, const char *id, const json_t *json);
/* Takes up the promises of an earlier run; those to channels that are gone fail. */
void oc_outbox_restore(struct oc_outbox *o);

/* `text` is `alert` as JSON; both are borrowed. */
void oc_outbox_promise(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                       const json_t *alert, const char *text);
/* The same of an alert of which no more than its text was made. */
void oc_outbox_promise_text(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                            const struct oc_delivery_subject *subject, const char *text);
/* The same with further parameters: `more` is a JSON object as text ({"group","alerts","text"}), or NULL; copied. */
void oc_outbox_promise_more(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                            const json_t *alert, const char *text, const char *more);
/* Adds to the journal what it does not have. */
void oc_outbox_write(struct oc_outbox *o);
/* Adds again what is in segments up to `last`. */
void oc_outbox_rewrite(struct oc_outbox *o, uint32_t last);
/* Writes what was promised and sets it free: sends it, or queues it. A single promise is sent first, as its way into the frame takes a good part of
 * the time to the worker; the frame is not on its way before oc_keep_round in either case. */
void oc_outbox_hand_over(struct oc_outbox *o);
/* The channel is behind, but getting on: better to wait than to lose something. */
bool oc_outbox_is_behind(const struct oc_outbox *o);

/* The delivery is over, one way or the other; takes it. */
void oc_outbox_end(struct oc_outbox *o, struct oc_delivery *d);

/* Parameters of alert.send, as text owned by the caller. `more` as above. */
char *oc_outbox_params(const struct oc_outbox *o, const char *delivery, const char *event,
                       const char *alert, const char *more, unsigned attempt);

#endif
