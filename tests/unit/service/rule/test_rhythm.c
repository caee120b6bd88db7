/* How often samples come. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/time.h"
#include "core/service/rule/rhythm.h"

#define BEGIN INT64_C(1700000000000)

/* `count` samples, one every `step_ms`; the time of the last. */
static int64_t pass(struct oc_rhythm *r, int64_t from_ms, int64_t step_ms, int count)
{
    for (int i = 1; i <= count; i++) {
        oc_rhythm_pass(r, from_ms + i * step_ms);
    }
    return from_ms + count * step_ms;
}

static void one_sample_has_no_rhythm(void **state)
{
    struct oc_rhythm r = {0};
    (void)state;
    assert_false(oc_rhythm_is_over(&r, BEGIN));
    oc_rhythm_pass(&r, BEGIN);
    assert_false(oc_rhythm_is_over(&r, BEGIN + 100 * OC_DAY));
}

static void what_is_later_than_three_steps_and_a_minute_is_over(void **state)
{
    struct oc_rhythm fast = {0}, slow = {0};
    (void)state;
    int64_t last = pass(&fast, BEGIN, OC_SECOND, 2);
    assert_false(oc_rhythm_is_over(&fast, last + OC_MINUTE));
    assert_true(oc_rhythm_is_over(&fast, last + OC_MINUTE + 1));
    last = pass(&slow, BEGIN, OC_HOUR, 2);
    assert_false(oc_rhythm_is_over(&slow, last + 3 * OC_HOUR));
    assert_true(oc_rhythm_is_over(&slow, last + 3 * OC_HOUR + 1));
}

static void a_gap_is_forgotten_in_as_long_as_it_took(void **state)
{
    struct oc_rhythm r = {0};
    (void)state;
    int64_t last = pass(&r, BEGIN, 10 * OC_SECOND, 5);
    oc_rhythm_pass(&r, last += 3 * OC_HOUR);
    last = pass(&r, last, 10 * OC_SECOND, 10);
    assert_false(oc_rhythm_is_over(&r, last + OC_HOUR));
    last = pass(&r, last, 10 * OC_SECOND, 3 * 360);
    assert_true(oc_rhythm_is_over(&r, last + 2 * OC_MINUTE));
}

static void a_burst_is_no_rhythm(void **state)
{
    struct oc_rhythm r = {0};
    int64_t last = BEGIN;
    (void)state;
    for (int hour = 0; hour < 3; hour++) {
        last = pass(&r, BEGIN + hour * OC_HOUR, OC_SECOND, 40);
    }
    assert_false(oc_rhythm_is_over(&r, last + 2 * OC_HOUR));
    assert_true(oc_rhythm_is_over(&r, last + 4 * OC_HOUR));
}

static void a_clock_that_is_set_back_makes_nothing_late(void **state)
{
    struct oc_rhythm r = {0};
    (void)state;
    const int64_t last = pass(&r, BEGIN, 10 * OC_SECOND, 5);
    assert_false(oc_rhythm_is_over(&r, last - OC_DAY));
    oc_rhythm_pass(&r, last - OC_DAY);
    assert_false(oc_rhythm_is_over(&r, last - OC_DAY + OC_MINUTE));
    assert_true(oc_rhythm_is_over(&r, last - OC_DAY + 2 * OC_MINUTE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sample_has_no_rhythm),
        cmocka_unit_test(what_is_later_than_three_steps_and_a_minute_is_over),
        cmocka_unit_test(a_gap_is_forgotten_in_as_long_as_it_took),
        cmocka_unit_test(a_burst_is_no_rhythm),
        cmocka_unit_test(a_clock_that_is_set_back_makes_nothing_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
