/* From an address in a library to the function that holds it. SPDX-License-Identifier: MIT */
#include "core/plugin/library/symbol.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "core/plugin/manifest/image.h"

#define SECTIONS_MAX 4096u
#define SYMBOLS_MAX  (1u << 20)
#define NOTES_MAX    64u
#define UNSIZED_MAX  4096u /* functions in assembler have no size */

static bool read_header(const struct oc_image *img, Elf64_Ehdr *h)
{
    return oc_image_copy(img, 0, h, sizeof *h) && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
           h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB;
}

static bool read_section(const struct oc_image *img, const Elf64_Ehdr *h, uint64_t index,
                         Elf64_Shdr *section)
{
    return index < h->e_shnum && h->e_shentsize == sizeof *section &&
           h->e_shoff <= UINT64_MAX - index * sizeof *section &&
           oc_image_copy(img, h->e_shoff + index * sizeof *section, section, sizeof *section);
}

/* ---- symbols ---- */

static void take_name(const struct oc_image *img, const Elf64_Shdr *strings, uint32_t at,
                      struct oc_symbol *symbol)
{
    size_t n = 0;
    char c;
    while (n + 1 < sizeof symbol->name && at + n < strings->sh_size &&
           strings->sh_offset <= UINT64_MAX - at - n &&
           oc_image_copy(img, strings->sh_offset + at + n, &c, 1) && c > ' ' && c < 127) {
        symbol->name[n++] = c;
    }
    symbol->name[n] = '\0';
}

/* The last one that begins at or before the address, and does not end before it. */
static bool holds(const Elf64_Sym *s, uint64_t address)
{
    return ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_shndx != SHN_UNDEF &&
           s->st_value <= address &&
           address - s->st_value < (s->st_size ? s->st_size : UNSIZED_MAX);
}

static bool find_in(const struct oc_image *img, const Elf64_Ehdr *h, const Elf64_Shdr *table,
                    uint64_t address, struct oc_symbol *symbol)
{
    Elf64_Shdr strings;
    Elf64_Sym s, best = {0};
    bool found = false;
    const uint64_t count = table->sh_size / sizeof s;
    if (table->sh_entsize != sizeof s || !read_section(img, h, table->sh_link, &strings)) {
        return false;
    }
    for (uint64_t i = 0; i < count && i < SYMBOLS_MAX; i++) {
        if (table->sh_offset > UINT64_MAX - i * sizeof s ||
            !oc_image_copy(img, table->sh_offset + i * sizeof s, &s, sizeof s)) {
            break;
        }
        if (holds(&s, address) && (!found || s.st_value >= best.st_value)) {
            best = s;
            found = true;
        }
    }
    if (found) {
        symbol->offset = address - best.st_value;
        take_name(img, &strings, best.st_name, symbol);
    }
    return found && symbol->name[0];
}

bool oc_symbol_find(const void *image, size_t len, uint64_t address, struct oc_symbol *symbol)
{
    static const uint32_t tables[] = {SHT_SYMTAB, SHT_DYNSYM};
    const struct oc_image img = {image, len};
    Elf64_Ehdr h;
    Elf64_Shdr section;
    *symbol = (struct oc_symbol){0};
    if (!read_header(&img, &h)) {
        return false;
    }
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (uint64_t i = 0; i < SECTIONS_MAX && read_section(&img, &h, i, &section); i++) {
            if (section.sh_type == tables[t] && find_in(&img, &h, &section, address, symbol)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- build id ---- */

static uint64_t round_up(uint64_t n)
{
    return (n + 3) & ~UINT64_C(3);
}

static bool take_build_id(const struct oc_image *notes, char hex[OC_BUILD_ID_HEX])
{
    unsigned char id[(OC_BUILD_ID_HEX - 1) / 2];
    char owner[4];
    Elf64_Nhdr n;
    uint64_t at = 0;
    for (unsigned i = 0; i < NOTES_MAX && oc_image_copy(notes, at, &n, sizeof n); i++) {
        const uint64_t name = at + sizeof n, desc = round_up(name + n.n_namesz);
        if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == sizeof owner &&
            oc_image_copy(notes, name, owner, sizeof owner) && memcmp(owner, "GNU", 4) == 0 &&
            n.n_descsz <= sizeof id && oc_image_copy(notes, desc, id, n.n_descsz)) {
            for (size_t k = 0; k < n.n_descsz; k++) {
                snprintf(hex + 2 * k, 3, "%02x", id[k]);
            }
            return true;
        }
        at = round_up(desc + n.n_descsz);
    }
    return false;
}

void oc_symbol_build_id(const void *image, size_t len, char hex[OC_BUILD_ID_HEX])
{
    const struct oc_image img = {image, len};
    Elf64_Ehdr h;
    Elf64_Phdr ph;
    hex[0] = '\0';
    if (!read_header(&img, &h) || h.e_phentsize != sizeof ph) {
        return;
    }
    for (uint64_t i = 0; i < h.e_phnum; i++) {
        const uint64_t skip = i * sizeof ph;
        if (h.e_phoff > UINT64_MAX - skip ||
            !oc_image_copy(&img, h.e_phoff + skip, &ph, sizeof ph)) {
            return;
        }
        if (ph.p_type == PT_NOTE && ph.p_offset <= img.len &&
            ph.p_filesz <= img.len - ph.p_offset) {
            const struct oc_image notes = {img.bytes + ph.p_offset, ph.p_filesz};
            if (take_build_id(&notes, hex)) {
                return;
            }
        }
    }
}
