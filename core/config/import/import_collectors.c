/* The built-in collectors, with what a file of the original says about them. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/arena.h"
#include "core/config/import/importer.h"
#include "core/config/path.h"

/* Their plugins, after which they are called, and nothing else of them: whatever stood here would take the
 * place of what another file says. */
static json_t *built_in(void)
{
    struct oc_arena arena = {0};
    const struct oc_node *shipped = oc_node_get(oc_import_shipped(&arena), "collectors");
    json_t *list = json_array();
    for (size_t i = 0; i < shipped->count; i++) {
        json_array_append_new(list,
                              json_pack("{s:s}", "plugin", oc_node_identity(shipped->children[i])));
    }
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
