/* When an alert is worth telling, decided without a service. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/time.h"
#include "core/service/alert/notice.h"

#define NOW INT64_C(1800000000000)

static const struct oc_notice_times times = {15 * OC_MINUTE, 4 * OC_HOUR};

static enum oc_notice decide(const struct oc_alert *a, int64_t *next)
{
    return oc_notice_decide(a, &times, NOW, next);
}

static void the_first_firing_is_told_at_once(void **state)
{
    struct oc_alert a = {.firing = true, .starts_at = NOW};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_FIRING);
}

static void firing_again_within_the_cooldown_waits_for_its_end(void **state)
{
    struct oc_alert a = {.firing = true, .starts_at = NOW, .notified_at = NOW - 5 * OC_MINUTE};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_NONE);
    assert_int_equal(next, NOW + 10 * OC_MINUTE);
    a.notified_at = NOW - 15 * OC_MINUTE;
    assert_int_equal(decide(&a, &next), OC_NOTICE_FIRING);
}

static void an_announced_alert_is_repeated_after_the_interval(void **state)
{
    struct oc_alert a = {.firing = true, .announced = true, .notified_at = NOW - OC_HOUR};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_NONE);
    assert_int_equal(next, NOW + 3 * OC_HOUR);
    a.notified_at = NOW - 4 * OC_HOUR;
    assert_int_equal(decide(&a, &next), OC_NOTICE_FIRING);
}

static void a_repeat_interval_of_zero_means_never(void **state)
{
    struct oc_alert a = {.firing = true, .announced = true, .notified_at = NOW - OC_DAY};
    struct oc_notice_times never = {0, 0};
    int64_t next;
    (void)state;
    assert_int_equal(oc_notice_decide(&a, &never, NOW, &next), OC_NOTICE_NONE);
    assert_int_equal(next, INT64_MAX);
}

static void neither_acknowledged_nor_silenced_alerts_are_told(void **state)
{
    struct oc_alert_care care = {.acknowledged_at = NOW};
    struct oc_alert acked = {.firing = true, .care = &care};
    struct oc_alert silenced = {.firing = true, .silence = 1};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&acked, &next), OC_NOTICE_NONE);
    assert_string_equal(oc_notice_held_by(&acked), "acknowledgement");
    assert_int_equal(decide(&silenced, &next), OC_NOTICE_NONE);
    assert_string_equal(oc_notice_held_by(&silenced), "silence");
    assert_int_equal(next, INT64_MAX);
}

static void the_end_of_a_silence_beats_cooldown_and_repeat(void **state)
{
    struct oc_alert a = {
        .firing = true, .announced = true, .unsilenced = true, .notified_at = NOW - OC_MINUTE};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_FIRING);
}

static void only_an_announced_end_is_told(void **state)
{
    struct oc_alert a = {.firing = false};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_NONE);
    a.resolve_due = true;
    assert_int_equal(decide(&a, &next), OC_NOTICE_RESOLVED);
}

static void a_clock_that_was_set_back_delays_by_one_period_at_most(void **state)
{
    struct oc_alert a = {.firing = true, .notified_at = NOW + 30 * OC_DAY};
    int64_t next;
    (void)state;
    assert_int_equal(decide(&a, &next), OC_NOTICE_NONE);
    assert_int_equal(next, NOW + 15 * OC_MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_firing_is_told_at_once),
        cmocka_unit_test(firing_again_within_the_cooldown_waits_for_its_end),
        cmocka_unit_test(an_announced_alert_is_repeated_after_the_interval),
        cmocka_unit_test(a_repeat_interval_of_zero_means_never),
        cmocka_unit_test(neither_acknowledged_nor_silenced_alerts_are_told),
        cmocka_unit_test(the_end_of_a_silence_beats_cooldown_and_repeat),
        cmocka_unit_test(only_an_announced_end_is_told),
        cmocka_unit_test(a_clock_that_was_set_back_delays_by_one_period_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
