/* Opens the library that was asked for, and no other. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/plughost/plughost.h"
#include "core/sys/file.h"

int oc_plughost_open(struct oc_plughost *h, const char *dir, const char *library,
                     const json_t *files, struct oc_error *err)
{
    char path[64];
    const struct oc_plugin_entry *entry = NULL;
    char *so = oc_path_join(dir, library);
    /* What was hashed is what is opened: by its descriptor. It stays open, as its name is the library's. */
    const int fd = oc_loader_verify(so, library, files, h->sha256, err);
    free(so);
    if (fd < 0) {
        return fd;
    }
    if (lt_dlinit()) {
        return oc_error_set(err, OC_E_INTERNAL, "libltdl: %s", lt_dlerror());
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int code = oc_loader_open(path, library, &h->library, &entry, err);
    return code ? code : oc_entry_take(entry, &h->entry, err);
}
