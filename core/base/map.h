/* A hash map from strings to pointers. SPDX-License-Identifier: MIT
 *
 * Keys are copied; values are borrowed. The hash is keyed by a random seed of the process, so keys from outside
 * cannot be chosen to collide. Iteration order is unspecified. [any], not shared. */
#ifndef OC_BASE_MAP_H
#define OC_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oc_map {
    struct oc_map_slot *slots;
    size_t count, used, cap;
};

void oc_map_finish(struct oc_map *m, void (*free_value)(void *value)); /* free_value may be NULL */
void *oc_map_get(const struct oc_map *m, const char *key);             /* NULL when absent */
void *oc_map_getn(const struct oc_map *m, const char *key, size_t len);
/* returns the value it replaced, or NULL */
void *oc_map_set(struct oc_map *m, const char *key, void *value);
void *oc_map_setn(struct oc_map *m, const char *key, size_t len, void *value);
/* returns the value removed, or NULL */
void *oc_map_remove(struct oc_map *m, const char *key);

/* Steps through the entries: start with *it = 0; false at the end. The map must not change meanwhile. */
bool oc_map_next(const struct oc_map *m, size_t *it, const char **key, void **value);

/* well mixed, not cryptographic, stable */
uint64_t oc_hash_bytes(const void *data, size_t len, uint64_t seed);

#endif
