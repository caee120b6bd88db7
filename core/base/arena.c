/* A bump allocator in linked blocks. SPDX-License-Identifier: MIT */
#include "core/base/arena.h"

#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"

#define BLOCK_SIZE  4000 /* with its header and malloc's own it stays below one page */
#define BLOCK_FIRST 480  /* most arenas hold little; each block is twice the one before */
#define ALIGNMENT   _Alignof(max_align_t)

struct oc_arena_block {
    struct oc_arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char data[];
};

static struct oc_arena_block *block_create(size_t size)
{
    struct oc_arena_block *block = oc_calloc(1, sizeof *block + size);
    block->size = size;
    return block;
}

/* A block for `size` bytes. What is too large to share goes behind the head, whose room stays in
 * use. */
static struct oc_arena_block *block_for(struct oc_arena *a, size_t size)
{
    size_t usual = a->head ? 2 * a->head->size : BLOCK_FIRST;
    usual = usual < size ? size : usual;
    usual = usual < BLOCK_SIZE ? usual : BLOCK_SIZE;
    if (a->head && a->head->size - a->head->used >= size) {
        return a->head;
    }
    struct oc_arena_block *block = block_create(size > BLOCK_SIZE ? size : usual);
    if (size > BLOCK_SIZE && a->head) {
        block->next = a->head->next;
        a->head->next = block;
    } else {
        block->next = a->head;
        a->head = block;
    }
    return block;
}

void *oc_arena_alloc(struct oc_arena *a, size_t size)
{
    OC_ASSERT(size < SIZE_MAX / 2);
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct oc_arena_block *block = block_for(a, size ? size : ALIGNMENT);
    void *ptr = block->data + block->used;
    block->used += size ? size : ALIGNMENT;
    return ptr;
}

char *oc_arena_strndup(struct oc_arena *a, const char *s, size_t len)
{
    char *copy = oc_arena_alloc(a, len + 1); /* zeroed, so terminated */
    if (len) {
        memcpy(copy, s, len);
    }
    return copy;
}

char *oc_arena_strdup(struct oc_arena *a, const char *s)
{
    return oc_arena_strndup(a, s, strlen(s));
}

void oc_arena_wipe(struct oc_arena *a)
{
    for (struct oc_arena_block *block = a->head; block; block = block->next) {
        explicit_bzero(block->data, block->used);
    }
    oc_arena_finish(a);
}

void oc_arena_finish(struct oc_arena *a)
{
    while (a->head) {
        struct oc_arena_block *block = a->head;
        a->head = block->next;
        free(block);
    }
}
