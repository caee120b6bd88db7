/* Tests of core/api/etag.c: what If-None-Match says. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/etag.h"

static void any_of_a_list_and_a_star_are_known(void **state)
{
    (void)state;
    assert_true(oc_etag_is_known("\"a\"", "\"a\""));
    assert_true(oc_etag_is_known("W/\"a\"", "\"a\""));
    assert_true(oc_etag_is_known("\"b\", \"a\"", "\"a\""));
    assert_true(oc_etag_is_known("*", "\"a\""));
}

static void another_one_is_not(void **state)
{
    (void)state;
    assert_false(oc_etag_is_known(NULL, "\"a\""));
    assert_false(oc_etag_is_known("", "\"a\""));
    assert_false(oc_etag_is_known("\"ab\"", "\"a\""));
    assert_false(oc_etag_is_known("\"*\"", "\"a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_of_a_list_and_a_star_are_known),
        cmocka_unit_test(another_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
