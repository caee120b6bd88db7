/* Groups of alerts: what people are told of together. SPDX-License-Identifier: MIT  [loop]
 *
 * A group is (channel, route, values of the route's group_by); its members are alerts that were routed there, each with a mark when the channel has been
 * told of it. A group is looked at when it is due: `group_wait` after its first alert (at once when the alert is older than that), `group_interval` after
 * it was told last when there is something new, `repeat_interval` after it when there is not. Then one notification tells of all
 * of it: `group` {key, labels, size, firing, resolved}, `alerts` (at most OC_GROUP_ALERTS_MAX, firing ones first), `text`, and `alert`, the gravest.
 *
 * That a group was told, the marks of its members, and the promise to the channel are in one frame of the journal: after kill -9 the marks come back
 * from `told` of the alerts, the times from the record of the group, and nothing is told twice but what was on its way. A channel is told of the
 * end of what it was told of, and of nothing else. */
#ifndef OC_SERVICE_ALERT_GROUP_H
#define OC_SERVICE_ALERT_GROUP_H

#include "core/service/alert/route/leaf.h"
#include "core/service/alert/table/table.h"

#define OC_GROUP_ALERTS_MAX 64
#define OC_GROUP_NONE       UINT32_MAX

struct oc_group_label {
    char *name, *value; /* owned */
};

struct oc_group {
    uint64_t hash; /* of channel, path and labels; the same in every process */
    char *channel; /* owned; NULL: this place is free */
    const struct oc_leaf *leaf;
    struct oc_group_label
        *labels; /* owned; in the order of group_by, without those that the alerts do not have */
    size_t label_count;
    uint32_t index, first, last, heap_at; /* members; place in the heap + 1, 0: not in it */
    size_t count;
    int64_t due_at, flushed_at; /* wall ms; flushed_at 0: never told */
    uint32_t segment;           /* of the journal, with its record; 0: none */
};

struct oc_member {
    uint32_t group, alert; /* places */
    uint32_t prev, next;   /* in the group */
    uint32_t also;         /* the next one of the same alert */
    bool told;             /* the channel knows that it fires */
    bool again;            /* and is to be told once more */
};

/* What an earlier process knew of a group. */
struct oc_group_past {
    uint64_t hash;
    int64_t flushed_at;
    uint32_t segment, order; /* of several records the last one counts */
};

struct oc_groups {
    struct oc_alerts *alerts; /* borrowed */
    OC_VEC(struct oc_group *) list;
    OC_VEC(uint32_t) free, heap;
    OC_VEC(struct oc_member) members;
    OC_VEC(uint32_t) free_members;
    uint32_t *slots; /* hash -> index + 1 */
    size_t slot_count, count;
    uint32_t *first_of; /* place of an alert -> its first member + 1 */
    size_t first_count;
    OC_VEC(struct oc_group_past) past;  /* by hash once it was asked, each once */
    OC_VEC(struct oc_group_past) ended; /* hashes whose record has to go */
    bool past_sorted;
};

void oc_groups_init(struct oc_groups *g, struct oc_alerts *alerts);
void oc_groups_finish(struct oc_groups *g);

/* ---- members ---- */

static inline const struct oc_group *oc_groups_at(const struct oc_groups *g, uint32_t index)
{
    return g->list.items[index];
}
static inline struct oc_member *oc_groups_member(const struct oc_groups *g, uint32_t member)
{
    return &g->members.items[member];
}
/* The first member that the alert is, OC_GROUP_NONE: none. The others follow by `also`. */
uint32_t oc_groups_first(const struct oc_groups *g, const struct oc_alert *a);
/* The alert belongs to the group of this channel and leaf, which is made if it is new. Borrowed until the next member is made. */
struct oc_member *oc_groups_join(struct oc_groups *g, const struct oc_alert *a, const char *channel,
                                 const struct oc_leaf *leaf);
/* {"key","labels"} of the group that it would join; owned by the caller. */
json_t *oc_groups_describe(const struct oc_alerts *t, const struct oc_alert *a, const char *channel,
                           const struct oc_leaf *leaf);
void oc_groups_leave(struct oc_groups *g, uint32_t member);
void oc_groups_leave_all(struct oc_groups *g, const struct oc_alert *a);

/* ---- when ---- */

/* To be looked at, at the latest, at `due`. */
void oc_groups_hurry(struct oc_groups *g, uint32_t group, int64_t due);
/* To be looked at then; INT64_MAX: not any more. */
void oc_groups_set_due(struct oc_groups *g, uint32_t group, int64_t due);
struct oc_group *oc_groups_due(const struct oc_groups *g); /* the next one, or NULL */
/* When something new in the group, that began then, may be told. */
int64_t oc_group_next(const struct oc_group *group, int64_t starts_at, int64_t now);
/* Its last member is gone: so is the group. */
void oc_groups_end_if_empty(struct oc_groups *g, uint32_t group);

/* Frees what a channel that is gone had to be told. */
void oc_groups_drop_channel(struct oc_groups *g, const char *channel);

/* ---- the journal ---- */

void oc_groups_load(struct oc_groups *g, uint32_t segment, const void *data, size_t len);
/* The record of a group, as oc_groups_load reads it. flushed_at 0: it is no more. */
void oc_groups_record(struct oc_buf *out, uint64_t hash, int64_t flushed_at);

#endif
