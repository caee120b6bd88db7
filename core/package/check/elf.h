/* Reads a shared object as the dynamic linker would, without trusting a byte of it. SPDX-License-Identifier: MIT
 *
 * What counts is what a loader would follow: program headers and the dynamic section, never the section headers, which may
 * say anything. Every offset is checked against the file, every count is capped, names end within their table. [any]
 */
#ifndef OC_PACKAGE_CHECK_ELF_H
#define OC_PACKAGE_CHECK_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/vec.h"

#define OC_ELF_SEGMENTS_MAX 128u
#define OC_ELF_DYNAMIC_MAX  1024u
#define OC_ELF_NEEDED_MAX   128u
#define OC_ELF_SYMBOLS_MAX  (1u << 20)
#define OC_ELF_RELOCS_MAX   (1u << 22)
#define OC_ELF_VERSIONS_MAX 4096u
#define OC_ELF_ARRAY_MAX    4096u

struct oc_elf_symbol {
    const char *name; /* borrowed from the image */
    uint64_t value;
    uint8_t bind, type; /* STB_*, STT_* */
    bool defined;
    bool hidden; /* STV_HIDDEN or STV_INTERNAL: nobody outside can reach it */
};

struct oc_elf_segment {
    uint32_t type, flags; /* PT_*, PF_* */
    uint64_t offset, address, file_size, memory_size;
};

/* A version that a needed library must have: {"libc.so.6", "GLIBC_2.34"}. */
struct oc_elf_version {
    const char *file, *name;
};

struct oc_elf_array { /* DT_INIT_ARRAY, DT_FINI_ARRAY */
    uint64_t address, count;
};

struct oc_elf {
    const unsigned char *bytes; /* borrowed; must live as long as this */
    uint64_t len;
    uint16_t machine; /* EM_* */
    OC_VEC(struct oc_elf_segment) segments;
    OC_VEC(const char *) needed;          /* borrowed from the image */
    OC_VEC(struct oc_elf_symbol) symbols; /* without the empty first one */
    OC_VEC(struct oc_elf_version) versions;
    const char *run_path; /* DT_RPATH or DT_RUNPATH, NULL when there is none */
    const char *helper;   /* the object of DT_AUDIT, DT_DEPAUDIT, DT_FILTER or DT_AUXILIARY, NULL */
    bool textrel, bind_now, no_delete, irelative;
    struct oc_elf_array init, fini;
    /* where the tables lie; 0 = there is none */
    uint64_t strings, strings_size, symbol_table, gnu_hash, hash, version_needs, version_need_count;
    uint64_t rela, rela_size, plt_rela, plt_rela_size, init_function, fini_function;
};

/* OC_E_CONFIG says what is wrong with the file. `elf` is to be finished in both cases. */
int oc_elf_read(struct oc_elf *elf, const void *image, size_t len, struct oc_error *err);
void oc_elf_finish(struct oc_elf *elf);

/* The name of a defined function at `address`, NULL when no symbol says. */
const char *oc_elf_symbol_at(const struct oc_elf *elf, uint64_t address);
/* The function pointers of an array, as far as relocations or the file itself give them; returns how many were written. */
size_t oc_elf_array_read(const struct oc_elf *elf, const struct oc_elf_array *array,
                         uint64_t *addresses, size_t max);

/* ---- a library that is only asked for names: nothing is copied ---- */

struct oc_elf_names;
/* Maps the library at `path` (at most 256 MB). NULL when it is no shared object of `machine`. */
struct oc_elf_names *oc_elf_names_open(const char *path, uint16_t machine);
void oc_elf_names_close(struct oc_elf_names *names); /* NULL is fine */
/* Does it define a global or weak symbol of that name? By its hash table. */
bool oc_elf_names_has(const struct oc_elf_names *names, const char *name);
/* The libraries that it needs itself; NULL at the end. */
const char *oc_elf_names_needed(const struct oc_elf_names *names, size_t i);

#endif
