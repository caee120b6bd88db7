/* The configuration tree: to JSON and from it. SPDX-License-Identifier: MIT */
#include "core/config/node.h"

#include <math.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/parse.h"

const char *oc_node_type_name(enum oc_node_type type)
{
    switch (type) {
    case OC_NODE_BOOL:
        return "boolean";
    case OC_NODE_INT:
        return "integer";
    case OC_NODE_FLOAT:
        return "number";
    case OC_NODE_STRING:
        return "string";
    case OC_NODE_LIST:
        return "list";
    case OC_NODE_GROUP:
        return "group";
    }
    return "unknown";
}

static json_t *children_json(const struct oc_node *node)
{
    json_t *json = node->type == OC_NODE_LIST ? json_array() : json_object();
    for (size_t i = 0; i < node->count; i++) {
        json_t *child = oc_node_json(node->children[i]);
        if (node->type == OC_NODE_LIST) {
            json_array_append_new(json, child);
        } else {
            oc_json_take(json, node->children[i]->key, child);
        }
    }
    return json;
}

json_t *oc_node_json(const struct oc_node *node)
{
    switch (node->type) {
    case OC_NODE_BOOL:
        return json_boolean(node->boolean);
    case OC_NODE_INT:
        return json_integer(node->integer);
    case OC_NODE_FLOAT:
        return isfinite(node->number) ? json_real(node->number) : json_null();
    case OC_NODE_STRING:
        return json_string(node->string);
    case OC_NODE_LIST:
    case OC_NODE_GROUP:
        return children_json(node);
    }
    return json_null();
}

/* The root comes first, so that the pointer to it is the pointer to the whole. */
struct tree {
    struct oc_node root;
    struct oc_arena arena;
    struct oc_node origin; /* where every node says that it comes from */
};

static void fill_children(struct tree *tree, struct oc_node *node, const json_t *json, int depth);

static void fill(struct tree *tree, struct oc_node *node, const char *key, const json_t *json,
                 int depth)
{
    node->key = key ? oc_arena_strdup(&tree->arena, key) : NULL;
    node->file = tree->origin.file;
    node->line = tree->origin.line;
    node->dir = tree->origin.dir;
    node->layer = tree->origin.layer;
    switch (json_typeof(json)) {
    case JSON_TRUE:
    case JSON_FALSE:
        node->type = OC_NODE_BOOL;
        node->boolean = json_is_true(json);
        break;
    case JSON_INTEGER:
        node->type = OC_NODE_INT;
        node->integer = json_integer_value(json);
        break;
    case JSON_REAL:
        node->type = OC_NODE_FLOAT;
        node->number = json_real_value(json);
        break;
    case JSON_STRING:
        node->type = OC_NODE_STRING;
        node->string = oc_arena_strdup(&tree->arena, json_string_value(json));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        node->type = json_is_array(json) ? OC_NODE_LIST : OC_NODE_GROUP;
        fill_children(tree, node, json, depth + 1);
        break;
    case JSON_NULL: /* left out by the caller; at the root it is an empty group */
        node->type = OC_NODE_GROUP;
        break;
    }
}

static void add_child(struct tree *tree, struct oc_node *node, const char *key, const json_t *json,
                      int depth)
{
    if (!json_is_null(json)) {
        struct oc_node *child = oc_arena_alloc(&tree->arena, sizeof *child);
        fill(tree, child, key, json, depth);
        node->children[node->count++] = child;
    }
}

static void fill_children(struct tree *tree, struct oc_node *node, const json_t *json, int depth)
{
    size_t size = json_is_array(json) ? json_array_size(json) : json_object_size(json), i;
    const char *key;
    json_t *item;

    if (depth > OC_CONFIG_MAX_DEPTH || size == 0) {
        return;
    }
    node->children = oc_arena_alloc(&tree->arena, size * sizeof(struct oc_node *));
    if (json_is_array(json)) {
        json_array_foreach(json, i, item)
        {
            add_child(tree, node, NULL, item, depth);
        }
    } else {
        json_object_foreach((json_t *)json, key, item)
        {
            add_child(tree, node, key, item, depth);
        }
    }
}

struct oc_node *oc_node_from_json(const json_t *json, const char *file)
{
    const struct oc_node origin = {.file = file, .layer = OC_LAYER_FLAG};
    return oc_node_from_json_at(json, &origin);
}

struct oc_node *oc_node_from_json_at(const json_t *json, const struct oc_node *origin)
{
    struct tree *tree = oc_calloc(1, sizeof *tree);
    tree->origin.file = origin->file ? oc_arena_strdup(&tree->arena, origin->file) : NULL;
    tree->origin.dir = origin->dir ? oc_arena_strdup(&tree->arena, origin->dir) : NULL;
    tree->origin.line = origin->line;
    tree->origin.layer = origin->layer;
    fill(tree, &tree->root, NULL, json, 0);
    return &tree->root;
}

void oc_node_free(struct oc_node *node)
{
    struct tree *tree = (struct tree *)node;
    if (tree) {
        oc_arena_finish(&tree->arena);
        free(tree);
    }
}

bool oc_node_has_secret_file(const struct oc_node *node)
{
    switch (node->type) {
    case OC_NODE_STRING:
        return oc_starts(node->string, "$file:");
    case OC_NODE_LIST:
    case OC_NODE_GROUP:
        for (size_t i = 0; i < node->count; i++) {
            if (oc_node_has_secret_file(node->children[i])) {
                return true;
            }
        }
        return false;
    case OC_NODE_BOOL:
    case OC_NODE_INT:
    case OC_NODE_FLOAT:
        break;
    }
    return false;
}
