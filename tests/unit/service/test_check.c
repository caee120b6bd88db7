/* Tests of core/service/health/check.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/service/health/check.h"

static struct oc_check check;
static int64_t now;

static int create(void **state)
{
    (void)state;
    oc_check_init(&check, 3);
    now = 1000;
    return 0;
}

static uint32_t take(int32_t state)
{
    now += 1000;
    return oc_check_result(&check, state, false, now);
}

static void the_first_ok_is_hard_at_once(void **state)
{
    (void)state;
    assert_int_equal(take(OC_STATE_OK), OC_CHECK_CHANGED | OC_CHECK_HARD);
    assert_true(oc_check_is_hard(&check));
    assert_int_equal(check.since_ms, now);
}

static void a_failure_is_soft_until_the_third_in_a_row(void **state)
{
    (void)state;
    take(OC_STATE_OK);
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_CHANGED | OC_CHECK_SOFT);
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_SOFT);
    assert_int_equal(check.hard_state, OC_CHECK_OK);
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_HARD);
    assert_int_equal(check.hard_state, OC_CHECK_CRITICAL);
    assert_int_equal(take(OC_STATE_CRITICAL), 0);
    assert_int_equal(check.attempt, 3);
}

static void a_recovery_resets_the_attempts(void **state)
{
    (void)state;
    take(OC_STATE_OK);
    take(OC_STATE_CRITICAL);
    take(OC_STATE_CRITICAL);
    assert_int_equal(take(OC_STATE_OK), OC_CHECK_CHANGED);
    assert_int_equal(check.attempt, 0);
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_CHANGED | OC_CHECK_SOFT);
}

static void a_hard_warning_that_becomes_critical_is_hard_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        take(OC_STATE_WARNING);
    }
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_CHANGED | OC_CHECK_HARD);
}

static void one_attempt_makes_every_state_hard(void **state)
{
    (void)state;
    oc_check_init(&check, 1);
    assert_int_equal(take(OC_STATE_CRITICAL), OC_CHECK_CHANGED | OC_CHECK_HARD);
}

static void behind_a_dead_parent_a_failure_is_unreachable_and_counts_for_nothing(void **state)
{
    (void)state;
    take(OC_STATE_OK);
    double score = oc_check_score(&check);
    assert_int_equal(oc_check_result(&check, OC_STATE_CRITICAL, true, ++now),
                     OC_CHECK_CHANGED | OC_CHECK_HARD);
    assert_int_equal(check.state, OC_CHECK_UNREACHABLE);
    assert_int_equal(check.attempt, 0);
    assert_true(oc_check_score(&check) == score);
    assert_int_equal(oc_check_result(&check, OC_STATE_OK, true, ++now),
                     OC_CHECK_CHANGED | OC_CHECK_HARD);
    assert_int_equal(check.state, OC_CHECK_OK);
}

static void near(double value, double wanted)
{
    assert_true(value > wanted - 1e-9 && value < wanted + 1e-9);
}

static void the_score_is_the_share_of_good_results_among_the_last_ten(void **state)
{
    (void)state;
    near(oc_check_score(&check), 1.0);
    take(OC_STATE_CRITICAL);
    near(oc_check_score(&check), 0.9);
    take(OC_STATE_OK);
    near(oc_check_score(&check), 0.9);
    take(OC_STATE_WARNING);
    near(oc_check_score(&check), 0.85);
    for (int i = 0; i < 10; i++) {
        take(OC_STATE_OK);
    }
    near(oc_check_score(&check), 1.0);
    for (int i = 0; i < 6; i++) {
        take(OC_STATE_UNKNOWN);
    }
    near(oc_check_score(&check), 0.4);
}

static void a_service_that_alternates_begins_to_flap_and_one_that_calms_down_stops(void **state)
{
    uint32_t seen = 0;
    (void)state;
    for (int i = 0; i < OC_FLAP_RESULTS; i++) {
        seen |= take(i % 2 ? OC_STATE_CRITICAL : OC_STATE_OK);
    }
    assert_true(seen & OC_CHECK_FLAP_START);
    assert_true(check.flapping);
    seen = 0;
    for (int i = 0; i < OC_FLAP_RESULTS; i++) {
        seen |= take(OC_STATE_OK);
    }
    assert_true(seen & OC_CHECK_FLAP_STOP);
    assert_false(check.flapping);
}

static void too_few_results_never_flap(void **state)
{
    (void)state;
    for (int i = 0; i < OC_FLAP_RESULTS - 1; i++) {
        assert_false(take(i % 2 ? OC_STATE_CRITICAL : OC_STATE_OK) & OC_CHECK_FLAP_START);
    }
}

static void a_state_out_of_range_is_unknown(void **state)
{
    (void)state;
    take(77);
    assert_int_equal(check.state, OC_CHECK_UNKNOWN);
    take(-1);
    assert_int_equal(check.state, OC_CHECK_UNKNOWN);
}

static void names_and_states_agree_both_ways(void **state)
{
    (void)state;
    for (int s = OC_CHECK_OK; s <= OC_CHECK_PENDING; s++) {
        assert_int_equal(oc_check_state_parse(oc_check_state_name((enum oc_check_state)s)), s);
    }
    assert_int_equal(oc_check_state_parse("nonsense"), OC_CHECK_PENDING);
    assert_int_equal(oc_check_state_parse(NULL), OC_CHECK_PENDING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_ok_is_hard_at_once, create),
        cmocka_unit_test_setup(a_failure_is_soft_until_the_third_in_a_row, create),
        cmocka_unit_test_setup(a_recovery_resets_the_attempts, create),
        cmocka_unit_test_setup(a_hard_warning_that_becomes_critical_is_hard_at_once, create),
        cmocka_unit_test_setup(one_attempt_makes_every_state_hard, create),
        cmocka_unit_test_setup(behind_a_dead_parent_a_failure_is_unreachable_and_counts_for_nothing,
                               create),
        cmocka_unit_test_setup(the_score_is_the_share_of_good_results_among_the_last_ten, create),
        cmocka_unit_test_setup(
            a_service_that_alternates_begins_to_flap_and_one_that_calms_down_stops, create),
        cmocka_unit_test_setup(too_few_results_never_flap, create),
        cmocka_unit_test_setup(a_state_out_of_range_is_unknown, create),
        cmocka_unit_test_setup(names_and_states_agree_both_ways, create),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
