/* Whether a folder lies in another one, by whatever path it is named. SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

/* The real path of what there is of it: a folder that is still to be made lies in the nearest one above it. */
static char *real_path(const char *path)
{
    char *at = oc_strdup(path), *real = realpath(at, NULL);
    while (!real && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
        char *above = oc_path_dir(at);
        free(at);
        at = above;
        real = realpath(at, NULL);
    }
    free(at);
    return real;
}

/* By name alone: neither has to be there. */
static bool is_named_within(const char *folder, const char *dir)
{
    const size_t len = strlen(dir);
    return oc_starts(folder, dir) && (!folder[len] || folder[len] == '/');
}

bool oc_audit_is_within(const char *folder, const char *dir)
{
    struct stat own, st;
    if (is_named_within(folder, dir)) {
        return true;
    }
    char *at = stat(dir, &own) == 0 ? real_path(folder) : NULL;
    bool found = false;
    while (at && !found) {
        found = stat(at, &st) == 0 && st.st_dev == own.st_dev && st.st_ino == own.st_ino;
        char *above = strcmp(at, "/") == 0 ? NULL : oc_path_dir(at);
        free(at);
        at = found ? (free(above), NULL) : above;
    }
    return found;
}
