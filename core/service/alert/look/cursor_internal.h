/* A long list of alerts while it is made: what the files of the cursor share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_CURSOR_INTERNAL_H
#define OC_SERVICE_ALERT_CURSOR_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/time.h"
#include "core/service/alert/look/cursor.h"
#include "core/service/alert/table/candidates.h"

#define OC_CURSOR_BY_MAX      16
#define OC_CURSOR_CLOCK_EVERY 64 /* steps between two looks at the clock */

struct oc_cursor_bucket {
    struct oc_cursor_group head;
    const char **values; /* in the order of group_by */
    size_t value_count;
    size_t count, end; /* alerts; where its keys end */
};

struct oc_cursor_entry {
    uint64_t key;
    struct oc_cursor_bucket *group;
    uint32_t place;
};

/* Groups are merged in pairs of sorted runs, which can stop anywhere. */
struct oc_cursor_merging {
    struct oc_cursor_bucket **from, **to;
    size_t width, left, mid, right, end, out;
};

enum oc_cursor_phase {
    OC_CURSOR_GATHERING,
    OC_CURSOR_SORTING,
    OC_CURSOR_MERGING,
    OC_CURSOR_PLACING,
    OC_CURSOR_READY
};

struct oc_alert_cursor {
    struct oc_alert_service *s;
    struct oc_alert_query query; /* what it points to is ours */
    struct oc_regex *receiver;
    bool grouped, single;
    enum oc_cursor_phase phase;

    struct oc_candidates candidates;
    OC_VEC(struct oc_cursor_entry) entries;
    struct oc_cursor_merging merging;

    struct oc_arena arena;            /* groups and their texts */
    const char *by[OC_CURSOR_BY_MAX]; /* labels that make a group */
    size_t by_count;
    struct oc_map group_of; /* receiver and values -> struct oc_cursor_bucket */
    OC_VEC(struct oc_cursor_bucket *) groups;

    uint64_t *keys;
    uint32_t *places; /* where they were; a hint */
    size_t count, at, group_at;
    size_t begin; /* where the keys of this group begin */
    struct oc_alert_view view;
};

static inline bool oc_cursor_is_over(size_t steps, int64_t until)
{
    return steps % OC_CURSOR_CLOCK_EVERY == OC_CURSOR_CLOCK_EVERY - 1 && oc_time_mono() >= until;
}

/* Frees what only the making needs. */
void oc_cursor_end_gathering(struct oc_alert_cursor *c);

/* ---- cursor_sort.c ---- */

/* Entries by key. */
void oc_cursor_sort_entries(struct oc_alert_cursor *c);
/* Groups by their texts, in slices: true when they are. */
void oc_cursor_begin_merging(struct oc_alert_cursor *c);
bool oc_cursor_merge(struct oc_alert_cursor *c, int64_t until);
/* Keys and places in the order in which they are read; the entries are gone. */
void oc_cursor_place(struct oc_alert_cursor *c);

#endif
