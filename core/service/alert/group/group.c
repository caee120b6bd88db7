/* Groups: who belongs where, and what is due when. SPDX-License-Identifier: MIT */
#include "group.h"

#include <endian.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/alert/table/fingerprint.h"

#define SEED        UINT64_C(0x67726f7570730001)
#define SLOTS_FIRST 64
#define RECORD      16 /* bytes */

void oc_groups_init(struct oc_groups *g, struct oc_alerts *alerts)
{
    memset(g, 0, sizeof *g);
    g->alerts = alerts;
}

static void free_group(struct oc_group *group)
{
    for (size_t i = 0; i < group->label_count; i++) {
        free(group->labels[i].name);
        free(group->labels[i].value);
    }
    free(group->labels);
    free(group->channel);
    free(group);
}

void oc_groups_finish(struct oc_groups *g)
{
    for (size_t i = 0; i < g->list.count; i++) {
        if (g->list.items[i]) {
            free_group(g->list.items[i]);
        }
    }
    OC_VEC_FINISH(&g->list);
    OC_VEC_FINISH(&g->free);
    OC_VEC_FINISH(&g->heap);
    OC_VEC_FINISH(&g->members);
    OC_VEC_FINISH(&g->free_members);
    OC_VEC_FINISH(&g->past);
    OC_VEC_FINISH(&g->ended);
    free(g->slots);
    free(g->first_of);
}

/* ---- the labels of a group ---- */

struct wanted {
    const char *channel;
    const struct oc_leaf *leaf;
    struct oc_group_label labels[OC_ALERT_LABELS_MAX + 64]; /* borrowed */
    size_t count;
    uint64_t hash;
};

static void want(struct wanted *w, const char *name, const char *value)
{
    if (*value && w->count < OC_COUNT(w->labels)) {
        w->labels[w->count++] =
            (struct oc_group_label){(char *)(uintptr_t)name, (char *)(uintptr_t)value};
    }
}

static void want_labels(struct wanted *w, const struct oc_alerts *t, const struct oc_alert *a)
{
    const struct oc_leaf *leaf = w->leaf;
    for (size_t i = 0; !leaf->each && i < leaf->group_by.count; i++) {
        want(w, leaf->group_by.items[i], oc_alert_record_field(t, a, leaf->group_by.items[i]));
    }
    for (uint32_t i = 0; leaf->each && i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        want(w, oc_labels_name(&t->labels, pair), oc_labels_pair(&t->labels, pair)->value);
    }
}

static void hash_wanted(struct wanted *w, const struct oc_alert *a)
{
    w->hash = oc_hash_bytes(w->channel, strlen(w->channel), SEED);
    w->hash = oc_hash_bytes(w->leaf->path, strlen(w->leaf->path), w->hash);
    for (size_t i = 0; i < w->count; i++) {
        w->hash = oc_hash_bytes(w->labels[i].name, strlen(w->labels[i].name), w->hash);
        w->hash = oc_hash_bytes(w->labels[i].value, strlen(w->labels[i].value), w->hash);
    }
    if (w->leaf->each) { /* rules' alerts may differ in more than their labels */
        w->hash = oc_hash_bytes(&a->key, sizeof a->key, w->hash);
    }
}

static bool is_wanted(const struct oc_group *group, const struct wanted *w)
{
    bool same = group->hash == w->hash && group->leaf == w->leaf &&
                group->label_count == w->count && strcmp(group->channel, w->channel) == 0;
    for (size_t i = 0; same && i < w->count; i++) {
        same = strcmp(group->labels[i].name, w->labels[i].name) == 0 &&
               strcmp(group->labels[i].value, w->labels[i].value) == 0;
    }
    return same;
}

json_t *oc_groups_describe(const struct oc_alerts *t, const struct oc_alert *a, const char *channel,
                           const struct oc_leaf *leaf)
{
    struct wanted w = {.channel = channel, .leaf = leaf};
    char key[OC_FINGERPRINT_SIZE];
    json_t *json = json_object(), *labels = json_object();
    want_labels(&w, t, a);
    hash_wanted(&w, a);
    for (size_t i = 0; i < w.count; i++) {
        oc_json_set_str(labels, w.labels[i].name, w.labels[i].value);
    }
    oc_json_set_str(json, "key", oc_fingerprint_text(w.hash, key));
    oc_json_take(json, "labels", labels);
    return json;
}

/* ---- by hash: open addressing, linear ---- */

static void enter(struct oc_groups *g, const struct oc_group *group)
{
    size_t i = group->hash & (g->slot_count - 1);
    while (g->slots[i]) {
        i = (i + 1) & (g->slot_count - 1);
    }
    g->slots[i] = group->index + 1;
}

static void grow(struct oc_groups *g)
{
    if (2 * (g->count + 1) <= g->slot_count) {
        return;
    }
    g->slot_count = g->slot_count ? 2 * g->slot_count : SLOTS_FIRST;
    free(g->slots);
    g->slots = oc_calloc(g->slot_count, sizeof *g->slots);
    for (size_t i = 0; i < g->list.count; i++) {
        if (g->list.items[i]) {
            enter(g, g->list.items[i]);
        }
    }
}

static void withdraw(struct oc_groups *g, const struct oc_group *group)
{
    size_t mask = g->slot_count - 1, i = group->hash & mask;
    while (g->slots[i] != group->index + 1) {
        i = (i + 1) & mask;
    }
    for (size_t k = (i + 1) & mask; g->slots[k]; k = (k + 1) & mask) {
        size_t home = g->list.items[g->slots[k] - 1]->hash & mask;
        if (((k - home) & mask) >= ((k - i) & mask)) {
            g->slots[i] = g->slots[k];
            i = k;
        }
    }
    g->slots[i] = 0;
}

static struct oc_group *find(const struct oc_groups *g, const struct wanted *w)
{
    if (g->slot_count == 0) {
        return NULL;
    }
    size_t mask = g->slot_count - 1;
    for (size_t i = w->hash & mask; g->slots[i]; i = (i + 1) & mask) {
        if (is_wanted(g->list.items[g->slots[i] - 1], w)) {
            return g->list.items[g->slots[i] - 1];
        }
    }
    return NULL;
}

/* ---- the past ---- */

static int by_hash(const void *x, const void *y)
{
    const struct oc_group_past *a = x, *b = y;
    int difference = (a->hash > b->hash) - (a->hash < b->hash);
    return difference ? difference : (a->order > b->order) - (a->order < b->order);
}

static int by_hash_alone(const void *x, const void *y)
{
    const struct oc_group_past *a = x, *b = y;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static void sort_past(struct oc_groups *g)
{
    size_t kept = 0;
    qsort(g->past.items, g->past.count, sizeof *g->past.items, by_hash);
    for (size_t i = 0; i < g->past.count; i++) {
        bool last = i + 1 == g->past.count || g->past.items[i + 1].hash != g->past.items[i].hash;
        if (last && g->past.items[i].flushed_at) {
            g->past.items[kept++] = g->past.items[i];
        }
    }
    g->past.count = kept;
    g->past_sorted = true;
}

/* What an earlier process knew of it; NULL. */
static struct oc_group_past *find_past(struct oc_groups *g, uint64_t hash)
{
    struct oc_group_past key = {.hash = hash};
    if (g->past.count > 0 && !g->past_sorted) {
        sort_past(g);
    }
    return g->past.count > 0
               ? bsearch(&key, g->past.items, g->past.count, sizeof key, by_hash_alone)
               : NULL;
}

void oc_groups_record(struct oc_buf *out, uint64_t hash, int64_t flushed_at)
{
    uint64_t words[2] = {htole64(hash), htole64((uint64_t)flushed_at)};
    oc_buf_add(out, words, sizeof words);
}

void oc_groups_load(struct oc_groups *g, uint32_t segment, const void *data, size_t len)
{
    uint64_t words[2];
    if (len != RECORD) {
        return;
    }
    memcpy(words, data, sizeof words);
    uint64_t at = le64toh(words[1]);
    struct oc_group_past past = {.hash = le64toh(words[0]),
                                 .flushed_at = at > (uint64_t)INT64_MAX / 2 ? 0 : (int64_t)at,
                                 .segment = segment,
                                 .order = (uint32_t)g->past.count};
    OC_VEC_PUSH(&g->past, past);
}

/* ---- groups ---- */

static void copy_labels(struct oc_group *group, const struct wanted *w)
{
    group->labels = oc_calloc(w->count + 1, sizeof *group->labels);
    group->label_count = w->count;
    for (size_t i = 0; i < w->count; i++) {
        group->labels[i].name = oc_strdup(w->labels[i].name);
        group->labels[i].value = oc_strdup(w->labels[i].value);
    }
}

static struct oc_group *make(struct oc_groups *g, const struct wanted *w)
{
    struct oc_group *group = oc_calloc(1, sizeof *group);
    const struct oc_group_past *past = find_past(g, w->hash);
    grow(g);
    group->hash = w->hash;
    group->channel = oc_strdup(w->channel);
    group->leaf = w->leaf;
    group->first = group->last = OC_GROUP_NONE;
    group->due_at = INT64_MAX;
    copy_labels(group, w);
    if (past) {
        group->flushed_at = past->flushed_at;
        group->segment = past->segment;
    }
    if (g->free.count > 0) {
        group->index = g->free.items[--g->free.count];
        g->list.items[group->index] = group;
    } else {
        group->index = (uint32_t)g->list.count;
        OC_VEC_PUSH(&g->list, group);
    }
    enter(g, group);
    g->count++;
    return group;
}

void oc_groups_end_if_empty(struct oc_groups *g, uint32_t index)
{
    struct oc_group *group = g->list.items[index];
    if (!group || group->count > 0) {
        return;
    }
    if (group->segment) {
        struct oc_group_past *past = find_past(g, group->hash);
        struct oc_group_past ended = {.hash = group->hash, .segment = group->segment};
        OC_VEC_PUSH(&g->ended, ended);
        if (past) {
            past->flushed_at = 0;
        }
    }
    oc_groups_set_due(g, index, INT64_MAX);
    withdraw(g, group);
    g->list.items[index] = NULL;
    OC_VEC_PUSH(&g->free, index);
    g->count--;
    free_group(group);
}

/* ---- members ---- */

uint32_t oc_groups_first(const struct oc_groups *g, const struct oc_alert *a)
{
    return a->index < g->first_count && g->first_of[a->index] ? g->first_of[a->index] - 1
                                                              : OC_GROUP_NONE;
}

static uint32_t new_member(struct oc_groups *g)
{
    static const struct oc_member blank = {0};
    if (g->free_members.count > 0) {
        return g->free_members.items[--g->free_members.count];
    }
    OC_VEC_PUSH(&g->members, blank);
    return (uint32_t)g->members.count - 1;
}

static void link_alert(struct oc_groups *g, const struct oc_alert *a, uint32_t at)
{
    if (a->index >= g->first_count) {
        size_t count = g->alerts->made + OC_ALERT_SLAB;
        g->first_of = oc_realloc(g->first_of, count * sizeof *g->first_of);
        memset(g->first_of + g->first_count, 0, (count - g->first_count) * sizeof *g->first_of);
        g->first_count = count;
    }
    g->members.items[at].also = oc_groups_first(g, a);
    g->first_of[a->index] = at + 1;
}

static struct oc_member *add_member(struct oc_groups *g, struct oc_group *group,
                                    const struct oc_alert *a)
{
    uint32_t at = new_member(g);
    struct oc_member *m = &g->members.items[at];
    *m = (struct oc_member){
        .group = group->index, .alert = a->index, .prev = group->last, .next = OC_GROUP_NONE};
    if (group->last == OC_GROUP_NONE) {
        group->first = at;
    } else {
        g->members.items[group->last].next = at;
    }
    group->last = at;
    group->count++;
    link_alert(g, a, at);
    return m;
}

struct oc_member *oc_groups_join(struct oc_groups *g, const struct oc_alert *a, const char *channel,
                                 const struct oc_leaf *leaf)
{
    struct wanted w = {.channel = channel, .leaf = leaf};
    want_labels(&w, g->alerts, a);
    hash_wanted(&w, a);
    struct oc_group *group = find(g, &w);
    if (!group) {
        group = make(g, &w);
    }
    for (uint32_t at = oc_groups_first(g, a); at != OC_GROUP_NONE; at = g->members.items[at].also) {
        if (g->members.items[at].group == group->index) {
            return &g->members.items[at];
        }
    }
    return add_member(g, group, a);
}

static void unlink_alert(struct oc_groups *g, uint32_t alert, uint32_t at)
{
    uint32_t *from = &g->first_of[alert];
    if (*from == at + 1) {
        uint32_t also = g->members.items[at].also;
        *from = also == OC_GROUP_NONE ? 0 : also + 1;
        return;
    }
    struct oc_member *m = &g->members.items[*from - 1];
    while (m->also != at) {
        m = &g->members.items[m->also];
    }
    m->also = g->members.items[at].also;
}

void oc_groups_leave(struct oc_groups *g, uint32_t at)
{
    const struct oc_member m = g->members.items[at];
    struct oc_group *group = g->list.items[m.group];
    *(m.prev == OC_GROUP_NONE ? &group->first : &g->members.items[m.prev].next) = m.next;
    *(m.next == OC_GROUP_NONE ? &group->last : &g->members.items[m.next].prev) = m.prev;
    group->count--;
    unlink_alert(g, m.alert, at);
    OC_VEC_PUSH(&g->free_members, at);
}

void oc_groups_leave_all(struct oc_groups *g, const struct oc_alert *a)
{
    for (uint32_t at; (at = oc_groups_first(g, a)) != OC_GROUP_NONE;) {
        uint32_t group = g->members.items[at].group;
        oc_groups_leave(g, at);
        oc_groups_end_if_empty(g, group);
    }
}

void oc_groups_drop_channel(struct oc_groups *g, const char *channel)
{
    for (size_t i = 0; i < g->list.count; i++) {
        struct oc_group *group = g->list.items[i];
        if (!group || strcmp(group->channel, channel) != 0) {
            continue;
        }
        while (group->first != OC_GROUP_NONE) {
            oc_groups_leave(g, group->first);
        }
        oc_groups_end_if_empty(g, (uint32_t)i);
    }
}

/* ---- the heap ---- */

static void put(struct oc_groups *g, size_t at, uint32_t group)
{
    g->heap.items[at] = group;
    g->list.items[group]->heap_at = (uint32_t)at + 1;
}

static int64_t due_of(const struct oc_groups *g, size_t at)
{
    return g->list.items[g->heap.items[at]]->due_at;
}

static size_t sift_up(struct oc_groups *g, size_t at)
{
    uint32_t group = g->heap.items[at];
    while (at > 0 && due_of(g, (at - 1) / 2) > g->list.items[group]->due_at) {
        put(g, at, g->heap.items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(g, at, group);
    return at;
}

static void sift_down(struct oc_groups *g, size_t at)
{
    uint32_t group = g->heap.items[at];
    for (size_t child; (child = 2 * at + 1) < g->heap.count; at = child) {
        if (child + 1 < g->heap.count && due_of(g, child + 1) < due_of(g, child)) {
            child++;
        }
        if (due_of(g, child) >= g->list.items[group]->due_at) {
            break;
        }
        put(g, at, g->heap.items[child]);
    }
    put(g, at, group);
}

void oc_groups_set_due(struct oc_groups *g, uint32_t index, int64_t due)
{
    struct oc_group *group = g->list.items[index];
    if (group->heap_at) {
        size_t at = group->heap_at - 1;
        uint32_t last = g->heap.items[--g->heap.count];
        group->heap_at = 0;
        if (last != index) {
            put(g, at, last);
            sift_down(g, sift_up(g, at));
        }
    }
    group->due_at = due;
    if (due != INT64_MAX) {
        OC_VEC_PUSH(&g->heap, index);
        sift_up(g, g->heap.count - 1);
    }
}

void oc_groups_hurry(struct oc_groups *g, uint32_t group, int64_t due)
{
    if (g->list.items[group]->due_at > due) {
        oc_groups_set_due(g, group, due);
    }
}

struct oc_group *oc_groups_due(const struct oc_groups *g)
{
    return g->heap.count > 0 ? g->list.items[g->heap.items[0]] : NULL;
}

int64_t oc_group_next(const struct oc_group *group, int64_t starts_at, int64_t now)
{
    if (!group->flushed_at) {
        return starts_at + group->leaf->wait <= now ? now : now + group->leaf->wait;
    }
    /* A clock that was set back must not keep people waiting for more than one period. */
    int64_t from = group->flushed_at < now ? group->flushed_at : now;
    return from + group->leaf->interval > now ? from + group->leaf->interval : now;
}
