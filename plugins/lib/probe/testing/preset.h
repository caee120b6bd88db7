/* Starts the instances of a preset's manifest with the built plugins that they name.
 * SPDX-License-Identifier: MIT
 *
 * Header-only, for the tests of presets: what the host does with `oc_manifest_expand`, in small.
 * Options are replaced where they stand alone or within a text. */
#ifndef OC_PROBE_TESTING_PRESET_H
#define OC_PROBE_TESTING_PRESET_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/testkit.h>

static inline json_t *preset_value(json_t *manifest, json_t *given, const char *name, size_t len)
{
    size_t i;
    json_t *option;
    json_t *value = json_object_getn(given, name, len);
    json_array_foreach(json_object_get(manifest, "options"), i, option)
    {
        const char *known = json_string_value(json_object_get(option, "name"));
        if (!value && strlen(known) == len && memcmp(known, name, len) == 0) {
            value = json_object_get(option, "default");
        }
    }
    return value;
}

static inline json_t *preset_text(json_t *manifest, json_t *given, const char *text)
{
    char out[4096] = "";
    const char *open;
    size_t len = strlen(text);
    if (strncmp(text, "${", 2) == 0 && strchr(text, '}') == text + len - 1) {
        return json_deep_copy(preset_value(manifest, given, text + 2, len - 3)); /* NULL: not set */
    }
    while ((open = strstr(text, "${"))) {
        size_t name = strcspn(open + 2, "}");
        json_t *value = preset_value(manifest, given, open + 2, name);
        const char *word = json_is_string(value) ? json_string_value(value) : "";
        size_t at = strlen(out);
        snprintf(out + at, sizeof out - at, "%.*s%s", (int)(open - text), text, word);
        text = open + 2 + name + 1;
    }
    return json_sprintf("%s%s", out, text);
}

static inline json_t *preset_expand(json_t *manifest, json_t *given, json_t *value)
{
    size_t i;
    const char *key;
    json_t *item;
    if (json_is_string(value)) {
        return preset_text(manifest, given, json_string_value(value));
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        return json_deep_copy(value);
    }
    json_t *copy = json_is_object(value) ? json_object() : json_array();
    json_array_foreach(value, i, item)
    {
        json_array_append_new(copy, preset_expand(manifest, given, item));
    }
    json_object_foreach(value, key, item)
    {
        json_t *expanded = preset_expand(manifest, given, item);
        if (expanded) {
            json_object_set_new(copy, key, expanded);
        }
    }
    return copy;
}

static inline size_t preset_count(void)
{
    json_t *manifest = json_load_file(OC_PLUGIN_SOURCE_DIR "/plugin.json", 0, NULL);
    size_t count = json_array_size(json_object_get(manifest, "instances"));
    json_decref(manifest);
    return count;
}

/* The `index`-th instance, configured and started; `options` are the preset's, as JSON. Ends the
 * test program when the manifest is wrong. */
static inline struct oc_test *preset_start(size_t index, const char *options)
{
    char so[4096];
    json_error_t why;
    json_t *manifest = json_load_file(OC_PLUGIN_SOURCE_DIR "/plugin.json", 0, &why);
    json_t *given = json_loads(options, 0, NULL);
    json_t *instance = json_array_get(json_object_get(manifest, "instances"), index);
    const char *plugin = json_string_value(json_object_get(instance, "plugin"));
    if (!given || !plugin) {
        fprintf(stderr, "preset: %s\n", manifest ? "no such instance" : why.text);
        exit(1);
    }
    snprintf(so, sizeof so, OC_BUILD_DIR "/plugins/%s/%s.so", plugin, plugin);
    struct oc_test *t = oc_test_open(so);
    json_t *config = preset_expand(manifest, given, instance);
    json_object_del(config, "plugin");
    json_object_del(config, "name");
    char *text = json_dumps(config, 0);
    if (t) {
        oc_test_config(t, text);
    }
    if (!t || oc_test_start(t) != OC_OK) {
        fprintf(stderr, "preset: %s: %s\n", text, t ? oc_test_error(t)->message : so);
        exit(1);
    }
    free(text);
    json_decref(config);
    json_decref(given);
    json_decref(manifest);
    return t;
}

#endif
