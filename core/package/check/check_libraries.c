/* Level 0: the libraries that are needed, and whether they have what is used. SPDX-License-Identifier: MIT */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"
#include "core/sys/file.h"

#define LIBRARIES_MAX 64 /* of the whole closure */
#define NAMED_MAX     8

/* Part of the system, or what plugins commonly use: the beginning of the name is enough. */
static const char *const known[] = {
    "libc.so",       "libm.so",      "libpthread.so", "libdl.so",     "librt.so",   "libresolv.so",
    "ld-linux",      "libgcc_s.so",  "libstdc++.so",  "libatomic.so", "libssl.so",  "libcrypto.so",
    "libcurl",       "libpq.so",     "libhiredis",    "libz.so",      "libzstd.so", "libsqlite3.so",
    "libjansson.so", "libsodium.so", "libxml2.so",    "libyaml-",     "libuv.so",   "libarchive.so",
    "libnghttp2.so", "libssh2.so",   "libsystemd.so", "libbz2.so",    "liblzma.so", "liblz4.so",
};

static bool is_known(const struct oc_subject *s, const char *name)
{
    static const char *const sanitizers[] = {"libasan", "libubsan", "libtsan", "liblsan",
                                             "libclang_rt"};
    for (size_t i = 0; i < OC_COUNT(known); i++) {
        if (oc_starts(name, known[i])) {
            return true;
        }
    }
    for (size_t i = 0; s->sanitized && i < OC_COUNT(sanitizers); i++) {
        if (oc_starts(name, sanitizers[i])) {
            return true;
        }
    }
    return false;
}

/* Where the loader looks unless it is told otherwise. */
static const char *const folders[] = {
#if defined(__x86_64__)
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
#endif
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
};

static struct oc_elf_names *open_library(const char *name, uint16_t machine)
{
    struct oc_elf_names *found = NULL;
    for (size_t i = 0; i < OC_COUNT(folders) && !found && !strchr(name, '/'); i++) {
        char *path = oc_path_join(folders[i], name);
        found = oc_elf_names_open(path, machine);
        free(path);
    }
    return found;
}

/* The libraries that would be in the process, in the order of the loader's search. */
struct closure {
    struct {
        const char *name; /* borrowed from the image that names it */
        struct oc_elf_names *names;
    } list[LIBRARIES_MAX];
    size_t count;
    bool whole; /* every one was found */
};

static void add_library(struct closure *c, const char *name, uint16_t machine)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->list[i].name, name) == 0) {
            return;
        }
    }
    if (c->count == LIBRARIES_MAX) {
        c->whole = false;
        return;
    }
    struct oc_elf_names *names = open_library(name, machine);
    c->list[c->count].name = name;
    c->list[c->count++].names = names;
    c->whole = c->whole && names;
}

static void find_closure(const struct oc_subject *s, struct closure *c, struct oc_report *r)
{
    c->whole = true;
    for (size_t i = 0; i < s->elf.needed.count; i++) {
        add_library(c, s->elf.needed.items[i], s->elf.machine);
    }
    const size_t direct = c->count;
    for (size_t i = 0; i < c->count; i++) {
        const char *name;
        if (!c->list[i].names && i < direct) {
            oc_report_add(r, "OC0121", strrchr(s->so, '/') + 1, c->list[i].name,
                          "%.100s cannot be found", c->list[i].name);
        }
        for (size_t k = 0; c->list[i].names && (name = oc_elf_names_needed(c->list[i].names, k));
             k++) {
            add_library(c, name, s->elf.machine);
        }
    }
}

static bool provides(const struct closure *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].names && oc_elf_names_has(c->list[i].names, name)) {
            return true;
        }
    }
    return false;
}

static void check_undefined(const struct oc_subject *s, const struct closure *c,
                            struct oc_report *r)
{
    int missing = 0;
    for (size_t i = 0; i < s->elf.symbols.count; i++) {
        const struct oc_elf_symbol *symbol = &s->elf.symbols.items[i];
        const bool needed = !symbol->defined && symbol->bind == STB_GLOBAL && *symbol->name;
        if (needed && !provides(c, symbol->name) && missing++ < NAMED_MAX) {
            oc_report_add(r, "OC0122", strrchr(s->so, '/') + 1, symbol->name,
                          "%.200s is defined nowhere", symbol->name);
        }
    }
}

void oc_check_libraries(const struct oc_subject *s, struct oc_report *r)
{
    struct closure c = {0};
    if (!s->elf_ok) {
        return;
    }
    for (size_t i = 0; i < s->elf.needed.count; i++) {
        if (!is_known(s, s->elf.needed.items[i])) {
            oc_report_add(r, "OC0120", strrchr(s->so, '/') + 1, s->elf.needed.items[i],
                          "it needs %.100s", s->elf.needed.items[i]);
        }
    }
    find_closure(s, &c, r);
    if (c.whole && !s->sanitized) { /* instrumentation takes its symbols from the executable */
        check_undefined(s, &c, r);
    }
    for (size_t i = 0; i < c.count; i++) {
        oc_elf_names_close(c.list[i].names);
    }
}
