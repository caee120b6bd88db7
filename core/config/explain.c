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

static json_t *row(const struct oc_node *node)
{
    json_t *json = json_object();
    oc_json_set_str(json, "layer", layer_name(node->layer));
    oc_json_set_str(json, "file", node->file);
    oc_json_set_int(json, "line", node->line);
    oc_json_take(json, "value", oc_node_json(node));
    oc_json_set_bool(json, "wins", false);
    return json;
}

/* Values are copied as they are merged, so their places tell whether one is the other. */
static bool same_place(const struct oc_node *a, const struct oc_node *b)
{
    return a->layer == b->layer && a->line == b->line && !strcmp(a->file, b->file);
}

json_t *oc_config_explain(const struct oc_config *c, const char *key)
{
    json_t *rows = json_array(), *last = NULL;
    struct oc_buf canonical = {0};

    if (!*key || !oc_path_canonical(c->root, key, &canonical)) {
        goto out;
    }
    const struct oc_node *winner = oc_node_get(c->root, canonical.data);
    for (size_t i = 0; i < c->layers.count; i++) {
        const struct oc_node *node = look_up(&c->layers.items[i], canonical.data);
        if (!node) {
            continue;
        }
        json_array_append_new(rows, row(node));
        /* A merged group belongs to all who added to it; the last of them had the last word. */
        if (winner && (winner->type >= OC_NODE_LIST || same_place(node, winner))) {
            last = json_array_get(rows, json_array_size(rows) - 1);
        }
    }
    if (last) {
        oc_json_set_bool(last, "wins", true);
    }
out:
    oc_buf_finish(&canonical);
    return rows;
}

char *oc_config_above_file(const struct oc_config *c, const char *key)
{
    struct oc_buf canonical = {0};
    const struct oc_node *above = NULL;

    if (*key && oc_path_canonical(c->root, key, &canonical)) {
        for (size_t i = 0; i < c->layers.count; i++) {
            const struct oc_node *node = look_up(&c->layers.items[i], canonical.data);
            above = node && node->layer > OC_LAYER_FILE ? node : above;
        }
    }
    oc_buf_finish(&canonical);
    return !above        ? NULL
           : above->line ? oc_asprintf("%s:%d", above->file, above->line)
                         : oc_strdup(above->file);
}
