/* Laying one layer of the configuration over another. SPDX-License-Identifier: MIT
 *
 * Nodes are never changed: a result shares what it did not have to rebuild. All memory is the
 * arena's. [any] */
#ifndef OC_CONFIG_MERGE_H
#define OC_CONFIG_MERGE_H

#include "core/base/arena.h"
#include "core/config/config.h"

/* `high` over `low` (NULL = nothing), both whole trees; the rules are in config.h. Two items of
 * one list with the same identity are an error in `diags` and the second is left out. */
const struct oc_node *oc_merge(struct oc_arena *arena, const struct oc_node *low,
                               const struct oc_node *high, struct oc_diags *diags);

/* `value` over what is at `key` below `root`, making the groups on the way (with the file, folder
 * and layer of the value). Items of lists must be there. `built_in`: the lowest layer by itself (NULL
 * = none), since `root` has lost what of it no layer listed. OC_E_CONFIG, OC_E_NOT_FOUND. */
int oc_merge_at(struct oc_arena *arena, const struct oc_node **root, const struct oc_node *built_in,
                const char *key, const struct oc_node *value, struct oc_diags *diags,
                struct oc_error *err);

#endif
