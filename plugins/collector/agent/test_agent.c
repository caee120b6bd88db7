/* The agent collector with agents of every temper. SPDX-License-Identifier: MIT */
#include "test_agent.h"

static void an_agent_that_answers_is_well(void **state)
{
    struct fixture *f = *state;
    say(f, 0,
        "{\"status\":\"running\",\"currentTask\":\"vote\",\"model\":\"agent/alpha\","
        "\"lastHeartbeat\":\"2025-06-15T15:06:30.000Z\",\"tokenUsage\":{\"session\":7,\"daily\":9}"
        "}");
    collect_after(f, 0);
    expect(f, OC_STATE_OK, "active: vote, model agent/alpha");
    assert_true(value(f, "agent.up") == 1);
    assert_true(value(f, "agent.heartbeat_age_seconds") == 10);
    assert_true(value(f, "agent.heartbeat_missed") == 0);
    assert_true(value(f, "agent.status_code") == 0);
    assert_true(value(f, "agent.health_score") == 1);
    assert_true(value(f, "agent.consecutive_failures") == 0);
    assert_true(value(f, "agent.response_ms") > 0);
    assert_int_equal(oc_test_status(f->t, "mine"), OC_STATE_OK);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_EVENT), 0);
}

static const char *detail_of(struct fixture *f, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"target\":\"%s\"", name);
    for (size_t i = 0; oc_test_json(f->t, i); i++) {
        if (strstr(oc_test_json(f->t, i), wanted)) {
            return oc_test_json(f->t, i);
        }
    }
    return NULL;
}

static void the_detail_has_the_shape_of_the_health_api(void **state)
{
    struct fixture *f = *state;
    say(f, 0,
        "{\"status\":\"busy\",\"current_task\":\"vote\",\"token_usage\":{\"daily\":9},\"uptime\":"
        "5}");
    collect_after(f, 0);
    const char *d = detail_of(f, "alpha");
    assert_non_null(d);
    assert_non_null(strstr(d, "\"role\":\"Triad Node A\""));
    assert_non_null(strstr(d, "\"status\":\"busy\""));
    assert_non_null(strstr(d, "\"lastHeartbeat\":\"2025-06-15T15:06:40.000Z\""));
    assert_non_null(strstr(d, "\"currentTask\":\"vote\""));
    assert_non_null(strstr(d, "\"tokenUsage\":{\"daily\":9}"));
    assert_non_null(strstr(d, "\"memoryUsage\":null"));
    assert_non_null(strstr(d, "\"error\":null"));
    assert_null(strstr(detail_of(f, "mine"), "role"));
    oc_test_stop(f->t);
    oc_test_option(f->t, "details", "false");
    assert_int_equal(oc_test_start(f->t), OC_OK);
    collect_after(f, 1);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_JSON), 0);
}

static void the_time_of_a_task_and_the_memory_are_figures(void **state)
{
    struct fixture *f = *state;
    say(f, 0, "{\"status\":\"busy\",\"currentTask\":\"vote\",\"memoryUsage\":{\"rss\":1048576}}");
    collect_after(f, 0);
    assert_true(value(f, "agent.task_seconds") == 0);
    assert_true(value(f, "agent.memory_bytes") == 1048576);
    say(f, 0, "{\"status\":\"busy\",\"currentTask\":\"vote\",\"memory_usage\":2048}");
    collect_after(f, 40);
    assert_true(value(f, "agent.task_seconds") == 40);
    assert_true(value(f, "agent.memory_bytes") == 2048);
    say(f, 0, "{\"status\":\"busy\",\"currentTask\":\"another\",\"memoryUsage\":\"much\"}");
    collect_after(f, 40);
    assert_true(value(f, "agent.task_seconds") == 0);
    assert_int_equal(oc_test_samples(f->t, "agent.memory_bytes"), 0);
    say(f, 0, "{\"status\":\"idle\"}");
    collect_after(f, 40);
    assert_true(value(f, "agent.task_seconds") == 0);
}

static void status_words_are_folded(void **state)
{
    static const struct {
        const char *body;
        int code, status;
        double score;
        const char *text;
    } cases[] = {
        {"{\"status\":\"ONLINE\"}", 0, OC_STATE_OK, 1, "active"},
        {"{\"status\":\"healthy\"}", 0, OC_STATE_OK, 1, "active"},
        {"{\"status\":\"standby\"}", 1, OC_STATE_OK, 1, "idle"},
        {"{\"status\":\"task_running\"}", 2, OC_STATE_OK, 1, "busy"},
        {"{\"status\":\"unhealthy\"}", 3, OC_STATE_CRITICAL, 0.25, "error"},
        {"{\"status\":\"stopped\"}", 4, OC_STATE_CRITICAL, 0, "offline"},
        {"{\"status\":\"\"}", 5, OC_STATE_WARNING, 0.5, "unknown"},
        {"{}", 5, OC_STATE_WARNING, 0.5, "unknown"},
        {"{\"status\":7}", 5, OC_STATE_WARNING, 0.5, "unknown"},
        {"{\"status\":\"Meditating\"}", 6, OC_STATE_WARNING, 0.5, "meditating"},
        {"OK\n", 0, OC_STATE_OK, 1, "active"},
        {"", 5, OC_STATE_WARNING, 0.5, "unknown"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 5, OC_STATE_WARNING, 0.5, "unknown"},
        {"{\"status\":", 6, OC_STATE_WARNING, 0.5, "{\"status\":"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        say(f, 0, cases[i].body);
        collect_after(f, 10);
        assert_int_equal((int)value(f, "agent.status_code"), cases[i].code);
        assert_true(value(f, "agent.health_score") == cases[i].score);
        expect(f, cases[i].status, cases[i].text);
    }
}

static void heartbeats_are_read_in_every_notation(void **state)
{
    static const struct {
        const char *at;
        double age;
    } cases[] = {
        {"\"2025-06-15T15:06:10Z\"", 30},
        {"\"2025-06-15T17:06:10.250+02:00\"", 29.75},
        {"\"2025-06-15 10:06:10-0500\"", 30},
        {"1749999970", 30},
        {"1749999970500", 29.5},
        {"1749999970.5", 29.5},
        {"\"2099-01-01T00:00:00Z\"", 0}, /* a clock that is ahead */
        {"\"yesterday\"", 0},
        {"null", 0},
        {"-5", 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"status\":\"active\",\"last_heartbeat\":%s}", cases[i].at);
        say(f, 0, body);
        collect_after(f, 0);
        assert_true(fabs(value(f, "agent.heartbeat_age_seconds") - cases[i].age) <= 0.5);
    }
}

static void an_answer_with_an_old_heartbeat_is_critical(void **state)
{
    struct fixture *f = *state;
    say(f, 0, "{\"status\":\"active\",\"lastHeartbeat\":\"2025-06-15T15:04:00Z\"}");
    collect_after(f, 0);
    assert_true(value(f, "agent.heartbeat_age_seconds") == 160);
    assert_true(value(f, "agent.heartbeat_missed") == 0); /* it did answer */
    expect(f, OC_STATE_CRITICAL, "its last heartbeat is 160 s old");
    assert_true(value(f, "agent.health_score") == 0);
}

static void silence_warns_then_alarms_after_three_failures(void **state)
{
    struct fixture *f = *state;
    collect_after(f, 0);
    stop_agent(f, 0);
    collect_after(f, 10);
    expect(f, OC_STATE_WARNING, "failure 1 of 3, last heartbeat 10 s ago");
    assert_true(value(f, "agent.up") == 0);
    assert_true(value(f, "agent.heartbeat_missed") == 10);
    assert_true(value(f, "agent.health_score") == 0.67);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_EVENT), 0);
    collect_after(f, 10);
    expect(f, OC_STATE_WARNING, "failure 2 of 3");
    collect_after(f, 10);
    expect(f, OC_STATE_CRITICAL, "failure 3 of 3");
    assert_true(value(f, "agent.consecutive_failures") == 3);
    assert_true(value(f, "agent.health_score") == 0);
    assert_non_null(strstr(oc_test_event(f->t, "agent.offline"), "\"agent\":\"alpha\""));
    assert_int_equal(oc_test_status(f->t, "mine"), OC_STATE_OK);
}

static void recovery_is_told_attempt_by_attempt(void **state)
{
    struct fixture *f = *state;
    stop_agent(f, 0);
    for (int i = 0; i < 3; i++) {
        collect_after(f, 10);
    }
    assert_non_null(oc_test_event(f->t, "agent.offline"));
    for (int attempt = 1; attempt <= 3; attempt++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "\"attempt\":%d", attempt);
        collect_after(f, 10);
        assert_null(oc_test_event(f->t, "agent.offline"));
        assert_non_null(strstr(oc_test_event(f->t, "agent.recovering"), wanted));
        assert_non_null(strstr(oc_test_event(f->t, "agent.recovering"), "\"of\":3"));
    }
    collect_after(f, 10);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_EVENT), 0); /* the attempts are used up */
    start_agent(f, 0);
    collect_after(f, 10);
    expect(f, OC_STATE_OK, "active");
    assert_non_null(strstr(oc_test_event(f->t, "agent.online"), "\"offline_seconds\":50"));
    collect_after(f, 10);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_EVENT), 0);
}

static void a_long_interval_alarms_by_age_before_three_failures(void **state)
{
    struct fixture *f = *state;
    collect_after(f, 0);
    stop_agent(f, 0);
    collect_after(f, 121);
    expect(f, OC_STATE_CRITICAL, "failure 1 of 3, last heartbeat 121 s ago");
    assert_true(value(f, "agent.heartbeat_missed") == 121);
}

static void an_agent_that_was_never_heard_is_counted_from_the_start(void **state)
{
    struct fixture *f = *state;
    stop_agent(f, 0);
    collect_after(f, 0);
    expect(f, OC_STATE_WARNING, "failure 1 of 3, last heartbeat never");
    assert_true(value(f, "agent.heartbeat_missed") == 0);
    collect_after(f, 30);
    assert_true(value(f, "agent.heartbeat_missed") == 30);
    assert_non_null(strstr(detail_of(f, "alpha"), "\"lastHeartbeat\":null"));
    assert_non_null(strstr(detail_of(f, "alpha"), "\"status\":\"unknown\""));
}

static void errors_of_the_peer_are_failures(void **state)
{
    struct fixture *f = *state;
    say_raw(f, 0, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}");
    collect_after(f, 10);
    expect(f, OC_STATE_WARNING, "its health answers with status 503");
    say_raw(f, 0, "SSH-2.0-OpenSSH_9.2\r\n");
    collect_after(f, 10);
    expect(f, OC_STATE_WARNING, "failure 2 of 3");
    say_raw(f, 0, "");
    collect_after(f, 10);
    expect(f, OC_STATE_CRITICAL, "failure 3 of 3");
}

static void a_hung_agent_does_not_delay_the_others(void **state)
{
    struct fixture *f = *state;
    oc_test_option(f->t, "timeout", "300ms");
    collect_after(f, 0);
    kill(f->pids[0], SIGSTOP);
    collect_after(f, 10);
    assert_in_range(oc_test_took_ms(f->t), 200, 2000);
    expect(f, OC_STATE_WARNING, "failure 1 of 3");
    assert_int_equal(oc_test_status(f->t, "mine"), OC_STATE_OK);
}

static void a_cancelled_collection_counts_no_failures(void **state)
{
    struct fixture *f = *state;
    collect_after(f, 0);
    kill(f->pids[0], SIGSTOP);
    kill(f->pids[1], SIGSTOP);
    oc_test_cancel_after(f->t, 50);
    assert_int_equal(oc_test_call(f->t, COLLECT, NULL, 10000), OC_E_CANCELLED);
    kill(f->pids[0], SIGCONT);
    kill(f->pids[1], SIGCONT);
    collect_after(f, 10);
    assert_true(value(f, "agent.consecutive_failures") == 0);
}

static void a_giant_answer_is_cut(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(190000);
    memset(text, ' ', 190000 - 1);
    text[190000 - 1] = '\0';
    const char *head = "HTTP/1.1 200 OK\r\nContent-Length: 180000\r\n\r\n{\"status\":\"busy\"}";
    memcpy(text, head, strlen(head));
    say_raw(f, 0, text);
    free(text);
    collect_after(f, 0);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_STATUS), 2);
}

/* ---- configuration ---- */

static void the_eleven_are_the_default(void **state)
{
    static const char *const names[] = {"steward",  "alpha",    "beta",     "charlie",
                                        "examiner", "explorer", "sentinel", "coder",
                                        "dreamer",  "empath",   "historian"};
    struct fixture *f = *state;
    oc_test_config(f->t, "{\"poll\": false}");
    assert_int_equal(oc_test_start(f->t), OC_OK);
    collect_after(f, 0);
    assert_int_equal(oc_test_count(f->t, OC_RECORD_STATUS), 11);
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(oc_test_status(f->t, names[i]), OC_STATE_WARNING);
    }
    assert_non_null(strstr(detail_of(f, "historian"), "\"role\":\"Memory & Context\""));
}

static void wrong_configurations_are_refused(void **state)
{
    static const char *const wrong[] = {
        "{\"agents\": [{\"name\": \"nobody\"}]}",
        "{\"agents\": [{\"port\": 8001}]}",
        "{\"agents\": [{\"name\": \"alpha\"}, {\"name\": \"alpha\"}]}",
        "{\"agents\": [{\"name\": \"alpha\", \"port\": 70000}]}",
        "{\"agents\": [{\"name\": \"alpha\", \"url\": \"https://h/health\"}]}",
        "{\"host\": \"a b\"}",
        "{\"max_failures\": 0}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        oc_test_config(f->t, wrong[i]);
        assert_int_equal(oc_test_start(f->t), OC_E_CONFIG);
    }
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(an_agent_that_answers_is_well),
        t(the_detail_has_the_shape_of_the_health_api),
        t(the_time_of_a_task_and_the_memory_are_figures),
        t(status_words_are_folded),
        t(heartbeats_are_read_in_every_notation),
        t(an_answer_with_an_old_heartbeat_is_critical),
        t(silence_warns_then_alarms_after_three_failures),
        t(recovery_is_told_attempt_by_attempt),
        t(a_long_interval_alarms_by_age_before_three_failures),
        t(an_agent_that_was_never_heard_is_counted_from_the_start),
        t(errors_of_the_peer_are_failures),
        t(a_hung_agent_does_not_delay_the_others),
        t(a_cancelled_collection_counts_no_failures),
        t(a_giant_answer_is_cut),
        t(the_eleven_are_the_default),
        t(wrong_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
