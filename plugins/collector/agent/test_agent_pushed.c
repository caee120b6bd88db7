/* Heartbeats that agents push, and what is kept of them over a restart. SPDX-License-Identifier: MIT */
#include "test_agent.h"

static int32_t push_after(struct fixture *f, int seconds, const char *params)
{
    if (!oc_test_instance(f->t)) {
        assert_int_equal(oc_test_start(f->t), OC_OK);
    }
    f->now += seconds * 1000;
    oc_test_time(f->t, f->now);
    return oc_test_call(f->t, HEARTBEAT, params, 5000);
}

static void a_push_is_a_heartbeat(void **state)
{
    struct fixture *f = *state;
    oc_test_option(f->t, "poll", "false");
    assert_int_equal(push_after(f, 0,
                                "{\"agent\":\"alpha\",\"status\":\"processing\",\"task\":\"vote\","
                                "\"model\":\"m\"}"),
                     OC_OK);
    assert_string_equal(oc_test_json(f->t, 0),
                        "{\"agent\":\"alpha\",\"status\":\"busy\",\"at\":1750000000000}");
    collect_after(f, 20);
    expect(f, OC_STATE_OK, "busy: vote, model m");
    assert_true(value(f, "agent.heartbeat_age_seconds") == 20);
    assert_true(value(f, "agent.heartbeat_missed") == 0);
    collect_after(f, 20);
    assert_true(value(f, "agent.heartbeat_missed") == 40); /* nothing since the last collection */
    expect(f, OC_STATE_OK, "busy");
    collect_after(f, 81);
    expect(f, OC_STATE_CRITICAL, "its last heartbeat is 121 s old");
    assert_non_null(oc_test_event(f->t, "agent.offline"));
    assert_int_equal(push_after(f, 1, "{\"agent\":\"alpha\"}"), OC_OK);
    collect_after(f, 1);
    expect(f, OC_STATE_OK, "active");
    assert_non_null(oc_test_event(f->t, "agent.online"));
}

static void an_agent_that_pushes_need_not_answer(void **state)
{
    struct fixture *f = *state;
    stop_agent(f, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(push_after(f, 30, "{\"agent\":\"alpha\",\"status\":\"idle\"}"), OC_OK);
        collect_after(f, 30);
        expect(f, OC_STATE_OK, "idle");
        assert_true(value(f, "agent.consecutive_failures") == 0);
    }
    collect_after(f, 121);
    expect(f, OC_STATE_CRITICAL, "failure 1 of 3");
}

static void pushes_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    oc_test_option(f->t, "poll", "false");
    assert_int_equal(
        push_after(f, 0, "{\"agent\":\"alpha\",\"status\":\"idle\",\"task\":\"rest\"}"), OC_OK);
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 1);
    oc_test_stop(f->t);
    assert_int_equal(oc_test_start(f->t), OC_OK);
    collect_after(f, 60);
    expect(f, OC_STATE_OK, "idle: rest");
    assert_true(value(f, "agent.heartbeat_age_seconds") == 60);
    assert_int_equal(oc_test_status(f->t, "mine"), OC_STATE_WARNING);
    assert_non_null(strstr(oc_test_status_text(f->t, "mine"), "no heartbeat yet"));
    collect_after(f, 61);
    expect(f, OC_STATE_CRITICAL, "121 s old");
}

static void restart(struct fixture *f)
{
    oc_test_stop(f->t);
    assert_int_equal(oc_test_start(f->t), OC_OK);
}

static void the_silence_of_an_agent_goes_on_over_a_restart(void **state)
{
    struct fixture *f = *state;
    stop_agent(f, 0); /* never heard; the other is heard once */
    collect_after(f, 0);
    stop_agent(f, 1);
    collect_after(f, 100);
    restart(f);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 130);
    assert_true(oc_test_sample(f->t, "agent.heartbeat_missed", "target", "mine") == 130);
    expect(f, OC_STATE_CRITICAL, "last heartbeat never, watched since 130 s ago");
    assert_non_null(strstr(oc_test_status_text(f->t, "mine"), "last heartbeat 130 s ago"));
    restart(f);
    collect_after(f, 10);
    assert_true(value(f, "agent.heartbeat_missed") == 140);
    start_agent(f, 0);
    collect_after(f, 10);
    expect(f, OC_STATE_OK, "active");
    assert_true(value(f, "agent.heartbeat_missed") == 0);
}

static void polls_are_kept_at_most_once_a_minute(void **state)
{
    struct fixture *f = *state;
    collect_after(f, 0);
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 1);
    for (int i = 0; i < 5; i++) {
        collect_after(f, 10);
    }
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 1);
    collect_after(f, 10);
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 2);
    stop_agent(f, 0);
    stop_agent(f, 1);
    collect_after(f, 60);
    collect_after(f, 60);
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 2); /* nothing changed */
    assert_int_equal(oc_test_calls(f->t, "kv.get"), 1);
}

static void a_clock_that_was_set_back_counts_from_now(void **state)
{
    struct fixture *f = *state;
    stop_agent(f, 0);
    assert_int_equal(push_after(f, 0, "{\"agent\":\"mine\"}"), OC_OK);
    stop_agent(f, 1);
    collect_after(f, -86400);
    assert_true(value(f, "agent.heartbeat_missed") == 0);
    collect_after(f, 121);
    assert_int_equal(oc_test_status(f->t, "mine"), OC_STATE_CRITICAL);
    assert_true(oc_test_sample(f->t, "agent.consecutive_failures", "target", "mine") == 1);
    oc_test_answer(f->t, "kv.get", OC_OK, "{\"value\": null}");
    restart(f);
    collect_after(f, 0);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 30);
    oc_test_answer(f->t, "kv.get", OC_OK,
                   "{\"value\": \"{\\\"alpha\\\": {\\\"since\\\": 99999999999999}, "
                   "\\\"mine\\\": {\\\"since\\\": -5, \\\"heard\\\": 99999999999999}}\"}");
    restart(f);
    collect_after(f, 0);
    expect(f, OC_STATE_WARNING, "never, watched since 0 s ago");
    assert_true(oc_test_sample(f->t, "agent.heartbeat_missed", "target", "mine") == 0);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 30);
    assert_true(oc_test_sample(f->t, "agent.heartbeat_missed", "target", "mine") == 30);
}

static void what_was_kept_badly_is_passed_over(void **state)
{
    static const char *const kept[] = {
        "{\"value\": null}",
        "{\"value\": \"nonsense\"}",
        "{\"value\": \"[1]\"}",
        "[]",
        "{\"value\": \"{\\\"alpha\\\": 3, \\\"other\\\": {\\\"at\\\": 1}}\"}",
        "{\"value\": \"{\\\"alpha\\\": {\\\"at\\\": 99999999999999}}\"}", /* from the future */
    };
    struct fixture *f = *state;
    oc_test_option(f->t, "poll", "false");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        oc_test_answer(f->t, "kv.get", OC_OK, kept[i]);
        assert_int_equal(oc_test_start(f->t), OC_OK);
        collect_after(f, 0);
        expect(f, OC_STATE_WARNING, "no heartbeat yet");
        oc_test_stop(f->t);
    }
}

static void a_host_that_keeps_nothing_is_no_obstacle(void **state)
{
    struct fixture *f = *state;
    oc_test_answer(f->t, "kv.get", OC_E_DENIED, "no");
    oc_test_answer(f->t, "kv.put", OC_E_DENIED, "no");
    assert_int_equal(push_after(f, 0, "{\"agent\":\"alpha\"}"), OC_OK);
    assert_non_null(oc_test_log(f->t, "not kept"));
    assert_non_null(oc_test_log(f->t, "cannot be read"));
    collect_after(f, 1);
    expect(f, OC_STATE_OK, "active");
    stop_agent(f, 0);
    restart(f);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 0);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 30);
}

static void pushes_for_nobody_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(push_after(f, 0, "{\"agent\":\"gamma\"}"), OC_E_NOT_FOUND);
    assert_string_equal(oc_test_error(f->t)->hint, "The agents are alpha, mine.");
    assert_int_equal(push_after(f, 0, "{}"), OC_E_CONFIG);
    assert_int_equal(push_after(f, 0, NULL), OC_E_CONFIG);
    assert_int_equal(push_after(f, 0, "[\"alpha\"]"), OC_E_CONFIG);
    assert_int_equal(oc_test_calls(f->t, "kv.put"), 0);
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(a_push_is_a_heartbeat),
        t(an_agent_that_pushes_need_not_answer),
        t(pushes_survive_a_restart),
        t(the_silence_of_an_agent_goes_on_over_a_restart),
        t(polls_are_kept_at_most_once_a_minute),
        t(a_clock_that_was_set_back_counts_from_now),
        t(what_was_kept_badly_is_passed_over),
        t(a_host_that_keeps_nothing_is_no_obstacle),
        t(pushes_for_nobody_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
