/* The configuration as a tree that remembers where every value was written.
 * SPDX-License-Identifier: MIT
 *
 * Nodes are made by the loader and immutable afterwards; their owner is the struct oc_config (or
 * the caller of oc_node_from_json). Everything returned here is borrowed from it. [any] once built.
 */
#ifndef OC_CONFIG_NODE_H
#define OC_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/json.h"

enum oc_node_type {
    OC_NODE_BOOL,
    OC_NODE_INT,
    OC_NODE_FLOAT,
    OC_NODE_STRING,
    OC_NODE_LIST,
    OC_NODE_GROUP
};

/* Later layers win. */
enum oc_layer { OC_LAYER_DEFAULT, OC_LAYER_FILE, OC_LAYER_CONFD, OC_LAYER_ENV, OC_LAYER_FLAG };

struct oc_node {
    enum oc_node_type type;
    const char *key; /* NULL for list items and the root */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *string;
    };
    struct oc_node **children; /* LIST and GROUP */
    size_t count;
    const char *file; /* "flag --set", "environment OPENCLAW_..." or "built in" for the layers that
                         have no file */
    int line;         /* 0 when there is none */
    const char *dir;  /* what relative paths in it are relative to; NULL = the working directory */
    enum oc_layer layer;
};

/* "a.b[0].c"; an item of a list can also be chosen by its `name` (or else `plugin`):
 * "collectors[web].interval" or "collectors.web.interval". "" is the node itself; NULL when absent
 * or when the path is malformed. */
const struct oc_node *oc_node_get(const struct oc_node *node, const char *path);
const char *oc_node_type_name(enum oc_node_type type); /* "string", "list", ... */
/* Does a value in it refer to a secret in a file? Such a group may mean something new at every reload. */
bool oc_node_has_secret_file(const struct oc_node *node);
json_t *oc_node_json(const struct oc_node *node); /* owned by the caller; secrets as written */
/* A tree from JSON, every node saying `file` and being of OC_LAYER_FLAG; nulls are left out and
 * what is nested deeper than OC_CONFIG_MAX_DEPTH is cut off. Freed with oc_node_free. */
struct oc_node *oc_node_from_json(const json_t *json, const char *file);
/* The same, every node saying that it was written where `origin` was: file, line, folder and layer. */
struct oc_node *oc_node_from_json_at(const json_t *json, const struct oc_node *origin);
void oc_node_free(struct oc_node *node); /* only for trees from oc_node_from_json*; NULL is fine */

#endif
