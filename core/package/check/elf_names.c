/* Asks other shared objects for names, and looks up who is called at load. SPDX-License-Identifier: MIT */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/package/check/elf_internal.h"

#define LIBRARY_MAX (256u << 20)

struct oc_elf_names {
    struct oc_elf elf;
    void *map;
    size_t size;
};

static void *map_file(const char *path, size_t *size)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        st.st_size <= (off_t)LIBRARY_MAX) {
        *size = (size_t)st.st_size;
        map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return map == MAP_FAILED ? NULL : map;
}

struct oc_elf_names *oc_elf_names_open(const char *path, uint16_t machine)
{
    size_t size = 0;
    void *map = map_file(path, &size);
    if (!map) {
        return NULL;
    }
    struct oc_elf_names *names = oc_calloc(1, sizeof *names);
    names->map = map;
    names->size = size;
    if (oc_elf_read_names(&names->elf, map, size, NULL) || names->elf.machine != machine) {
        oc_elf_names_close(names);
        return NULL;
    }
    return names;
}

void oc_elf_names_close(struct oc_elf_names *names)
{
    if (names) {
        oc_elf_finish(&names->elf);
        munmap(names->map, names->size);
        free(names);
    }
}

const char *oc_elf_names_needed(const struct oc_elf_names *names, size_t i)
{
    return i < names->elf.needed.count ? names->elf.needed.items[i] : NULL;
}

static bool is_symbol(const struct oc_elf *elf, uint64_t i, const char *name)
{
    Elf64_Sym s;
    if (!oc_elf_copy_mapped(elf, elf->symbol_table + i * sizeof s, &s, sizeof s) ||
        s.st_shndx == SHN_UNDEF || ELF64_ST_BIND(s.st_info) == STB_LOCAL) {
        return false;
    }
    const char *found = oc_elf_string(elf, s.st_name);
    return found && strcmp(found, name) == 0;
}

static bool find_gnu(const struct oc_elf *elf, const char *name)
{
    uint32_t head[4], bucket, chain, hash = 5381;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        hash = hash * 33 + *p;
    }
    if (!oc_elf_copy_mapped(elf, elf->gnu_hash, head, sizeof head) || head[0] == 0) {
        return false;
    }
    const uint64_t buckets = elf->gnu_hash + sizeof head + (uint64_t)head[2] * sizeof(uint64_t);
    const uint64_t chains = buckets + (uint64_t)head[0] * sizeof bucket;
    if (!oc_elf_copy_mapped(elf, buckets + (uint64_t)(hash % head[0]) * sizeof bucket, &bucket,
                            sizeof bucket) ||
        bucket < head[1]) {
        return false;
    }
    for (uint64_t i = bucket; i < OC_ELF_SYMBOLS_MAX; i++) {
        if (!oc_elf_copy_mapped(elf, chains + (i - head[1]) * sizeof chain, &chain, sizeof chain)) {
            return false;
        }
        if ((chain | 1) == (hash | 1) && is_symbol(elf, i, name)) {
            return true;
        }
        if (chain & 1) {
            return false;
        }
    }
    return false;
}

static bool find_sysv(const struct oc_elf *elf, const char *name)
{
    uint32_t head[2], at, hash = 0;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        hash = (hash << 4) + *p;
        hash = (hash ^ ((hash & 0xf0000000u) >> 24)) & 0x0fffffffu;
    }
    if (!oc_elf_copy_mapped(elf, elf->hash, head, sizeof head) || head[0] == 0) {
        return false;
    }
    uint64_t place = elf->hash + sizeof head + (uint64_t)(hash % head[0]) * sizeof at;
    for (uint32_t steps = 0; steps < OC_ELF_SYMBOLS_MAX; steps++) {
        if (!oc_elf_copy_mapped(elf, place, &at, sizeof at) || at == 0) {
            return false;
        }
        if (is_symbol(elf, at, name)) {
            return true;
        }
        place = elf->hash + sizeof head + ((uint64_t)head[0] + at) * sizeof at;
    }
    return false;
}

bool oc_elf_names_has(const struct oc_elf_names *names, const char *name)
{
    return names->elf.gnu_hash ? find_gnu(&names->elf, name)
                               : names->elf.hash && find_sysv(&names->elf, name);
}

/* ---- what runs at load ---- */

/* The symbols that a debugger would use: of the section headers, so good for a name in a message and nothing else. */
static const char *find_local(const struct oc_elf *elf, uint64_t address)
{
    Elf64_Ehdr h;
    Elf64_Shdr table, names;
    if (!oc_elf_copy(elf, 0, &h, sizeof h) || h.e_shentsize != sizeof table) {
        return NULL;
    }
    for (uint64_t i = 0; i < h.e_shnum; i++) {
        if (h.e_shoff > elf->len ||
            !oc_elf_copy(elf, h.e_shoff + i * sizeof table, &table, sizeof table)) {
            return NULL;
        }
        if (table.sh_type != SHT_SYMTAB || table.sh_link >= h.e_shnum ||
            !oc_elf_copy(elf, h.e_shoff + table.sh_link * sizeof names, &names, sizeof names) ||
            names.sh_offset > elf->len || names.sh_size > elf->len - names.sh_offset) {
            continue;
        }
        for (uint64_t k = 0; k < table.sh_size / sizeof(Elf64_Sym) && k < OC_ELF_SYMBOLS_MAX; k++) {
            Elf64_Sym s;
            if (table.sh_offset > elf->len ||
                !oc_elf_copy(elf, table.sh_offset + k * sizeof s, &s, sizeof s)) {
                return NULL;
            }
            if (s.st_value == address && ELF64_ST_TYPE(s.st_info) == STT_FUNC &&
                s.st_name < names.sh_size) {
                const char *text = (const char *)elf->bytes + names.sh_offset + s.st_name;
                return memchr(text, '\0', names.sh_size - s.st_name) ? text : NULL;
            }
        }
    }
    return NULL;
}

const char *oc_elf_symbol_at(const struct oc_elf *elf, uint64_t address)
{
    for (size_t i = 0; i < elf->symbols.count; i++) {
        const struct oc_elf_symbol *s = &elf->symbols.items[i];
        if (s->defined && s->type == STT_FUNC && s->value == address) {
            return s->name;
        }
    }
    return find_local(elf, address);
}

/* A relative relocation of the slot says whom it will point to; one by a symbol says it by its value. */
static uint64_t relocated(const struct oc_elf *elf, uint64_t slot)
{
    for (uint64_t i = 0; i < elf->rela_size / sizeof(Elf64_Rela) && i < OC_ELF_RELOCS_MAX; i++) {
        Elf64_Rela r;
        if (!elf->rela || !oc_elf_copy_mapped(elf, elf->rela + i * sizeof r, &r, sizeof r)) {
            return 0;
        }
        if (r.r_offset == slot) {
            const uint64_t symbol = ELF64_R_SYM(r.r_info);
            const uint64_t base =
                symbol && symbol <= elf->symbols.count ? elf->symbols.items[symbol - 1].value : 0;
            return base + (uint64_t)r.r_addend;
        }
    }
    return 0;
}

size_t oc_elf_array_read(const struct oc_elf *elf, const struct oc_elf_array *array,
                         uint64_t *addresses, size_t max)
{
    size_t n = 0;
    for (; n < max && n < array->count && n < OC_ELF_ARRAY_MAX; n++) {
        const uint64_t slot = array->address + n * sizeof *addresses;
        addresses[n] = relocated(elf, slot);
        if (!addresses[n] && !oc_elf_copy_mapped(elf, slot, &addresses[n], sizeof *addresses)) {
            break;
        }
    }
    return n;
}
