/* One promised delivery, and the bounded queue of a channel. SPDX-License-Identifier: MIT  [loop]
 */
#ifndef OC_SERVICE_ALERT_DELIVERY_H
#define OC_SERVICE_ALERT_DELIVERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

#define OC_DELIVERY_QUEUE_MAX 10000 /* of one channel */

struct oc_delivery {
    struct oc_delivery *next;
    char id[37];      /* the same for every attempt: lets the receiver drop duplicates */
    char *channel;    /* owned */
    char *event;      /* owned; "firing", "resolved" or "notice" */
    char *alert;      /* owned; JSON: as it was when the promise was made */
    char *more;       /* owned; JSON object: further parameters of alert.send; NULL: none */
    json_t *listed;   /* owned; what a digest will say of its alerts; NULL: not made yet */
    char *rule;       /* owned */
    char subject[65]; /* id of the alert */
    char severity[9];
    int64_t seq; /* order of the promises, across restarts */
    int64_t created;
    unsigned attempts;
    uint32_t segment; /* of the journal that has it; 0: none has */
};

/* Of which alert it is. */
struct oc_delivery_subject {
    const char *id, *rule, *severity;
};

/* `text` is the alert as JSON; copies. */
struct oc_delivery *oc_delivery_make(const char *channel, const char *event,
                                     const struct oc_delivery_subject *subject, const char *text,
                                     int64_t seq);
/* The same, with what `alert` says of itself. */
struct oc_delivery *oc_delivery_create(const char *channel, const char *event, const json_t *alert,
                                       const char *text, int64_t seq);
void oc_delivery_destroy(struct oc_delivery *d); /* NULL is fine */
/* As the journal keeps it: JSON. */
void oc_delivery_save(const struct oc_delivery *d, struct oc_buf *out);
struct oc_delivery *oc_delivery_load(const json_t *json); /* NULL when it is none */

/* First in, first out. The queue owns what is in it. */
struct oc_delivery_queue {
    struct oc_delivery *head, *tail;
    size_t count;
};
void oc_delivery_push(struct oc_delivery_queue *q, struct oc_delivery *d);
struct oc_delivery *oc_delivery_pop(struct oc_delivery_queue *q); /* NULL when empty */
/* Takes out what can best be missed when the queue is over its bound: the oldest of this `event`, else
 * the oldest; never the head, which may be on its way. NULL when there is nothing behind the head.
 */
struct oc_delivery *oc_delivery_sacrifice(struct oc_delivery_queue *q, const char *event);
void oc_delivery_queue_finish(struct oc_delivery_queue *q);

#endif
