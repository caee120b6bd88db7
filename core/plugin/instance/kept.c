/* The configuration of an instance as it was given, to start once more from it. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/plugin/internal.h"

/* Deep, with file and line of every value. */
static struct oc_node *copy_node(struct oc_arena *arena, const struct oc_node *from)
{
    struct oc_node *to = oc_arena_alloc(arena, sizeof *to);
    *to = *from;
    to->key = from->key ? oc_arena_strdup(arena, from->key) : NULL;
    to->file = from->file ? oc_arena_strdup(arena, from->file) : NULL;
    to->dir = from->dir ? oc_arena_strdup(arena, from->dir) : NULL;
    if (from->type == OC_NODE_STRING) {
        to->string = oc_arena_strdup(arena, from->string);
    }
    to->children = oc_arena_alloc(arena, (from->count + 1) * sizeof *to->children);
    for (size_t k = 0; k < from->count; k++) {
        to->children[k] = copy_node(arena, from->children[k]);
    }
    return to;
}

struct oc_kept_config *oc_kept_config_create(const struct oc_node *config, const char *path,
                                             const char *const *ignore)
{
    size_t count = 0;
    struct oc_kept_config *k = oc_calloc(1, sizeof *k);
    k->users = 1;
    while (ignore && ignore[count]) {
        count++;
    }
    const char **names = oc_arena_alloc(&k->arena, (count + 1) * sizeof *names);
    for (size_t n = 0; n < count; n++) {
        names[n] = oc_arena_strdup(&k->arena, ignore[n]);
    }
    k->node = config ? copy_node(&k->arena, config) : NULL;
    k->path = oc_arena_strdup(&k->arena, path);
    k->ignore = ignore ? names : NULL;
    return k;
}

struct oc_kept_config *oc_kept_config_ref(struct oc_kept_config *k)
{
    k->users++;
    return k;
}

void oc_kept_config_unref(struct oc_kept_config *k)
{
    if (k && --k->users == 0) {
        oc_arena_finish(&k->arena);
        free(k);
    }
}
