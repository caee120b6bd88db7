/* Quantiles of call times. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/plugin/internal.h"

static void quantiles_are_right_within_an_eighth(void **state)
{
    (void)state;
    struct oc_stats s = {0};
    for (int64_t ms = 1; ms <= 1000; ms++) {
        oc_stats_add(&s, OC_OK, "", ms);
    }
    assert_in_range(oc_stats_quantile(&s, 0.5), 500, 563);
    assert_in_range(oc_stats_quantile(&s, 0.99), 990, 1000);
    assert_int_equal(oc_stats_quantile(&s, 1.0), 1000);
}

static void small_numbers_are_exact(void **state)
{
    (void)state;
    struct oc_stats s = {0};
    assert_int_equal(oc_stats_quantile(&s, 0.5), 0);
    oc_stats_add(&s, OC_OK, "", 3);
    assert_int_equal(oc_stats_quantile(&s, 0.5), 3);
    assert_int_equal(oc_stats_quantile(&s, 0.99), 3);
}

static void odd_times_have_a_bucket_too(void **state)
{
    (void)state;
    struct oc_stats s = {0};
    oc_stats_add(&s, OC_OK, "", -5);
    assert_int_equal(oc_stats_quantile(&s, 0.5), 0);
    oc_stats_add(&s, OC_OK, "", INT64_MAX);
    assert_true(oc_stats_quantile(&s, 1.0) > 0);
}

static void the_past_fades(void **state)
{
    (void)state;
    struct oc_stats s = {0};
    for (int i = 0; i < 10000; i++) {
        oc_stats_add(&s, OC_OK, "", 1);
    }
    for (int i = 0; i < 10000; i++) {
        oc_stats_add(&s, OC_OK, "", 100);
    }
    assert_in_range(oc_stats_quantile(&s, 0.5), 96, 104);
    assert_int_equal(s.calls, 20000);
}

static void failures_are_kept_with_the_last_reason(void **state)
{
    (void)state;
    struct oc_stats s = {0};
    oc_stats_add(&s, OC_E_TIMEOUT, "late", 5);
    oc_stats_add(&s, OC_E_AUTH, "refused", 5);
    oc_stats_add(&s, OC_OK, "", 5);
    assert_int_equal(s.failures, 2);
    assert_int_equal(s.timeouts, 1);
    assert_string_equal(s.last_error, "refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_right_within_an_eighth),
        cmocka_unit_test(small_numbers_are_exact),
        cmocka_unit_test(odd_times_have_a_bucket_too),
        cmocka_unit_test(the_past_fades),
        cmocka_unit_test(failures_are_kept_with_the_last_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
