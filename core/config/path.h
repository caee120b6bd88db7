/* Walking a key such as "collectors[web].targets[0].url". SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_PATH_H
#define OC_CONFIG_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/config/node.h"

struct oc_step {
    const char *name; /* borrowed from the key; not NUL-terminated */
    size_t len;
    bool bracket; /* written as [name] */
};

/* Reads the step at *cursor and moves behind it: 1, 0 at the end of the key, -1 when it is
 * malformed. */
int oc_step_next(const char **cursor, struct oc_step *step);
/* The position of the child that the step names, or -1. Items of a list go by identity, or else by
 * number: the name that an item has in all layers is its own, also when it is a number. */
ptrdiff_t oc_step_find(const struct oc_node *node, const struct oc_step *step);

/* What an item of a list is known by across layers: its `name`, or else its `plugin`; NULL when it
 * has neither. */
const char *oc_node_identity(const struct oc_node *item);
/* The string member of a group, or NULL. */
const char *oc_node_string(const struct oc_node *group, const char *key);

/* True for the lists whose items merge by identity: `collectors`, `alerts.channels`,
 * `alerts.rules`, `schedules`. */
bool oc_path_by_name(const char *path);

/* Writes the key with every item of a by-name list that is there chosen by identity:
 * "collectors[0].x" and "collectors.web.x" both become "collectors[web].x". False when the key is
 * malformed. */
bool oc_path_canonical(const struct oc_node *root, const char *key, struct oc_buf *out);

#endif
