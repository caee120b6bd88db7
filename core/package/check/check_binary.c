/* Level 0: how the library was built and linked. SPDX-License-Identifier: MIT */
#include <elf.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"

#define ENTRY     "oc_plugin_entry"
#define NAMED_MAX 8 /* findings of one kind that are told one by one */

static const char *file_of(const struct oc_subject *s)
{
    return strrchr(s->so, '/') + 1;
}

/* ---- the note ---- */

static char *value_of(const struct oc_subject *s, const char *key)
{
    const struct oc_view v = oc_note_value(&s->note, key);
    return v.ptr ? oc_strndup(v.ptr, (size_t)v.len) : NULL;
}

/* -1 when it is no number. */
static long number_of(const struct oc_subject *s, const char *key)
{
    char *text = value_of(s, key), *end = text;
    const long n = text && *text ? strtol(text, &end, 10) : -1;
    const bool good = end && end != text && *end == '\0' && n >= 0 && n < 65536;
    free(text);
    return good ? n : -1;
}

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case EM_X86_64:
        return "x86_64";
    case EM_AARCH64:
        return "aarch64";
    case EM_RISCV:
        return "riscv64";
    case EM_PPC64:
        return "ppc64le";
    case EM_S390:
        return "s390x";
    default:
        return "unknown";
    }
}

static void check_abi(const struct oc_subject *s, struct oc_report *r)
{
    const long major = number_of(s, "abi_major"), least = number_of(s, "abi_min_minor");
    if (major < 0 || least < 0 || number_of(s, "abi_minor") < 0) {
        oc_report_add(r, "OC0105", file_of(s), "abi_major", "the note's ABI is no number");
    } else if (major != OC_ABI_MAJOR || least > OC_ABI_MINOR) {
        oc_report_add(r, "OC0104", file_of(s), "abi_major",
                      "it needs ABI %ld.%ld, this host speaks %d.%d", major, least, OC_ABI_MAJOR,
                      OC_ABI_MINOR);
    }
}

/* Compares "2.17" with "2.9"; what is no version counts as 0. */
static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        const unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);
        if (x != y) {
            return x < y ? -1 : 1;
        }
        if (end_a == a && end_b == b) {
            return 0;
        }
        a = end_a + (*end_a == '.');
        b = end_b + (*end_b == '.');
    }
    return 0;
}

static void check_machine(const struct oc_subject *s, struct oc_report *r)
{
    struct utsname host;
    char *arch = value_of(s, "arch");
    const char *real = machine_name(s->elf.machine);
    if (!arch || strcmp(arch, real) != 0) {
        oc_report_add(r, "OC0105", file_of(s), "arch", "the note says %s, the file is for %s",
                      arch ? arch : "nothing", real);
    }
    if (uname(&host) == 0 && strcmp(host.machine, real) != 0) {
        oc_report_add(r, "OC0106", file_of(s), "arch", "it is for %s, this host is %s", real,
                      host.machine);
    }
    free(arch);
}

static void check_libc(const struct oc_subject *s, struct oc_report *r)
{
    char *libc = value_of(s, "libc"), *least = value_of(s, "libc_min");
    const char *here = gnu_get_libc_version();
    if (!libc || !least) {
        oc_report_add(r, "OC0105", file_of(s), "libc", "the note does not name its C library");
    } else if (strcmp(libc, "glibc") != 0) {
        oc_report_add(r, "OC0106", file_of(s), "libc", "it is for %s, this host has glibc", libc);
    } else if (compare_versions(least, here) > 0) {
        oc_report_add(r, "OC0107", file_of(s), "libc_min", "it needs glibc %s, this host has %s",
                      least, here);
    }
    free(libc);
    free(least);
}

/* One finding for the newest of them is enough to act on. */
static void check_versions(const struct oc_subject *s, struct oc_report *r)
{
    char *least = value_of(s, "libc_min");
    const struct oc_elf_version *newest = NULL;
    for (size_t i = 0; least && i < s->elf.versions.count; i++) {
        const struct oc_elf_version *v = &s->elf.versions.items[i];
        if (oc_starts(v->name, "GLIBC_") && v->name[6] >= '0' && v->name[6] <= '9' &&
            compare_versions(v->name + 6, least) > 0 &&
            (!newest || compare_versions(v->name + 6, newest->name + 6) > 0)) {
            newest = v;
        }
    }
    if (newest) {
        oc_report_add(r, "OC0108", file_of(s), newest->name,
                      "it uses %s of %s, its note says that glibc %s is enough", newest->name,
                      newest->file, least);
    }
    free(least);
}

void oc_check_note(const struct oc_subject *s, struct oc_report *r)
{
    if (!s->note_ok) {
        return;
    }
    if (s->text.data && (s->note.manifest.len != s->text.len ||
                         memcmp(s->note.manifest.ptr, s->text.data, s->text.len) != 0)) {
        oc_report_add(r, "OC0103", file_of(s), NULL,
                      "the manifest within the library is not plugin.json, byte for byte");
    }
    check_abi(s, r);
    check_machine(s, r);
    check_libc(s, r);
    check_versions(s, r);
    if (s->sanitized) {
        oc_report_add(r, "OC0109", file_of(s), NULL, "it was built with sanitizers");
    }
}

/* ---- exports ---- */

/* Instrumentation exports symbols of its own, and old linkers the ends of the sections. */
static bool is_tool_symbol(const struct oc_subject *s, const char *name)
{
    static const char *const linker[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    static const char *const tools[] = {"__odr_asan", "__asan_", "__start_", "__stop_", "__gcov"};
    for (size_t i = 0; i < OC_COUNT(linker); i++) {
        if (strcmp(linker[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; s->sanitized && i < OC_COUNT(tools); i++) {
        if (oc_starts(name, tools[i])) {
            return true;
        }
    }
    return false;
}

struct exports {
    int entries, others, weak, unique;
};

static void look_at_export(const struct oc_subject *s, const struct oc_elf_symbol *symbol,
                           struct exports *n, struct oc_report *r)
{
    const char *name = symbol->name;
    if (symbol->bind == STB_GNU_UNIQUE) {
        if (n->unique++ < NAMED_MAX) {
            oc_report_add(r, "OC0113", file_of(s), name, "%s is unique in the process", name);
        }
    } else if (strcmp(name, ENTRY) == 0) {
        n->entries += symbol->type == STT_OBJECT;
    } else if (symbol->bind == STB_WEAK && oc_starts(name, "_Z")) {
        n->weak++;
    } else if (!is_tool_symbol(s, name) && n->others++ < NAMED_MAX) {
        oc_report_add(r, "OC0111", file_of(s), name, "%s is exported", name);
    }
}

static void check_exports(const struct oc_subject *s, struct oc_report *r)
{
    struct exports n = {0};
    bool indirect = s->elf.irelative;
    for (size_t i = 0; i < s->elf.symbols.count; i++) {
        const struct oc_elf_symbol *symbol = &s->elf.symbols.items[i];
        if (symbol->defined && symbol->bind != STB_LOCAL && !symbol->hidden) {
            look_at_export(s, symbol, &n, r);
        }
        indirect = indirect || (symbol->defined && symbol->type == STT_GNU_IFUNC);
    }
    if (n.entries != 1) {
        oc_report_add(r, "OC0110", file_of(s), ENTRY, "there is no data symbol " ENTRY);
    }
    if (n.weak) {
        oc_report_add(r, "OC0112", file_of(s), NULL, "%d weak symbols of C++", n.weak);
    }
    if (indirect) {
        oc_report_add(r, "OC0125", file_of(s), NULL, "it has indirect functions");
    }
}

/* ---- how it was linked ---- */

static const struct oc_elf_segment *find_segment(const struct oc_elf *elf, uint32_t type)
{
    for (size_t i = 0; i < elf->segments.count; i++) {
        if (elf->segments.items[i].type == type) {
            return &elf->segments.items[i];
        }
    }
    return NULL;
}

static void check_segments(const struct oc_subject *s, struct oc_report *r)
{
    const struct oc_elf_segment *stack = find_segment(&s->elf, PT_GNU_STACK);
    if (!stack || stack->flags & PF_X) {
        oc_report_add(r, "OC0116", file_of(s), NULL, "%s",
                      stack ? "it asks for an executable stack"
                            : "it does not say that its stack need not be executable");
    }
    for (size_t i = 0; i < s->elf.segments.count; i++) {
        const struct oc_elf_segment *segment = &s->elf.segments.items[i];
        if (segment->type == PT_LOAD && segment->flags & PF_W && segment->flags & PF_X) {
            oc_report_add(r, "OC0117", file_of(s), NULL,
                          "the segment at 0x%llx is writable and executable",
                          (unsigned long long)segment->address);
        }
    }
    if (!find_segment(&s->elf, PT_GNU_RELRO)) {
        oc_report_add(r, "OC0118", file_of(s), NULL, "it has no PT_GNU_RELRO segment");
    }
}

static void check_dynamic(const struct oc_subject *s, struct oc_report *r)
{
    const struct oc_elf *elf = &s->elf;
    if (elf->textrel) {
        oc_report_add(r, "OC0114", file_of(s), NULL, "it has text relocations");
    }
    if (elf->run_path) {
        oc_report_add(r, "OC0115", file_of(s), elf->run_path, "it searches \"%.200s\"",
                      elf->run_path);
    }
    if (!elf->bind_now) {
        oc_report_add(r, "OC0119", file_of(s), NULL, "it was not linked with -z now");
    }
    if (elf->no_delete) {
        oc_report_add(r, "OC0126", file_of(s), NULL, "it is marked with -z nodelete");
    }
    if (elf->helper) {
        oc_report_add(r, "OC0127", file_of(s), elf->helper, "it pulls in \"%.200s\"", elf->helper);
    }
}

/* ---- code that runs at load ---- */

/* What compilers and their start files put there. */
static bool is_compilers(const char *name)
{
    static const char *const names[] = {
        "frame_dummy", "__do_global_dtors_aux", "_init",
        "_fini",       "register_tm_clones",    "deregister_tm_clones"};
    for (size_t i = 0; name && i < OC_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_array(const struct oc_subject *s, const struct oc_elf_array *array,
                        const char *what, struct oc_report *r)
{
    uint64_t addresses[64];
    const char *id = !*s->language || strcmp(s->language, "c") == 0 ? "OC0123" : "OC0124";
    const size_t n = oc_elf_array_read(&s->elf, array, addresses, OC_COUNT(addresses));
    bool own = false; /* one without a name is taken for the compiler's: the file is stripped */
    for (size_t i = 0; i < n && !s->sanitized; i++) {
        const char *name = oc_elf_symbol_at(&s->elf, addresses[i]);
        if (addresses[i] == 0 || addresses[i] == UINT64_MAX || is_compilers(name)) {
            own = own || is_compilers(name);
        } else if (!name && !own && i == 0) {
            own = true;
        } else {
            oc_report_add(r, id, file_of(s), name, "%s %s at 0x%llx", what,
                          name ? name : "without a name", (unsigned long long)addresses[i]);
        }
    }
}

void oc_check_binary(const struct oc_subject *s, struct oc_report *r)
{
    if (!s->elf_ok) {
        return;
    }
    check_exports(s, r);
    check_segments(s, r);
    check_dynamic(s, r);
    check_array(s, &s->elf.init, "the constructor", r);
    check_array(s, &s->elf.fini, "the destructor", r);
}
