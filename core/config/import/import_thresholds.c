/* Thresholds of an import, beside those that are shipped. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/config/import/importer.h"
#include "core/config/merge.h"
#include "core/config/parse.h"
#include "core/config/threshold_limits.h"

extern const char oc_import_shipped_text[]; /* etc/openclaw: defaults.conf and collectors.conf */

const struct oc_node *oc_import_shipped(struct oc_arena *arena)
{
    const struct oc_parse_from from = {.file = "built in", .includes = OC_INCLUDES_REFUSE};
    return oc_config_parse(arena, oc_import_shipped_text, strlen(oc_import_shipped_text), &from,
                           NULL);
}

/* Takes a group's figures that do not hold out of `out`, the same group of ours. */
static void settle_group(struct oc_importer *imp, const struct oc_threshold_limits *limits,
                         const struct oc_node *group, const struct oc_node *shipped, json_t *out)
{
    char *prefix = oc_asprintf("thresholds.%s", group->key);
    for (size_t i = 0; i < group->count; i++) {
        const struct oc_node *node = group->children[i];
        if (oc_threshold_settle(limits, prefix, group, shipped, node) != node &&
            json_object_del(out, node->key) == 0) {
            imp->mapped--;
        }
    }
    free(prefix);
}

/* What the file calls each figure, or could have called it; owned. */
static json_t *names_of(const struct oc_importer *imp)
{
    json_t *names = json_copy(imp->origins);
    for (const struct oc_import_row *row = imp->known; row && row->from; row++) {
        if (!json_object_get(names, row->to)) {
            oc_json_set_str(names, row->to, row->from);
        }
    }
    return names;
}

void oc_import_check_thresholds(struct oc_importer *imp)
{
    json_t *groups = json_object_get(imp->out, "thresholds");
    struct oc_arena arena = {0};
    struct oc_diags found = {0};

    if (!groups) {
        return;
    }
    const struct oc_node *shipped = oc_import_shipped(&arena);
    struct oc_node *imported = oc_node_from_json(imp->out, NULL);
    const struct oc_node *root = oc_merge(&arena, shipped, imported, &found);
    const struct oc_node *all = oc_node_get(root, "thresholds");
    json_t *names = names_of(imp);
    const struct oc_threshold_limits limits = {
        .rules = oc_node_get(root, "alerts.rules"), .names = names, .diags = &found};
    for (size_t i = 0; i < all->count; i++) {
        const struct oc_node *group = all->children[i];
        json_t *out = json_object_get(groups, group->key);
        settle_group(imp, &limits, group,
                     oc_node_get(oc_node_get(shipped, "thresholds"), group->key), out);
        if (out && json_object_size(out) == 0) {
            json_object_del(groups, group->key);
        }
    }
    if (json_object_size(groups) == 0) {
        json_object_del(imp->out, "thresholds");
    }
    oc_import_tell(imp, &found);
    json_decref(names);
    oc_diags_finish(&found);
    oc_arena_finish(&arena);
    oc_node_free(imported);
}
