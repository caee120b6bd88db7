/* Memory that dies together with one request or one object. SPDX-License-Identifier: MIT  [any], not shared */
#ifndef OC_BASE_ARENA_H
#define OC_BASE_ARENA_H

#include <stddef.h>

struct oc_arena {
    struct oc_arena_block *head;
};

void *oc_arena_alloc(struct oc_arena *a, size_t size); /* zeroed, aligned for any type */
char *oc_arena_strdup(struct oc_arena *a, const char *s);
char *oc_arena_strndup(struct oc_arena *a, const char *s, size_t len);
void oc_arena_finish(struct oc_arena *a); /* frees all; the arena can be used again */
void oc_arena_wipe(struct oc_arena *a); /* the same for what may hold secrets: overwritten first */

#endif
