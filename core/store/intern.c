/* The set of interned strings. SPDX-License-Identifier: MIT */
#include "core/store/intern.h"

#include <string.h>

#include "core/base/map.h"
#include "core/base/mem.h"

#define CAP_MIN    64
#define BLOCK_SIZE 4080 /* one page with malloc's own header */

struct oc_intern_block {
    struct oc_intern_block *next;
    size_t used, cap;
    char data[];
};

void oc_interns_init(struct oc_interns *set, uint64_t seed)
{
    *set = (struct oc_interns){.seed = seed};
}

void oc_interns_finish(struct oc_interns *set)
{
    while (set->blocks) {
        struct oc_intern_block *next = set->blocks->next;
        free(set->blocks);
        set->blocks = next;
    }
    free(set->slots);
    *set = (struct oc_interns){.seed = set->seed};
}

/* The slot that holds the text, or the free one where it belongs. */
static const char **find(const struct oc_interns *set, const char *text, size_t len)
{
    size_t i = oc_hash_bytes(text, len, set->seed) & (set->cap - 1);
    while (set->slots[i] && (strncmp(set->slots[i], text, len) != 0 || set->slots[i][len])) {
        i = (i + 1) & (set->cap - 1);
    }
    return &set->slots[i];
}

static void grow(struct oc_interns *set)
{
    struct oc_interns old = *set;

    set->cap = old.cap ? old.cap * 2 : CAP_MIN;
    set->slots = oc_calloc(set->cap, sizeof *set->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i]) {
            *find(set, old.slots[i], strlen(old.slots[i])) = old.slots[i];
        }
    }
    free(old.slots);
}

static char *place(struct oc_interns *set, size_t size)
{
    struct oc_intern_block *b = set->blocks;

    if (!b || b->cap - b->used < size) {
        size_t cap = BLOCK_SIZE - sizeof *b;
        cap = size > cap ? size : cap;
        b = oc_alloc(sizeof *b + cap);
        b->next = set->blocks;
        b->used = 0;
        b->cap = cap;
        set->blocks = b;
    }
    b->used += size;
    return b->data + b->used - size;
}

const char *oc_interns_add(struct oc_interns *set, const char *text, size_t len)
{
    if ((set->count + 1) * 4 > set->cap * 3) {
        grow(set);
    }
    const char **slot = find(set, text, len);
    if (!*slot) {
        char *copy = place(set, len + 1);
        memcpy(copy, text, len);
        copy[len] = '\0';
        *slot = copy;
        set->count++;
    }
    return *slot;
}
