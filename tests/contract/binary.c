/* Looks at the dynamic section and the symbols of a plugin. SPDX-License-Identifier: MIT */
#include "conformance.h"

#include <elf.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

struct elf { /* our own build made the file: offsets are believed */
    const char *bytes;
    const Elf64_Ehdr *head;
    const Elf64_Shdr *sections;
};

static const Elf64_Shdr *find_section(const struct elf *e, uint32_t type)
{
    for (unsigned i = 0; i < e->head->e_shnum; i++) {
        if (e->sections[i].sh_type == type) {
            return &e->sections[i];
        }
    }
    return NULL;
}

/* Instrumentation exports symbols of its own. */
static bool is_ours(const char *name)
{
    return !oc_starts(name, "__odr_asan") && !oc_starts(name, "__asan_") &&
           !oc_starts(name, "__start_") && !oc_starts(name, "__stop_");
}

static int check_symbols(const struct elf *e, struct oc_error *err)
{
    const Elf64_Shdr *table = find_section(e, SHT_DYNSYM);
    if (!table) {
        return oc_error_set(err, OC_E_CONFIG, "has no table of dynamic symbols");
    }
    const Elf64_Sym *symbols = (const Elf64_Sym *)(const void *)(e->bytes + table->sh_offset);
    const char *names = e->bytes + e->sections[table->sh_link].sh_offset;
    size_t entries = 0;
    for (size_t i = 1; i < table->sh_size / sizeof *symbols; i++) {
        const char *name = names + symbols[i].st_name;
        const unsigned bind = ELF64_ST_BIND(symbols[i].st_info);
        if (symbols[i].st_shndx == SHN_UNDEF || !is_ours(name)) {
            continue;
        }
        if (bind == STB_GNU_UNIQUE || strcmp(name, "oc_plugin_entry") != 0) {
            return oc_error_set(err, OC_E_CONFIG, "exports %s; only oc_plugin_entry may be", name);
        }
        entries++;
    }
    return entries == 1 ? OC_OK : oc_error_set(err, OC_E_CONFIG, "does not export oc_plugin_entry");
}

static int check_dynamic(const struct elf *e, struct oc_error *err)
{
    const Elf64_Shdr *section = find_section(e, SHT_DYNAMIC);
    if (!section) {
        return oc_error_set(err, OC_E_CONFIG, "has no dynamic section");
    }
    const Elf64_Dyn *d = (const Elf64_Dyn *)(const void *)(e->bytes + section->sh_offset);
    bool now = false;
    for (; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_TEXTREL || d->d_tag == DT_RPATH || d->d_tag == DT_RUNPATH) {
            return oc_error_set(err, OC_E_CONFIG, "has dynamic tag %lld (TEXTREL, RPATH, RUNPATH)",
                                (long long)d->d_tag);
        }
        now =
            now || d->d_tag == DT_BIND_NOW || (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_BIND_NOW);
    }
    return now ? OC_OK : oc_error_set(err, OC_E_CONFIG, "was not linked with -z now");
}

static int check_segments(const struct elf *e, struct oc_error *err)
{
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(const void *)(e->bytes + e->head->e_phoff);
    for (unsigned i = 0; i < e->head->e_phnum; i++) {
        const bool writable_code =
            ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_W) && (ph[i].p_flags & PF_X);
        if (writable_code || (ph[i].p_type == PT_GNU_STACK && (ph[i].p_flags & PF_X))) {
            return oc_error_set(err, OC_E_CONFIG,
                                "has memory that is both writable and executable");
        }
    }
    return OC_OK;
}

int conformance_check_binary(const char *so, struct oc_error *err)
{
    struct oc_buf image = {0};
    int code = oc_file_read(so, OC_ELF_MAX, &image, err);
    if (!code) {
        const Elf64_Ehdr *head = (const Elf64_Ehdr *)(const void *)image.data;
        const struct elf e = {image.data, head,
                              (const Elf64_Shdr *)(const void *)(image.data + head->e_shoff)};
        code = check_symbols(&e, err);
        code = code ? code : check_dynamic(&e, err);
        code = code ? code : check_segments(&e, err);
    }
    oc_buf_finish(&image);
    return code;
}
