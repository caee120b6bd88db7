/* The state machine of a rule. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/service/rule/machine.h"

static const struct oc_rule_times FIVE_SECONDS = {.for_ms = 5000};
static const struct oc_rule_times AT_ONCE = {0};
static const struct oc_rule_times KEEPS = {.keep_ms = 3000};

static bool step(struct oc_rule_machine *m, const struct oc_rule_times *times, int64_t at,
                 bool truth)
{
    return oc_rule_machine_step(m, times, at, truth, !truth);
}

static void a_condition_must_hold_for_its_time(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    assert_false(step(&m, &FIVE_SECONDS, 1000, false));
    assert_true(step(&m, &FIVE_SECONDS, 2000, true));
    assert_int_equal(m.state, OC_RULE_PENDING);
    assert_false(step(&m, &FIVE_SECONDS, 6999, true));
    assert_true(step(&m, &FIVE_SECONDS, 7000, true));
    assert_int_equal(m.state, OC_RULE_FIRING);
    assert_int_equal(m.since_ms, 2000);
    assert_false(step(&m, &FIVE_SECONDS, 8000, true));
}

static void without_a_time_it_fires_at_once(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    assert_true(step(&m, &AT_ONCE, 1000, true));
    assert_int_equal(m.state, OC_RULE_FIRING);
    assert_true(step(&m, &AT_ONCE, 2000, false));
    assert_int_equal(m.state, OC_RULE_RESOLVED);
    assert_false(step(&m, &AT_ONCE, 3000, false));
    assert_true(step(&m, &AT_ONCE, 4000, true));
    assert_int_equal(m.state, OC_RULE_FIRING);
    assert_int_equal(m.since_ms, 4000);
}

static void one_false_answer_resets_what_is_pending(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &FIVE_SECONDS, 1000, true);
    assert_true(step(&m, &FIVE_SECONDS, 5999, false));
    assert_int_equal(m.state, OC_RULE_INACTIVE);
    step(&m, &FIVE_SECONDS, 6000, true);
    assert_false(step(&m, &FIVE_SECONDS, 10999, true));
    assert_true(step(&m, &FIVE_SECONDS, 11000, true));
}

static void what_fires_ends_only_when_it_is_released(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &AT_ONCE, 1000, true);
    assert_false(oc_rule_machine_step(&m, &AT_ONCE, 2000, false, false)); /* hysteresis holds it */
    assert_false(
        oc_rule_machine_step(&m, &AT_ONCE, 3000, true, true)); /* true conditions never end */
    assert_true(oc_rule_machine_step(&m, &AT_ONCE, 4000, false, true));
    assert_int_equal(m.state, OC_RULE_RESOLVED);
}

static void firing_can_be_kept_on(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &KEEPS, 1000, true);
    assert_false(step(&m, &KEEPS, 2000, false));
    assert_false(step(&m, &KEEPS, 4000, true)); /* came back: counted anew */
    assert_false(step(&m, &KEEPS, 5000, false));
    assert_false(oc_rule_machine_tick(&m, &KEEPS, 7999));
    assert_true(oc_rule_machine_tick(&m, &KEEPS, 8000));
    assert_int_equal(m.state, OC_RULE_RESOLVED);
    assert_false(oc_rule_machine_tick(&m, &KEEPS, 9000));
}

static void a_tick_makes_nothing_fire(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &FIVE_SECONDS, 1000, true);
    assert_false(oc_rule_machine_tick(&m, &FIVE_SECONDS, 1000000));
    assert_int_equal(m.state, OC_RULE_PENDING);
}

static void a_clock_set_back_makes_nothing_early(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &FIVE_SECONDS, 100000, true);
    assert_false(step(&m, &FIVE_SECONDS, 104000, true));
    assert_false(step(&m, &FIVE_SECONDS, 50000, true)); /* back by a minute: counting begins here */
    assert_false(step(&m, &FIVE_SECONDS, 54999, true));
    assert_true(step(&m, &FIVE_SECONDS, 55000, true));
    m = (struct oc_rule_machine){0};
    step(&m, &KEEPS, 100000, true);
    step(&m, &KEEPS, 101000, false);
    assert_false(step(&m, &KEEPS, 50000, false));
    assert_false(step(&m, &KEEPS, 52999, false));
    assert_true(step(&m, &KEEPS, 53000, false));
}

#define MINUTE 60000
static const struct oc_rule_times TEN_MINUTES = {.for_ms = 10 * MINUTE};

static void time_in_which_nothing_was_measured_does_not_count(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &TEN_MINUTES, 1 * MINUTE, true);
    step(&m, &TEN_MINUTES, 2 * MINUTE, true);
    assert_false(step(&m, &TEN_MINUTES, 62 * MINUTE, true)); /* an hour of silence */
    assert_int_equal(m.state, OC_RULE_PENDING);
    assert_int_equal(m.since_ms, 61 * MINUTE);
    assert_false(step(&m, &TEN_MINUTES, 71 * MINUTE - 1, true));
    assert_true(step(&m, &TEN_MINUTES, 71 * MINUTE, true));
    assert_int_equal(m.state, OC_RULE_FIRING);
}

static void samples_that_come_late_or_rarely_count(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &TEN_MINUTES, 1 * MINUTE, true);
    step(&m, &TEN_MINUTES, 2 * MINUTE, true);
    step(&m, &TEN_MINUTES, 5 * MINUTE, true); /* two were lost */
    assert_true(step(&m, &TEN_MINUTES, 11 * MINUTE, true));
    m = (struct oc_rule_machine){0};
    step(&m, &TEN_MINUTES, 1 * MINUTE, true);
    assert_true(step(&m, &TEN_MINUTES, 61 * MINUTE, true)); /* one an hour, for all that is known */
}

static void samples_that_became_rarer_for_good_still_make_it_fire(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &TEN_MINUTES, 1000, true);
    step(&m, &TEN_MINUTES, 2000, true);
    assert_false(step(&m, &TEN_MINUTES, 30 * MINUTE, true));
    assert_true(step(&m, &TEN_MINUTES, 60 * MINUTE, true));
}

static void a_gap_is_no_excuse_for_a_later_one(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &TEN_MINUTES, 1000, true);
    step(&m, &TEN_MINUTES, 2000, true);
    assert_false(step(&m, &TEN_MINUTES, 30 * MINUTE, true));
    assert_false(step(&m, &TEN_MINUTES, 31 * MINUTE, true)); /* they come as before */
    assert_false(step(&m, &TEN_MINUTES, 60 * MINUTE, true));
}

static void a_step_that_is_usual_is_no_gap(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    step(&m, &TEN_MINUTES, 1000, true);
    step(&m, &TEN_MINUTES, 2000, true);
    assert_false(oc_rule_machine_doubts(&m, MINUTE));
    assert_true(oc_rule_machine_doubts(&m, 5 * MINUTE));
    oc_rule_machine_expect(&m, 5 * MINUTE);
    step(&m, &TEN_MINUTES, 5 * MINUTE, true);
    assert_false(oc_rule_machine_doubts(&m, 10 * MINUTE));
    assert_true(step(&m, &TEN_MINUTES, 11 * MINUTE, true));
    assert_false(oc_rule_machine_doubts(&m, 60 * MINUTE)); /* only what is pending waits */
}

static void a_series_that_ends_ends_its_state(void **state)
{
    struct oc_rule_machine m = {0};
    (void)state;
    assert_false(oc_rule_machine_end(&m, 1000));
    step(&m, &FIVE_SECONDS, 1000, true);
    assert_true(oc_rule_machine_end(&m, 2000));
    assert_int_equal(m.state, OC_RULE_INACTIVE);
    step(&m, &AT_ONCE, 3000, true);
    assert_true(oc_rule_machine_end(&m, 4000));
    assert_int_equal(m.state, OC_RULE_RESOLVED);
    assert_false(oc_rule_machine_end(&m, 5000));
}

static void states_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(oc_rule_state_parse(oc_rule_state_name((enum oc_rule_state)i)), i);
    }
    assert_int_equal(oc_rule_state_parse("burning"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_must_hold_for_its_time),
        cmocka_unit_test(without_a_time_it_fires_at_once),
        cmocka_unit_test(one_false_answer_resets_what_is_pending),
        cmocka_unit_test(what_fires_ends_only_when_it_is_released),
        cmocka_unit_test(firing_can_be_kept_on),
        cmocka_unit_test(a_tick_makes_nothing_fire),
        cmocka_unit_test(a_clock_set_back_makes_nothing_early),
        cmocka_unit_test(time_in_which_nothing_was_measured_does_not_count),
        cmocka_unit_test(samples_that_come_late_or_rarely_count),
        cmocka_unit_test(samples_that_became_rarer_for_good_still_make_it_fire),
        cmocka_unit_test(a_gap_is_no_excuse_for_a_later_one),
        cmocka_unit_test(a_step_that_is_usual_is_no_gap),
        cmocka_unit_test(a_series_that_ends_ends_its_state),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
