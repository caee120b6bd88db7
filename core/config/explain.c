/* Where the value of a key comes from, layer by layer. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/config/layers.h"
#include "core/config/path.h"

static const char *layer_name(enum oc_layer layer)
{
    static const char *const names[] = {"default", "file", "conf.d", "environment", "flag"};
    return names[layer];
}

/* What the entry says about the key: a value of a file, or the value itself when its key is this
 * one or one above. */
static const struct oc_node *look_up(const struct oc_layer_entry *entry, const char *key)
{
    if (!entry->key) {
        return oc_node_get(entry->node, key);
    }
    size_t len = strlen(entry->key);
    if (strncmp(key, entry->key, len) != 0 || (key[len] && !strchr(".[", key[len]))) {
        return NULL;
    }
    return oc_node_get(entry->node, key + len + (key[len] == '.'));
}

static json_t *row(const struct oc_node *node, bool wins)
{
    json_t *json = json_object();
    oc_json_set_str(json, "layer", layer_name(node->layer));
    oc_json_set_str(json, "file", node->file);
    oc_json_set_int(json, "line", node->line);
    oc_json_take(json, "value", oc_node_json(node));
    oc_json_set_bool(json, "wins", wins);
    return json;
}

json_t *oc_config_explain(const struct oc_config *c, const char *key)
{
    json_t *rows = json_array();
    struct oc_buf canonical = {0};

    if (!*key || !oc_path_canonical(c->root, key, &canonical)) {
        goto out;
    }
    const struct oc_node *winner = oc_node_get(c->root, canonical.data);
    for (size_t i = 0; i < c->layers.count; i++) {
        const struct oc_node *node = look_up(&c->layers.items[i], canonical.data);
        if (node) {
            json_array_append_new(rows, row(node, node == winner));
        }
    }
    if (winner && winner->type >= OC_NODE_LIST && json_array_size(rows) > 0) {
        /* A merged group belongs to all who added to it; the last of them had the last word. */
        oc_json_set_bool(json_array_get(rows, json_array_size(rows) - 1), "wins", true);
    }
out:
    oc_buf_finish(&canonical);
    return rows;
}
