/* The note reader against real libraries and against lies. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <elf.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

static struct oc_buf library; /* the bytes of ok.so */

static int setup(void **state)
{
    (void)state;
    return oc_file_read(OC_FIXTURES "/ok/ok.so", OC_ELF_MAX, &library, NULL);
}

static int teardown(void **state)
{
    (void)state;
    oc_buf_finish(&library);
    return 0;
}

static void a_built_plugin_carries_signature_and_manifest(void **state)
{
    (void)state;
    struct oc_note note;
    assert_int_equal(oc_note_find(library.data, library.len, &note, NULL), OC_OK);
    struct oc_buf manifest = {0};
    assert_int_equal(oc_file_read(OC_FIXTURES "/ok/plugin.json", 65536, &manifest, NULL), OC_OK);
    assert_int_equal(note.manifest.len, manifest.len);
    assert_memory_equal(note.manifest.ptr, manifest.data, manifest.len);
    oc_buf_finish(&manifest);
    static const char *const keys[] = {"abi_major", "abi_min_minor", "abi_minor",
                                       "arch",      "libc",          "libc_min",
                                       "compiler",  "sanitizers",    "language"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        assert_non_null(oc_note_value(&note, keys[i]).ptr);
    }
    const struct oc_view major = oc_note_value(&note, "abi_major");
    assert_true(major.len == 1 && *major.ptr == '1');
    assert_null(oc_note_value(&note, "abi").ptr); /* no prefix matches */
    assert_null(oc_note_value(&note, "nothing").ptr);
}

static void the_note_survives_strip(void **state)
{
    (void)state;
    char path[] = "/tmp/openclaw-note-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    char command[512];
    snprintf(command, sizeof command, "strip -o %s %s/ok/ok.so", path, OC_FIXTURES);
    assert_int_equal(system(command), 0); /* NOLINT: a fixed command of this test */
    struct oc_buf stripped = {0};
    assert_int_equal(oc_file_read(path, OC_ELF_MAX, &stripped, NULL), OC_OK);
    unlink(path);
    struct oc_note note;
    assert_true(stripped.len < library.len);
    assert_int_equal(oc_note_find(stripped.data, stripped.len, &note, NULL), OC_OK);
    oc_buf_finish(&stripped);
}

/* Copies the library, lets `change` lie about it, and expects a refusal that speaks of `message`.
 */
static void refused(void (*change)(Elf64_Ehdr *h, Elf64_Phdr *ph), const char *message)
{
    char *copy = oc_memdup(library.data, library.len);
    Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)copy;
    change(h, (Elf64_Phdr *)(void *)(copy + h->e_phoff));
    struct oc_error err;
    struct oc_note note;
    oc_error_init(&err);
    assert_int_equal(oc_note_find(copy, library.len, &note, &err), OC_E_CONFIG);
    if (!strstr(err.message, message)) {
        fail_msg("\"%s\" is not in: %s", message, err.message);
    }
    assert_null(note.manifest.ptr);
    free(copy);
}

static void not_elf(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_ident[0] = 'M';
}

static void big_endian(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_ident[EI_DATA] = ELFDATA2MSB;
}

static void small_class(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_ident[EI_CLASS] = ELFCLASS32;
}

static void executable(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_type = ET_EXEC;
}

static void odd_header_size(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_phentsize = 7;
}

static void too_many_headers(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_phnum = PN_XNUM;
}

static void headers_beyond_the_end(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    (void)ph;
    h->e_phoff = UINT64_MAX - 8;
}

static void segment_beyond_the_end(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        if (ph[i].p_type == PT_NOTE) {
            ph[i].p_filesz = UINT64_MAX - 100;
        }
    }
}

static void no_note_segment(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        ph[i].p_type = ph[i].p_type == PT_NOTE ? PT_NULL : ph[i].p_type;
    }
}

/* The same notes twice: which manifest would be the true one? */
static void note_segment_twice(Elf64_Ehdr *h, Elf64_Phdr *ph)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        if (ph[i].p_type == PT_NOTE) {
            ph[0] = ph[i];
        }
    }
    for (unsigned i = 1; i < h->e_phnum; i++) {
        ph[i] = ph[i].p_type == PT_LOAD ? ph[0] : ph[i];
    }
}

static void lies_in_the_headers_are_refused(void **state)
{
    (void)state;
    refused(not_elf, "not an ELF file");
    refused(big_endian, "little-endian");
    refused(small_class, "64-bit");
    refused(executable, "not a shared object");
    refused(odd_header_size, "program headers");
    refused(too_many_headers, "program headers");
    refused(headers_beyond_the_end, "beyond the file");
    refused(segment_beyond_the_end, "note segment ends beyond");
    refused(no_note_segment, "the build signature note is missing");
    refused(note_segment_twice, "more than one");
}

/* To read the whole file a thousand times would take the better part of a minute. */
static void a_file_of_many_segments_of_notes_is_refused(void **state)
{
    (void)state;
    struct {
        Elf64_Ehdr h;
        Elf64_Phdr ph[17];
    } image = {0};
    struct oc_error err;
    struct oc_note note;
    oc_error_init(&err);
    memcpy(&image.h, library.data, sizeof image.h);
    image.h.e_phoff = offsetof(__typeof__(image), ph);
    image.h.e_phnum = OC_COUNT(image.ph);
    for (size_t i = 0; i < OC_COUNT(image.ph); i++) {
        image.ph[i] = (Elf64_Phdr){.p_type = PT_NOTE, .p_filesz = sizeof image, .p_align = 4};
    }
    assert_int_equal(oc_note_find(&image, sizeof image, &note, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "more than 16 segments of notes"));
}

static void every_truncation_is_survived(void **state)
{
    (void)state;
    struct oc_note note;
    for (size_t len = 0; len < library.len; len += len < 2048 ? 1 : 97) {
        char *copy = oc_memdup(library.data, len); /* exact size: a read beyond it is seen */
        const int code = oc_note_find(copy, len, &note, NULL);
        assert_true(code == OC_OK || code == OC_E_CONFIG);
        if (len < sizeof(Elf64_Ehdr)) {
            assert_int_equal(code, OC_E_CONFIG);
        }
        free(copy);
    }
}

/* A few thousand single-byte lies where they hurt: headers and notes. */
static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    struct oc_note note;
    assert_int_equal(oc_note_find(library.data, library.len, &note, NULL), OC_OK);
    const size_t notes = (size_t)(note.signature.ptr - library.data) - 32;
    const size_t ranges[][2] = {{0, 1024}, {notes, notes + 512}};
    for (size_t r = 0; r < 2; r++) {
        for (size_t i = ranges[r][0]; i < ranges[r][1]; i++) {
            for (int value = 0; value < 256; value += 51) {
                const char old = library.data[i];
                library.data[i] = (char)value;
                oc_note_find(library.data, library.len, &note, NULL);
                oc_note_value(&note, "arch");
                library.data[i] = old;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_built_plugin_carries_signature_and_manifest),
        cmocka_unit_test(the_note_survives_strip),
        cmocka_unit_test(lies_in_the_headers_are_refused),
        cmocka_unit_test(a_file_of_many_segments_of_notes_is_refused),
        cmocka_unit_test(every_truncation_is_survived),
        cmocka_unit_test(every_changed_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
