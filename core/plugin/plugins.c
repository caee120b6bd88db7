/* The plugins of this host: found in folders, loaded when used. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/plugin/process/cgroup.h"
#include "core/sys/file.h"

#define MANIFEST "plugin.json"

struct oc_plugins *oc_plugins_create(struct oc_loop *loop, struct oc_bus *bus,
                                     struct oc_workers *workers)
{
    OC_ASSERT(!lt_dlinit());
    struct oc_plugins *p = oc_calloc(1, sizeof *p);
    p->loop = loop;
    p->bus = bus;
    p->workers = workers;
    p->quarantine = oc_quarantine_create(NULL);
    return p;
}

void oc_plugin_free(struct oc_plugin *plugin)
{
    oc_manifest_free(plugin->manifest);
    oc_terms_finish(&plugin->terms);
    oc_description_free(plugin->described);
    json_decref(plugin->entry_json);
    oc_buf_finish(&plugin->text);
    free(plugin->root);
    free(plugin->identity);
    free(plugin->file_identity);
    free(plugin->name);
    free(plugin->dir);
    free(plugin);
}

/* Libraries stay mapped: what they registered (exit handlers, thread keys, a thread that was given
 * up) may still call into them, and the process is about to end. */
void oc_plugins_destroy(struct oc_plugins *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->list.count; i++) {
        oc_plugin_free(p->list.items[i]);
    }
    for (size_t i = 0; i < p->retired.count; i++) {
        oc_plugin_free(p->retired.items[i]);
    }
    OC_VEC_FINISH(&p->list);
    OC_VEC_FINISH(&p->retired);
    oc_quarantine_destroy(p->quarantine);
    oc_sentinels_close(p->sentinels);
    oc_cgroups_close(p->cgroups);
    free(p->plughost);
    free(p->home);
    free(p);
}

void oc_plugins_reserve(struct oc_plugins *p, int calls)
{
    oc_workers_grow(p->workers, calls);
}

void oc_plugins_set_host(struct oc_plugins *p, oc_host_call_fn call, void *ctx)
{
    p->host_call = call;
    p->host_ctx = ctx;
}

void oc_plugins_set_plughost(struct oc_plugins *p, const char *path)
{
    free(p->plughost);
    p->plughost = oc_strdup(path);
}

/* ---- finding ---- */

static int read_manifest(struct oc_plugin *plugin)
{
    char *path = oc_path_join(plugin->dir, MANIFEST);
    int code = oc_file_read(path, OC_MANIFEST_MAX, &plugin->text, &plugin->err);
    free(path);
    if (!code) {
        struct oc_manifest *(*parse)(const char *, size_t, const char *, struct oc_error *) =
            plugin->linked ? oc_manifest_parse : oc_manifest_parse_kept;
        plugin->manifest = parse(plugin->text.data, plugin->text.len, plugin->dir, &plugin->err);
        code = plugin->manifest ? OC_OK : plugin->err.code;
    }
    return code;
}

static void warn_of_left_out(const struct oc_manifest *m)
{
    size_t i;
    json_t *item;
    json_array_foreach(m->left_out, i, item)
    {
        oc_warn("operation of a plugin left out", "plugin=%s operation=%s reason=%s", m->name,
                oc_json_str(item, "operation", ""), oc_json_str(item, "reason", ""));
    }
}

struct oc_plugin *oc_plugin_read(struct oc_plugins *p, const char *dir, const char *name,
                                 bool linked)
{
    struct oc_plugin *plugin = oc_calloc(1, sizeof *plugin);
    oc_error_init(&plugin->err);
    plugin->owner = p;
    plugin->dir = oc_strdup(dir);
    plugin->linked = linked;
    oc_terms_copy(&plugin->terms, NULL);
    if (read_manifest(plugin)) {
        plugin->state = OC_PLUGIN_FAILED;
        plugin->name = oc_strdup(name);
        oc_warn("plugin cannot be used", "plugin=%s reason=%s", plugin->name, plugin->err.message);
    } else {
        plugin->name = oc_strdup(plugin->manifest->name);
        warn_of_left_out(plugin->manifest);
    }
    oc_plugin_mark_read(plugin);
    return plugin;
}

/* The first one found under a name wins, except that a sound manifest replaces a bad one. */
static void add(struct oc_plugins *p, const char *dir, const char *name)
{
    struct oc_plugin *plugin = oc_plugin_read(p, dir, name, false);
    for (size_t i = 0; i < p->list.count; i++) {
        struct oc_plugin *known = p->list.items[i];
        if (strcmp(known->name, plugin->name) != 0) {
            continue;
        }
        if (!known->manifest && plugin->manifest) {
            p->list.items[i] = plugin;
            oc_plugin_free(known);
            return;
        }
        if (strcmp(known->dir, plugin->dir) != 0) {
            oc_warn("plugin left out: another one has its name", "plugin=%s dir=%s other=%s",
                    plugin->name, plugin->dir, known->dir);
        }
        oc_plugin_free(plugin);
        return;
    }
    OC_VEC_PUSH(&p->list, plugin);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* `depth` more levels are looked at where a folder is no plugin itself. */
static void scan(struct oc_plugins *p, const char *dir, int depth)
{
    struct dirent **entries;
    const int count = scandir(dir, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char *sub = oc_path_join(dir, entries[i]->d_name);
        char *manifest = oc_path_join(sub, MANIFEST);
        if (oc_file_exists(manifest)) {
            add(p, sub, entries[i]->d_name);
        } else if (depth > 0) {
            scan(p, sub, depth - 1);
        }
        free(manifest);
        free(sub);
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

void oc_plugins_scan(struct oc_plugins *p, const char *dir)
{
    char *absolute = realpath(dir, NULL);
    if (absolute) {
        scan(p, absolute, 1);
        free(absolute);
    }
}

struct oc_plugin *oc_plugin_find(struct oc_plugins *p, const char *name)
{
    for (size_t i = 0; i < p->list.count; i++) {
        if (strcmp(p->list.items[i]->name, name) == 0) {
            return p->list.items[i];
        }
    }
    return NULL;
}

void oc_plugins_each(struct oc_plugins *p, void (*fn)(void *ctx, struct oc_plugin *plugin),
                     void *ctx)
{
    for (size_t i = 0; i < p->list.count; i++) {
        fn(ctx, p->list.items[i]);
    }
}

const struct oc_manifest *oc_plugin_manifest(const struct oc_plugin *plugin)
{
    return plugin->manifest;
}

const char *oc_plugin_name(const struct oc_plugin *plugin)
{
    return plugin->name;
}

enum oc_plugin_state oc_plugin_state(const struct oc_plugin *plugin)
{
    return plugin->state;
}

const struct oc_error *oc_plugin_error(const struct oc_plugin *plugin)
{
    return &plugin->err;
}
