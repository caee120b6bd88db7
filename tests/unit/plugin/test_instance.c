/* Instances from start to stop, in good and bad company. SPDX-License-Identifier: MIT */
#include "rig.h"

static void a_failing_start_says_why_and_takes_no_calls(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"fail_start\": true}");
    assert_non_null(i);
    rig_until(rig, i, OC_INSTANCE_FAILED);
    assert_int_equal(oc_instance_error(i)->code, OC_E_AUTH);
    assert_string_equal(oc_instance_error(i)->message, "the password was refused");
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 1000, NULL), OC_E_CONFLICT);
    assert_has(rig->err.message, "one is failed: the password was refused");
    rig_destroy(rig, i, 1000);
    assert_string_equal(rig_text(&rig->events), "plugin.failed one\nplugin.stopped one\n");
}

static void calls_that_waited_for_a_failing_start_are_answered(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i =
        rig_create(rig, "ok", "one", "{\"fail_start\": true, \"start_ms\": 10}");
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL), OC_OK);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_CONFLICT);
    rig_destroy(rig, i, 1000);
}

/* The clock stands still until 30 s have nearly passed; a call makes the instance look at it again.
 */
static void a_start_of_more_than_thirty_seconds_is_fenced_and_may_still_come_back(void **state)
{
    struct rig *rig = *state;
    oc_time_fake(INT64_C(1800000000000), INT64_C(1000000));
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"start_ms\": 300}");
    usleep(50000); /* a worker has to have begun it, or the start is taken back */
    oc_time_advance(29990);
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 60000, NULL), OC_OK);
    rig_until(rig, i, OC_INSTANCE_FENCED);
    oc_time_fake(-1, -1);
    assert_string_equal(oc_instance_error(i)->message, "start did not return within 30 s");
    assert_int_equal(rig->answers, 1);
    assert_int_equal(rig->code, OC_E_CONFLICT);
    rig_until(rig, i, OC_INSTANCE_READY);
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 1000), OC_OK);
    rig_destroy(rig, i, 1000);
    assert_string_equal(rig_text(&rig->events),
                        "plugin.fenced one\nplugin.unfenced one\nplugin.stopped one\n");
}

static void wrong_options_are_refused_with_their_key(void **state)
{
    struct rig *rig = *state;
    assert_null(rig_create(rig, "ok", "one", "{\"whoo\": \"me\"}"));
    assert_int_equal(rig->err.code, OC_E_CONFIG);
    assert_has(rig->err.message, "collectors[0].whoo");
    assert_null(rig_create(rig, "ok", "one", "{\"size\": \"many\"}"));
    assert_has(rig->err.message, "collectors[0].size");
}

static void a_plugin_without_options_takes_none(void **state)
{
    struct rig *rig = *state;
    assert_null(rig_create(rig, "garbage", "g", "{\"x\": 1}"));
    assert_has(rig->err.message, "collectors[0].x");
    struct oc_instance *i = rig_start(rig, "garbage", "g", "{}");
    rig_destroy(rig, i, 1000);
}

static void a_plugin_that_cannot_be_loaded_gives_no_instance(void **state)
{
    struct rig *rig = *state;
    assert_null(rig_create(rig, "broken_no_entry", "x", "{}"));
    assert_has(rig->err.message, "plugin broken_no_entry: oc_plugin_entry: not exported");
}

static void two_instances_of_one_plugin_know_nothing_of_each_other(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *a = rig_start(rig, "ok", "a", "{\"who\": \"ann\", \"size\": 1}");
    struct oc_instance *b = rig_start(rig, "ok", "b", "{\"who\": \"bob\", \"size\": 1}");
    rig_call(rig, a, "collector.collect/1", NULL, 1000);
    assert_string_equal(rig_text(&rig->texts), "hello ann\n");
    rig_call(rig, b, "collector.collect/1", NULL, 1000);
    assert_string_equal(rig_text(&rig->texts), "hello bob\n");
    rig_destroy(rig, a, 1000);
    rig_destroy(rig, b, 1000);
}

static void destroy_cancels_what_runs_and_answers_what_waits(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.wait/1", NULL, 10000, NULL);
    rig_begin(rig, i, "tool.echo/1", "1", 10000, NULL);
    rig_destroy(rig, i, 5000);
    assert_int_equal(rig->answers, 2);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    assert_has(rig_text(&rig->events), "plugin.stopped one");
}

static void destroy_waits_for_a_start_that_is_under_way(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"start_ms\": 40}");
    rig_destroy(rig, i, 5000);
    assert_string_equal(rig_text(&rig->events), "plugin.stopped one\n");
}

static void destroy_waits_for_a_late_call(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.hang/1", "120", 20), OC_E_TIMEOUT);
    rig_destroy(rig, i, 5000);
    assert_false(rig_logged("memory is left behind"));
    assert_int_equal(oc_workers_lost(rig->workers), 0);
}

static void a_worker_that_never_comes_back_is_given_up(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.hang/1", "400", 10000, NULL);
    oc_loop_step(rig->loop, false);
    const int64_t begun = oc_time_mono();
    while (oc_time_mono() - begun < 20) {
        oc_loop_step(rig->loop, false);
    }
    rig_destroy(rig, i, 30);
    assert_in_range(oc_time_mono() - begun, 0, 300);
    assert_int_equal(rig->answers, 1);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    assert_true(rig_logged("error plugin did not stop, its memory is left behind"));
    assert_int_equal(oc_workers_lost(rig->workers), 1);
}

static void a_stop_that_takes_too_long_is_given_up(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{\"stop_ms\": 300}");
    rig_destroy(rig, i, 30);
    assert_true(rig_logged("memory is left behind"));
}

/* A reload is in no hurry. */
static void who_can_wait_gives_up_no_sooner_than_was_promised(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{\"stop_ms\": 300}");
    rig_begin(rig, i, "tool.hang/1", "300", 10000, NULL);
    const int64_t begun = oc_time_mono();
    while (oc_time_mono() - begun < 20) {
        oc_loop_step(rig->loop, false);
    }
    rig_destroy(rig, i, OC_INSTANCE_GRACE);
    assert_int_equal(rig->answers, 1);
    assert_false(rig_logged("left behind"));
    assert_int_equal(oc_workers_lost(rig->workers), 0);
    assert_has(rig_text(&rig->events), "plugin.stopped one");
}

static void a_fenced_instance_can_be_given_up_too(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.hang/1", "300", 20), OC_E_TIMEOUT);
    rig_destroy(rig, i, 30);
    assert_int_equal(rig->answers, 1);
    assert_true(rig_logged("memory is left behind"));
}

static void a_start_for_which_no_worker_was_free_is_taken_back_by_destroy(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *a = rig_start(rig, "ok", "a", "{}");
    rig_begin(rig, a, "tool.hang/1", "100", 5000, NULL);
    struct oc_instance *b = rig_create(rig, "ok", "b", "{}");
    const int64_t begun = oc_time_mono();
    rig_destroy(rig, b, 5000);
    assert_in_range(oc_time_mono() - begun, 0, 60);
    rig_until_answers(rig, 1);
    rig_destroy(rig, a, 1000);
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(oc_instance_state_name(OC_INSTANCE_STARTING), "starting");
    assert_string_equal(oc_instance_state_name(OC_INSTANCE_STOPPED), "stopped");
    assert_string_equal(oc_instance_state_name((enum oc_instance_state)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(a_failing_start_says_why_and_takes_no_calls),
        TEST(calls_that_waited_for_a_failing_start_are_answered),
        TEST(a_start_of_more_than_thirty_seconds_is_fenced_and_may_still_come_back),
        TEST(wrong_options_are_refused_with_their_key),
        TEST(a_plugin_without_options_takes_none),
        TEST(a_plugin_that_cannot_be_loaded_gives_no_instance),
        TEST(two_instances_of_one_plugin_know_nothing_of_each_other),
        TEST(destroy_cancels_what_runs_and_answers_what_waits),
        TEST(destroy_waits_for_a_start_that_is_under_way),
        TEST(destroy_waits_for_a_late_call),
        TEST(a_worker_that_never_comes_back_is_given_up),
        TEST(a_stop_that_takes_too_long_is_given_up),
        TEST(who_can_wait_gives_up_no_sooner_than_was_promised),
        TEST(a_fenced_instance_can_be_given_up_too),
        cmocka_unit_test_setup_teardown(
            a_start_for_which_no_worker_was_free_is_taken_back_by_destroy, rig_setup_one_worker,
            rig_teardown),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
