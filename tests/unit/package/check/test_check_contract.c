/* Level 2: plugins that break the contract of a method. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

static void the_contract_of_methods_is_watched(void **state)
{
    static const char *const cases[][2] = {
        {"do_late", "OC2001"},     {"do_deaf", "OC2002"},          {"do_bad_code", "OC2003"},
        {"do_silent", "OC2004"},   {"do_undeclared", "OC2005"},    {"do_tools", "OC2006"},
        {"do_new_host", "OC2007"}, {"do_changes_shape", "OC2008"}, {"do_crash_call", "OC2009"},
        {"do_takes", "OC2010"},    {"do_cuts", "OC2011"},
    };
    (void)state;
    expect_each(cases, OC_COUNT(cases), 2);
}

static void who_does_all_in_spite_of_a_cancel_cuts_nothing(void **state)
{
    (void)state;
    json_t *result = check_specimen("good", 2);
    assert_null(finding_of(result, "OC2011"));
    json_decref(result);
}

static void a_crash_is_told_with_what_was_being_done(void **state)
{
    (void)state;
    json_t *result = check_specimen("do_crash_call", 2);
    const json_t *finding = finding_of(result, "OC2009");
    assert_non_null(strstr(oc_json_str(finding, "where", ""), "collector.collect/1"));
    assert_string_equal(oc_json_str(finding, "file", ""), "do_crash_call.so");
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_of_methods_is_watched),
        cmocka_unit_test(who_does_all_in_spite_of_a_cancel_cuts_nothing),
        cmocka_unit_test(a_crash_is_told_with_what_was_being_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
