/* Long lists of alerts in parts. SPDX-License-Identifier: MIT
 *
 * Alerts are gathered in slices, then sorted: by key, and the groups by their texts. Only keys and places are kept from then on, 12 bytes for an alert. */
#include <string.h>

#include "core/base/regex.h"
#include "core/base/time.h"
#include "core/service/alert/look/cursor_internal.h"
#include "core/service/alert/look/view_internal.h"
#include "core/service/alert/service.h"
#include "core/service/alert/table/select.h"

#define AHEAD  4     /* alerts fetched into the cache before they are read */
#define EFFORT 20000 /* steps of expressions between two looks at the clock */

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
    for (size_t i = 0; i < c->s->group_by.count && c->by_count < OC_CURSOR_BY_MAX; i++) {
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

void oc_cursor_end_gathering(struct oc_alert_cursor *c)
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
    oc_cursor_end_gathering(c);
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
static void add_label(struct oc_cursor_bucket *g, struct oc_alert_pair *pairs, const char *name,
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

static struct oc_cursor_bucket *make_group(struct oc_alert_cursor *c, const char *receiver,
                                           const char *const *values)
{
    struct oc_cursor_bucket *g = oc_arena_alloc(&c->arena, sizeof *g);
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

static struct oc_cursor_bucket *group_of(struct oc_alert_cursor *c, const char *receiver,
                                         const char *const *values)
{
    struct oc_buf *text = &c->s->scratch;
    oc_buf_clear(text);
    oc_buf_add(text, receiver, strlen(receiver) + 1);
    for (size_t i = 0; i < c->by_count; i++) {
        oc_buf_add(text, values[i], strlen(values[i]) + 1);
    }
    struct oc_cursor_bucket *g = oc_map_getn(&c->group_of, text->data, text->len);
    if (!g) {
        g = make_group(c, receiver, values);
        oc_map_setn(&c->group_of, text->data, text->len, g);
    }
    return g;
}

static struct oc_cursor_bucket *make_real(struct oc_alert_cursor *c, const struct oc_group *real)
{
    struct oc_cursor_bucket *g = oc_arena_alloc(&c->arena, sizeof *g);
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
static struct oc_cursor_bucket *real_group(struct oc_alert_cursor *c, const struct oc_group *real)
{
    char key[1 + sizeof real->hash] = {'\0'}; /* no receiver's name begins so */
    memcpy(key + 1, &real->hash, sizeof real->hash);
    struct oc_cursor_bucket *g = oc_map_getn(&c->group_of, key, sizeof key);
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
            struct oc_cursor_entry entry = {a->key, real_group(c, real), a->index};
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
    const char *values[OC_CURSOR_BY_MAX];
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
            struct oc_cursor_entry entry = {a->key, group_of(c, receivers[i], values), a->index};
            entry.group->count++;
            OC_VEC_PUSH(&c->entries, entry);
        }
    }
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
        struct oc_cursor_entry entry = {a->key, NULL, a->index};
        OC_VEC_PUSH(&c->entries, entry);
    }
}

/* Expressions that no table has room for take their time with every alert. */
static bool is_over(size_t steps, uint64_t *looked, const struct oc_alert_cursor *c, int64_t until)
{
    uint64_t effort = oc_candidates_effort(&c->candidates);
    if (effort - *looked < EFFORT) {
        return oc_cursor_is_over(steps, until);
    }
    *looked = effort;
    return oc_time_mono() >= until;
}

/* True when all have been looked at. */
static bool gather(struct oc_alert_cursor *c, int64_t until)
{
    uint64_t looked = oc_candidates_effort(&c->candidates);
    for (size_t i = 0; !c->candidates.done; i++) {
        const struct oc_alert *a = oc_candidates_step(&c->candidates, &c->s->alerts);
        if (a) {
            consider(c, a);
        }
        if (is_over(i, &looked, c, until)) {
            return false;
        }
    }
    return true;
}

/* One phase, or a slice of it. */
static void advance(struct oc_alert_cursor *c, int64_t until)
{
    switch (c->phase) {
    case OC_CURSOR_GATHERING:
        c->phase = gather(c, until) ? OC_CURSOR_SORTING : OC_CURSOR_GATHERING;
        break;
    case OC_CURSOR_SORTING:
        oc_cursor_sort_entries(c);
        oc_cursor_begin_merging(c);
        c->phase = OC_CURSOR_MERGING;
        break;
    case OC_CURSOR_MERGING:
        c->phase = oc_cursor_merge(c, until) ? OC_CURSOR_PLACING : OC_CURSOR_MERGING;
        break;
    case OC_CURSOR_PLACING:
        oc_cursor_place(c);
        c->phase = OC_CURSOR_READY;
        break;
    case OC_CURSOR_READY:
        break;
    }
}

bool oc_alert_cursor_prepare(struct oc_alert_cursor *c, int64_t budget_ms)
{
    int64_t until = oc_time_mono() + budget_ms;
    do {
        advance(c, until);
    } while (c->phase != OC_CURSOR_READY && oc_time_mono() < until);
    return c->phase == OC_CURSOR_READY;
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

/* Whether the matchers still hold: one that was posted has its labels for ever, they are what its key is made from. */
static bool still_matches(const struct oc_alert_cursor *c, const struct oc_alert *a)
{
    return a->posted ||
           oc_alerts_match(&c->s->alerts, c->query.matchers, c->query.matcher_count, a);
}

/* As it is now. */
static bool look(struct oc_alert_cursor *c, size_t at)
{
    const struct oc_alert *a = find(c, at);
    if (!a || (!a->firing && !c->query.resolved) || !still_matches(c, a)) {
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
