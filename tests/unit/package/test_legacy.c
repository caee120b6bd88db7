/* Tests of core/package/legacy.c: foreign manifests become ours. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/author/stage.h"
#include "core/package/legacy.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

static char folder[64];

static int setup(void **state)
{
    (void)state;
    memcpy(folder, "/tmp/oc-legacy-XXXXXX", sizeof "/tmp/oc-legacy-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    oc_stage_remove(folder);
    return 0;
}

static void put(const char *name, const char *text)
{
    char *path = oc_path_join(folder, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0644, NULL), OC_OK);
    free(path);
}

static json_t *translate(json_t *warnings)
{
    struct oc_error err;
    json_t *manifest = NULL;
    oc_error_init(&err);
    oc_legacy_manifest(folder, &manifest, warnings, &err);
    assert_string_equal(err.message, "");
    assert_non_null(manifest);
    char *text = oc_json_text(manifest); /* what comes out is a manifest of ours */
    struct oc_manifest *m = oc_manifest_parse(text, strlen(text), folder, &err);
    assert_string_equal(err.message, "");
    assert_string_equal(m->kind, "skill");
    oc_manifest_free(m);
    free(text);
    return manifest;
}

static void expect_text(const json_t *manifest, const char *key, const char *text)
{
    assert_string_equal(oc_json_str(manifest, key, ""), text);
}

#define SKILL "---\nname: from-skill\ndescription: Of the skill\nversion: 2.1.0\n---\ntext\n"

static void a_plain_skill_is_enough(void **state)
{
    (void)state;
    put("SKILL.md", SKILL);
    json_t *m = translate(NULL);
    expect_text(m, "name", "from-skill");
    expect_text(m, "version", "2.1.0");
    expect_text(m, "summary", "Of the skill");
    json_decref(m);
}

static void its_own_manifest_is_read_first(void **state)
{
    (void)state;
    json_t *warnings = json_array();
    put("SKILL.md", SKILL);
    put("package.json", "{\"name\":\"other\"}");
    put("openclaw.plugin.json", "{\"id\":\"my-plugin\",\"displayName\":\"My\",\"version\":\"1.2."
                                "3\",\"description\":\"First line\\nsecond\","
                                "\"kind\":\"skill\",\"author\":{\"name\":\"Ann\",\"email\":\"ann@"
                                "example.org\"},\"license\":\"BSD\","
                                "\"main\":\"src/index.js\",\"configSchema\":{}}");
    json_t *m = translate(warnings);
    expect_text(m, "name", "my-plugin");
    expect_text(m, "version", "1.2.3");
    expect_text(m, "summary", "First line");
    expect_text(m, "author", "Ann <ann@example.org>");
    expect_text(m, "license", "BSD");
    assert_int_equal(json_array_size(warnings), 1);
    json_decref(warnings);
    json_decref(m);
}

static void the_key_of_package_json_is_read_flat_and_nested(void **state)
{
    (void)state;
    put("SKILL.md", SKILL);
    put("package.json", "{\"name\":\"@heretek-ai/openclaw-a\",\"version\":\"0.2.0-hotfix\","
                        "\"openclaw\":{\"id\":\"flat\",\"description\":\"D\"}}");
    json_t *m = translate(NULL);
    expect_text(m, "name", "flat");
    expect_text(m, "version", "0.2.0-hotfix");
    json_decref(m);
    put("package.json", "{\"name\":\"@scope/Some Name\",\"description\":\"Around\","
                        "\"openclaw\":{\"plugin\":{\"version\":\"1.0\",\"capabilities\":[]}}}");
    m = translate(NULL);
    expect_text(m, "name", "some-name");
    expect_text(m, "version", "1.0.0");
    expect_text(m, "summary", "Around");
    json_decref(m);
}

static void a_version_that_cannot_be_ordered_is_said(void **state)
{
    (void)state;
    json_t *warnings = json_array();
    put("SKILL.md", "---\nname: a b/c !\n---\n");
    json_t *m = translate(warnings);
    expect_text(m, "name", "c");
    expect_text(m, "version", "0.0.0");
    expect_text(m, "summary", "A skill");
    assert_int_equal(json_array_size(warnings), 1);
    json_decref(warnings);
    json_decref(m);
}

static void expect_refused(int code)
{
    struct oc_error err;
    json_t *manifest = NULL;
    oc_error_init(&err);
    assert_int_equal(oc_legacy_manifest(folder, &manifest, NULL, &err), code);
    assert_true(err.message[0]);
    assert_null(manifest);
}

static void what_is_no_skill_is_refused(void **state)
{
    (void)state;
    expect_refused(OC_E_NOT_FOUND);
    put("package.json", "{\"name\":\"a\"}");
    expect_refused(OC_E_NOT_FOUND);
    put("package.json", "{\"name\":\"a\",\"openclaw\":{\"id\":\"a\"}}");
    expect_refused(OC_E_UNSUPPORTED); /* its code is JavaScript */
    put("package.json", "not JSON");
    expect_refused(OC_E_CONFIG);
}

static void only_plain_files_are_staged_and_none_is_executable(void **state)
{
    char *built = NULL;
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    put("SKILL.md", SKILL);
    put("run.sh", "#!/bin/sh\n");
    put("README.md", "left out");
    char *script = oc_path_join(folder, "run.sh"), *link = oc_path_join(folder, "link");
    chmod(script, 0755);
    json_t *m = translate(NULL);
    assert_int_equal(oc_stage_folder(folder, "from-skill", m, &built, &err), OC_OK);
    char *copy = oc_path_join(built, "run.sh"), *readme = oc_path_join(built, "README.md");
    assert_int_equal(access(copy, R_OK), 0);
    assert_int_not_equal(access(readme, R_OK), 0);
    struct stat st;
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0111, 0);
    free(built);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(oc_stage_folder(folder, "from-skill", m, &built, &err), OC_E_REFUSED);
    assert_null(built);
    json_decref(m);
    free(readme);
    free(copy);
    free(link);
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plain_skill_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(its_own_manifest_is_read_first, setup, teardown),
        cmocka_unit_test_setup_teardown(the_key_of_package_json_is_read_flat_and_nested, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_version_that_cannot_be_ordered_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_skill_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(only_plain_files_are_staged_and_none_is_executable, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
