/* What a plugin's code says of itself, as JSON and back. SPDX-License-Identifier: MIT
 *
 *   {"abi":"1.0","instance_size":96,"methods":["collector.collect/1"],
 *    "options":[{"name","type","flags","offset","item_size","default","choices","min","max","help","options":[..]}]}
 *
 * The JSON comes from a plugin host and is hostile: the table that is made of it has places of our own choice in its memory
 * (`offset`, `item_size` and `instance_size` of the JSON are for people), so that nothing in it can make two options share
 * one. [any] */
#ifndef OC_PLUGIN_DESCRIBE_H
#define OC_PLUGIN_DESCRIBE_H

#include "core/base/arena.h"
#include "core/config/bind.h"

#define OC_DESCRIPTION_MAX (1u << 20) /* bytes of its JSON text */

json_t *
oc_describe_entry(const struct oc_plugin_entry *entry); /* a sane one; owned by the caller */

struct oc_description {
    struct oc_arena arena;
    json_t *json; /* a copy of what it was made of */
    const struct oc_option
        *options; /* stride sizeof(struct oc_option); an empty table when there are none */
    size_t size;  /* of the memory that the table speaks of */
};

/* NULL and OC_E_CONFIG with what is wrong. */
struct oc_description *oc_description_parse(const json_t *json, struct oc_error *err);
void oc_description_free(struct oc_description *d); /* NULL is fine */
bool oc_description_has_method(const struct oc_description *d, const char *method);

/* What oc_bind wrote into `bound` as JSON: secrets resolved, paths absolute, defaults in place, so that another process binds
 * it to the same. Groups that `group` does not have and whose keys are required are left out. Owned by the caller. */
json_t *oc_describe_bound(const struct oc_option *table, size_t stride, const struct oc_node *group,
                          const void *bound);

#endif
