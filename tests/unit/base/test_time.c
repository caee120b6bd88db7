/* Tests of core/base/time.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/time.h"

static void the_real_clocks_move_and_agree_with_the_system(void **state)
{
    (void)state;
    oc_time_fake(-1, -1);
    assert_true(oc_time_wall() > INT64_C(1600000000000));
    int64_t before = oc_time_mono();
    while (oc_time_mono() == before) {
    }
    assert_true(oc_time_mono() > before);
}

static void fake_clocks_stand_still_until_they_are_moved(void **state)
{
    (void)state;
    oc_time_fake(1000, 50);
    assert_int_equal(oc_time_wall(), 1000);
    assert_int_equal(oc_time_mono(), 50);
    oc_time_advance(500);
    assert_int_equal(oc_time_wall(), 1500);
    assert_int_equal(oc_time_mono(), 550);
    oc_time_fake(-1, -1);
    oc_time_advance(500); /* moves nothing */
    assert_true(oc_time_wall() > INT64_C(1600000000000));
}

static void a_deadline_follows_the_kernel_not_the_fake(void **state)
{
    (void)state;
    struct timespec now, later;
    oc_time_fake(1, 1);
    oc_time_deadline(-5, &now);
    oc_time_deadline(1999, &later);
    oc_time_fake(-1, -1);
    assert_true(later.tv_nsec >= 0 && later.tv_nsec < 1000000000);
    int64_t gap = (later.tv_sec - now.tv_sec) * 1000 + (later.tv_nsec - now.tv_nsec) / 1000000;
    assert_in_range(gap, 1999, 3000);
    assert_true((int64_t)now.tv_sec * 1000 <= oc_time_mono());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clocks_move_and_agree_with_the_system),
        cmocka_unit_test(fake_clocks_stand_still_until_they_are_moved),
        cmocka_unit_test(a_deadline_follows_the_kernel_not_the_fake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
