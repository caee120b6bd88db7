/* The Redis bus against real servers that come and go. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "net/testing/names.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define LISTEN  "bus.listen/1"
#define PUBLISH "bus.publish/1"
#define MARK    "bus.mark/1"

struct server {
    struct oc_test *t;
    unsigned port;
    pid_t pid, helper;
};

static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static bool accepts(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return ok;
}

static pid_t spawn(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static void start_server(struct server *s, const char *password)
{
    char port[16];
    snprintf(port, sizeof port, "%u", s->port);
    const char *argv[] = {"redis-server", "--port", port,    "--bind", "127.0.0.1",
                          "--save",       "",       "--dir", "/",      "--requirepass",
                          password,       NULL};
    s->pid = spawn(argv);
    for (int i = 0; i < 500 && !accepts(s->port); i++) {
        usleep(10000);
    }
    assert_true(accepts(s->port));
}

static void stop_server(struct server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
        s->pid = 0;
    }
}

static void cli(struct server *s, const char *words)
{
    char command[512];
    snprintf(command, sizeof command, "redis-cli -p %u %s >/dev/null", s->port, words);
    assert_int_equal(system(command), 0);
}

/* Runs a shell line a little later, while a call goes on. */
static void later(struct server *s, const char *words)
{
    char line[600];
    snprintf(line, sizeof line, "sleep 0.4; P=%u; %s", s->port, words);
    const char *argv[] = {"sh", "-c", line, NULL};
    s->helper = spawn(argv);
}

static int setup(void **state)
{
    struct server *s = calloc(1, sizeof *s);
    char url[64];
    s->port = free_port();
    s->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(s->t);
    snprintf(url, sizeof url, "redis://127.0.0.1:%u", s->port);
    oc_test_option(s->t, "url", url);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct server *s = *state;
    if (s->helper > 0) {
        waitpid(s->helper, NULL, 0);
    }
    assert_int_equal(oc_test_close(s->t), 0);
    stop_server(s);
    free(s);
    return 0;
}

static void messages_of_the_channels_are_told(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    later(s, "redis-cli -p $P publish a2a:alpha '{\"content\":\"hi\"}'; redis-cli -p $P publish "
             "elsewhere no; redis-cli -p $P publish global-workspace:broadcast all");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 1500), OC_OK);
    assert_null(oc_test_complaint(s->t));
    assert_int_equal(oc_test_count(s->t, OC_RECORD_EVENT), 3);
    assert_string_equal(oc_test_event(s->t, "bus.listening"), "{\"channels\":4}");
    assert_non_null(strstr(oc_test_dump(s->t), "a2a:alpha"));
    assert_string_equal(oc_test_event(s->t, "bus.message"),
                        "{\"channel\":\"global-workspace:broadcast\",\"payload\":\"all\"}");
}

static void nothing_is_missed_between_two_calls(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 800), OC_OK);
    cli(s, "publish channel:general between");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 1200), OC_OK);
    assert_non_null(strstr(oc_test_event(s->t, "bus.message"), "between"));
}

static void a_flood_is_cut_into_calls(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    oc_test_option(s->t, "channels", "[\"x\"]");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 800), OC_OK);
    cli(s, "eval \"for i=1,30000 do redis.call('publish','x',i) end\" 0");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 20000), OC_OK);
    assert_int_equal(oc_test_count(s->t, OC_RECORD_EVENT), 20001);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 2000), OC_OK);
    assert_int_equal(oc_test_count(s->t, OC_RECORD_EVENT), 10001);
}

static void what_cannot_be_carried_is_said(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 800), OC_OK);
    cli(s, "eval \"redis.call('publish','a2a:x','\\255\\254')\" 0");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 1200), OC_OK);
    assert_string_equal(oc_test_event(s->t, "bus.message"),
                        "{\"channel\":\"a2a:x\",\"refused\":\"not UTF-8\"}");
    cli(s, "eval \"redis.call('publish','a2a:x',string.rep('x',300000))\" 0");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 1200), OC_OK);
    assert_non_null(strstr(oc_test_event(s->t, "bus.message"), "longer than 256 KB"));
}

static void a_server_that_dies_ends_the_call_and_comes_back_with_the_next(void **state)
{
    struct server *s = *state;
    char line[64];
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    snprintf(line, sizeof line, "kill -9 %d", (int)s->pid);
    later(s, line);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 10000), OC_E_RETRY);
    assert_true(oc_test_took_ms(s->t) < 5000);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 3000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(s->t)->message, "cannot connect"));
    waitpid(s->pid, NULL, 0);
    start_server(s, "");
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 1200), OC_OK);
    assert_non_null(oc_test_event(s->t, "bus.listening"));
}

static void listening_is_cancelled_at_once(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    oc_test_cancel_after(s->t, 200);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 20000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(s->t) < 5000);
}

static void messages_are_published_and_kept(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    oc_test_option(s->t, "history", "true");
    oc_test_time(s->t, 1795379034000);
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, PUBLISH,
                                  "{\"channel\":\"a2a:alpha\",\"payload\":\"{}\",\"id\":\"m1\"}",
                                  2000),
                     OC_OK);
    assert_string_equal(oc_test_json(s->t, 0), "{\"receivers\":0}");
    cli(s, "hget A2A:messages:a2a:alpha:2026-11-22 m1 | grep -q '{}'");
    cli(s, "ttl A2A:messages:a2a:alpha:2026-11-22 | grep -q 604");
}

/* Whoever tried again would publish it twice. */
static void what_was_published_and_cannot_be_kept_is_published(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    oc_test_option(s->t, "history", "true");
    oc_test_time(s->t, 1795379034000);
    assert_int_equal(oc_test_start(s->t), OC_OK);
    cli(s, "set A2A:messages:a2a:alpha:2026-11-22 'no hash'");
    assert_int_equal(oc_test_call(s->t, PUBLISH,
                                  "{\"channel\":\"a2a:alpha\",\"payload\":\"{}\",\"id\":\"m1\"}",
                                  2000),
                     OC_OK);
    assert_non_null(strstr(oc_test_json(s->t, 0), "{\"receivers\":0,\"warning\":\"not kept: "
                                                  "HSET was refused: WRONGTYPE"));
}

static void a_server_that_cannot_at_the_moment_is_asked_again(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    cli(s, "config set min-replicas-to-write 1");
    assert_int_equal(oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\"]}", 2000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(s->t)->message, "SET was refused: NOREPLICAS"));
}

/* Connections to it stay as they are, and nobody listens yet where the name points then. */
static void a_server_that_became_a_replica_is_left(void **state)
{
    struct server *s = *state;
    char url[64];
    start_server(s, "");
    names_set("127.0.0.1", NULL);
    snprintf(url, sizeof url, "redis://set.names.test:%u", s->port);
    oc_test_option(s->t, "url", url);
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\"]}", 2000), OC_OK);
    cli(s, "replicaof 127.0.0.1 1");
    assert_int_equal(oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\"]}", 2000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(s->t)->message, "SET was refused: READONLY"));
    names_set("127.0.0.2", NULL);
    assert_int_equal(oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\"]}", 2000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(s->t)->message, "cannot connect"));
    cli(s, "replicaof no one");
    names_set("127.0.0.1", NULL);
    assert_int_equal(oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\"]}", 2000), OC_OK);
}

static void agents_are_marked_as_listening(void **state)
{
    struct server *s = *state;
    start_server(s, "");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(
        oc_test_call(s->t, MARK, "{\"agents\":[\"alpha\",\"beta\"],\"ttl\":300}", 2000), OC_OK);
    assert_string_equal(oc_test_json(s->t, 0), "{\"marked\":2}");
    cli(s, "get agent:alpha:subscriber:active | grep -q true");
    cli(s, "ttl agent:beta:subscriber:active | grep -q '^\\(29[0-9]\\|300\\)'");
}

static void wrong_parameters_are_refused(void **state)
{
    static const char *const wrong[] = {NULL,
                                        "{}",
                                        "[]",
                                        "{\"channel\":\"x\"}",
                                        "{\"channel\":\"\",\"payload\":\"x\"}",
                                        "{\"channel\":1,\"payload\":\"x\"}"};
    struct server *s = *state;
    assert_int_equal(oc_test_start(s->t), OC_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(oc_test_call(s->t, PUBLISH, wrong[i], 1000), OC_E_CONFIG);
    }
    assert_int_equal(oc_test_call(s->t, MARK, "{}", 1000), OC_E_CONFIG);
}

static void refused_credentials_are_said_without_the_password(void **state)
{
    struct server *s = *state;
    start_server(s, "s3cret");
    oc_test_option(s->t, "password", "wrong-one");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 2000), OC_E_AUTH);
    assert_null(strstr(oc_test_error(s->t)->message, "wrong-one"));
    oc_test_stop(s->t);
    oc_test_option(s->t, "password", "s3cret");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, LISTEN, NULL, 500), OC_OK);
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(messages_of_the_channels_are_told),
        t(nothing_is_missed_between_two_calls),
        t(a_flood_is_cut_into_calls),
        t(what_cannot_be_carried_is_said),
        t(a_server_that_dies_ends_the_call_and_comes_back_with_the_next),
        t(listening_is_cancelled_at_once),
        t(messages_are_published_and_kept),
        t(what_was_published_and_cannot_be_kept_is_published),
        t(a_server_that_cannot_at_the_moment_is_asked_again),
        t(a_server_that_became_a_replica_is_left),
        t(agents_are_marked_as_listening),
        t(wrong_parameters_are_refused),
        t(refused_credentials_are_said_without_the_password),
    };
    if (system("command -v redis-server >/dev/null && command -v redis-cli >/dev/null") != 0) {
        puts("redis-server is not installed: skipped");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
