/* The built-in collectors, with what a file of the original says about them. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/arena.h"
#include "core/config/import/importer.h"
#include "core/config/parse.h"

extern const char oc_shipped_collectors[]; /* etc/openclaw/collectors.conf */

static json_t *built_in(void)
{
    const struct oc_parse_from from = {.file = "built in", .includes = OC_INCLUDES_REFUSE};
    struct oc_arena arena = {0};
    const struct oc_node *root =
        oc_config_parse(&arena, oc_shipped_collectors, strlen(oc_shipped_collectors), &from, NULL);
    json_t *list = oc_node_json(oc_node_get(root, "collectors"));
    oc_arena_finish(&arena);
    return list;
}

json_t *oc_import_collectors(struct oc_importer *imp)
{
    json_t *list = json_object_get(imp->out, "collectors");
    if (!list) {
        list = built_in();
        oc_json_take(imp->out, "collectors", list);
    }
    return list;
}

static size_t index_of(const json_t *list, const char *plugin)
{
    size_t i = 0;
    while (i < json_array_size(list) &&
           strcmp(oc_json_str(json_array_get(list, i), "plugin", ""), plugin) != 0) {
        i++;
    }
    return i;
}

json_t *oc_import_collector(struct oc_importer *imp, const char *plugin)
{
    json_t *list = oc_import_collectors(imp);
    const size_t i = index_of(list, plugin);
    if (i == json_array_size(list)) {
        json_array_append_new(list, json_pack("{s:s}", "plugin", plugin));
    }
    return json_array_get(list, i);
}

void oc_import_drop_collector(struct oc_importer *imp, const char *plugin)
{
    json_t *list = oc_import_collectors(imp);
    json_array_remove(list, index_of(list, plugin));
}
