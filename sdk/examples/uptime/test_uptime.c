/* The test of the example: the test kit and cmocka. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <openclaw/testkit.h>

static void the_time_is_told(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
    assert_true(oc_test_sample(t, "uptime.seconds", NULL, NULL) > 0);
    assert_null(oc_test_complaint(t));
    assert_int_equal(oc_test_close(t), 0);
}

static void a_young_machine_is_a_warning(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "young", "36500d");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_call(t, "collector.collect/1", NULL, 1000);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_WARNING);
    oc_test_close(t);
}

static void a_file_without_a_number_is_said(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_option(t, "file", "/dev/null");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "no number in /dev/null");
    oc_test_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_is_told),
        cmocka_unit_test(a_young_machine_is_a_warning),
        cmocka_unit_test(a_file_without_a_number_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
