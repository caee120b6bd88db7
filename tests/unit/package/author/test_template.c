/* The list of templates, whatever lies among them. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/template.h"
#include "core/sys/file.h"

static char root[64];

static int create(void **state)
{
    (void)state;
    oc_copy(root, sizeof root, "/tmp/oc-templates-XXXXXX");
    return mkdtemp(root) ? setenv("OPENCLAW_TEMPLATES", root, 1) : -1;
}

static int destroy(void **state)
{
    (void)state;
    char *command = oc_asprintf("rm -rf '%s'", root);
    int rc = system(command);
    free(command);
    unsetenv("OPENCLAW_TEMPLATES");
    return rc;
}

static void put(const char *name, const char *manifest)
{
    char *dir = oc_path_join(root, name), *path = oc_path_join(dir, "template.json");
    assert_int_equal(oc_dir_make(dir, 0700, NULL), 0);
    assert_int_equal(oc_file_write(path, manifest, strlen(manifest), 0600, NULL), 0);
    free(path);
    free(dir);
}

static void assert_broken(const json_t *row, const char *name, const char *part)
{
    assert_string_equal(oc_json_str(row, "name", ""), name);
    const char *error = oc_json_str(row, "error", "");
    if (!strstr(error, part)) {
        fail_msg("%s: \"%s\" is not in \"%s\"", name, part, error);
    }
}

static void a_broken_template_is_named_and_the_others_are_listed(void **state)
{
    (void)state;
    put("bare", "[]");
    put("empty", "");
    put("none", "{\"files\": []}");
    put("text", "no JSON");
    put("well", "{\"kind\": \"tool\", \"files\": [\"a.c\"]}");
    json_t *list = oc_template_list();
    assert_int_equal(json_array_size(list), 5);
    assert_broken(json_array_get(list, 0), "bare", "expected an object");
    assert_broken(json_array_get(list, 1), "empty", "empty/template.json");
    assert_broken(json_array_get(list, 2), "none", "files: expected a list");
    assert_broken(json_array_get(list, 3), "text", "text/template.json");
    const json_t *well = json_array_get(list, 4);
    assert_string_equal(oc_json_str(well, "kind", ""), "tool");
    assert_null(json_object_get(well, "error"));
    json_decref(list);
}

static void a_broken_template_cannot_be_opened(void **state)
{
    (void)state;
    struct oc_template t;
    struct oc_error err;
    oc_error_init(&err);
    put("empty", "");
    assert_int_equal(oc_template_open("empty", &t, &err), OC_E_CONFIG);
    assert_null(t.dir);
    assert_non_null(strstr(err.message, "empty/template.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_broken_template_is_named_and_the_others_are_listed,
                                        create, destroy),
        cmocka_unit_test_setup_teardown(a_broken_template_cannot_be_opened, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
