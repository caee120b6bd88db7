/* Libraries that are built wrong, or changed afterwards. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

#include <elf.h>

static void a_good_plugin_has_no_finding(void **state)
{
    json_t *result = check_specimen("good", 0);
    (void)state;
    char *text = oc_json_text(json_object_get(result, "findings"));
    assert_string_equal(text, "[]");
    assert_int_equal(oc_json_int(result, "errors", -1), 0);
    assert_string_equal(oc_json_str(result, "name", ""), "good");
    free(text);
    json_decref(result);
}

/* Each specimen has the one flaw that it is named after. */
static void each_flaw_of_a_build_is_found(void **state)
{
    static const struct {
        const char *specimen, *id;
    } cases[] = {
        {"no_entry", "OC0110"},    {"exports", "OC0111"},     {"weak", "OC0112"},
        {"unique", "OC0113"},      {"runpath", "OC0115"},     {"execstack", "OC0116"},
        {"norelro", "OC0118"},     {"lazy", "OC0119"},        {"libc", "OC0108"},
        {"constructor", "OC0123"}, {"initialiser", "OC0124"}, {"ifunc", "OC0125"},
        {"nodelete", "OC0126"},    {"auxiliary", "OC0127"},   {"undefined", "OC0122"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *result = check_specimen(cases[i].specimen, 0);
        assert_found_alone(result, cases[i].id);
        json_decref(result);
    }
}

static void a_library_that_is_not_installed_is_found(void **state)
{
    json_t *result = check_specimen("foreign", 0);
    (void)state;
    assert_found(result, "OC0120");
    assert_found(result, "OC0121");
    assert_null(finding_of(result, "OC0122")); /* nobody can know what it has */
    json_decref(result);
}

static void each_call_that_needs_a_right_is_found(void **state)
{
    static const struct {
        const char *specimen, *id;
    } cases[] = {
        {"call_network", "OC0201"}, {"call_spawn", "OC0202"},   {"call_shell", "OC0203"},
        {"call_dlopen", "OC0204"},  {"call_setuid", "OC0205"},  {"call_ends", "OC0206"},
        {"call_state", "OC0207"},   {"call_changes", "OC0208"}, {"call_opens", "OC0209"},
        {"unused", "OC0210"},       {"call_prints", "OC0211"},  {"call_kernel", "OC0212"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *result = check_specimen(cases[i].specimen, 0);
        assert_found(result, cases[i].id);
        json_decref(result);
    }
}

/* ---- bytes of a good one, changed ---- */

static void replace(struct oc_buf *image, const char *from, const char *to)
{
    char *at = memmem(image->data, image->len, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void each_lie_of_the_note_is_found(void **state)
{
    static const struct {
        const char *from, *to, *id;
    } cases[] = {
        {"abi_major=1", "abi_major=9", "OC0104"},
        {"abi_min_minor=0", "abi_min_minor=7", "OC0104"},
        {"abi_major=1", "abi_major=x", "OC0105"},
        {"\narch=x86_64", "\narch=x86_65", "OC0105"},
        {"\nlibc=glibc", "\nlibc=other", "OC0106"},
        {"\nlibc_min=2.", "\nlibc_min=9.", "OC0107"},
        {"\nsanitizers=\n", "\nsanitizers=a", "OC0109"},
        {"\"version\": \"1.0.0\"", "\"version\": \"1.0.1\"", "OC0103"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        struct folder f;
        struct oc_buf image = {0};
        folder_open(&f, "good");
        folder_good(&f, &image);
        replace(&image, cases[i].from, cases[i].to);
        folder_put(&f, "good.so", image.data, image.len);
        const struct oc_check_options options = {0};
        json_t *result = check_at(f.dir, &options);
        assert_found(result, cases[i].id);
        json_decref(result);
        oc_buf_finish(&image);
        folder_close(&f);
    }
}

/* Calls change(image) on a copy of the good library and expects the finding. */
static void with_change(void (*change)(struct oc_buf *image), const char *id)
{
    struct folder f;
    struct oc_buf image = {0};
    const struct oc_check_options options = {0};
    folder_open(&f, "good");
    folder_good(&f, &image);
    change(&image);
    folder_put(&f, "good.so", image.data, image.len);
    json_t *result = check_at(f.dir, &options);
    assert_found(result, id);
    json_decref(result);
    oc_buf_finish(&image);
    folder_close(&f);
}

static Elf64_Ehdr *header(struct oc_buf *image)
{
    OC_ASSERT(image->data && image->len > sizeof(Elf64_Ehdr));
    return (Elf64_Ehdr *)(void *)image->data;
}

static Elf64_Phdr *segment(struct oc_buf *image, uint32_t type)
{
    Elf64_Ehdr *h = header(image);
    Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(image->data + h->e_phoff);
    for (unsigned i = 0; i < h->e_phnum; i++) {
        if (ph[i].p_type == type) {
            return &ph[i];
        }
    }
    fail_msg("no segment of type %u", type);
    abort();
}

static void make_writable_code(struct oc_buf *image)
{
    segment(image, PT_LOAD)->p_flags = PF_R | PF_W | PF_X;
}

static void make_text_relocations(struct oc_buf *image)
{
    Elf64_Dyn *d = (Elf64_Dyn *)(void *)(image->data + segment(image, PT_DYNAMIC)->p_offset);
    while (d->d_tag != DT_FLAGS) {
        d++;
    }
    d->d_un.d_val |= DF_TEXTREL;
}

static void make_foreign_machine(struct oc_buf *image)
{
    header(image)->e_machine = EM_AARCH64;
}

static void make_truncated(struct oc_buf *image)
{
    image->len /= 2;
}

static void make_text(struct oc_buf *image)
{
    image->len = 0;
    oc_buf_adds(image, "not a library");
}

static void make_noteless(struct oc_buf *image)
{
    Elf64_Ehdr *h = header(image);
    Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(image->data + h->e_phoff);
    for (unsigned i = 0; i < h->e_phnum; i++) {
        ph[i].p_type = ph[i].p_type == PT_NOTE ? PT_NULL : ph[i].p_type;
    }
}

static void make_overlap(struct oc_buf *image)
{
    Elf64_Phdr *first = segment(image, PT_LOAD);
    first->p_memsz = UINT64_C(1) << 40;
}

static void each_change_of_the_file_is_found(void **state)
{
    (void)state;
    with_change(make_writable_code, "OC0117");
    with_change(make_text_relocations, "OC0114");
    with_change(make_foreign_machine, "OC0106");
    with_change(make_foreign_machine, "OC0105");
    with_change(make_truncated, "OC0101");
    with_change(make_text, "OC0101");
    with_change(make_overlap, "OC0101");
    with_change(make_noteless, "OC0102");
}

static void a_library_alone_can_be_checked(void **state)
{
    const struct oc_check_options options = {0};
    json_t *result = check_at(OC_SPECIMENS "/exports/exports.so", &options);
    (void)state;
    assert_found(result, "OC0111");
    json_decref(result);
}

static void a_library_without_a_folder_brings_its_own_manifest(void **state)
{
    const struct oc_check_options options = {.level = 1};
    struct folder f;
    char path[512];
    struct oc_buf image = {0};
    (void)state;
    folder_open(&f, "lone");
    assert_int_equal(oc_file_read(OC_SPECIMENS "/good/good.so", 64 << 20, &image, NULL), OC_OK);
    folder_put(&f, "lone.so", image.data, image.len);
    snprintf(path, sizeof path, "%s/lone.so", f.dir);
    json_t *result = check_at(path, &options);
    assert_string_equal(oc_json_str(result, "name", ""), "good");
    assert_int_equal(oc_json_int(result, "errors", -1), 0);
    assert_int_equal(oc_json_int(result, "level", -1), 0);
    assert_int_equal(json_array_size(json_object_get(result, "left_out")), 1);
    json_decref(result);
    oc_buf_finish(&image);
    folder_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plugin_has_no_finding),
        cmocka_unit_test(each_flaw_of_a_build_is_found),
        cmocka_unit_test(a_library_that_is_not_installed_is_found),
        cmocka_unit_test(each_call_that_needs_a_right_is_found),
        cmocka_unit_test(each_lie_of_the_note_is_found),
        cmocka_unit_test(each_change_of_the_file_is_found),
        cmocka_unit_test(a_library_alone_can_be_checked),
        cmocka_unit_test(a_library_without_a_folder_brings_its_own_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
