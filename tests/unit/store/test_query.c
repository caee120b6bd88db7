/* Tests of core/store/query.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <math.h>

#include "core/store/query.h"

static void append(struct kit *kit, struct oc_series *series, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) { /* every 10 s */
        assert_true(oc_store_append(kit->store, series, KIT_NOW + (int64_t)i * 10000, values[i]));
    }
}

static enum oc_agg agg_of(const char *name)
{
    int agg = 0;
    while (agg < OC_AGG_NUMBER && strcmp(oc_agg_name((enum oc_agg)agg), name) != 0) {
        agg++;
    }
    assert_true(agg < OC_AGG_NUMBER);
    return (enum oc_agg)agg;
}

/* The answer as text: "seconds since KIT_NOW=value ...". */
static const char *ask(struct kit *kit, struct oc_series *series, int64_t from_s, int64_t to_s,
                       int64_t step_s, const char *agg)
{
    static char text[512];
    struct oc_points points = {0};
    assert_int_equal(oc_store_query(kit->store, series, KIT_NOW + from_s * 1000,
                                    KIT_NOW + to_s * 1000, step_s * 1000, agg_of(agg), &points,
                                    NULL),
                     OC_OK);
    text[0] = '\0';
    for (size_t i = 0; i < points.list.count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%g=%g", i ? " " : "",
                 (double)(points.list.items[i].time_ms - KIT_NOW) / 1000,
                 points.list.items[i].value);
    }
    oc_points_finish(&points);
    return text;
}

static const double gauge[] = {4, 2, 6, 8, 10, 1, 3, 3, 3, 3, 100, NAN};

static void steps_are_aligned_and_folded(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    append(kit, s, gauge, OC_COUNT(gauge));
    assert_string_equal(ask(kit, s, 0, 1000, 60, "avg"), "0=5.16667 60=22.4");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "min"), "0=1 60=3");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "max"), "0=10 60=100");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "sum"), "0=31 60=112");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "count"), "0=6 60=5");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "first"), "0=4 60=3");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "last"), "0=1 60=100");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "p50"), "0=5 60=3");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "p95"), "0=9.5 60=80.6");
    assert_string_equal(ask(kit, s, 0, 1000, 60, "p99"), "0=9.9 60=96.12");
}

static void the_range_is_half_open_and_need_not_be_aligned(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    append(kit, s, gauge, OC_COUNT(gauge));
    assert_string_equal(ask(kit, s, 20, 50, 60, "count"), "0=3");
    assert_string_equal(ask(kit, s, 50, 70, 60, "sum"), "0=1 60=3");
    assert_string_equal(ask(kit, s, 500, 600, 60, "avg"), "");
    assert_string_equal(ask(kit, s, 0, 20, 10, "avg"), "0=4 10=2");
}

static void steps_without_data_are_left_out(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    oc_store_append(kit->store, s, KIT_NOW, 1);
    oc_store_append(kit->store, s, KIT_NOW + 60000, NAN);
    oc_store_append(kit->store, s, KIT_NOW + 3600000, 2);
    assert_string_equal(ask(kit, s, 0, 7200, 60, "avg"), "0=1 3600=2");
    assert_string_equal(ask(kit, s, 0, 7200, 60, "count"), "0=1 3600=1");
}

static void without_a_step_the_points_come_as_they_are(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    append(kit, s, gauge, OC_COUNT(gauge));
    assert_string_equal(ask(kit, s, 80, 1000, 0, "avg"), "80=3 90=3 100=100 110=nan");
}

static void a_counter_that_starts_anew_only_grows(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    const double counter[] = {100, 110, 120, 5, 15, 25, 25, 25};
    append(kit, s, counter, OC_COUNT(counter));
    assert_string_equal(ask(kit, s, 0, 1000, 30, "increase"), "0=20 30=25 60=0");
    assert_string_equal(ask(kit, s, 0, 1000, 30, "rate"), "0=1 30=0.833333 60=0");
    assert_string_equal(ask(kit, s, 10, 1000, 30, "increase"), "0=20 30=25 60=0"); /* looks back */
    assert_string_equal(ask(kit, s, 20, 30, 30, "rate"), "0=1");
}

static void growth_over_a_gap_is_not_made_up(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    const double counter[] = {10, 20, NAN, 1000, 1010};
    append(kit, s, counter, OC_COUNT(counter));
    assert_string_equal(ask(kit, s, 0, 1000, 60, "increase"), "0=20");
    oc_store_append(kit->store, s, KIT_NOW + OC_HOUR, 7);
    assert_string_equal(ask(kit, s, 3600, 4000, 60, "increase"),
                        ""); /* the point before is too old */
}

static void a_month_at_a_glance(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    struct oc_points points = {0};
    for (int i = 0; i < 30 * 24 * 12; i++) {
        oc_store_append(kit->store, s, KIT_NOW + i * 5 * OC_MINUTE, i % 12);
    }
    assert_int_equal(oc_store_query(kit->store, s, KIT_NOW, KIT_NOW + 30 * OC_DAY, OC_HOUR,
                                    OC_AGG_AVG, &points, NULL),
                     OC_OK);
    assert_int_equal(points.list.count, 720);
    for (size_t i = 0; i < 720; i++) {
        assert_int_equal(points.list.items[i].time_ms, KIT_NOW + (int64_t)i * OC_HOUR);
        assert_true(points.list.items[i].value == 5.5);
    }
    oc_points_finish(&points);
}

static void questions_without_bounds_are_refused(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = kit_series(kit, "m", "a");
    struct oc_points points = {0};
    struct oc_error err;
    const int64_t bad[][3] = {{0, OC_DAY, 1}, {5, 5, 60}, {6, 5, 60}, {-1, 5, 60}, {0, 5, -1}};
    static const char *const said[] = {"more than", "is empty", "is empty", "before 1970",
                                       "step is negative"};
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_int_equal(oc_store_query(kit->store, s, bad[i][0], bad[i][1], bad[i][2], OC_AGG_AVG,
                                        &points, &err),
                         OC_E_CONFIG);
        assert_non_null(strstr(err.message, said[i])); /* what is wrong, and nothing else */
    }
    assert_int_equal(points.list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(steps_are_aligned_and_folded),
        kit_test(the_range_is_half_open_and_need_not_be_aligned),
        kit_test(steps_without_data_are_left_out),
        kit_test(without_a_step_the_points_come_as_they_are),
        kit_test(a_counter_that_starts_anew_only_grows),
        kit_test(growth_over_a_gap_is_not_made_up),
        kit_test(a_month_at_a_glance),
        kit_test(questions_without_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
