/* Calls of methods: answers, queue, deadline, fence, cancel. SPDX-License-Identifier: MIT */
#include "rig.h"

static void a_call_delivers_its_records_and_then_its_result(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{\"who\": \"me\"}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 1000), OC_OK);
    assert_int_equal(rig->records, 4);
    assert_string_equal(rig_text(&rig->samples), "ok.value,target=me,kind=test=0\n"
                                                 "ok.value,target=me,kind=test=1\n"
                                                 "ok.value,target=me,kind=test=2\n");
    assert_string_equal(rig_text(&rig->texts), "hello me\n");
    rig_destroy(rig, i, 1000);
    assert_string_equal(rig_text(&rig->events), "plugin.started one\nplugin.stopped one\n");
}

static void parameters_reach_the_method_as_they_were_given(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "{\"a\": [1, \"\xc3\xa9\"]}", 1000), OC_OK);
    assert_string_equal(rig_text(&rig->texts), "{\"a\": [1, \"\xc3\xa9\"]}\n");
    rig_destroy(rig, i, 1000);
}

static void calls_made_while_it_starts_wait_for_it(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"start_ms\": 30}");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_STARTING);
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
    rig_destroy(rig, i, 1000);
}

static void one_call_runs_at_a_time_and_the_rest_wait_in_order(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.hang/1", "20", 5000, NULL);
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_BUSY);
    rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL);
    rig_begin(rig, i, "tool.echo/1", "2", 5000, NULL);
    rig_until_answers(rig, 3);
    assert_string_equal(rig_text(&rig->texts), "1\n2\n");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_READY);
    rig_destroy(rig, i, 1000);
}

static void the_sixty_fifth_waiting_call_is_refused(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.hang/1", "50", 5000, NULL);
    for (int n = 0; n < 64; n++) {
        assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL), OC_OK);
    }
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL), OC_E_RETRY);
    assert_has(rig->err.message, "64 calls are waiting");
    rig_until_answers(rig, 65);
    rig_destroy(rig, i, 1000);
}

static void a_method_that_is_not_there_is_refused_without_a_callback(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_begin(rig, i, "alert.send/1", NULL, 1000, NULL), OC_E_UNSUPPORTED);
    assert_has(rig->err.message, "plugin ok has no method alert.send/1");
    rig_destroy(rig, i, 1000);
    assert_int_equal(rig->answers, 0);
}

static void a_late_call_is_answered_at_its_deadline_and_fences_the_instance(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.hang/1", "300", 40), OC_E_TIMEOUT);
    assert_in_range(rig->took_ms, 38, 2000);
    assert_has(rig->err.message, "tool.hang/1: did not return within 40 ms");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_FENCED);
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 1000, NULL), OC_E_CONFLICT);
    assert_has(rig->err.message, "one is fenced");
    rig_until(rig, i, OC_INSTANCE_READY);
    assert_int_equal(rig->answers, 1);
    assert_string_equal(rig_text(&rig->samples), ""); /* nothing of a late call is believed */
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 1000), OC_OK);
    rig_destroy(rig, i, 1000);
    assert_string_equal(rig_text(&rig->events), "plugin.started one\nplugin.fenced one\n"
                                                "plugin.unfenced one\nplugin.stopped one\n");
}

static void calls_that_wait_behind_a_late_one_are_answered_when_it_is_fenced(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.hang/1", "150", 30, NULL);
    rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL);
    rig_until_answers(rig, 2);
    assert_int_equal(rig->code, OC_E_CONFLICT);
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_FENCED);
    rig_destroy(rig, i, 2000);
}

static void a_call_whose_deadline_passes_in_the_queue_does_not_fence(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_begin(rig, i, "tool.hang/1", "120", 5000, NULL);
    rig_begin(rig, i, "tool.echo/1", "1", 20, NULL);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_TIMEOUT);
    assert_has(rig->err.message, "waited for an earlier call");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_BUSY);
    rig_until_answers(rig, 2);
    assert_int_equal(rig->code, OC_OK);
    rig_destroy(rig, i, 1000);
}

static void a_call_for_which_no_worker_was_free_does_not_fence(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *a = rig_start(rig, "ok", "a", "{}");
    struct oc_instance *b = rig_start(rig, "ok", "b", "{}");
    rig_begin(rig, a, "tool.hang/1", "120", 5000, NULL);
    rig_begin(rig, b, "tool.echo/1", "1", 20, NULL);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_TIMEOUT);
    assert_has(rig->err.message, "no worker was free");
    assert_int_equal(oc_instance_state(b), OC_INSTANCE_READY);
    rig_until_answers(rig, 2);
    rig_destroy(rig, a, 1000);
    rig_destroy(rig, b, 1000);
}

static void a_plugin_that_keeps_its_deadline_is_not_fenced(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.wait/1", NULL, 1000), OC_E_TIMEOUT);
    assert_string_equal(rig->err.message, "the peer did not answer");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_READY);
    rig_destroy(rig, i, 1000);
}

static void a_running_call_is_cancelled_by_its_flag(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    uint64_t id;
    rig_begin(rig, i, "tool.wait/1", NULL, 10000, &id);
    RIG_UNTIL(rig, rig->deliveries); /* flush makes what is there visible while the call runs */
    assert_string_equal(rig_text(&rig->samples), "ok.waiting=1\n");
    oc_instance_cancel(i, id);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    rig_destroy(rig, i, 1000);
}

static void a_waiting_call_is_cancelled_at_once(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    uint64_t id;
    rig_begin(rig, i, "tool.hang/1", "30", 5000, NULL);
    rig_begin(rig, i, "tool.echo/1", "1", 5000, &id);
    oc_instance_cancel(i, id);
    assert_int_equal(rig->answers, 1);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    oc_instance_cancel(i, id); /* a number that is gone is nobody's */
    oc_instance_cancel(i, 12345);
    rig_until_answers(rig, 2);
    assert_int_equal(rig->code, OC_OK);
    rig_destroy(rig, i, 1000);
}

static void a_cancelled_call_that_succeeds_all_the_same_has_succeeded(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    uint64_t id;
    rig_begin(rig, i, "tool.hang/1", "60", 5000, &id);
    const int64_t begun = oc_time_mono();
    while (oc_time_mono() - begun < 20) {
        oc_loop_step(rig->loop, false);
    }
    oc_instance_cancel(i, id);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_OK);
    rig_destroy(rig, i, 1000);
}

static void errors_of_a_plugin_are_told_in_clean_text(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.fail/1", NULL, 1000), OC_E_AUTH);
    assert_string_equal(rig->err.message, "bad \xef\xbf\xbd password");
    assert_int_equal(rig_call(rig, i, "tool.quiet/1", NULL, 1000), OC_E_RETRY);
    assert_has(rig->err.message, "did not say why");
    assert_int_equal(rig_call(rig, i, "tool.odd/1", NULL, 1000), OC_E_INTERNAL);
    assert_has(rig->err.message, "unknown code 42");
    rig_destroy(rig, i, 1000);
}

static void statistics_count_what_happened(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    rig_call(rig, i, "collector.collect/1", NULL, 1000);
    rig_call(rig, i, "tool.fail/1", NULL, 1000);
    rig_call(rig, i, "tool.hang/1", "60", 20);
    rig_until(rig, i, OC_INSTANCE_READY);
    json_t *stats = oc_instance_stats(i);
    assert_string_equal(oc_json_str(stats, "state", ""), "ready");
    assert_int_equal(oc_json_int(stats, "calls", -1), 3);
    assert_int_equal(oc_json_int(stats, "failures", -1), 2);
    assert_int_equal(oc_json_int(stats, "timeouts", -1), 1);
    assert_int_equal(oc_json_int(stats, "records", -1), 5);
    assert_has(oc_json_str(stats, "last_error", ""), "did not return within 20 ms");
    assert_true(oc_json_int(stats, "p99_ms", -1) >= 18);
    json_decref(stats);
    rig_destroy(rig, i, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(a_call_delivers_its_records_and_then_its_result),
        TEST(parameters_reach_the_method_as_they_were_given),
        TEST(calls_made_while_it_starts_wait_for_it),
        TEST(one_call_runs_at_a_time_and_the_rest_wait_in_order),
        TEST(the_sixty_fifth_waiting_call_is_refused),
        TEST(a_method_that_is_not_there_is_refused_without_a_callback),
        TEST(a_late_call_is_answered_at_its_deadline_and_fences_the_instance),
        TEST(calls_that_wait_behind_a_late_one_are_answered_when_it_is_fenced),
        TEST(a_call_whose_deadline_passes_in_the_queue_does_not_fence),
        cmocka_unit_test_setup_teardown(a_call_for_which_no_worker_was_free_does_not_fence,
                                        rig_setup_one_worker, rig_teardown),
        TEST(a_plugin_that_keeps_its_deadline_is_not_fenced),
        TEST(a_running_call_is_cancelled_by_its_flag),
        TEST(a_waiting_call_is_cancelled_at_once),
        TEST(a_cancelled_call_that_succeeds_all_the_same_has_succeeded),
        TEST(errors_of_a_plugin_are_told_in_clean_text),
        TEST(statistics_count_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
