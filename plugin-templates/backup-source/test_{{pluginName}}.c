/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/testkit.h>

static void what_was_dumped_is_restored(void **state)
{
    (void)state;
    char path[] = "/tmp/{{pluginName}}-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before", 6), 6);
    close(fd);
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "path", path);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_OK);
    size_t len = 0;
    const char *bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 6);
    assert_memory_equal(bytes, "before", 6);
    oc_test_input(t, "after", 5);
    assert_int_equal(oc_test_call(t, "backup.restore/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_OK);
    bytes = oc_test_bytes(t, &len);
    assert_int_equal(len, 5);
    assert_memory_equal(bytes, "after", 5);
    assert_int_equal(oc_test_close(t), 0);
    unlink(path);
}

static void a_stream_is_verified(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_input(t, "content", 7);
    assert_int_equal(oc_test_call(t, "backup.verify/1", NULL, 1000), OC_OK);
    assert_string_equal(oc_test_json(t, 0), "{\"bytes\":7}");
    assert_int_equal(oc_test_close(t), 0);
}

static void a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "backup.dump/1", NULL, 1000), OC_E_NOT_FOUND);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_dumped_is_restored),
        cmocka_unit_test(a_stream_is_verified),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
