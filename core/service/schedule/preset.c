/* What the preset of a package may make of other plugins. SPDX-License-Identifier: MIT
 *
 * Its instances run with the rights of the plugins that it names, mostly those that came with the host: in the daemon, with all that
 * their manifests ask for. Whoever installed the package has consented to what the preset itself asks for, and to nothing else. */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/plugin/manifest/rights.h"
#include "core/service/schedule/table.h"

/* What an instance of the plugin may and the preset may not, "a, b"; owned by the caller; "": nothing. */
static char *missing_rights(const json_t *rights, const struct oc_plugin *plugin)
{
    const struct oc_manifest *m = plugin ? oc_plugin_manifest(plugin) : NULL;
    json_t *wider = oc_rights_widened(rights, json_object_get(m ? m->json : NULL, "permissions"));
    struct oc_buf out = {0};
    size_t i;
    json_t *right;
    json_array_foreach(wider, i, right)
    {
        oc_buf_addf(&out, "%s%s", i ? ", " : "", json_string_value(right));
    }
    json_decref(wider);
    return oc_buf_take(&out);
}

static int check_rights(struct oc_plugins *plugins, const struct oc_plugin *preset,
                        const json_t *items, struct oc_error *err)
{
    const struct oc_manifest *m = oc_plugin_manifest(preset);
    json_t *rights = oc_rights_effective(json_object_get(m->json, "permissions"),
                                         oc_plugin_terms(preset)->grants);
    int code = OC_OK;
    for (size_t i = 0; i < json_array_size(items) && !code; i++) {
        const char *name = oc_json_str(json_array_get(items, i), "plugin", "");
        char *missing = missing_rights(rights, oc_plugin_find(plugins, name));
        if (*missing) {
            code = oc_error_set(err, OC_E_DENIED, "preset %s uses %s and has no right to %s",
                                m->name, name, missing);
            oc_error_hint(err, "Its plugin.json has to ask for what an instance of %s may.", name);
        }
        free(missing);
    }
    json_decref(rights);
    return code;
}

static bool is_given(const json_t *given, const char *text)
{
    size_t i;
    const char *key;
    json_t *value;
    bool found = json_is_string(given) && strcmp(json_string_value(given), text) == 0;
    json_array_foreach(given, i, value)
    {
        found = found || is_given(value, text);
    }
    json_object_foreach((json_t *)(uintptr_t)given, key, value)
    {
        found = found || is_given(value, text);
    }
    return found;
}

/* A secret of the host that nobody but the preset names; NULL: none. */
static const char *own_reference(const json_t *value, const json_t *given)
{
    size_t i;
    const char *key, *text = json_string_value(value), *found = NULL;
    json_t *inner;
    if (text && (oc_starts(text, "$env:") || oc_starts(text, "$file:")) && !is_given(given, text)) {
        return text;
    }
    json_array_foreach(value, i, inner)
    {
        found = found ? found : own_reference(inner, given);
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, inner)
    {
        found = found ? found : own_reference(inner, given);
    }
    return found;
}

int oc_schedule_check_preset(struct oc_plugins *plugins, const struct oc_plugin *preset,
                             const json_t *items, const json_t *given, struct oc_error *err)
{
    if (!oc_plugin_root(preset)) {
        return OC_OK; /* whoever runs the host has put it there */
    }
    const char *reference = own_reference(items, given);
    if (reference) {
        oc_error_set(err, OC_E_DENIED, "preset %s names a secret of this host itself: %.80s",
                     oc_plugin_name(preset), reference);
        oc_error_hint(err, "Its author has to make an option of it, which you can set.");
        return OC_E_DENIED;
    }
    return check_rights(plugins, preset, items, err);
}
