/* Whether a group of a configuration fits the options of a plugin. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/mem.h"
#include "core/config/bind.h"
#include "core/plugin/plugin.h"

void oc_plugin_check_options(struct oc_plugin *plugin, const struct oc_node *group,
                             const char *path, const char *const *ignore, struct oc_diags *diags)
{
    static const struct oc_option none[] = {{0}};
    struct oc_arena arena = {0};
    size_t stride, size;
    bool known;
    const struct oc_option *table = oc_plugin_options(plugin, &stride, &size, &known);
    if (!table && !known) {
        return; /* nothing is said of options that nobody knows */
    }
    void *self = oc_calloc(1, size ? size : 1);
    oc_bind(table ? table : none, table ? stride : sizeof *none, group, path, ignore, self, size,
            &arena, diags);
    oc_arena_wipe(&arena); /* secrets are resolved in it */
    free(self);
}
