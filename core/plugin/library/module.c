/* Loading the host's own modules through libltdl. SPDX-License-Identifier: MIT */
#include "core/plugin/library/module.h"

#include <dlfcn.h>
#include <ltdl.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/plugin/internal.h"
#include "core/sys/file.h"

static const void *open_at(const char *path, const char *symbol, struct oc_error *err)
{
    if (lt_dlinit()) {
        oc_error_set(err, OC_E_INTERNAL, "libltdl: %s", lt_dlerror());
        return NULL;
    }
    lt_dlhandle library = lt_dlopen(path);
    if (!library) {
        char *why = oc_library_problem(path);
        oc_error_set(err, OC_E_CONFIG, "cannot load %s: %s", path, why);
        oc_error_hint(err, "Install the same version of every part of openclaw.");
        free(why);
        return NULL;
    }
    lt_dlmakeresident(library);
    const void *found = lt_dlsym(library, symbol);
    if (!found) {
        oc_error_set(err, OC_E_CONFIG, "%s does not export %s", path, symbol);
    }
    return found;
}

/* Through dlopen, as libltdl is for one thread: it finds the library there already. It is never closed. */
static void load(void *path)
{
    (void)dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    free(path);
}

static void loaded(void *path)
{
    (void)path; /* oc_module_open asks for itself */
}

void oc_module_expect(const char *name, struct oc_workers *workers)
{
    char *file = oc_asprintf("%s.so", name);
    char *path = oc_path_helper(file);
    if (path) {
        oc_workers_submit(workers, load, loaded, path);
    }
    free(file);
}

const void *oc_module_open(const char *name, const char *symbol, struct oc_error *err)
{
    char *file = oc_asprintf("%s.so", name);
    char *path = oc_path_helper(file);
    const void *found = NULL;
    if (path) {
        found = open_at(path, symbol, err);
    } else {
        oc_error_set(err, OC_E_NOT_FOUND, "%s is not installed", file);
        oc_error_hint(err, "Install it beside openclawd, or set api.enabled = false.");
    }
    free(path);
    free(file);
    return found;
}
