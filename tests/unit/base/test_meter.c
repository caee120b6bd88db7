/* Tests of core/base/meter.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/meter.h"

static int reset(void **state)
{
    (void)state;
    oc_meters_reset();
    return 0;
}

static struct oc_meter calls = {
    .name = "calls_total", .help = "calls", .kind = OC_METER_COUNTER, .labels = {"op", "code"}};
static struct oc_meter took = {.name = "took_seconds", .help = "time", .kind = OC_METER_SECONDS};

static void a_meter_is_listed_with_its_first_figure(void **state)
{
    (void)state;
    assert_null(oc_meters());
    oc_meter_add(&calls, 1, "a", "ok", NULL);
    assert_ptr_equal(oc_meters(), &calls);
    oc_meter_set(&took, 0, NULL, NULL, NULL);
    assert_ptr_equal(oc_meters(), &took);
    assert_ptr_equal(oc_meters()->next, &calls);
}

static void each_combination_of_label_values_is_a_cell(void **state)
{
    (void)state;
    oc_meter_add(&calls, 1, "a", "ok", NULL);
    oc_meter_add(&calls, 2, "a", "ok", NULL);
    oc_meter_add(&calls, 5, "a", "retry", NULL);
    oc_meter_add(&calls, 7, "ao", "k", NULL); /* the same letters, other values */
    assert_true(oc_meter_cell(&calls, "a", "ok", NULL)->value == 3);
    assert_true(oc_meter_cell(&calls, "a", "retry", NULL)->value == 5);
    assert_true(oc_meter_cell(&calls, "ao", "k", NULL)->value == 7);
    assert_int_equal(calls.cells.count, 3);
}

static void a_missing_label_value_is_empty(void **state)
{
    (void)state;
    oc_meter_add(&calls, 1, NULL, NULL, NULL);
    assert_string_equal(oc_meter_cell(&calls, "", "", NULL)->values[1], "");
    assert_int_equal(calls.cells.count, 1);
}

static void beyond_the_bound_values_count_as_other(void **state)
{
    (void)state;
    for (int i = 0; i < OC_METER_CELLS_MAX + 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        oc_meter_add(&calls, 1, name, "ok", NULL);
    }
    assert_int_equal(calls.cells.count, OC_METER_CELLS_MAX + 1);
    assert_true(oc_meter_cell(&calls, "other", "other", NULL)->value == 50);
}

static void a_long_value_is_cut_and_stays_one_cell(void **state)
{
    char text[5000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    oc_meter_add(&calls, 1, text, text, NULL);
    oc_meter_add(&calls, 1, text, text, NULL);
    assert_int_equal(calls.cells.count, 1);
}

static void durations_fall_into_the_bucket_of_their_upper_bound(void **state)
{
    (void)state;
    oc_meter_observe(&took, 100, NULL, NULL, NULL); /* 0.0001 s: the first bound itself */
    oc_meter_observe(&took, 101, NULL, NULL, NULL);
    oc_meter_observe(&took, 3600000000, NULL, NULL, NULL); /* beyond all */
    oc_meter_observe(&took, -5, NULL, NULL, NULL);         /* a clock that was set back */
    const struct oc_meter_cell *c = oc_meter_cell(&took, NULL, NULL, NULL);
    assert_int_equal(c->buckets[0], 2);
    assert_int_equal(c->buckets[1], 1);
    assert_int_equal(c->count, 4);
    assert_true(c->value > 3600 && c->value < 3600.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_meter_is_listed_with_its_first_figure, reset, reset),
        cmocka_unit_test_setup_teardown(each_combination_of_label_values_is_a_cell, reset, reset),
        cmocka_unit_test_setup_teardown(a_missing_label_value_is_empty, reset, reset),
        cmocka_unit_test_setup_teardown(beyond_the_bound_values_count_as_other, reset, reset),
        cmocka_unit_test_setup_teardown(a_long_value_is_cut_and_stays_one_cell, reset, reset),
        cmocka_unit_test_setup_teardown(durations_fall_into_the_bucket_of_their_upper_bound, reset,
                                        reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
