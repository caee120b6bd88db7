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

static void a_visitor_is_greeted(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(
        oc_test_call(t, "endpoint.handle/1",
                     "{\"method\":\"GET\",\"path\":\"/\",\"query\":{\"name\":\"Ann\"}}", 1000),
        OC_OK);
    assert_non_null(strstr(oc_test_json(t, 0), "\"status\":200"));
    assert_non_null(strstr(oc_test_json(t, 0), "Ann"));
    assert_int_equal(oc_test_close(t), 0);
}

static void what_is_not_there_is_404_and_post_is_405(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_call(t, "endpoint.handle/1", "{\"method\":\"GET\",\"path\":\"/x\"}", 1000);
    assert_non_null(strstr(oc_test_json(t, 0), "\"status\":404"));
    oc_test_call(t, "endpoint.handle/1", "{\"method\":\"POST\",\"path\":\"/\"}", 1000);
    assert_non_null(strstr(oc_test_json(t, 0), "\"status\":405"));
    assert_int_equal(oc_test_close(t), 0);
}

static void parameters_that_are_no_object_are_refused(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "endpoint.handle/1", "7", 1000), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visitor_is_greeted),
        cmocka_unit_test(what_is_not_there_is_404_and_post_is_405),
        cmocka_unit_test(parameters_that_are_no_object_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
