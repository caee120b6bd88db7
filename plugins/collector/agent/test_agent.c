/* The agent collector with agents of every temper. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define COLLECT   "collector.collect/1"
#define HEARTBEAT "agent.heartbeat/1"
#define T0        INT64_C(1750000000000) /* 2025-06-15T15:06:40Z */

/* Two agents, each a child process that answers with what is in its file. */
struct fixture {
    struct oc_test *t;
    char dir[64];
    unsigned ports[2];
    pid_t pids[2];
    int64_t now;
};

static unsigned listen_on(int *fd, unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int one = 1;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(*fd, 16), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static void serve(int fd, const char *path)
{
    static char request[4096], answer[200000];
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int c = accept(fd, NULL, NULL);
        if (read(c, request, sizeof request) < 0) {
            _exit(1);
        }
        int file = open(path, O_RDONLY);
        ssize_t n = read(file, answer, sizeof answer);
        close(file);
        if (n > 0 && write(c, answer, (size_t)n) < 0) {
            _exit(1);
        }
        close(c);
    }
}

static void start_agent(struct fixture *f, int which)
{
    char path[96];
    int fd;
    snprintf(path, sizeof path, "%s/%d", f->dir, which);
    f->ports[which] = listen_on(&fd, f->ports[which]);
    f->pids[which] = fork();
    if (f->pids[which] == 0) {
        serve(fd, path);
    }
    close(fd);
}

static void stop_agent(struct fixture *f, int which)
{
    if (f->pids[which] > 0) {
        kill(f->pids[which], SIGKILL);
        waitpid(f->pids[which], NULL, 0);
        f->pids[which] = 0;
    }
}

static void say_raw(struct fixture *f, int which, const char *text)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%d", f->dir, which);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void say(struct fixture *f, int which, const char *body)
{
    char text[8192];
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    say_raw(f, which, text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char agents[256];
    strcpy(f->dir, "/tmp/oc-agent-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    for (int i = 0; i < 2; i++) {
        say(f, i, "{\"status\": \"active\"}");
        start_agent(f, i);
    }
    f->now = T0;
    f->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(f->t);
    snprintf(agents, sizeof agents,
             "[{\"name\": \"alpha\", \"port\": %u}, {\"name\": \"mine\", \"port\": %u}]",
             f->ports[0], f->ports[1]);
    oc_test_option(f->t, "agents", agents);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[96];
    assert_int_equal(oc_test_close(f->t), 0);
    stop_agent(f, 0);
    stop_agent(f, 1);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* One collection, `seconds` after the one before. */
static void collect_after(struct fixture *f, int seconds)
{
    if (!oc_test_instance(f->t)) {
        assert_int_equal(oc_test_start(f->t), OC_OK);
    }
    f->now += seconds * 1000;
    oc_test_time(f->t, f->now);
    assert_int_equal(oc_test_call(f->t, COLLECT, NULL, 10000), OC_OK);
    assert_null(oc_test_complaint(f->t));
}

static int32_t push_after(struct fixture *f, int seconds, const char *params)
{
    if (!oc_test_instance(f->t)) {
        assert_int_equal(oc_test_start(f->t), OC_OK);
    }
    f->now += seconds * 1000;
    oc_test_time(f->t, f->now);
    return oc_test_call(f->t, HEARTBEAT, params, 5000);
}

static double value(struct fixture *f, const char *name)
{
    return oc_test_sample(f->t, name, "target", "alpha");
}

static void expect(struct fixture *f, int state, const char *text)
{
    const char *said = oc_test_status_text(f->t, "alpha");
    if (oc_test_status(f->t, "alpha") != state || !strstr(said ? said : "", text)) {
        fail_msg("expected state %d '%s', got %d '%s'", state, text, oc_test_status(f->t, "alpha"),
                 said);
    }
}

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

/* ---- pushed ---- */

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
        t(a_push_is_a_heartbeat),
        t(an_agent_that_pushes_need_not_answer),
        t(pushes_survive_a_restart),
        t(the_silence_of_an_agent_goes_on_over_a_restart),
        t(polls_are_kept_at_most_once_a_minute),
        t(a_clock_that_was_set_back_counts_from_now),
        t(what_was_kept_badly_is_passed_over),
        t(a_host_that_keeps_nothing_is_no_obstacle),
        t(pushes_for_nobody_are_refused),
        t(the_eleven_are_the_default),
        t(wrong_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
