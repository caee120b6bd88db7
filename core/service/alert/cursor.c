/* Long lists of alerts in parts. SPDX-License-Identifier: MIT
 *
 * Alerts are gathered in slices, then sorted: by key, and the groups by their texts. Only keys and places are kept from then on, 12 bytes for an alert. */
#include "core/service/alert/cursor.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/regex.h"
#include "core/base/time.h"
#include "core/service/alert/candidates.h"
#include "core/service/alert/select.h"
#include "core/service/alert/service.h"
#include "core/service/alert/view_internal.h"

#define GROUP_BY_MAX 16
#define AHEAD        4  /* alerts fetched into the cache before they are read */
#define CLOCK_EVERY  64 /* steps between two looks at the clock */

struct group {
    struct oc_cursor_group head;
    const char **values; /* in the order of group_by */
    size_t value_count;
    size_t count, end; /* alerts; where its keys end */
};

struct entry {
    uint64_t key;
    struct group *group;
    uint32_t place;
};

/* Groups are merged in pairs of sorted runs, which can stop anywhere. */
struct merging {
    struct group **from, **to;
    size_t width, left, mid, right, end, out;
};

enum phase { GATHERING, SORTING, MERGING, PLACING, READY };

struct oc_alert_cursor {
    struct oc_alert_service *s;
    struct oc_alert_query query; /* what it points to is ours */
    struct oc_regex *receiver;
    bool grouped, single;
    enum phase phase;

    struct oc_candidates candidates;
    OC_VEC(struct entry) entries;
    struct merging merging;

    struct oc_arena arena;        /* groups and their texts */
    const char *by[GROUP_BY_MAX]; /* labels that make a group */
    size_t by_count;
    struct oc_map group_of; /* receiver and values -> struct group */
    OC_VEC(struct group *) groups;

    uint64_t *keys;
    uint32_t *places; /* where they were; a hint */
    size_t count, at, group_at;
    size_t begin; /* where the keys of this group begin */
    struct oc_alert_view view;
};

/* ---- opening ---- */

static void copy_query(struct oc_alert_cursor *c, const struct oc_alert_query *q)
{
    struct oc_matcher *matchers = oc_calloc(q->matcher_count + 1, sizeof *matchers);
    c->query = *q;
    c->query.receiver = NULL;
    c->query.matchers = matchers;
    c->query.matcher_count = 0;
    for (size_t i = 0; i < q->matcher_count; i++) {
        if (oc_matcher_copy(&q->matchers[i], &matchers[c->query.matcher_count]) == OC_OK) {
            c->query.matcher_count++;
        }
    }
}

/* The configuration may change while the list is read. */
static void copy_group_by(struct oc_alert_cursor *c)
{
    for (size_t i = 0; i < c->s->group_by.count && c->by_count < GROUP_BY_MAX; i++) {
        c->single = c->single || strcmp(c->s->group_by.items[i], "...") == 0;
        c->by[c->by_count++] = oc_arena_strdup(&c->arena, c->s->group_by.items[i]);
    }
    c->by_count = c->single ? 0 : c->by_count;
}

struct oc_alert_cursor *oc_alert_cursor_open(struct oc_alert_service *s,
                                             const struct oc_alert_query *q, bool grouped,
                                             struct oc_error *err)
{
    struct oc_regex *receiver;
    if (oc_view_receiver(q, &receiver, err) != OC_OK) {
        return NULL;
    }
    struct oc_alert_cursor *c = oc_calloc(1, sizeof *c);
    c->s = s;
    c->receiver = receiver;
    c->grouped = grouped;
    copy_query(c, q);
    copy_group_by(c);
    oc_candidates_begin(&c->candidates, &s->alerts, c->query.matchers, c->query.matcher_count);
    return c;
}

static void finish_gathering(struct oc_alert_cursor *c)
{
    oc_candidates_finish(&c->candidates);
    OC_VEC_FINISH(&c->entries);
    oc_map_finish(&c->group_of, NULL);
    free(c->merging.to);
    c->merging.to = NULL;
}

void oc_alert_cursor_close(struct oc_alert_cursor *c)
{
    if (!c) {
        return;
    }
    struct oc_matcher *matchers = (struct oc_matcher *)(uintptr_t)c->query.matchers;
    for (size_t i = 0; i < c->query.matcher_count; i++) {
        oc_matcher_finish(&matchers[i]);
    }
    finish_gathering(c);
    free(matchers);
    OC_VEC_FINISH(&c->groups);
    oc_arena_finish(&c->arena);
    oc_regex_destroy(c->receiver);
    free(c->keys);
    free(c->places);
    free(c);
}

/* ---- gathering ---- */

/* Sorted by name; without those that its alerts do not have. */
static void add_label(struct group *g, struct oc_alert_pair *pairs, const char *name,
                      const char *value)
{
    size_t at = g->head.label_count;
    if (!*value) {
        return;
    }
    while (at > 0 && strcmp(pairs[at - 1].name, name) > 0) {
        pairs[at] = pairs[at - 1];
        at--;
    }
    pairs[at] = (struct oc_alert_pair){name, value};
    g->head.label_count++;
}

static struct group *make_group(struct oc_alert_cursor *c, const char *receiver,
                                const char *const *values)
{
    struct group *g = oc_arena_alloc(&c->arena, sizeof *g);
    struct oc_alert_pair *pairs =
        oc_arena_alloc(&c->arena, (c->by_count + 1) * sizeof(struct oc_alert_pair));
    memset(g, 0, sizeof *g);
    g->head.receiver = oc_arena_strdup(&c->arena, receiver);
    g->head.single = c->single;
    g->values = oc_arena_alloc(&c->arena, (c->by_count + 1) * sizeof *g->values);
    for (size_t i = 0; i < c->by_count; i++) {
        g->values[g->value_count++] = oc_arena_strdup(&c->arena, values[i]);
        add_label(g, pairs, c->by[i], g->values[i]);
    }
    g->head.labels = pairs;
    OC_VEC_PUSH(&c->groups, g);
    return g;
}

static struct group *group_of(struct oc_alert_cursor *c, const char *receiver,
                              const char *const *values)
{
    struct oc_buf *text = &c->s->scratch;
    oc_buf_clear(text);
    oc_buf_add(text, receiver, strlen(receiver) + 1);
    for (size_t i = 0; i < c->by_count; i++) {
        oc_buf_add(text, values[i], strlen(values[i]) + 1);
    }
    struct group *g = oc_map_getn(&c->group_of, text->data, text->len);
    if (!g) {
        g = make_group(c, receiver, values);
        oc_map_setn(&c->group_of, text->data, text->len, g);
    }
    return g;
}

static struct group *make_real(struct oc_alert_cursor *c, const struct oc_group *real)
{
    struct group *g = oc_arena_alloc(&c->arena, sizeof *g);
    struct oc_alert_pair *pairs =
        oc_arena_alloc(&c->arena, (real->label_count + 1) * sizeof(struct oc_alert_pair));
    memset(g, 0, sizeof *g);
    g->head.receiver = oc_arena_strdup(&c->arena, real->channel);
    g->values = oc_arena_alloc(&c->arena, (real->label_count + 1) * sizeof *g->values);
    for (size_t i = 0; i < real->label_count; i++) {
        g->values[g->value_count++] = oc_arena_strdup(&c->arena, real->labels[i].value);
        add_label(g, pairs, oc_arena_strdup(&c->arena, real->labels[i].name), g->values[i]);
    }
    g->head.labels = pairs;
    OC_VEC_PUSH(&c->groups, g);
    return g;
}

/* A group that people are told of together. */
static struct group *real_group(struct oc_alert_cursor *c, const struct oc_group *real)
{
    char key[1 + sizeof real->hash] = {'\0'}; /* no receiver's name begins so */
    memcpy(key + 1, &real->hash, sizeof real->hash);
    struct group *g = oc_map_getn(&c->group_of, key, sizeof key);
    if (!g) {
        g = make_real(c, real);
        oc_map_setn(&c->group_of, key, sizeof key, g);
    }
    return g;
}

/* Groups of the alert; `receiver` (unless NULL) alone. Whether there are any. */
static bool gather_real(struct oc_alert_cursor *c, const struct oc_alert *a, const char *receiver)
{
    const struct oc_groups *groups = &c->s->groups;
    bool any = false;
    for (uint32_t at = oc_groups_first(groups, a); at != OC_GROUP_NONE;) {
        const struct oc_member *m = oc_groups_member(groups, at);
        const struct oc_group *real = oc_groups_at(groups, m->group);
        if (receiver) {
            any = any || strcmp(real->channel, receiver) == 0;
        } else if (oc_view_admits_receiver(c->receiver, real->channel)) {
            struct entry entry = {a->key, real_group(c, real), a->index};
            entry.group->count++;
            OC_VEC_PUSH(&c->entries, entry);
            any = true;
        }
        at = m->also;
    }
    return any;
}

static void gather_groups(struct oc_alert_cursor *c, const struct oc_alert *a)
{
    const char *values[GROUP_BY_MAX];
    size_t count;
    bool real = gather_real(c, a, NULL);
    if (real && !a->told) {
        return; /* whom else it would be told is in its groups, too */
    }
    const char *const *receivers = oc_view_receivers_of(c->s, a, &count);
    for (size_t i = 0; i < c->by_count; i++) {
        values[i] = oc_alert_record_field(&c->s->alerts, a, c->by[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (oc_view_admits_receiver(c->receiver, receivers[i]) &&
            !(real && gather_real(c, a, receivers[i]))) {
            struct entry entry = {a->key, group_of(c, receivers[i], values), a->index};
            entry.group->count++;
            OC_VEC_PUSH(&c->entries, entry);
        }
    }
}

static bool is_over(size_t steps, int64_t until)
{
    return steps % CLOCK_EVERY == CLOCK_EVERY - 1 && oc_time_mono() >= until;
}

static void consider(struct oc_alert_cursor *c, const struct oc_alert *a)
{
    if ((!a->firing && !c->query.resolved) ||
        !oc_candidates_admit(&c->candidates, &c->s->alerts, a)) {
        return;
    }
    if (c->grouped) {
        gather_groups(c, a);
    } else {
        struct entry entry = {a->key, NULL, a->index};
        OC_VEC_PUSH(&c->entries, entry);
    }
}

/* True when all have been looked at. */
static bool gather(struct oc_alert_cursor *c, int64_t until)
{
    for (size_t i = 0; !c->candidates.done; i++) {
        const struct oc_alert *a = oc_candidates_step(&c->candidates, &c->s->alerts);
        if (a) {
            consider(c, a);
        }
        if (is_over(i, until)) {
            return false;
        }
    }
    return true;
}

/* ---- sorting ---- */

/* By one byte of the keys, keeping the order else. */
static void sort_by_byte(const struct entry *from, struct entry *to, size_t count, unsigned shift)
{
    size_t starts[257] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[((from[i].key >> shift) & 0xff) + 1]++;
    }
    for (size_t i = 1; i < 257; i++) {
        starts[i] += starts[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[(from[i].key >> shift) & 0xff]++] = from[i];
    }
}

static int by_key(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    return (a->key > b->key) - (a->key < b->key);
}

/* 100 000 take 3 ms; a comparing sort takes five times as long. */
static void sort_entries(struct oc_alert_cursor *c)
{
    if (c->entries.count < 256) {
        if (c->entries.count > 1) {
            qsort(c->entries.items, c->entries.count, sizeof *c->entries.items, by_key);
        }
        return;
    }
    struct entry *other = oc_alloc(c->entries.count * sizeof *other);
    for (unsigned shift = 0; shift < 64; shift += 16) { /* an even number of passes */
        sort_by_byte(c->entries.items, other, c->entries.count, shift);
        sort_by_byte(other, c->entries.items, c->entries.count, shift + 8);
    }
    free(other);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int compare(const struct group *a, const struct group *b)
{
    size_t common = least(a->value_count, b->value_count);
    int difference = strcmp(a->head.receiver, b->head.receiver);
    for (size_t i = 0; difference == 0 && i < common; i++) {
        difference = strcmp(a->values[i], b->values[i]);
    }
    if (difference == 0) {
        difference = (a->value_count > common) - (b->value_count > common);
    }
    return difference;
}

static void begin_pair(struct merging *m, size_t from, size_t count)
{
    m->left = m->out = from;
    m->mid = m->right = least(from + m->width, count);
    m->end = least(from + 2 * m->width, count);
}

static void begin_merging(struct oc_alert_cursor *c)
{
    struct merging *m = &c->merging;
    m->from = c->groups.items;
    m->to = oc_alloc((c->groups.count + 1) * sizeof *m->to);
    m->width = 1;
    begin_pair(m, 0, c->groups.count);
}

/* True when the runs are one. */
static bool next_pair(struct merging *m, size_t count)
{
    if (m->end < count) {
        begin_pair(m, m->end, count);
        return false;
    }
    struct group **swap = m->from;
    m->from = m->to;
    m->to = swap;
    m->width *= 2;
    begin_pair(m, 0, count);
    return m->width >= count;
}

static bool merge(struct oc_alert_cursor *c, int64_t until)
{
    struct merging *m = &c->merging;
    const size_t count = c->groups.count;
    bool done = m->width >= count;
    for (size_t i = 0; !done; i++) {
        bool left = m->left < m->mid &&
                    (m->right == m->end || compare(m->from[m->left], m->from[m->right]) <= 0);
        m->to[m->out++] = left ? m->from[m->left++] : m->from[m->right++];
        done = m->out == m->end && next_pair(m, count);
        if (!done && is_over(i, until)) {
            return false;
        }
    }
    c->groups.items = m->from;
    c->groups.cap = count;
    return true;
}

/* Entries are in the order of keys; each goes behind those of its group. */
static void place(struct oc_alert_cursor *c)
{
    size_t at = 0;
    c->keys = oc_alloc((c->entries.count + 1) * sizeof *c->keys);
    c->places = oc_alloc((c->entries.count + 1) * sizeof *c->places);
    c->count = c->entries.count;
    for (size_t i = 0; i < c->groups.count; i++) {
        c->groups.items[i]->end = at;
        at += c->groups.items[i]->count;
    }
    for (size_t i = 0; i < c->count; i++) {
        const struct entry *e = &c->entries.items[i];
        size_t to = e->group ? e->group->end++ : i;
        c->keys[to] = e->key;
        c->places[to] = e->place;
    }
    finish_gathering(c);
}

/* One phase, or a slice of it. */
static void advance(struct oc_alert_cursor *c, int64_t until)
{
    switch (c->phase) {
    case GATHERING:
        c->phase = gather(c, until) ? SORTING : GATHERING;
        break;
    case SORTING:
        sort_entries(c);
        begin_merging(c);
        c->phase = MERGING;
        break;
    case MERGING:
        c->phase = merge(c, until) ? PLACING : MERGING;
        break;
    case PLACING:
        place(c);
        c->phase = READY;
        break;
    case READY:
        break;
    }
}

bool oc_alert_cursor_prepare(struct oc_alert_cursor *c, int64_t budget_ms)
{
    int64_t until = oc_time_mono() + budget_ms;
    do {
        advance(c, until);
    } while (c->phase != READY && oc_time_mono() < until);
    return c->phase == READY;
}

/* ---- reading ---- */

/* What is in the order of keys is all over the memory. */
static void fetch_ahead(const struct oc_alert_cursor *c)
{
    if (c->at + 2 * AHEAD < c->count) {
        __builtin_prefetch(oc_alerts_at(&c->s->alerts, c->places[c->at + 2 * AHEAD]));
        __builtin_prefetch(oc_alerts_at(&c->s->alerts, c->places[c->at + AHEAD])->body);
    }
}

static const struct oc_alert *find(const struct oc_alert_cursor *c, size_t at)
{
    const struct oc_alert *a = oc_alerts_at(&c->s->alerts, c->places[at]);
    return a->body && a->key == c->keys[at] ? a : oc_alerts_find(&c->s->alerts, c->keys[at]);
}

/* As it is now. */
static bool look(struct oc_alert_cursor *c, size_t at)
{
    const struct oc_alert *a = find(c, at);
    if (!a || (!a->firing && !c->query.resolved) ||
        !oc_alerts_match(&c->s->alerts, c->query.matchers, c->query.matcher_count, a)) {
        return false;
    }
    oc_alert_view_get(c->s, a, &c->view);
    return oc_view_admits(&c->query, c->receiver, a, &c->view);
}

const struct oc_alert_view *oc_alert_cursor_next(struct oc_alert_cursor *c,
                                                 const struct oc_cursor_group **group)
{
    while (c->at < c->count) {
        while (c->grouped && c->at == c->groups.items[c->group_at]->end) {
            c->group_at++;
            c->begin = c->at;
        }
        if (group) {
            *group = c->grouped ? &c->groups.items[c->group_at]->head : NULL;
        }
        size_t at = c->at++;
        fetch_ahead(c);
        bool again = at > c->begin && c->keys[at - 1] == c->keys[at];
        if (!again && look(c, at)) {
            return &c->view;
        }
    }
    return NULL;
}
