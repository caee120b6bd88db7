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

/* A day of samples every `step_ms` but for the nights, from 8:00 to 22:00. */
static void pass_days(struct oc_rhythm_steps *s, int64_t step_ms, int days)
{
    for (int day = 0; day < days; day++) {
        const int64_t from_ms = BEGIN + day * OC_DAY + 8 * OC_HOUR;
        for (int64_t at = 0; at < 14 * OC_HOUR; at += step_ms) {
            oc_rhythm_steps_pass(s, from_ms + at);
        }
    }
}

static void nights_without_samples_are_not_how_often_they_come(void **state)
{
    struct oc_rhythm_steps s = {0};
    bool told = false;
    (void)state;
    assert_int_equal(oc_rhythm_usual(&s, NULL), 0);
    pass_days(&s, 5 * OC_MINUTE, 8);
    assert_int_equal(oc_rhythm_usual(&s, &told), 5 * OC_MINUTE);
    assert_true(told);
}

static void bursts_that_come_again_are_as_usual_as_the_time_between_them(void **state)
{
    struct oc_rhythm_steps s = {0};
    (void)state;
    for (int hour = 0; hour < 4; hour++) {
        for (int i = 0; i < 40; i++) {
            oc_rhythm_steps_pass(&s, BEGIN + hour * OC_HOUR + i * OC_SECOND);
        }
    }
    assert_int_equal(oc_rhythm_usual(&s, NULL), OC_HOUR - 39 * OC_SECOND);
}

static void one_long_step_is_a_gap_unless_there_is_no_other(void **state)
{
    struct oc_rhythm_steps s = {0};
    bool told = true;
    (void)state;
    oc_rhythm_steps_pass(&s, BEGIN);
    oc_rhythm_steps_pass(&s, BEGIN + OC_DAY);
    assert_int_equal(oc_rhythm_usual(&s, &told), OC_DAY);
    assert_false(told);
    for (int i = 1; i < 4; i++) {
        oc_rhythm_steps_pass(&s, BEGIN + OC_DAY + i * OC_MINUTE);
    }
    assert_int_equal(oc_rhythm_usual(&s, NULL), OC_MINUTE);
}

/* Whether that many steps tell how often samples come. */
static bool is_told(int64_t step_ms, int count)
{
    struct oc_rhythm_steps s = {0};
    bool told;
    for (int i = 0; i <= count; i++) {
        oc_rhythm_steps_pass(&s, BEGIN + i * step_ms);
    }
    assert_int_equal(oc_rhythm_usual(&s, &told), step_ms);
    return told;
}

static void half_an_hour_and_several_steps_tell_how_often_samples_come(void **state)
{
    (void)state;
    assert_false(is_told(10 * OC_SECOND, 179));
    assert_true(is_told(10 * OC_SECOND, 180));
    assert_false(is_told(OC_HOUR, 5));
    assert_true(is_told(OC_HOUR, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sample_has_no_rhythm),
        cmocka_unit_test(what_is_later_than_three_steps_and_a_minute_is_over),
        cmocka_unit_test(a_gap_is_forgotten_in_as_long_as_it_took),
        cmocka_unit_test(a_burst_is_no_rhythm),
        cmocka_unit_test(a_clock_that_is_set_back_makes_nothing_late),
        cmocka_unit_test(nights_without_samples_are_not_how_often_they_come),
        cmocka_unit_test(bursts_that_come_again_are_as_usual_as_the_time_between_them),
        cmocka_unit_test(one_long_step_is_a_gap_unless_there_is_no_other),
        cmocka_unit_test(half_an_hour_and_several_steps_tell_how_often_samples_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
