/* Interned labels and the alerts that have them. SPDX-License-Identifier: MIT */
#include "labels.h"

#include <string.h>

#include "core/sys/crypto.h"

#define SLOTS_FIRST 256

void oc_labels_init(struct oc_labels *l,
                    struct oc_label_ref *(*ref_of)(void *ctx, uint32_t alert, uint32_t pair),
                    void *ctx)
{
    memset(l, 0, sizeof *l);
    l->ref_of = ref_of;
    l->ctx = ctx;
    oc_random(&l->seed, sizeof l->seed);
}

static size_t size_of(uint32_t len)
{
    return offsetof(struct oc_label_pair, value) + len + 1;
}

static void free_pair(struct oc_labels *l, struct oc_label_pair *pair)
{
    if (pair->many) {
        free(pair->alerts.list);
    }
    oc_pool_give(&l->pool, pair, size_of(pair->len));
}

void oc_labels_finish(struct oc_labels *l)
{
    for (size_t i = 0; i < l->pairs.count; i++) {
        if (l->pairs.items[i]) {
            free_pair(l, l->pairs.items[i]);
        }
    }
    oc_pool_finish(&l->pool);
    for (size_t i = 0; i < l->names.count; i++) {
        free(l->names.items[i].text);
        OC_VEC_FINISH(&l->names.items[i].pairs);
    }
    OC_VEC_FINISH(&l->pairs);
    OC_VEC_FINISH(&l->names);
    OC_VEC_FINISH(&l->free_pairs);
    OC_VEC_FINISH(&l->free_names);
    oc_map_finish(&l->name_numbers, NULL);
    free(l->slots);
}

/* ---- names ---- */

static uint32_t find_name(const struct oc_labels *l, const char *name, size_t len)
{
    uintptr_t number = (uintptr_t)oc_map_getn(&l->name_numbers, name, len);
    return number ? (uint32_t)(number - 1) : OC_LABEL_NONE;
}

uint32_t oc_labels_find_name(const struct oc_labels *l, const char *name)
{
    return find_name(l, name, strlen(name));
}

static uint32_t make_name(struct oc_labels *l, const char *name, size_t len)
{
    struct oc_label_name made = {oc_strndup(name, len), {0}};
    uint32_t number = (uint32_t)l->names.count;
    if (l->free_names.count > 0) {
        number = l->free_names.items[--l->free_names.count];
        l->names.items[number] = made;
    } else {
        OC_VEC_PUSH(&l->names, made);
    }
    oc_map_setn(&l->name_numbers, name, len, (void *)((uintptr_t)number + 1));
    return number;
}

static void join_name(struct oc_labels *l, uint32_t number)
{
    struct oc_label_pair *pair = l->pairs.items[number];
    struct oc_label_name *name = &l->names.items[pair->name];
    pair->name_at = (uint32_t)name->pairs.count;
    OC_VEC_PUSH(&name->pairs, number);
}

static void leave_name(struct oc_labels *l, const struct oc_label_pair *pair)
{
    struct oc_label_name *name = &l->names.items[pair->name];
    uint32_t last = name->pairs.items[--name->pairs.count];
    name->pairs.items[pair->name_at] = last;
    l->pairs.items[last]->name_at = pair->name_at;
    if (name->pairs.count == 0) {
        oc_map_remove(&l->name_numbers, name->text);
        OC_FREE(name->text);
        OC_VEC_FINISH(&name->pairs);
        OC_VEC_PUSH(&l->free_names, pair->name);
    }
}

/* ---- the hash table of pairs: open addressing, linear ---- */

static uint32_t hash_of(const struct oc_labels *l, uint32_t name, const char *value, size_t len)
{
    return (uint32_t)oc_hash_bytes(value, len, l->seed + name * UINT64_C(0x9e3779b97f4a7c15));
}

static size_t slot_of(const struct oc_labels *l, uint32_t hash)
{
    return hash & (l->slot_count - 1);
}

static uint32_t find(const struct oc_labels *l, uint32_t hash, uint32_t name, const char *value,
                     size_t len)
{
    for (size_t i = slot_of(l, hash); l->slot_count && l->slots[i];
         i = (i + 1) & (l->slot_count - 1)) {
        const struct oc_label_pair *pair = l->pairs.items[l->slots[i] - 1];
        if (pair->hash == hash && pair->name == name && pair->len == len &&
            memcmp(pair->value, value, len) == 0) {
            return l->slots[i] - 1;
        }
    }
    return OC_LABEL_NONE;
}

static void enter(struct oc_labels *l, uint32_t number)
{
    size_t i = slot_of(l, l->pairs.items[number]->hash);
    while (l->slots[i]) {
        i = (i + 1) & (l->slot_count - 1);
    }
    l->slots[i] = number + 1;
}

static void resize(struct oc_labels *l, size_t count)
{
    uint32_t *old = l->slots;
    size_t old_count = l->slot_count;
    l->slots = oc_calloc(count, sizeof *l->slots);
    l->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i]) {
            enter(l, old[i] - 1);
        }
    }
    free(old);
}

/* Closes the gap, so that no marks of removed entries are needed. */
static void leave(struct oc_labels *l, uint32_t number)
{
    size_t mask = l->slot_count - 1, i = slot_of(l, l->pairs.items[number]->hash);
    while (l->slots[i] != number + 1) {
        i = (i + 1) & mask;
    }
    for (size_t k = (i + 1) & mask; l->slots[k]; k = (k + 1) & mask) {
        size_t home = slot_of(l, l->pairs.items[l->slots[k] - 1]->hash);
        if (((k - home) & mask) >= ((k - i) & mask)) {
            l->slots[i] = l->slots[k];
            i = k;
        }
    }
    l->slots[i] = 0;
}

/* ---- pairs ---- */

uint32_t oc_labels_find(const struct oc_labels *l, const char *name, const char *value)
{
    uint32_t number = oc_labels_find_name(l, name);
    size_t len = strlen(value);
    return number == OC_LABEL_NONE ? OC_LABEL_NONE
                                   : find(l, hash_of(l, number, value, len), number, value, len);
}

static uint32_t new_number(struct oc_labels *l, struct oc_label_pair *pair)
{
    if (l->free_pairs.count > 0) {
        uint32_t number = l->free_pairs.items[--l->free_pairs.count];
        l->pairs.items[number] = pair;
        return number;
    }
    OC_ASSERT(l->pairs.count < OC_LABEL_NUMBER);
    OC_VEC_PUSH(&l->pairs, pair);
    return (uint32_t)l->pairs.count - 1;
}

uint32_t oc_labels_intern(struct oc_labels *l, const char *name, size_t name_len, const char *value,
                          size_t value_len)
{
    uint32_t name_number = find_name(l, name, name_len);
    if (name_number == OC_LABEL_NONE) {
        name_number = make_name(l, name, name_len);
    }
    uint32_t hash = hash_of(l, name_number, value, value_len);
    uint32_t number = find(l, hash, name_number, value, value_len);
    if (number != OC_LABEL_NONE) {
        return number;
    }
    struct oc_label_pair *pair = oc_pool_take(&l->pool, size_of((uint32_t)value_len));
    *pair = (struct oc_label_pair){.hash = hash, .name = name_number, .len = (uint32_t)value_len};
    memcpy(pair->value, value, value_len);
    pair->value[value_len] = '\0';
    if (2 * (l->used + 1) > l->slot_count) {
        resize(l, l->slot_count ? 2 * l->slot_count : SLOTS_FIRST);
    }
    number = new_number(l, pair);
    enter(l, number);
    join_name(l, number);
    l->used++;
    return number;
}

static void drop_unused(struct oc_labels *l, uint32_t number)
{
    struct oc_label_pair *pair = l->pairs.items[number];
    if (pair->count > 0 || pair->holds > 0) {
        return;
    }
    leave(l, number);
    leave_name(l, pair);
    free_pair(l, pair);
    l->pairs.items[number] = NULL;
    OC_VEC_PUSH(&l->free_pairs, number);
    l->used--;
}

void oc_labels_hold(struct oc_labels *l, uint32_t pair)
{
    l->pairs.items[pair & OC_LABEL_NUMBER]->holds++;
}

void oc_labels_release(struct oc_labels *l, uint32_t pair)
{
    l->pairs.items[pair & OC_LABEL_NUMBER]->holds--;
    drop_unused(l, pair & OC_LABEL_NUMBER);
}

static void set_room(struct oc_label_pair *pair, uint32_t cap)
{
    const uint32_t one = pair->alerts.one;
    struct oc_label_list *list = pair->many ? pair->alerts.list : NULL;
    list = oc_realloc(list, sizeof *list + cap * sizeof *list->items);
    list->cap = cap;
    if (!pair->many) {
        list->items[0] = one;
    }
    pair->many = true;
    pair->alerts.list = list;
}

static bool is_full(const struct oc_label_pair *pair)
{
    return pair->count > 0 && (!pair->many || pair->count >= pair->alerts.list->cap);
}

void oc_labels_link(struct oc_labels *l, struct oc_label_ref *ref, uint32_t alert)
{
    struct oc_label_pair *pair = l->pairs.items[ref->pair & OC_LABEL_NUMBER];
    ref->at = pair->count;
    if (is_full(pair)) {
        set_room(pair, pair->many ? pair->count + pair->count / 2 + 1 : 4);
    }
    if (pair->many) {
        pair->alerts.list->items[pair->count] = alert;
    } else {
        pair->alerts.one = alert;
    }
    pair->count++;
}

void oc_labels_unlink(struct oc_labels *l, const struct oc_label_ref *ref)
{
    uint32_t number = ref->pair & OC_LABEL_NUMBER, at = ref->at;
    struct oc_label_pair *pair = l->pairs.items[number];
    uint32_t last = --pair->count;
    if (pair->many && at != last) {
        uint32_t moved = pair->alerts.list->items[last];
        pair->alerts.list->items[at] = moved;
        struct oc_label_ref *its = l->ref_of(l->ctx, moved, number);
        OC_ASSERT(its && its->at == last);
        its->at = at;
    }
    if (pair->many && pair->alerts.list->cap > 64 && pair->count < pair->alerts.list->cap / 4) {
        set_room(pair, pair->alerts.list->cap / 2);
    }
    drop_unused(l, number);
}
