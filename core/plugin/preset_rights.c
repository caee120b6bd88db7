/* What the preset of a package may make of other plugins. SPDX-License-Identifier: MIT */
#include "core/plugin/preset_rights.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/manifest/rights.h"

/* ---- rights ---- */

json_t *oc_preset_missing(const json_t *rights, const struct oc_manifest *used)
{
    return oc_rights_widened(rights, json_object_get(used ? used->json : NULL, "permissions"));
}

/* As one text, each with something before and after it; owned by the caller. */
static char *joined(const json_t *texts, const char *between, const char *quote)
{
    struct oc_buf out = {0};
    size_t i;
    json_t *text;
    oc_buf_adds(&out, "");
    json_array_foreach(texts, i, text)
    {
        oc_buf_addf(&out, "%s%s%s%s", i ? between : "", quote, json_string_value(text), quote);
    }
    return oc_buf_take(&out);
}

char *oc_preset_rights_text(const json_t *rights)
{
    return joined(rights, ", ", "");
}

/* Where all that is missing was asked for, the operator can mend it; else the author has to. */
static int deny(const struct oc_manifest *preset, const char *used, const json_t *missing,
                char **command, struct oc_error *err)
{
    json_t *beyond = oc_rights_widened(json_object_get(preset->json, "permissions"), missing);
    const bool asked = json_array_size(beyond) == 0;
    char *text = oc_preset_rights_text(missing), *words = joined(missing, " ", "'");
    if (asked) {
        *command = strchr(text, '\'') /* in a path, and not to be typed as it is */
                       ? oc_asprintf("openclaw plugin grants %s", preset->name)
                       : oc_asprintf("openclaw plugin grants add %s %s", preset->name, words);
    }
    oc_error_set(err, OC_E_DENIED, "preset %s uses %s and has no right to %s", preset->name, used,
                 text);
    if (asked) {
        oc_error_hint(err, "`%s` gives it what its manifest asks for.", *command);
    } else {
        oc_error_hint(err,
                      "Its plugin.json has to ask for what an instance of %s may: take a version "
                      "that does, or write what the preset stands for into openclaw.conf.",
                      used);
    }
    free(words);
    free(text);
    json_decref(beyond);
    return OC_E_DENIED;
}

static int check_rights(struct oc_plugins *plugins, const struct oc_plugin *preset,
                        const json_t *items, char **command, struct oc_error *err)
{
    const struct oc_manifest *m = oc_plugin_manifest(preset);
    json_t *rights = oc_rights_effective(json_object_get(m->json, "permissions"),
                                         oc_plugin_terms(preset)->grants);
    int code = OC_OK;
    for (size_t i = 0; i < json_array_size(items) && !code; i++) {
        const char *name = oc_json_str(json_array_get(items, i), "plugin", "");
        const struct oc_plugin *used = oc_plugin_find(plugins, name);
        json_t *missing = oc_preset_missing(rights, used ? oc_plugin_manifest(used) : NULL);
        if (json_array_size(missing)) {
            code = deny(m, name, missing, command, err);
        }
        json_decref(missing);
    }
    json_decref(rights);
    return code;
}

/* ---- secrets ---- */

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

const char *oc_preset_reference(const json_t *value, const json_t *given)
{
    size_t i;
    const char *key, *text = json_string_value(value), *found = NULL;
    json_t *inner;
    if (text && (oc_starts(text, "$env:") || oc_starts(text, "$file:")) && !is_given(given, text)) {
        return text;
    }
    json_array_foreach(value, i, inner)
    {
        found = found ? found : oc_preset_reference(inner, given);
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, inner)
    {
        found = found ? found : oc_preset_reference(inner, given);
    }
    return found;
}

/* ---- both ---- */

static int check(struct oc_plugins *plugins, const struct oc_plugin *preset, const json_t *items,
                 const json_t *given, char **command, struct oc_error *err)
{
    const char *name = oc_plugin_name(preset), *reference = oc_preset_reference(items, given);
    if (!reference) {
        return check_rights(plugins, preset, items, command, err);
    }
    oc_error_set(err, OC_E_DENIED, "preset %s names a secret of this host itself: %.80s", name,
                 reference);
    oc_error_hint(err,
                  "Set it yourself where it is the default of an option; else take a version that "
                  "makes an option of it, or write what the preset stands for into openclaw.conf.");
    return OC_E_DENIED;
}

int oc_preset_check_use(struct oc_plugins *plugins, const struct oc_plugin *preset,
                        const json_t *items, const json_t *given, char **command,
                        struct oc_error *err)
{
    char *mends = NULL;
    /* without a root, whoever runs the host has put it there */
    const int code =
        oc_plugin_root(preset) ? check(plugins, preset, items, given, &mends, err) : OC_OK;
    if (command) {
        *command = mends;
    } else {
        free(mends);
    }
    return code;
}
