/* One round of the alert service, as its files see it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_ROUND_H
#define OC_SERVICE_ALERT_ROUND_H

#include "core/service/alert/route/route.h"
#include "core/service/alert/service.h"

struct oc_round_event {
    const char *topic;
    json_t *data; /* NULL: the record of an alert, made when people have been told */
    uint32_t place;
    json_t *route; /* how it was routed; owned */
};

/* Told first, and asked about when that is on its way. */
struct oc_round_late {
    uint32_t place;
    int64_t next; /* when it was to be looked at again, escalation apart */
};

#define OC_ROUND_LATE_MAX 16 /* in a storm nobody hears the difference */

struct oc_round {
    struct oc_alert_service *s;
    struct oc_router router;
    int64_t until; /* monotonic us; then the round is over */
    bool behind;   /* channels are: what is to be told waits */
    OC_VEC(struct oc_round_event)
    posts; /* events; published when no table is being walked any more */
    struct oc_round_late late[OC_ROUND_LATE_MAX];
    size_t late_count;
    bool noted; /* the log has this round's routing trouble */
    bool
        publishing; /* the alert that is being looked at is an event of its own: how it was routed is part of it */
};

/* notify.c */

/* An event, published at the end of the round; `data` is taken. */
void oc_round_post(struct oc_round *r, const char *topic, json_t *data);
/* Routes the alert and promises it to those who are told at once; the others are told with its groups. Returns how it was routed, NULL unless r->publishing; owned by the caller. */
json_t *oc_round_notify_firing(struct oc_round *r, struct oc_alert *a);
/* Tells its end to those who were told that it fires. */
void oc_round_notify_resolved(struct oc_round *r, struct oc_alert *a);
/* The groups of an alert of an earlier run, which they told of: it is routed once more, and nothing is told. */
void oc_round_restore_groups(struct oc_round *r, struct oc_alert *a);

#endif
