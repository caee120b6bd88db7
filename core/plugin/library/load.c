/* From a plugin that was found to one whose code can be used. SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/plugin/internal.h"
#include "core/sys/file.h"

/* ---- loading ---- */

/* Takes the descriptor. Inspected, verified and opened are the same bytes, under a name that no other library has. */
static int open_descriptor(struct oc_plugin *plugin, int fd, const char *sha256,
                           const struct oc_plugin_entry **entry)
{
    char path[128];
    oc_image_path(fd, path, sizeof path);
    int code = oc_loader_inspect(plugin, path, &plugin->err);
    if (!code) {
        code =
            oc_loader_open(path, plugin->manifest->library, &plugin->library, entry, &plugin->err);
    }
    if (!code) {
        oc_plugin_tell_loaded(plugin, sha256, 0);
    }
    close(fd);
    return code;
}

static int open_verified(struct oc_plugin *plugin, const char *so,
                         const struct oc_plugin_entry **entry)
{
    char sha256[OC_SHA256_HEX];
    const int fd =
        oc_loader_verify(so, plugin->manifest->library, plugin->terms.files, sha256, &plugin->err);
    return fd < 0 ? fd : open_descriptor(plugin, fd, sha256, entry);
}

/* An older generation of it may be open under the same path, and another build may be written over the file. */
static int open_copy(struct oc_plugin *plugin, const char *so, const struct oc_plugin_entry **entry)
{
    const int fd = oc_image_copy(so, &plugin->err);
    return fd < 0 ? fd : open_descriptor(plugin, fd, NULL, entry);
}

static int open_bundled(struct oc_plugin *plugin, const char *so,
                        const struct oc_plugin_entry **entry)
{
    int code = oc_loader_inspect(plugin, so, &plugin->err);
    if (!code) {
        code = oc_loader_open(so, plugin->manifest->library, &plugin->library, entry, &plugin->err);
    }
    if (!code) {
        oc_plugin_tell_loaded(plugin, NULL, 0);
    }
    return code;
}

static int open_library(struct oc_plugin *plugin, const char *so,
                        const struct oc_plugin_entry **entry)
{
    return plugin->terms.files ? open_verified(plugin, so, entry)
           : plugin->anew      ? open_copy(plugin, so, entry)
                               : open_bundled(plugin, so, entry);
}

static int load_inproc(struct oc_plugin *plugin, const char *so)
{
    const struct oc_plugin_entry *entry = NULL;
    int code = oc_plugin_check_load(plugin, &plugin->err);
    if (!code) {
        oc_plugin_begin_load(plugin);
        code = open_library(plugin, so, &entry);
        oc_plugin_end_load(plugin);
    }
    return code ? code : oc_entry_take(entry, &plugin->entry, &plugin->err);
}

/* Nothing of it runs here, so nothing is opened either; its process verifies what it loads. */
static int load_isolated(struct oc_plugin *plugin, const char *so)
{
    int code = oc_loader_inspect(plugin, so, &plugin->err);
    if (!code && plugin->terms.describe && !plugin->described) {
        code = oc_plugin_learn(plugin, json_deep_copy(plugin->terms.describe), &plugin->err);
    }
    return code;
}

static int load(struct oc_plugin *plugin)
{
    const char *library = plugin->manifest->library;
    if (plugin->terms.disabled) {
        return oc_error_set(&plugin->err, OC_E_CONFLICT, "disabled: %s",
                            plugin->terms.why ? plugin->terms.why : "no reason was given");
    }
    if (!library) {
        oc_error_set(&plugin->err, OC_E_UNSUPPORTED, "a preset has no library to load");
        return plugin->err.code;
    }
    char *so = oc_path_join(plugin->dir, library);
    const int code =
        plugin->terms.tier == OC_TIER_INPROC ? load_inproc(plugin, so) : load_isolated(plugin, so);
    free(so);
    return code;
}

int oc_plugin_load(struct oc_plugin *plugin, struct oc_error *err)
{
    if (plugin->state == OC_PLUGIN_FOUND) {
        const int code = load(plugin);
        plugin->state = code ? OC_PLUGIN_FAILED : OC_PLUGIN_LOADED;
        if (code) {
            oc_error_prefix(&plugin->err, "plugin %s", plugin->name);
            oc_warn("plugin cannot be used", "plugin=%s reason=%s hint=%s", plugin->name,
                    plugin->err.message, plugin->err.hint);
        }
    }
    if (plugin->state == OC_PLUGIN_FAILED && err) {
        *err = plugin->err;
    }
    return plugin->state == OC_PLUGIN_LOADED ? OC_OK : plugin->err.code;
}

void oc_plugin_tell_loaded(const struct oc_plugin *plugin, const char *sha256, pid_t pid)
{
    json_t *data = json_object();
    oc_json_set_str(data, "plugin", plugin->name);
    oc_json_set_str(data, "digest", plugin->terms.digest);
    oc_json_set_str(data, "library_sha256", sha256);
    oc_json_set_str(data, "tier", oc_tier_name(plugin->terms.tier));
    oc_json_take(data, "pid", pid ? json_integer(pid) : json_null());
    oc_bus_publish(plugin->owner->bus, "plugin.loaded", data);
}

/* ---- what its code says ---- */

static bool has_entry(const struct oc_plugin *plugin)
{
    return plugin->state == OC_PLUGIN_LOADED && plugin->entry.struct_size > 0;
}

const struct oc_plugin_entry *oc_plugin_entry_of(struct oc_plugin *plugin)
{
    return has_entry(plugin) ? &plugin->entry : NULL;
}

int oc_plugin_learn(struct oc_plugin *plugin, json_t *description, struct oc_error *err)
{
    struct oc_description *d = oc_description_parse(description, err);
    json_decref(description);
    if (!d) {
        return OC_E_CONFIG;
    }
    oc_description_free(plugin->described);
    plugin->described = d;
    return OC_OK;
}

bool oc_plugin_has_method(struct oc_plugin *plugin, const char *method)
{
    if (plugin->state != OC_PLUGIN_LOADED) {
        return false;
    }
    if (has_entry(plugin)) {
        return oc_entry_method(&plugin->entry, method);
    }
    return !plugin->described || oc_description_has_method(plugin->described, method);
}

const json_t *oc_plugin_description(struct oc_plugin *plugin)
{
    if (has_entry(plugin)) {
        if (!plugin->entry_json) {
            plugin->entry_json = oc_describe_entry(&plugin->entry);
        }
        return plugin->entry_json;
    }
    return plugin->described ? plugin->described->json : plugin->terms.describe;
}

const struct oc_option *oc_plugin_options(struct oc_plugin *plugin, size_t *stride, size_t *size,
                                          bool *known)
{
    static const struct oc_option none[] = {{0}};
    *known = true;
    if (has_entry(plugin)) {
        *stride = plugin->entry.option_size;
        *size = (size_t)plugin->entry.instance_size;
        return plugin->entry.options ? plugin->entry.options : none;
    }
    if (!plugin->described && plugin->terms.describe) {
        oc_plugin_learn(plugin, json_deep_copy(plugin->terms.describe),
                        NULL); /* also of one that is disabled */
    }
    *stride = sizeof *none;
    *size = plugin->described ? plugin->described->size : 0;
    *known = plugin->described != NULL;
    return plugin->described ? plugin->described->options : NULL;
}
