/* Series of one scrape whose labels were thinned out. SPDX-License-Identifier: MIT */
#include "exposition/series.h"

#include <stdlib.h>
#include <string.h>

struct series {
    struct oc_view name;
    struct oc_label *labels; /* owned */
    double value;
    uint32_t count, kind;
    uint64_t hash;
};

struct series_set {
    struct series *items; /* owned */
    size_t count, size;
    size_t *slots; /* owned; index + 1 of an item, 0 = free; twice as many as items at least */
    size_t slot_count;
};

static uint64_t hash_view(uint64_t hash, struct oc_view v)
{
    for (uint64_t i = 0; i < v.len; i++) {
        hash = (hash ^ (unsigned char)v.ptr[i]) * 1099511628211u;
    }
    return (hash ^ 0xff) * 1099511628211u; /* "ab","c" is not "a","bc" */
}

static uint64_t hash_series(struct oc_view name, const struct oc_label *labels, uint32_t count)
{
    uint64_t hash = hash_view(14695981039346656037u, name);
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_view(hash_view(hash, labels[i].name), labels[i].value);
    }
    return hash;
}

static bool same_view(struct oc_view a, struct oc_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool same_series(const struct series *s, struct oc_view name, const struct oc_label *labels,
                        uint32_t count)
{
    if (s->count != count || !same_view(s->name, name)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!same_view(s->labels[i].name, labels[i].name) ||
            !same_view(s->labels[i].value, labels[i].value)) {
            return false;
        }
    }
    return true;
}

static size_t *slot_for(const struct series_set *s, uint64_t hash, struct oc_view name,
                        const struct oc_label *labels, uint32_t count)
{
    size_t i = (size_t)hash & (s->slot_count - 1);
    while (s->slots[i]) {
        const struct series *item = &s->items[s->slots[i] - 1];
        if (item->hash == hash && same_series(item, name, labels, count)) {
            break;
        }
        i = (i + 1) & (s->slot_count - 1);
    }
    return &s->slots[i];
}

static bool grow(struct series_set *s)
{
    size_t size = s->size ? s->size * 2 : 256;
    size_t slot_count = size * 2;
    struct series *items = realloc(s->items, size * sizeof *items);
    if (!items) {
        return false;
    }
    s->items = items;
    size_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots) {
        return false;
    }
    free(s->slots);
    s->slots = slots;
    s->slot_count = slot_count;
    s->size = size;
    for (size_t i = 0; i < s->count; i++) {
        size_t at = (size_t)s->items[i].hash & (slot_count - 1);
        while (slots[at]) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = i + 1;
    }
    return true;
}

struct series_set *series_create(void)
{
    struct series_set *s = calloc(1, sizeof *s);
    if (s && !grow(s)) {
        series_destroy(s);
        return NULL;
    }
    return s;
}

void series_destroy(struct series_set *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].labels);
    }
    free(s->items);
    free(s->slots);
    free(s);
}

bool series_add(struct series_set *s, struct oc_view name, uint32_t kind, double value,
                const struct oc_label *labels, uint32_t count)
{
    uint64_t hash = hash_series(name, labels, count);
    size_t *slot = slot_for(s, hash, name, labels, count);
    if (*slot) {
        s->items[*slot - 1].value += value;
        return true;
    }
    struct oc_label *copy = count ? malloc(count * sizeof *copy) : NULL;
    if (count && !copy) {
        return false;
    }
    if (copy) {
        memcpy(copy, labels, count * sizeof *copy);
    }
    s->items[s->count] = (struct series){
        .name = name, .labels = copy, .value = value, .count = count, .kind = kind, .hash = hash};
    *slot = ++s->count;
    return s->count < s->size || grow(s);
}

size_t series_count(const struct series_set *s)
{
    return s->count;
}

void series_get(const struct series_set *s, size_t i, struct oc_record *record)
{
    const struct series *item = &s->items[i];
    record->name = item->name;
    record->kind = item->kind;
    record->value = item->value;
    record->labels = item->labels;
    record->label_count = item->count;
}
