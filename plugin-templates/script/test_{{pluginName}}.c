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

static void the_tool_describes_itself(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "tool.list/1", NULL, 5000), OC_OK);
    assert_non_null(oc_test_json(t, 0));
    assert_non_null(strstr(oc_test_json(t, 0), "\"{{toolName}}\""));
    assert_non_null(strstr(oc_test_json(t, 0), "input_schema"));
    assert_int_equal(oc_test_close(t), 0);
}

static void words_are_counted(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "tool.call/1",
                                  "{\"name\":\"{{toolName}}\","
                                  "\"arguments\":{\"input\":\" three small words \"}}",
                                  5000),
                     OC_OK);
    assert_string_equal(oc_test_json(t, 0), "{\"words\":3}");
    assert_int_equal(oc_test_close(t), 0);
}

static void an_unknown_tool_is_not_found(void **state)
{
    (void)state;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, "tool.call/1", "{\"name\":\"other\",\"arguments\":{}}", 5000),
                     OC_E_NOT_FOUND);
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tool_describes_itself),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(an_unknown_tool_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
