/* Level 3: plugins that do not survive nonsense and faults. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

static void a_good_plugin_passes_every_level(void **state)
{
    (void)state;
    json_t *result = check_specimen("good", 3);
    char *text = oc_json_text(json_object_get(result, "findings"));
    assert_string_equal(text, "[]");
    free(text);
    text = oc_json_text(json_object_get(result, "left_out"));
    assert_string_equal(text, "[]");
    free(text);
    assert_int_equal(oc_json_int(result, "level", -1), 3);
    json_decref(result);
}

static void nonsense_and_faults_are_survived(void **state)
{
    static const char *const cases[][2] = {{"do_nonsense_crash", "OC3001"},
                                           {"do_nonsense_late", "OC3002"},
                                           {"do_fault_crash", "OC3003"}};
    (void)state;
    expect_each(cases, OC_COUNT(cases), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plugin_passes_every_level),
        cmocka_unit_test(nonsense_and_faults_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
