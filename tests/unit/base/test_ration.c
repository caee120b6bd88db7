/* Tests of core/base/ration.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/ration.h"
#include "core/base/time.h"

static struct oc_ration r;

static int begin(void **state)
{
    (void)state;
    oc_time_fake(1767225600000, 1000);
    r = (struct oc_ration){.each = 3, .max = 2};
    return 0;
}

static int end(void **state)
{
    (void)state;
    oc_ration_finish(&r);
    oc_time_fake(-1, -1);
    return 0;
}

/* How many of `times` may be told, and what is said to be left out by the last that may. */
static unsigned take(const char *name, int times, unsigned *left_out)
{
    unsigned told = 0;
    for (int i = 0; i < times; i++) {
        told += oc_ration_take(&r, name, left_out);
    }
    return told;
}

static void so_much_is_told_of_each_in_a_minute_and_the_rest_is_counted(void **state)
{
    unsigned left_out = 7;
    (void)state;
    assert_int_equal(take("a", 10, &left_out), 3);
    assert_int_equal(left_out, 0);
    assert_int_equal(take("b", 1, &left_out), 1); /* another one's is untouched */
    oc_time_advance(OC_MINUTE - 1);
    assert_int_equal(take("a", 1, &left_out), 0);
    oc_time_advance(1);
    assert_int_equal(take("a", 1, &left_out), 1);
    assert_int_equal(left_out, 8);
    assert_int_equal(take("a", 1, &left_out), 1);
    assert_int_equal(left_out, 0);
}

static void what_was_left_out_of_one_who_fell_silent_is_told_once(void **state)
{
    char name[OC_RATION_NAME];
    unsigned left_out = 0;
    (void)state;
    take("a", 5, &left_out);
    take("b", 3, &left_out);
    assert_false(oc_ration_settle(&r, oc_time_mono(), name, &left_out));
    oc_time_advance(OC_MINUTE);
    assert_true(oc_ration_settle(&r, oc_time_mono(), name, &left_out));
    assert_string_equal(name, "a");
    assert_int_equal(left_out, 2);
    assert_false(oc_ration_settle(&r, INT64_MAX, name, &left_out));
}

static void whoever_was_quiet_for_longest_makes_room(void **state)
{
    unsigned left_out = 0;
    (void)state;
    take("a", 4, &left_out);
    oc_time_advance(1);
    take("b", 4, &left_out);
    oc_time_advance(1);
    assert_int_equal(take("c", 1, &left_out), 1);
    assert_int_equal(take("b", 1, &left_out), 0); /* still known */
    assert_int_equal(take("a", 1, &left_out), 1); /* not any more */
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(so_much_is_told_of_each_in_a_minute_and_the_rest_is_counted),
        T(what_was_left_out_of_one_who_fell_silent_is_told_once),
        T(whoever_was_quiet_for_longest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
