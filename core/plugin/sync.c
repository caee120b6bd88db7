/* The table of plugins when packages change beneath it. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/sys/file.h"

/* ---- use and replacement ---- */

void oc_plugin_ref(struct oc_plugin *plugin)
{
    plugin->users++;
}

static void forget_retired(struct oc_plugin *plugin)
{
    struct oc_plugins *p = plugin->owner;
    for (size_t i = 0; i < p->retired.count; i++) {
        if (p->retired.items[i] == plugin) {
            OC_VEC_REMOVE(&p->retired, i);
            break;
        }
    }
    oc_plugin_unmap(plugin);
    oc_plugin_free(plugin);
}

void oc_plugin_unref(struct oc_plugin *plugin)
{
    OC_ASSERT(plugin->users > 0);
    if (--plugin->users == 0 && plugin->retired) {
        forget_retired(plugin);
    }
}

void oc_plugin_replace(struct oc_plugin *old, struct oc_plugin *fresh)
{
    struct oc_plugins *p = old->owner;
    for (size_t i = 0; i < p->list.count; i++) {
        if (p->list.items[i] == old && fresh) {
            p->list.items[i] = fresh;
            break;
        }
        if (p->list.items[i] == old) {
            OC_VEC_REMOVE(&p->list, i);
            break;
        }
    }
    if (fresh) {
        fresh->anew = true;
    }
    old->retired = true;
    OC_VEC_PUSH(&p->retired, old);
    oc_plugin_ref(old);
    oc_plugin_unref(old); /* which frees it when nobody else uses it */
}

/* ---- what its files are ---- */

static char *library_path(const struct oc_plugin *plugin)
{
    const char *library = plugin->manifest ? plugin->manifest->library : NULL;
    return library ? oc_path_join(plugin->dir, library) : NULL;
}

static char *file_identity(const struct oc_plugin *plugin)
{
    struct stat st;
    char *path = library_path(plugin), *identity;
    if (path && !stat(path, &st)) {
        identity = oc_asprintf("file-%" PRIu64 "-%" PRId64 ".%09ld", (uint64_t)st.st_size,
                               (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    } else {
        identity = oc_strdup("");
    }
    free(path);
    return identity;
}

const char *oc_plugin_identity(struct oc_plugin *plugin)
{
    if (plugin->terms.digest && *plugin->terms.digest) {
        return plugin->terms.digest;
    }
    if (!plugin->identity) {
        plugin->identity = file_identity(plugin);
    }
    return plugin->identity;
}

/* The manifest byte for byte; the library by size and time, which a build changes. */
bool oc_plugin_is_as_read(const struct oc_plugin *plugin)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(plugin->dir, "plugin.json"), *identity = file_identity(plugin);
    const bool same =
        !oc_file_read(path, OC_MANIFEST_MAX, &text, NULL) && text.len == plugin->text.len &&
        (text.len == 0 || memcmp(text.data, plugin->text.data, text.len) == 0) &&
        strcmp(identity, plugin->file_identity ? plugin->file_identity : identity) == 0;
    oc_buf_finish(&text);
    free(identity);
    free(path);
    return same;
}

struct oc_plugin *oc_plugin_refresh(struct oc_plugin *plugin)
{
    if (plugin->retired || oc_plugin_is_as_read(plugin)) {
        return plugin;
    }
    struct oc_plugin *fresh =
        oc_plugin_read(plugin->owner, plugin->dir, plugin->name, plugin->linked);
    oc_plugin_set_terms(fresh, &plugin->terms);
    fresh->root = oc_strdup(plugin->root);
    if (strcmp(fresh->name, plugin->name) != 0) { /* until the next sync */
        free(fresh->name);
        fresh->name = oc_strdup(plugin->name);
    }
    oc_plugin_replace(plugin, fresh);
    return fresh;
}

void oc_plugin_mark_read(struct oc_plugin *plugin)
{
    free(plugin->file_identity);
    plugin->file_identity = file_identity(plugin);
}

/* ---- loads that end the daemon ---- */

bool oc_plugin_is_bundled(const struct oc_plugin *plugin)
{
    const char *home = plugin->owner->home;
    return !plugin->root && !(home && oc_starts(plugin->dir, home));
}

void oc_plugin_begin_load(struct oc_plugin *plugin)
{
    if (plugin->owner->sentinels) {
        oc_sentinels_begin(plugin->owner->sentinels, plugin->name, oc_plugin_identity(plugin),
                           oc_plugin_is_bundled(plugin));
    }
}

void oc_plugin_end_load(struct oc_plugin *plugin)
{
    if (plugin->owner->sentinels) {
        oc_sentinels_end(plugin->owner->sentinels, plugin->name);
    }
}

int oc_plugin_check_load(struct oc_plugin *plugin, struct oc_error *err)
{
    return plugin->owner->sentinels
               ? oc_sentinels_check(plugin->owner->sentinels, plugin->name,
                                    oc_plugin_identity(plugin), oc_plugin_is_bundled(plugin), err)
               : OC_OK;
}

bool oc_plugin_reset(struct oc_plugin *plugin)
{
    struct oc_plugins *p = plugin->owner;
    bool any = oc_quarantine_clear(p->quarantine, plugin->name);
    if (p->sentinels && oc_sentinels_clear(p->sentinels, plugin->name)) {
        any = true;
        if (plugin->state == OC_PLUGIN_FAILED && plugin->manifest) {
            plugin->state = OC_PLUGIN_FOUND;
            oc_error_init(&plugin->err);
        }
    }
    return any;
}

void oc_plugins_set_home(struct oc_plugins *p, const char *home)
{
    char *path = oc_path_join(home, "data/quarantine.json");
    oc_quarantine_destroy(p->quarantine);
    oc_sentinels_close(p->sentinels);
    p->quarantine = oc_quarantine_create(path);
    free(p->home);
    p->home = oc_strdup(home);
    p->sentinels = oc_sentinels_open(home);
    free(path);
}

/* ---- the folder of packages ---- */

const char *oc_plugin_root(const struct oc_plugin *plugin)
{
    return plugin->root;
}

static struct oc_plugin *find_in(struct oc_plugins *p, const char *root, const char *name)
{
    struct oc_plugin *found = oc_plugin_find(p, name);
    return found && found->root && strcmp(found->root, root) == 0 ? found : NULL;
}

/* Where the links of one folder lead: mostly all into one other folder, whose real path is asked for once. */
struct target {
    char *said; /* the folder as the last link said it; NULL = none yet */
    char *real;
};

static void forget_target(struct target *t)
{
    free(t->said);
    free(t->real);
    *t = (struct target){0};
}

/* As realpath; owned by the caller. Packages link their own store relatively, and the folder of a developer as it is. */
static char *resolve(struct target *t, const char *root, const char *link, bool *linked)
{
    char said[PATH_MAX];
    struct stat st;
    const ssize_t len = readlink(link, said, sizeof said - 1);
    *linked = len > 0 && said[0] == '/';
    if (len <= 0) {
        return realpath(link, NULL);
    }
    said[len] = '\0';
    char *slash = strrchr(said, '/');
    if (!slash || slash == said || !oc_name_valid(slash + 1)) {
        return realpath(link, NULL);
    }
    *slash = '\0';
    if (!t->said || strcmp(t->said, said) != 0) {
        char *folder = oc_path_join(root, said);
        forget_target(t);
        t->said = oc_strdup(said);
        t->real = realpath(folder, NULL);
        free(folder);
    }
    char *dir = t->real ? oc_path_join(t->real, slash + 1) : NULL;
    if (!dir || lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        free(dir);
        dir = realpath(link, NULL); /* another link, or nothing */
    }
    return dir;
}

/* One link of the folder: another generation keeps the folder of what did not change. */
static void take(struct oc_plugins *p, const char *root, const char *name, struct target *t)
{
    bool linked;
    char *link = oc_path_join(root, name), *dir = resolve(t, root, link, &linked);
    free(link);
    if (!dir) {
        return;
    }
    struct oc_plugin *fresh = oc_plugin_read(p, dir, name, linked);
    struct oc_plugin *known = find_in(p, root, fresh->name);
    fresh->root = oc_strdup(root);
    if (known && strcmp(known->dir, dir) == 0 && oc_plugin_is_as_read(known)) {
        known->seen = true;
        oc_plugin_free(fresh);
    } else if (known) {
        fresh->seen = true;
        oc_plugin_replace(known, fresh);
    } else if (oc_plugin_find(p, fresh->name)) {
        oc_warn("plugin left out: another one has its name", "plugin=%s dir=%s other=%s",
                fresh->name, dir, oc_plugin_find(p, fresh->name)->dir);
        oc_plugin_free(fresh);
    } else {
        fresh->seen = true;
        OC_VEC_PUSH(&p->list, fresh);
    }
    free(dir);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void take_all(struct oc_plugins *p, const char *dir)
{
    struct dirent **entries = NULL;
    struct target target = {0};
    const int count = scandir(dir, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        take(p, dir, entries[i]->d_name, &target);
        free(entries[i]);
    }
    forget_target(&target);
    if (count >= 0) {
        free(entries);
    }
}

void oc_plugins_sync(struct oc_plugins *p, const char *dir)
{
    for (size_t i = 0; i < p->list.count; i++) {
        p->list.items[i]->seen = false;
    }
    take_all(p, dir);
    for (size_t i = p->list.count; i-- > 0;) {
        struct oc_plugin *plugin = p->list.items[i];
        if (plugin->root && strcmp(plugin->root, dir) == 0 && !plugin->seen) {
            oc_plugin_replace(plugin, NULL);
        }
    }
}
