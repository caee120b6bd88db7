/* The outbox: promises become deliveries, also across a crash. SPDX-License-Identifier: MIT  [loop]
 *
 * A promise is first *fresh*: in memory only. The service writes the fresh ones together with the
 * alerts in one transaction (oc_outbox_write) and then sets them free (oc_outbox_release), which
 * queues and sends them. A delivery that was made or given up is removed from the store with the
 * next transaction; a crash before that sends it again with the same id. Deliveries of one channel
 * go one after the other in order; channels do not wait for each other. */
#ifndef OC_SERVICE_ALERT_OUTBOX_H
#define OC_SERVICE_ALERT_OUTBOX_H

#include "core/base/vec.h"
#include "core/service/alert/channel.h"

struct oc_outbox {
    const struct oc_env *env;
    json_t *host; /* owned: {"name"} */
    OC_VEC(struct oc_channel *) channels;
    struct oc_delivery_queue fresh;
    OC_VEC(char *) ended; /* ids that the store still has */
    size_t unstored;      /* queued, but not in the store because writing failed */
    int64_t seq;
    void (*wake)(void *ctx); /* `ended` has gathered something: write soon */
    void *wake_ctx;
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
/* Reads the promises of an earlier run; those to channels that are gone fail. */
void oc_outbox_restore(struct oc_outbox *o);

void oc_outbox_promise(struct oc_outbox *o, struct oc_channel *ch, const char *event,
                       json_t *alert);
bool oc_outbox_pending(const struct oc_outbox *o); /* something is to be written */
void oc_outbox_write(struct oc_outbox *o);         /* between oc_store_begin and oc_store_end */
void oc_outbox_release(struct oc_outbox *o, bool written);

/* The delivery is over, one way or the other; takes it. */
void oc_outbox_end(struct oc_outbox *o, struct oc_delivery *d);

/* Parameters of alert.send, as text owned by the caller. */
char *oc_outbox_params(const struct oc_outbox *o, const char *delivery, const char *event,
                       const json_t *alert, unsigned attempt);

#endif
