/* Reads the dynamic view of a shared object that nobody vouches for. SPDX-License-Identifier: MIT */
#include "core/package/check/elf.h"

#include <elf.h>
#include <string.h>

#include "core/package/check/elf_internal.h"

static int broken(struct oc_error *err, const char *what)
{
    return oc_error_set(err, OC_E_CONFIG, "%s", what);
}

bool oc_elf_copy(const struct oc_elf *elf, uint64_t offset, void *out, uint64_t size)
{
    if (offset > elf->len || size > elf->len - offset) {
        return false;
    }
    memcpy(out, elf->bytes + offset, size);
    return true;
}

/* ---- header and segments ---- */

static int read_header(struct oc_elf *elf, Elf64_Ehdr *h, struct oc_error *err)
{
    if (!oc_elf_copy(elf, 0, h, sizeof *h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) {
        return broken(err, "not an ELF file");
    }
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB) {
        return broken(err, "not a 64-bit little-endian ELF file");
    }
    if (h->e_type != ET_DYN) {
        return broken(err, "not a shared object");
    }
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
        h->e_phnum > OC_ELF_SEGMENTS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "%u program headers of %u bytes", h->e_phnum,
                            h->e_phentsize);
    }
    elf->machine = h->e_machine;
    return OC_OK;
}

/* What a loader maps must be in the file, in order and without overlap: else an address would mean two things. */
static int check_load(const struct oc_elf *elf, const Elf64_Phdr *ph, uint64_t *end,
                      struct oc_error *err)
{
    if (ph->p_offset > elf->len || ph->p_filesz > elf->len - ph->p_offset) {
        return broken(err, "a segment ends beyond the file");
    }
    if (ph->p_filesz > ph->p_memsz || ph->p_vaddr > UINT64_MAX / 2 ||
        ph->p_memsz > UINT64_MAX / 2) {
        return broken(err, "a segment has impossible sizes");
    }
    if (ph->p_vaddr < *end) {
        return broken(err, "segments overlap or are out of order");
    }
    *end = ph->p_vaddr + ph->p_memsz;
    return OC_OK;
}

static int read_segments(struct oc_elf *elf, const Elf64_Ehdr *h, struct oc_error *err)
{
    uint64_t end = 0;
    for (uint64_t i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr ph;
        const uint64_t skip = i * sizeof ph;
        if (h->e_phoff > UINT64_MAX - skip ||
            !oc_elf_copy(elf, h->e_phoff + skip, &ph, sizeof ph)) {
            return broken(err, "the program headers end beyond the file");
        }
        if (ph.p_type == PT_LOAD && check_load(elf, &ph, &end, err)) {
            return OC_E_CONFIG;
        }
        const struct oc_elf_segment segment = {ph.p_type,  ph.p_flags,  ph.p_offset,
                                               ph.p_vaddr, ph.p_filesz, ph.p_memsz};
        OC_VEC_PUSH(&elf->segments, segment);
    }
    return OC_OK;
}

bool oc_elf_copy_mapped(const struct oc_elf *elf, uint64_t address, void *out, uint64_t size)
{
    for (size_t i = 0; i < elf->segments.count; i++) {
        const struct oc_elf_segment *s = &elf->segments.items[i];
        if (s->type == PT_LOAD && address >= s->address && address - s->address <= s->file_size &&
            size <= s->file_size - (address - s->address)) {
            return oc_elf_copy(elf, s->offset + (address - s->address), out, size);
        }
    }
    return false;
}

/* ---- the dynamic section ---- */

const char *oc_elf_string(const struct oc_elf *elf, uint64_t offset)
{
    char last;
    if (offset >= elf->strings_size ||
        !oc_elf_copy_mapped(elf, elf->strings + elf->strings_size - 1, &last, 1)) {
        return NULL;
    }
    for (size_t i = 0; i < elf->segments.count; i++) {
        const struct oc_elf_segment *s = &elf->segments.items[i];
        const uint64_t at = elf->strings + offset;
        if (s->type == PT_LOAD && at >= s->address && at - s->address < s->file_size) {
            const uint64_t from = at - s->address, left = s->file_size - from;
            const uint64_t size = elf->strings_size - offset;
            const char *text = (const char *)elf->bytes + s->offset + from;
            return memchr(text, '\0', size < left ? size : left) ? text : NULL;
        }
    }
    return NULL;
}

static void take_flags(struct oc_elf *elf, const Elf64_Dyn *d)
{
    if (d->d_tag == DT_FLAGS) {
        elf->bind_now |= (d->d_un.d_val & DF_BIND_NOW) != 0;
        elf->textrel |= (d->d_un.d_val & DF_TEXTREL) != 0;
    } else {
        elf->bind_now |= (d->d_un.d_val & DF_1_NOW) != 0;
        elf->no_delete |= (d->d_un.d_val & DF_1_NODELETE) != 0;
    }
}

static void take_address(struct oc_elf *elf, const Elf64_Dyn *d)
{
    const struct {
        Elf64_Sxword tag;
        uint64_t *to;
    } places[] = {{DT_STRTAB, &elf->strings},
                  {DT_STRSZ, &elf->strings_size},
                  {DT_SYMTAB, &elf->symbol_table},
                  {DT_GNU_HASH, &elf->gnu_hash},
                  {DT_HASH, &elf->hash},
                  {DT_VERNEED, &elf->version_needs},
                  {DT_VERNEEDNUM, &elf->version_need_count},
                  {DT_RELA, &elf->rela},
                  {DT_RELASZ, &elf->rela_size},
                  {DT_JMPREL, &elf->plt_rela},
                  {DT_PLTRELSZ, &elf->plt_rela_size},
                  {DT_INIT, &elf->init_function},
                  {DT_FINI, &elf->fini_function},
                  {DT_INIT_ARRAY, &elf->init.address},
                  {DT_INIT_ARRAYSZ, &elf->init.count},
                  {DT_FINI_ARRAY, &elf->fini.address},
                  {DT_FINI_ARRAYSZ, &elf->fini.count}};
    for (size_t i = 0; i < OC_COUNT(places); i++) {
        if (places[i].tag == d->d_tag) {
            *places[i].to = d->d_un.d_val;
        }
    }
}

/* The first pass: where the tables are, and flags. */
static void take_place(struct oc_elf *elf, const Elf64_Dyn *d)
{
    switch (d->d_tag) {
    case DT_TEXTREL:
        elf->textrel = true;
        break;
    case DT_BIND_NOW:
        elf->bind_now = true;
        break;
    case DT_FLAGS:
    case DT_FLAGS_1:
        take_flags(elf, d);
        break;
    default:
        take_address(elf, d);
    }
}

/* The second: what names something. False when the name is not there. */
static bool take_name(struct oc_elf *elf, const Elf64_Dyn *d)
{
    const char **to = NULL;
    switch (d->d_tag) {
    case DT_NEEDED:
        break;
    case DT_RPATH:
    case DT_RUNPATH:
        to = &elf->run_path;
        break;
    case DT_AUDIT:
    case DT_DEPAUDIT:
    case DT_FILTER:
    case DT_AUXILIARY:
        to = &elf->helper;
        break;
    default:
        return true;
    }
    const char *text = oc_elf_string(elf, d->d_un.d_val);
    if (!text) {
        return false;
    }
    if (to) {
        *to = text;
    } else if (elf->needed.count < OC_ELF_NEEDED_MAX) {
        OC_VEC_PUSH(&elf->needed, text);
    }
    return true;
}

static const struct oc_elf_segment *find_dynamic(const struct oc_elf *elf)
{
    for (size_t i = 0; i < elf->segments.count; i++) {
        if (elf->segments.items[i].type == PT_DYNAMIC) {
            return &elf->segments.items[i];
        }
    }
    return NULL;
}

static int each_dynamic(struct oc_elf *elf, bool names, struct oc_error *err)
{
    const struct oc_elf_segment *s = find_dynamic(elf);
    for (uint64_t i = 0; s && i < OC_ELF_DYNAMIC_MAX; i++) {
        Elf64_Dyn d;
        if ((i + 1) * sizeof d > s->memory_size) {
            return OC_OK;
        }
        if (!oc_elf_copy_mapped(elf, s->address + i * sizeof d, &d, sizeof d)) {
            return broken(err, "the dynamic section is not in a segment");
        }
        if (d.d_tag == DT_NULL) {
            return OC_OK;
        }
        if (!names) {
            take_place(elf, &d);
        } else if (!take_name(elf, &d)) {
            return broken(err, "a name of the dynamic section is not in its table");
        }
    }
    return broken(err, s ? "the dynamic section has no end" : "there is no dynamic section");
}

static int read_dynamic(struct oc_elf *elf, struct oc_error *err)
{
    int code = each_dynamic(elf, false, err);
    if (!code && (!elf->strings || !elf->strings_size || !elf->symbol_table)) {
        code = broken(err, "the dynamic section names no symbols");
    }
    elf->init.count /= sizeof(uint64_t);
    elf->fini.count /= sizeof(uint64_t);
    return code ? code : each_dynamic(elf, true, err);
}

/* ---- symbols ---- */

/* How many symbols the GNU hash table reaches: the last one of the highest chain. */
static bool count_gnu(const struct oc_elf *elf, uint64_t *count)
{
    uint32_t head[4], bucket, chain,
        last = 0; /* buckets, first symbol, words of the filter, shift */
    if (!oc_elf_copy_mapped(elf, elf->gnu_hash, head, sizeof head) ||
        head[0] > OC_ELF_SYMBOLS_MAX) {
        return false;
    }
    const uint64_t buckets = elf->gnu_hash + sizeof head + (uint64_t)head[2] * sizeof(uint64_t);
    const uint64_t chains = buckets + (uint64_t)head[0] * sizeof bucket;
    for (uint64_t i = 0; i < head[0]; i++) {
        if (!oc_elf_copy_mapped(elf, buckets + i * sizeof bucket, &bucket, sizeof bucket)) {
            return false;
        }
        last = bucket > last ? bucket : last;
    }
    *count = head[1];
    for (uint64_t i = last; i >= head[1] && last; i++) {
        if (i > OC_ELF_SYMBOLS_MAX ||
            !oc_elf_copy_mapped(elf, chains + (i - head[1]) * sizeof chain, &chain, sizeof chain)) {
            return false;
        }
        *count = i + 1;
        if (chain & 1) {
            break;
        }
    }
    return true;
}

static bool count_symbols(const struct oc_elf *elf, uint64_t *count)
{
    uint32_t head[2]; /* buckets, chains: one for each symbol */
    if (elf->gnu_hash) {
        return count_gnu(elf, count);
    }
    if (elf->hash && oc_elf_copy_mapped(elf, elf->hash, head, sizeof head)) {
        *count = head[1];
        return true;
    }
    return false;
}

/* A relocation may use a symbol that no hash table reaches: it is an import all the same. */
static int scan_relocs(struct oc_elf *elf, uint64_t table, uint64_t size, uint64_t *count,
                       struct oc_error *err)
{
    const uint64_t relocs = table ? size / sizeof(Elf64_Rela) : 0;
    if (relocs > OC_ELF_RELOCS_MAX) {
        return broken(err, "too many relocations");
    }
    for (uint64_t i = 0; i < relocs; i++) {
        Elf64_Rela r;
        if (!oc_elf_copy_mapped(elf, table + i * sizeof r, &r, sizeof r)) {
            return broken(err, "the relocations end beyond their segment");
        }
        const uint64_t symbol = ELF64_R_SYM(r.r_info);
        *count = symbol >= *count ? symbol + 1 : *count;
        elf->irelative |= elf->machine == EM_X86_64 && ELF64_R_TYPE(r.r_info) == R_X86_64_IRELATIVE;
        elf->irelative |=
            elf->machine == EM_AARCH64 && ELF64_R_TYPE(r.r_info) == R_AARCH64_IRELATIVE;
    }
    return OC_OK;
}

static bool read_symbol(struct oc_elf *elf, uint64_t i)
{
    Elf64_Sym s;
    if (!oc_elf_copy_mapped(elf, elf->symbol_table + i * sizeof s, &s, sizeof s)) {
        return false;
    }
    const unsigned visibility = ELF64_ST_VISIBILITY(s.st_other);
    const struct oc_elf_symbol symbol = {
        .name = oc_elf_string(elf, s.st_name),
        .value = s.st_value,
        .bind = ELF64_ST_BIND(s.st_info),
        .type = ELF64_ST_TYPE(s.st_info),
        .defined = s.st_shndx != SHN_UNDEF,
        .hidden = visibility == STV_HIDDEN || visibility == STV_INTERNAL,
    };
    if (symbol.name) {
        OC_VEC_PUSH(&elf->symbols, symbol);
    }
    return symbol.name != NULL;
}

static int read_symbols(struct oc_elf *elf, struct oc_error *err)
{
    uint64_t count = 0;
    if (!count_symbols(elf, &count)) {
        return broken(err, "the hash table of the symbols is damaged");
    }
    int code = scan_relocs(elf, elf->rela, elf->rela_size, &count, err);
    code = code ? code : scan_relocs(elf, elf->plt_rela, elf->plt_rela_size, &count, err);
    if (!code && count > OC_ELF_SYMBOLS_MAX) {
        code = broken(err, "too many symbols");
    }
    for (uint64_t i = 1; !code && i < count; i++) {
        if (!read_symbol(elf, i)) {
            code = broken(err, "a symbol is not in the file, or has no name");
        }
    }
    return code;
}

/* ---- versions ---- */

static bool read_aux(struct oc_elf *elf, const char *file, uint64_t at, unsigned count)
{
    for (unsigned i = 0; i < count && elf->versions.count < OC_ELF_VERSIONS_MAX; i++) {
        Elf64_Vernaux aux;
        if (!oc_elf_copy_mapped(elf, at, &aux, sizeof aux)) {
            return false;
        }
        const struct oc_elf_version version = {file, oc_elf_string(elf, aux.vna_name)};
        if (!version.name) {
            return false;
        }
        OC_VEC_PUSH(&elf->versions, version);
        if (!aux.vna_next) {
            break;
        }
        at += aux.vna_next;
    }
    return true;
}

static int read_versions(struct oc_elf *elf, struct oc_error *err)
{
    uint64_t at = elf->version_needs;
    for (uint64_t i = 0; at && i < elf->version_need_count && i < OC_ELF_NEEDED_MAX; i++) {
        Elf64_Verneed need;
        const bool there = oc_elf_copy_mapped(elf, at, &need, sizeof need);
        const char *file = there ? oc_elf_string(elf, need.vn_file) : NULL;
        if (!file || !read_aux(elf, file, at + need.vn_aux, need.vn_cnt)) {
            return broken(err, "the table of needed versions is damaged");
        }
        if (!need.vn_next) {
            break;
        }
        at += need.vn_next;
    }
    return OC_OK;
}

/* ---- the whole ---- */

int oc_elf_read_names(struct oc_elf *elf, const void *image, size_t len, struct oc_error *err)
{
    Elf64_Ehdr header;
    *elf = (struct oc_elf){.bytes = image, .len = len};
    int code = read_header(elf, &header, err);
    code = code ? code : read_segments(elf, &header, err);
    return code ? code : read_dynamic(elf, err);
}

int oc_elf_read(struct oc_elf *elf, const void *image, size_t len, struct oc_error *err)
{
    int code = oc_elf_read_names(elf, image, len, err);
    code = code ? code : read_symbols(elf, err);
    return code ? code : read_versions(elf, err);
}

void oc_elf_finish(struct oc_elf *elf)
{
    OC_VEC_FINISH(&elf->segments);
    OC_VEC_FINISH(&elf->needed);
    OC_VEC_FINISH(&elf->symbols);
    OC_VEC_FINISH(&elf->versions);
}
