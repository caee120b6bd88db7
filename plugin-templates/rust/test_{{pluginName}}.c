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

static void a_folder_is_counted(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    oc_test_option(t, "path", OC_PLUGIN_DIR);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_true(oc_test_sample(t, "{{pluginIdentifier}}.files", NULL, NULL) >= 2);
    assert_true(oc_test_sample(t, "{{pluginIdentifier}}.size_bytes", NULL, NULL) > 100);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_null(oc_test_complaint(t)); /* nothing that the manifest does not declare */
    assert_int_equal(oc_test_close(t), 0);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "path", "/nonexistent");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "cannot read /nonexistent");
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_counted),
        cmocka_unit_test(a_folder_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
