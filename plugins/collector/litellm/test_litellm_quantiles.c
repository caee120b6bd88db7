/* The arithmetic of latencies: quantiles as Prometheus reckons them, and windows. SPDX-License-Identifier: MIT */
#include "latency.c" /* the arithmetic alone */
#include "probe/testing/test.h"
#include "test_litellm.h"

#include <openclaw/emit.h>

static void quantiles_are_interpolated_as_prometheus_does(void **state)
{
    const double le[] = {0.1, 0.5, 1, INFINITY};
    const double even[] = {10, 20, 40, 40};
    const double late[] = {0, 0, 0, 8};
    const double torn[] = {10, 8, 20, 20}; /* a scrape is not atomic */
    const double none[] = {0, 0, 0, 0};
    (void)state;
    near(latency_quantile(0.5, le, even, 4), 0.5);
    near(latency_quantile(0.75, le, even, 4), 0.75);
    near(latency_quantile(0.125, le, even, 4), 0.05); /* the first bucket begins at 0 */
    near(latency_quantile(1, le, even, 4), 1);
    near(latency_quantile(0, le, even, 4), 0);
    near(latency_quantile(0.5, le, late, 4), 1); /* beyond the last bound: that bound */
    near(latency_quantile(0.75, le, torn, 4), 0.75);
    assert_true(isnan(latency_quantile(0.5, le, none, 4)));
    assert_true(isnan(latency_quantile(0.5, le, even, 3))); /* no +Inf: not a histogram */
    assert_true(isnan(latency_quantile(0.5, le + 3, even + 3, 1)));
    assert_true(isnan(latency_quantile(NAN, le, even, 4)));
    assert_true(isnan(latency_quantile(1.5, le, even, 4)));
}

static void scrape_counts(struct latency_set *s, int64_t at, double fast, double all)
{
    latency_begin(s);
    latency_bucket(s, 0, oc_view("m"), 1, fast);
    latency_bucket(s, 0, oc_view("m"), 2, all);
    latency_bucket(s, 0, oc_view("m"), INFINITY, all);
    latency_end(s, at, 10000, false);
}

static void only_growth_within_the_window_counts(void **state)
{
    struct latency_set *s = latency_create();
    unsigned family;
    struct oc_view model;
    (void)state;
    scrape_counts(s, 1000, 100, 100); /* of unknown age */
    assert_false(latency_get(s, 0, &family, &model));
    scrape_counts(s, 2000, 100, 110);
    assert_true(latency_get(s, 0, &family, &model));
    near(latency_of(s, 0, 0.5), 1.5);
    scrape_counts(s, 3000, 130, 140);
    near(latency_of(s, 0, 0.5),
         30.0 / 30 * 20 / 30);         /* 30 fast of 40: rank 20 of 30 in the first */
    scrape_counts(s, 12500, 130, 140); /* the slow ones have left the window */
    near(latency_of(s, 0, 0.99), 0.99);
    scrape_counts(s, 30000, 130, 140);
    assert_false(latency_get(s, 0, &family, &model));
    latency_destroy(s);
}

static void a_restart_counts_what_came_since(void **state)
{
    struct latency_set *s = latency_create();
    (void)state;
    scrape_counts(s, 1000, 100, 100);
    scrape_counts(s, 2000, 0, 4); /* begun anew: four slow ones */
    near(latency_of(s, 0, 0.5), 1.5);
    latency_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_interpolated_as_prometheus_does),
        cmocka_unit_test(only_growth_within_the_window_counts),
        cmocka_unit_test(a_restart_counts_what_came_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
