/* {{pluginDisplayName}}, driven through a fake host. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include <openclaw/testkit.h>

static void a_fresh_file_is_well(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "files", "[\"" OC_PLUGIN_SO "\"]");
    oc_test_option(t, "warning", "10000d");
    oc_test_option(t, "critical", "10000d");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_status(t, OC_PLUGIN_SO), OC_STATE_OK);
    assert_true(oc_test_sample(t, "{{pluginIdentifier}}.size_bytes", "target", OC_PLUGIN_SO) > 0);
    assert_null(oc_test_complaint(t)); /* nothing that the manifest does not declare */
    assert_int_equal(oc_test_close(t), 0);
}

static void an_old_file_is_critical(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "files", "[\"" OC_PLUGIN_SO "\"]");
    oc_test_option(t, "warning", "1h");
    oc_test_option(t, "critical", "1d");
    oc_test_time(t, 32503680000000); /* the year 3000 */
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_status(t, OC_PLUGIN_SO), OC_STATE_CRITICAL);
    assert_int_equal(oc_test_close(t), 0);
}

static void a_file_that_is_not_there_is_critical(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "files", "[\"/nonexistent\"]");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_int_equal(oc_test_status(t, "/nonexistent"), OC_STATE_CRITICAL);
    assert_string_equal(oc_test_status_text(t, "/nonexistent"), "No such file or directory");
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_file_is_well),
        cmocka_unit_test(an_old_file_is_critical),
        cmocka_unit_test(a_file_that_is_not_there_is_critical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
