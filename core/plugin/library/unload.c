/* Libraries that come and go in this process: loaded anew under a name of their own, unmapped when that is safe. SPDX-License-Identifier: MIT
 *
 * A library is unmapped only when nothing of it can be left: no body uses it (its users were counted), every thread of the
 * process is one of the host's own (they are counted, too), and it neither pulled in a library that may keep threads or
 * handlers, nor asked for a destructor or a handler that would be called later. Otherwise it stays where it is. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"
#include "core/sys/thread.h"

/* ---- a name that no library had ---- */

/* The linker and libltdl tell libraries apart by the path they are opened by, and descriptors are numbered anew; so the path
 * spells a number that grows, in segments that mean nothing ("" and "."). */
void oc_image_path(int fd, char *path, size_t size)
{
    static unsigned long count;
    size_t at = (size_t)snprintf(path, size, "/proc/self/fd");
    for (unsigned long n = ++count; n && at + 16 < size; n >>= 1) {
        at += (size_t)snprintf(path + at, size - at, "%s", n & 1 ? "/." : "/");
    }
    snprintf(path + at, size - at, "/%d", fd);
}

int oc_image_copy(const char *so, struct oc_error *err)
{
    struct oc_buf image = {0};
    int fd = -1, code = oc_file_read(so, OC_ELF_MAX, &image, err);
    if (!code) {
        fd = memfd_create("openclaw-plugin", MFD_CLOEXEC);
        const int wrote = fd < 0 ? -errno : oc_fd_write_all(fd, image.data, image.len);
        if (wrote) {
            code = oc_error_errno(err, 0, -wrote, "cannot copy %s", so);
        }
    }
    oc_buf_finish(&image);
    if (code && fd >= 0) {
        close(fd);
    }
    return code ? code : fd;
}

/* ---- may it go? ---- */

static const char *const harmless[] = {
    "libc.so.*", "libm.so.*", "libpthread.so.*", "libdl.so.*",   "librt.so.*",
    "ld-linux*", "ld-musl*",  "libgcc_s.so.*",   "libasan.so.*", "libubsan.so.*"};
/* What they register is called when a thread ends, a signal comes or a time is over. */
static const char *const registering[] = {
    "pthread_key_create",      "tss_create", "sigaction", "signal", "bsd_signal", "timer_create",
    "__cxa_thread_atexit_impl"};

struct dynamic {
    const char *strings;
    const ElfW(Sym) * symbols;
    const uint32_t *hash; /* DT_GNU_HASH: bucket count, first hashed symbol, ... */
};

static const void *address(const struct link_map *map, ElfW(Addr) at)
{
    const uintptr_t base = (uintptr_t)map->l_addr; /* glibc relocates these on most machines */
    return (const void *)(at < base ? at + base : (uintptr_t)at);
}

static struct dynamic read_dynamic(const struct link_map *map)
{
    struct dynamic d = {0};
    for (const ElfW(Dyn) *e = map->l_ld; e->d_tag != DT_NULL; e++) {
        if (e->d_tag == DT_STRTAB) {
            d.strings = address(map, e->d_un.d_ptr);
        } else if (e->d_tag == DT_SYMTAB) {
            d.symbols = address(map, e->d_un.d_ptr);
        } else if (e->d_tag == DT_GNU_HASH) {
            d.hash = address(map, e->d_un.d_ptr);
        }
    }
    return d;
}

static bool is_harmless(const char *library)
{
    for (size_t i = 0; i < OC_COUNT(harmless); i++) {
        if (fnmatch(harmless[i], library, 0) == 0) {
            return true;
        }
    }
    return false;
}

static const char *needed(const struct link_map *map, const struct dynamic *d)
{
    for (const ElfW(Dyn) *e = map->l_ld; e->d_tag != DT_NULL; e++) {
        if (e->d_tag == DT_NEEDED && !is_harmless(d->strings + e->d_un.d_val)) {
            return d->strings + e->d_un.d_val;
        }
    }
    return NULL;
}

/* Undefined symbols come before the first one that is hashed. */
static const char *registers(const struct dynamic *d)
{
    for (uint32_t i = 1; i < d->hash[1]; i++) {
        const char *name = d->strings + d->symbols[i].st_name;
        for (size_t k = 0; k < OC_COUNT(registering); k++) {
            if (strcmp(name, registering[k]) == 0) {
                return registering[k];
            }
        }
    }
    return NULL;
}

const char *oc_plugin_pinned_by(const struct oc_plugin *plugin)
{
    Dl_info info;
    struct link_map *map = NULL;
    const void *entry = plugin->library ? lt_dlsym(plugin->library, "oc_plugin_entry") : NULL;
    if (!entry || !dladdr1(entry, &info, (void **)&map, RTLD_DL_LINKMAP) || !map) {
        return "its link map is not known";
    }
    const struct dynamic d = read_dynamic(map);
    if (!d.strings || !d.symbols || !d.hash) {
        return "its symbols are not known";
    }
    const char *library = needed(map, &d);
    return library ? library : registers(&d);
}

/* ---- the end ---- */

void oc_plugin_unmap(struct oc_plugin *plugin)
{
    if (!plugin->library) {
        return;
    }
    const char *why = oc_plugin_pinned_by(plugin);
    why = why ? why : oc_threads_are_ours() ? NULL : "a thread that is not the host's";
    if (why) {
        oc_debug("the library of a plugin stays mapped", "plugin=%s because=%s", plugin->name, why);
    } else if (lt_dlclose(plugin->library)) {
        oc_debug("the library of a plugin stays mapped", "plugin=%s because=%s", plugin->name,
                 lt_dlerror());
    }
    plugin->library = NULL;
}
