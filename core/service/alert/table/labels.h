/* Labels kept once: every name and every pair of name and value, and which alerts have the pair. SPDX-License-Identifier: MIT  [loop]
 *
 * A pair is a number; two alerts with severity=critical share it. Each pair knows its alerts (by their number in the table), in no
 * order; an alert keeps for each of its pairs where it stands in that list, so that both adding and removing cost the same however long the list is. A
 * pair that no alert has and nobody holds is gone. */
#ifndef OC_SERVICE_ALERT_LABELS_H
#define OC_SERVICE_ALERT_LABELS_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/service/alert/table/pool.h"

/* A pair of an alert. */
struct oc_label_ref {
    uint32_t pair; /* OC_LABEL_FLAGS | number */
    uint32_t at;   /* where the alert stands in the list of the pair */
};

#define OC_LABEL_OWN                                                                               \
    0x80000000u /* not among the labels: a fact of the rule that can be asked for like one */
#define OC_LABEL_NUMBER 0x3fffffffu
#define OC_LABEL_NONE   UINT32_MAX

struct oc_label_pair {
    uint32_t hash, name;
    uint32_t name_at; /* where it stands in the list of its name */
    uint32_t len;
    uint32_t count;                /* alerts */
    uint32_t holds : 31, many : 1; /* holds: by those that are no alerts; many: there is a list */
    union {
        uint32_t one;
        struct oc_label_list *list;
    } alerts;
    char value[];
};

struct oc_label_list {
    uint32_t cap;
    uint32_t items[];
};

struct oc_label_name {
    char *text; /* owned; NULL: free */
    OC_VEC(uint32_t) pairs;
};

struct oc_labels {
    OC_VEC(struct oc_label_name) names;
    OC_VEC(uint32_t) free_names;
    struct oc_map name_numbers; /* text -> number + 1 */
    OC_VEC(struct oc_label_pair *) pairs;
    struct oc_pool pool; /* of the pairs */
    OC_VEC(uint32_t) free_pairs;
    uint32_t *slots; /* hash -> number + 1; 0 free */
    size_t slot_count, used;
    uint64_t seed;
    /* Which ref of alert `alert` is the one of `pair`: its place in the list has changed. */
    struct oc_label_ref *(*ref_of)(void *ctx, uint32_t alert, uint32_t pair);
    void *ctx;
};

void oc_labels_init(struct oc_labels *l,
                    struct oc_label_ref *(*ref_of)(void *ctx, uint32_t alert, uint32_t pair),
                    void *ctx);
void oc_labels_finish(struct oc_labels *l);

/* The number of a pair, made if it is new; hand it to oc_labels_link or oc_labels_hold at once. */
uint32_t oc_labels_intern(struct oc_labels *l, const char *name, size_t name_len, const char *value,
                          size_t value_len);
/* OC_LABEL_NONE when nothing has it. */
uint32_t oc_labels_find(const struct oc_labels *l, const char *name, const char *value);
uint32_t oc_labels_find_name(const struct oc_labels *l, const char *name);

/* `ref->pair` is set; the alert joins the list and `ref->at` is filled. */
void oc_labels_link(struct oc_labels *l, struct oc_label_ref *ref, uint32_t alert);
void oc_labels_unlink(struct oc_labels *l, const struct oc_label_ref *ref);
void oc_labels_hold(struct oc_labels *l, uint32_t pair);
void oc_labels_release(struct oc_labels *l, uint32_t pair);

static inline const struct oc_label_pair *oc_labels_pair(const struct oc_labels *l, uint32_t pair)
{
    return l->pairs.items[pair & OC_LABEL_NUMBER];
}
static inline const char *oc_labels_name(const struct oc_labels *l, uint32_t pair)
{
    return l->names.items[oc_labels_pair(l, pair)->name].text;
}
/* The alerts of a pair: pair->count numbers. */
static inline const uint32_t *oc_labels_alerts(const struct oc_label_pair *pair)
{
    return pair->many ? pair->alerts.list->items : &pair->alerts.one;
}

#endif
