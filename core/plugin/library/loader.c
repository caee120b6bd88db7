/* From a folder to an open library: first read, then opened. SPDX-License-Identifier: MIT
 *
 * Constructors run inside dlopen, so everything that can be refused is refused before it. */
#include <dlfcn.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#define LIBC "glibc"
#else
#define LIBC "musl"
#endif

#if defined(__x86_64__)
#define ARCH    "x86_64"
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ARCH    "aarch64"
#define MACHINE EM_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH    "riscv64"
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define ARCH    "ppc64le"
#define MACHINE EM_PPC64
#else
#define ARCH    "unknown"
#define MACHINE EM_NONE
#endif

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define HAS_ASAN true
#else
#define HAS_ASAN false
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define HAS_TSAN true
#else
#define HAS_TSAN false
#endif

/* A value of the signature as a string, "" when it is not there. */
static const char *value_text(const struct oc_note *note, const char *key, char *buf, size_t size)
{
    const struct oc_view v = oc_note_value(note, key);
    const size_t len = v.len < size - 1 ? (size_t)v.len : size - 1;
    if (v.ptr) {
        memcpy(buf, v.ptr, len);
    }
    buf[v.ptr ? len : 0] = '\0';
    return buf;
}

static int refuse(struct oc_error *err, const char *field, const char *plugin, const char *host,
                  const char *remedy)
{
    oc_error_set(err, OC_E_CONFIG, "%s: the plugin has \"%s\", this host has \"%s\"", field, plugin,
                 host);
    oc_error_hint(err, "%s", remedy);
    return OC_E_CONFIG;
}

/* ---- the build signature ---- */

static int check_abi(const struct oc_note *note, const struct oc_manifest *m, struct oc_error *err)
{
    char major[32], least[32], host[32];
    value_text(note, "abi_major", major, sizeof major);
    snprintf(host, sizeof host, "%d", OC_ABI_MAJOR);
    if (strcmp(major, host) != 0) {
        return refuse(err, "abi_major", major, host,
                      "Install a release of the plugin for this host, or rebuild it.");
    }
    value_text(note, "abi_min_minor", least, sizeof least);
    snprintf(host, sizeof host, "%u", m->abi_minor);
    if (strcmp(least, host) != 0) {
        return refuse(err, "abi_min_minor", least, host,
                      "Rebuild the plugin: its note and its plugin.json disagree.");
    }
    if (m->abi_major != OC_ABI_MAJOR || m->abi_minor > OC_ABI_MINOR) {
        snprintf(least, sizeof least, "%u.%u", m->abi_major, m->abi_minor);
        snprintf(host, sizeof host, "%d.%d", OC_ABI_MAJOR, OC_ABI_MINOR);
        return refuse(err, "abi", least, host, "Update openclaw, or install an older release.");
    }
    return OC_OK;
}

static int check_libc(const struct oc_note *note, struct oc_error *err)
{
    char libc[32], least[32];
    value_text(note, "libc", libc, sizeof libc);
    if (strcmp(libc, LIBC) != 0) {
        return refuse(err, "libc", libc, LIBC, "Install the build for this C library.");
    }
#if defined(__GLIBC__)
    value_text(note, "libc_min", least, sizeof least);
    if (strverscmp(least, gnu_get_libc_version()) > 0) {
        return refuse(err, "libc_min", least, gnu_get_libc_version(),
                      "Rebuild the plugin on this system, or update the system.");
    }
#else
    (void)least;
#endif
    return OC_OK;
}

static int check_signature(const struct oc_note *note, const struct oc_manifest *m, bool inproc,
                           struct oc_error *err)
{
    char text[64];
    value_text(note, "arch", text, sizeof text);
    if (strcmp(text, ARCH) != 0) {
        return refuse(err, "arch", text, ARCH, "Install the build for this processor.");
    }
    int code = check_abi(note, m, err);
    if (!code) {
        code = check_libc(note, err);
    }
    if (code) {
        return code;
    }
    value_text(note, "sanitizers", text, sizeof text);
    /* Its run time has to be there before main: without it the load would end this process. */
    if ((strstr(text, "address") && !HAS_ASAN) || (strstr(text, "thread") && !HAS_TSAN)) {
        return refuse(err, "sanitizers", text, "", "Rebuild the plugin without sanitizers.");
    }
    value_text(note, "language", text, sizeof text);
    if (inproc && strcmp(text, "c") != 0) {
        return refuse(err, "language", text, "c",
                      "Only plugins in C run inside the host: exceptions must not cross it.");
    }
    return OC_OK;
}

/* ---- the manifest in the note ---- */

static int differ(const char *key, const json_t *file, const json_t *note, struct oc_error *err)
{
    char *file_text = oc_json_text(file), *note_text = oc_json_text(note);
    oc_error_set(err, OC_E_CONFIG, "%s: plugin.json says %.120s, the library was built with %.120s",
                 key, file_text, note_text);
    oc_error_hint(err, "Install the plugin again, or rebuild it: the two belong together.");
    free(file_text);
    free(note_text);
    return OC_E_CONFIG;
}

static int check_manifest(const struct oc_plugin *p, const struct oc_note *note,
                          struct oc_error *err)
{
    if (note->manifest.len == p->text.len &&
        memcmp(note->manifest.ptr, p->text.data, p->text.len) == 0) {
        return OC_OK;
    }
    json_t *built = oc_json_parse(note->manifest.ptr, (size_t)note->manifest.len, NULL);
    int code = OC_OK;
    const char *key;
    json_t *value;
    json_t *whole = oc_manifest_whole(p->manifest);
    json_object_foreach(whole, key, value)
    {
        const json_t *other = json_object_get(built, key);
        if (!code && !json_equal(value, other)) {
            code = differ(key, value, other, err);
        }
    }
    json_decref(built);
    json_decref(whole);
    if (!code) { /* the same values: layout, or keys that only the library knows */
        oc_error_set(err, OC_E_CONFIG,
                     "plugin.json has %zu bytes, the library was built with another of %zu",
                     p->text.len, (size_t)note->manifest.len);
        oc_error_hint(err, "Install the plugin again, or rebuild it: the two belong together.");
    }
    return OC_E_CONFIG;
}

static int check_machine(const struct oc_buf *image, struct oc_error *err)
{
    Elf64_Ehdr h; /* oc_note_find has seen that it is there */
    memcpy(&h, image->data, sizeof h);
    if (h.e_machine != MACHINE) {
        char plugin[32], host[32];
        snprintf(plugin, sizeof plugin, "%u", h.e_machine);
        snprintf(host, sizeof host, "%d", MACHINE);
        return refuse(err, "ELF machine", plugin, host, "Install the build for this processor.");
    }
    return OC_OK;
}

int oc_loader_inspect(const struct oc_plugin *plugin, const char *so, struct oc_error *err)
{
    struct oc_buf image = {0};
    struct oc_note note;
    int code = oc_file_read(so, OC_ELF_MAX, &image, err);
    if (!code) {
        code = oc_note_find(image.data, image.len, &note, err);
    }
    if (!code) {
        code = check_machine(&image, err);
    }
    if (!code) {
        code = check_manifest(plugin, &note, err);
    }
    if (!code) {
        code = check_signature(&note, plugin->manifest, plugin->terms.tier == OC_TIER_INPROC, err);
    }
    oc_buf_finish(&image);
    return code;
}

/* ---- the library ---- */

char *oc_library_problem(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    char *why = oc_strdup(library ? "libltdl cannot open it" : dlerror());
    if (library) {
        dlclose(library);
    }
    return why;
}

static int tell_why(const char *so, struct oc_error *err)
{
    char *why = oc_library_problem(so);
    oc_error_set(err, OC_E_CONFIG, "cannot load: %s", why);
    if (strstr(why, "undefined symbol")) {
        oc_error_hint(err, "The plugin was linked without a library it uses: name it under "
                           "LIBRARIES of openclaw_add_plugin.");
    } else if (strstr(why, "cannot open shared object")) {
        oc_error_hint(err, "Install the package that holds this library.");
    }
    free(why);
    return OC_E_CONFIG;
}

static int open_local(const char *so, lt_dlhandle *library, struct oc_error *err)
{
    lt_dladvise advise;
    if (lt_dladvise_init(&advise) || lt_dladvise_local(&advise)) {
        return oc_error_set(err, OC_E_INTERNAL, "libltdl: %s", lt_dlerror());
    }
    *library = lt_dlopenadvise(so, advise);
    lt_dladvise_destroy(&advise);
    return *library ? OC_OK : tell_why(so, err);
}

int oc_loader_open(const char *so, const char *file, lt_dlhandle *library,
                   const struct oc_plugin_entry **entry, struct oc_error *err)
{
    const int code = open_local(so, library, err);
    if (code) {
        return code;
    }
    *entry = lt_dlsym(*library, "oc_plugin_entry");
    if (!*entry) {
        oc_error_set(err, OC_E_CONFIG, "oc_plugin_entry: not exported by %s", file);
        oc_error_hint(err, "Define it with OC_PLUGIN_ENTRY at the end of the plugin's source.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}
