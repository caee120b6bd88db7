/* Tests of core/base/floor.h. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/floor.h"

static void division_rounds_down_on_both_sides_of_zero(void **state)
{
    (void)state;
    assert_int_equal(oc_floor_div(7, 3), 2);
    assert_int_equal(oc_floor_div(-7, 3), -3);
    assert_int_equal(oc_floor_div(-6, 3), -2);
    assert_int_equal(oc_floor_div(-1, 24), -1);
}

static void what_remains_is_an_index(void **state)
{
    (void)state;
    for (int64_t a = -100; a <= 100; a++) {
        assert_in_range(oc_floor_mod(a, 24), 0, 23);
        assert_int_equal(oc_floor_div(a, 24) * 24 + oc_floor_mod(a, 24), a);
    }
    assert_int_equal(oc_floor_mod(-1, 24), 23);
    assert_int_equal(oc_floor_mod(-24, 24), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(division_rounds_down_on_both_sides_of_zero),
        cmocka_unit_test(what_remains_is_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
