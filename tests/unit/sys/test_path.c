/* Tests of core/sys/path.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sys/file.h"

static void assert_owned(char *got, const char *expected)
{
    assert_string_equal(got, expected);
    free(got);
}

static void joining_puts_one_slash_between(void **state)
{
    (void)state;
    assert_owned(oc_path_join("/etc", "x.conf"), "/etc/x.conf");
    assert_owned(oc_path_join("/etc/", "x.conf"), "/etc/x.conf");
    assert_owned(oc_path_join("/etc", "/abs"), "/abs");
    assert_owned(oc_path_join("", "x"), "x");
    assert_owned(oc_path_join("/", "x"), "/x");
}

static void the_folder_is_what_stands_before_the_last_slash(void **state)
{
    (void)state;
    assert_owned(oc_path_dir("/etc/x.conf"), "/etc");
    assert_owned(oc_path_dir("x.conf"), ".");
    assert_owned(oc_path_dir("/x"), "/");
    assert_owned(oc_path_dir("a/b/"), "a/b");
    assert_owned(oc_path_dir(""), ".");
}

static void expanded_paths_are_absolute(void **state)
{
    (void)state;
    char cwd[PATH_MAX], expected[PATH_MAX + 8];
    setenv("HOME", "/home/me", 1);
    assert_non_null(getcwd(cwd, sizeof cwd));
    snprintf(expected, sizeof expected, "%s/x", cwd);
    assert_owned(oc_path_expand("/a/b", "/base"), "/a/b");
    assert_owned(oc_path_expand("~/x", "/base"), "/home/me/x");
    assert_owned(oc_path_expand("~", NULL), "/home/me");
    assert_owned(oc_path_expand("x/y", "/base"), "/base/x/y");
    assert_owned(oc_path_expand("./x", "/base"), "/base/x");
    assert_owned(oc_path_expand("././/x", "/base"), "/base/x");
    assert_owned(oc_path_expand("../x", "/base"), "/base/../x");
    assert_owned(oc_path_expand(".hidden", "/base"), "/base/.hidden");
    assert_owned(oc_path_expand("", "/base"), "/base");
    assert_owned(oc_path_expand(".", "/base"), "/base");
    assert_owned(oc_path_expand("~user", "/base"), "/base/~user");
    assert_owned(oc_path_expand("x", NULL), expected);
    snprintf(expected, sizeof expected, "%s/rel/x", cwd);
    assert_owned(oc_path_expand("x", "rel"), expected);
    assert_owned(oc_path_expand("x", "~/cfg"), "/home/me/cfg/x");
}

static void a_missing_home_is_the_root(void **state)
{
    (void)state;
    unsetenv("HOME");
    assert_owned(oc_path_expand("~/x", NULL), "/x");
    setenv("HOME", "relative", 1);
    assert_owned(oc_path_expand("~/x", NULL), "/x");
}

static void the_binary_knows_its_folder(void **state)
{
    (void)state;
    char *self = oc_path_self_dir(), *binary = oc_path_join(self, program_invocation_short_name);
    assert_int_equal(*self, '/');
    assert_true(oc_file_exists(binary));
    free(self);
    free(binary);
}

/* A file beside the binary that is readable and no more, as packages install libraries. */
static void put_beside(const char *name, const char *found_or_null)
{
    char *self = oc_path_self_dir(), *path = oc_path_join(self, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(chmod(path, 0644), 0);
    char *found = oc_path_helper(name);
    remove(path);
    if (found_or_null) {
        assert_non_null(found);
        assert_non_null(strstr(found, found_or_null));
    } else {
        assert_null(found);
    }
    free(found);
    free(path);
    free(self);
}

static void a_module_need_not_be_executable_and_a_program_must(void **state)
{
    (void)state;
    put_beside("a-module-of-test-path.so", "/a-module-of-test-path.so");
    put_beside("a-program-of-test-path", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining_puts_one_slash_between),
        cmocka_unit_test(the_folder_is_what_stands_before_the_last_slash),
        cmocka_unit_test(expanded_paths_are_absolute),
        cmocka_unit_test(a_missing_home_is_the_root),
        cmocka_unit_test(the_binary_knows_its_folder),
        cmocka_unit_test(a_module_need_not_be_executable_and_a_program_must),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
