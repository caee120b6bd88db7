/* Tests of the slots of uptime. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/api/status/uptime.h"
#include "core/base/json.h"
#include "core/base/time.h"

#define NOON (INT64_C(20414) * OC_DAY + 12 * OC_HOUR)

static struct oc_uptime u;

static int reset(void **state)
{
    (void)state;
    memset(&u, 0, sizeof u);
    return 0;
}

static void nothing_watched_is_no_figure(void **state)
{
    (void)state;
    assert_true(isnan(oc_uptime_percent(&u, NOON, 1)));
    assert_true(isnan(oc_uptime_percent(&u, NOON, 90)));
    const struct oc_uptime_slot slot = oc_uptime_day(&u, NOON, 0);
    assert_int_equal(oc_uptime_worst(&slot), OC_UP_NONE);
}

static void down_time_is_counted_against_what_was_watched(void **state)
{
    (void)state;
    oc_uptime_add(&u, NOON - 4 * OC_HOUR, NOON - OC_HOUR, OC_UP_OK);
    oc_uptime_add(&u, NOON - OC_HOUR, NOON, OC_UP_DOWN);
    assert_true(fabs(oc_uptime_percent(&u, NOON, 1) - 75) < 1e-9);
    assert_true(fabs(oc_uptime_percent(&u, NOON, 90) - 75) < 1e-9);
}

static void maintenance_and_degraded_time_are_not_down_time(void **state)
{
    (void)state;
    oc_uptime_add(&u, NOON - 3 * OC_HOUR, NOON - 2 * OC_HOUR, OC_UP_MAINTENANCE);
    oc_uptime_add(&u, NOON - 2 * OC_HOUR, NOON, OC_UP_DEGRADED);
    assert_true(fabs(oc_uptime_percent(&u, NOON, 1) - 100) < 1e-9);
    const struct oc_uptime_slot slot = oc_uptime_day(&u, NOON, 0);
    assert_int_equal(oc_uptime_worst(&slot), OC_UP_DEGRADED);
}

static void a_stretch_over_midnight_is_split(void **state)
{
    (void)state;
    const int64_t midnight = INT64_C(20414) * OC_DAY;
    oc_uptime_add(&u, midnight - 30 * OC_MINUTE, midnight + 15 * OC_MINUTE, OC_UP_DOWN);
    assert_int_equal(oc_uptime_day(&u, midnight, 0).ms[OC_UP_DOWN], 15 * OC_MINUTE);
    assert_int_equal(oc_uptime_day(&u, midnight, 1).ms[OC_UP_DOWN], 30 * OC_MINUTE);
    assert_int_equal(oc_uptime_hour(&u, midnight, 1).ms[OC_UP_DOWN], 30 * OC_MINUTE);
}

static void old_slots_give_way(void **state)
{
    (void)state;
    oc_uptime_add(&u, NOON, NOON + OC_HOUR, OC_UP_DOWN);
    const int64_t later = NOON + 90 * OC_DAY;
    oc_uptime_add(&u, later, later + OC_HOUR, OC_UP_OK);
    assert_true(fabs(oc_uptime_percent(&u, later, 90) - 100) < 1e-9);
    const struct oc_uptime_slot gone = oc_uptime_day(&u, later, 90);
    assert_int_equal(oc_uptime_worst(&gone), OC_UP_NONE);
    /* and nothing of the days between */
    for (unsigned back = 1; back < 90; back++) {
        const struct oc_uptime_slot slot = oc_uptime_day(&u, later, back);
        assert_int_equal(oc_uptime_worst(&slot), OC_UP_NONE);
    }
}

static void what_was_watched_is_not_counted_twice_when_the_clock_is_put_back(void **state)
{
    (void)state;
    const int64_t yesterday = NOON / OC_DAY * OC_DAY - OC_DAY;
    oc_uptime_add(&u, yesterday, NOON, OC_UP_OK);
    oc_uptime_add(&u, yesterday + OC_HOUR, yesterday + 2 * OC_HOUR, OC_UP_DOWN);
    assert_true(fabs(oc_uptime_percent(&u, NOON, 90) - 100) < 1e-9);
    oc_uptime_add(&u, NOON + 10, NOON, OC_UP_DOWN); /* backwards */
    oc_uptime_add(&u, 0, NOON, OC_UP_DOWN);         /* without a beginning */
    assert_true(fabs(oc_uptime_percent(&u, NOON, 90) - 100) < 1e-9);
}

/* Two looks are enough for a wrong time to be counted; it is put right, and the host goes on. */
static void a_clock_that_is_wrong_for_a_while_takes_nothing_along(void **state)
{
    (void)state;
    static const int64_t leaps[] = {3 * OC_HOUR, 40 * OC_DAY, 400 * OC_DAY, -30 * OC_DAY};
    for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++) {
        struct oc_uptime again;
        memset(&u, 0, sizeof u);
        oc_uptime_add(&u, NOON - 20 * OC_DAY, NOON - 10 * OC_DAY, OC_UP_DOWN);
        oc_uptime_add(&u, NOON - 10 * OC_DAY, NOON, OC_UP_OK);
        oc_uptime_add(&u, NOON + leaps[i], NOON + leaps[i] + OC_MINUTE, OC_UP_OK);
        json_t *json = oc_uptime_json(&u);
        oc_uptime_load(&again, json);
        json_decref(json);
        assert_memory_equal(&u, &again, sizeof u);
        assert_true(fabs(oc_uptime_percent(&again, NOON, 90) - 50) < 2.6); /* at most a day of 20 */
        oc_uptime_add(&again, NOON, NOON + OC_HOUR, OC_UP_DOWN);
        assert_int_equal(oc_uptime_hour(&again, NOON, 0).ms[OC_UP_DOWN], OC_HOUR);
        assert_int_equal(oc_uptime_day(&again, NOON, 0).ms[OC_UP_DOWN], OC_HOUR);
    }
}

static void a_slot_holds_no_more_than_its_length(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        oc_uptime_add(&u, NOON, NOON + OC_HOUR, OC_UP_OK);
    }
    assert_int_equal(oc_uptime_hour(&u, NOON, 0).ms[OC_UP_OK], OC_HOUR);
}

static void a_stretch_of_years_ends(void **state)
{
    (void)state;
    oc_uptime_add(&u, 1, NOON, OC_UP_OK);
    assert_int_equal(oc_uptime_day(&u, NOON, 89).ms[OC_UP_OK], OC_DAY);
    assert_int_equal(oc_uptime_hour(&u, NOON - 1, 23).ms[OC_UP_OK], OC_HOUR);
}

static void what_was_stored_comes_back(void **state)
{
    (void)state;
    struct oc_uptime again;
    oc_uptime_add(&u, NOON - 40 * OC_DAY, NOON - 40 * OC_DAY + OC_HOUR, OC_UP_DOWN);
    oc_uptime_add(&u, NOON - OC_HOUR, NOON, OC_UP_OK);
    json_t *json = oc_uptime_json(&u);
    oc_uptime_load(&again, json);
    assert_memory_equal(&u, &again, sizeof u);
    json_decref(json);
}

static void any_json_is_borne(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "[]",
        "{\"days\":7,\"hours\":[1]}",
        "{\"days\":{\"x\":[1],\"-5\":[1,2,3,4],\"99999999999999999999\":[1]}}",
        "{\"days\":{\"20414\":[-1,99999999999,\"a\",null,7,8]},\"hours\":{\"1\":{}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        oc_uptime_load(&u, json);
        oc_uptime_percent(&u, NOON, 90);
        json_decref(json);
    }
    assert_int_equal(oc_uptime_day(&u, NOON, 0).ms[OC_UP_DEGRADED], OC_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_watched_is_no_figure, reset),
        cmocka_unit_test_setup(down_time_is_counted_against_what_was_watched, reset),
        cmocka_unit_test_setup(maintenance_and_degraded_time_are_not_down_time, reset),
        cmocka_unit_test_setup(a_stretch_over_midnight_is_split, reset),
        cmocka_unit_test_setup(old_slots_give_way, reset),
        cmocka_unit_test_setup(what_was_watched_is_not_counted_twice_when_the_clock_is_put_back,
                               reset),
        cmocka_unit_test_setup(a_clock_that_is_wrong_for_a_while_takes_nothing_along, reset),
        cmocka_unit_test_setup(a_slot_holds_no_more_than_its_length, reset),
        cmocka_unit_test_setup(a_stretch_of_years_ends, reset),
        cmocka_unit_test_setup(what_was_stored_comes_back, reset),
        cmocka_unit_test_setup(any_json_is_borne, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
