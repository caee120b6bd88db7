/* Paths as text; nothing here touches the file it names. SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"

char *oc_path_join(const char *dir, const char *name)
{
    if (*name == '/' || !*dir) {
        return oc_strdup(name);
    }
    return oc_asprintf(oc_ends(dir, "/") ? "%s%s" : "%s/%s", dir, name);
}

char *oc_path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return oc_strdup(".");
    }
    return oc_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static char *working_dir(void)
{
    char dir[PATH_MAX];
    /* a working directory that was removed has no name; nothing will be found below "/" either */
    return oc_strdup(getcwd(dir, sizeof dir) ? dir : "/");
}

static char *home_dir(void)
{
    const char *home = getenv("HOME");
    return oc_strdup(home && *home == '/' ? home : "/");
}

char *oc_path_expand(const char *path, const char *base)
{
    if (*path == '/') {
        return oc_strdup(path);
    }
    bool home = *path == '~' && (path[1] == '/' || !path[1]);
    char *dir = home ? home_dir() : base ? oc_path_expand(base, NULL) : working_dir();
    if (home) {
        path++;
    }
    while (*path == '/' || (*path == '.' && (path[1] == '/' || !path[1]))) {
        path++; /* "./x" is "x" */
    }
    char *full = *path ? oc_path_join(dir, path) : oc_strdup(dir);
    free(dir);
    return full;
}

char *oc_path_self_dir(void)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0) {
        return working_dir();
    }
    self[len] = '\0';
    return oc_path_dir(self);
}

char *oc_path_helper(const char *name)
{
    static const char *const folders[] = {".", "../libexec/openclaw"};
    int needed = oc_ends(name, ".so") ? R_OK : X_OK; /* Debian installs libraries without x */
    char *self = oc_path_self_dir(), *found = NULL;
    for (size_t i = 0; !found && i < OC_COUNT(folders); i++) {
        char *dir = oc_path_expand(folders[i], self), *path = oc_path_join(dir, name);
        found = access(path, needed) == 0 ? oc_strdup(path) : NULL;
        free(path);
        free(dir);
    }
    free(self);
    return found;
}
