/* The options of a plugin against what is set for it. SPDX-License-Identifier: MIT */
#include "core/service/plugin/options.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* Keys of `plugins.NAME` that the services read, whatever the plugin is. */
static const char *const *host_keys(const struct oc_plugin_service *s, struct oc_plugin *plugin)
{
    static const char *const none[] = {NULL};
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (!oc_resident_is_foreign(plugin)) {
        return none;
    }
    if (oc_plugin_has_method(plugin, "alert.send/1") &&
        !(m && m->kind && strcmp(m->kind, "collector") == 0)) {
        return s->hooks.channel_keys;
    }
    return s->hooks.collector_keys;
}

static const struct oc_option *table_of(struct oc_plugin *plugin, size_t *stride, size_t *size)
{
    bool known;
    return oc_plugin_options(plugin, stride, size, &known);
}

json_t *oc_plugin_missing_options(struct oc_plugin *plugin, const struct oc_node *section)
{
    json_t *missing = json_array();
    size_t stride, size;
    const struct oc_option *table = table_of(plugin, &stride, &size);
    for (size_t i = 0; table && oc_option_at(table, stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, stride, i);
        if (o->flags & OC_OPT_REQUIRED && !(section && oc_node_get(section, o->name))) {
            json_array_append_new(missing, json_string(o->name));
        }
    }
    return missing;
}

void oc_plugin_check_section(const struct oc_plugin_service *s, struct oc_plugin *plugin,
                             const struct oc_node *section, struct oc_diags *diags)
{
    static const struct oc_option none[] = {{0}};
    size_t stride = sizeof *none, size = 0;
    const struct oc_option *table = table_of(plugin, &stride, &size);
    struct oc_arena arena = {0};
    char *path = oc_asprintf("plugins.%s", oc_plugin_name(plugin));
    void *scratch = oc_calloc(1, size ? size : 1);
    oc_bind(table ? table : none, table ? stride : sizeof *none, section, path,
            host_keys(s, plugin), scratch, size, &arena, diags);
    oc_arena_wipe(&arena); /* secrets are resolved in it */
    free(scratch);
    free(path);
}

bool oc_plugin_learn_options(struct oc_plugin_service *s, struct oc_plugin *plugin,
                             struct oc_error *err)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    size_t stride, size;
    bool known = false;
    if (!m || !m->library) {
        oc_error_set(err, OC_E_UNSUPPORTED, "plugin %s has no options of its own",
                     oc_plugin_name(plugin));
        return false;
    }
    oc_plugin_options(plugin, &stride, &size, &known);
    if (!known && !s->hooks.safe_mode && !oc_plugin_terms(plugin)->disabled &&
        oc_plugin_load(plugin, err) != OC_OK) {
        return false;
    }
    oc_plugin_options(plugin, &stride, &size, &known);
    if (!known) {
        oc_error_set(err, OC_E_CONFLICT, "the options of plugin %s are not known",
                     oc_plugin_name(plugin));
        oc_error_hint(err, "`openclaw plugin info %s` says why.", oc_plugin_name(plugin));
    }
    return known;
}
