/* The plugins that this host has, by name, bundled or installed. SPDX-License-Identifier: MIT */
#include "core/package/known.h"

#include <dirent.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"

/* <folder>/<name> when a plugin is there; owned by the caller, NULL. */
static char *held(const char *folder, const char *name)
{
    char *dir = oc_path_join(folder, name), *manifest = oc_path_join(dir, "plugin.json");
    if (!oc_file_exists(manifest)) {
        OC_FREE(dir);
    }
    free(manifest);
    return dir;
}

/* <plugins>/<name>, or <plugins>/<kind>/<name>, as the daemon finds them. */
char *oc_known_bundled(const struct oc_work *w, const char *name)
{
    DIR *dir = w->plugins ? opendir(w->plugins) : NULL;
    char *found = dir ? held(w->plugins, name) : NULL;
    for (const struct dirent *e; dir && !found && (e = readdir(dir));) {
        char *kind = oc_path_join(w->plugins, e->d_name);
        found = e->d_name[0] != '.' ? held(kind, name) : NULL;
        free(kind);
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

struct oc_manifest *oc_known_manifest(const struct oc_work *w, const char *name)
{
    char *dir = oc_name_valid(name) ? oc_known_bundled(w, name) : NULL;
    if (!dir && oc_name_valid(name)) {
        char *installed = oc_path_join(w->home, "packages/current/plugins");
        dir = held(installed, name);
        free(installed);
    }
    struct oc_manifest *m = dir ? oc_manifest_load(dir, NULL) : NULL;
    free(dir);
    return m;
}
