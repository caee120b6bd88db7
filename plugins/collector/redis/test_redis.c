/* The redis collector against real servers in every state. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "net/testing/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define COLLECT "collector.collect/1"

struct server {
    struct oc_test *t;
    char dir[64];
    unsigned port, other_port;
    pid_t pids[2]; /* a server and its replica */
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

/* `options`: words for the command line of redis-server, NULL-terminated. */
static void start_server(struct server *s, int which, unsigned port, const char *const *options)
{
    char port_text[16], file[32];
    const char *argv[32] = {"redis-server", "--port",     port_text, "--bind", "127.0.0.1",
                            "--dir",        s->dir,       "--save",  "",       "--dbfilename",
                            file,           "--loglevel", "warning"};
    size_t n = 13;
    snprintf(port_text, sizeof port_text, "%u", port);
    snprintf(file, sizeof file, "dump%d.rdb", which);
    for (; options && *options; options++) {
        argv[n++] = *options;
    }
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    s->pids[which] = pid;
    for (int i = 0; i < 500 && !accepts(port); i++) {
        usleep(10000);
    }
    assert_true(accepts(port));
}

static void stop_server(struct server *s, int which)
{
    if (s->pids[which] > 0) {
        kill(s->pids[which], SIGKILL);
        waitpid(s->pids[which], NULL, 0);
        s->pids[which] = 0;
    }
}

static int setup(void **state)
{
    struct server *s = calloc(1, sizeof *s);
    strcpy(s->dir, "/tmp/oc-redis-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    s->port = free_port();
    s->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(s->t);
    char url[64];
    snprintf(url, sizeof url, "redis://127.0.0.1:%u", s->port);
    oc_test_option(s->t, "url", url);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct server *s = *state;
    char command[128];
    assert_int_equal(oc_test_close(s->t), 0);
    stop_server(s, 0);
    stop_server(s, 1);
    snprintf(command, sizeof command, "rm -rf %s", s->dir);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

static void collect(struct server *s)
{
    if (!oc_test_instance(s->t)) {
        assert_int_equal(oc_test_start(s->t), OC_OK);
    }
    assert_int_equal(oc_test_call(s->t, COLLECT, NULL, 20000), OC_OK);
    assert_null(oc_test_complaint(s->t));
}

static double value(struct server *s, const char *name)
{
    return oc_test_sample(s->t, name, NULL, NULL);
}

static void cli(struct server *s, const char *words)
{
    char command[256];
    snprintf(command, sizeof command, "redis-cli -p %u %s >/dev/null", s->port, words);
    assert_int_equal(system(command), 0);
}

static void expect_down(struct server *s, const char *why)
{
    assert_true(value(s, "redis.connected") == 0);
    assert_int_equal(oc_test_samples(s->t, "redis.connected"), 1);
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_CRITICAL);
    assert_non_null(strstr(oc_test_status_text(s->t, ""), why));
}

static void a_server_that_is_well_is_measured(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    cli(s, "set a 1");
    cli(s, "set b 1 ex 1000");
    cli(s, "-n 3 set c 1");
    cli(s, "get a");
    cli(s, "get missing");
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    assert_true(value(s, "redis.latency_ms") > 0 && value(s, "redis.latency_ms") < 1000);
    assert_true(value(s, "redis.memory_used_bytes") > 100000);
    assert_true(value(s, "redis.clients") == 1);
    assert_true(value(s, "redis.clients_blocked") == 0);
    assert_true(value(s, "redis.hits_total") == 1 && value(s, "redis.misses_total") == 1);
    assert_true(value(s, "redis.rdb_last_save_ok") == 1);
    assert_true(value(s, "redis.rdb_last_save_age_seconds") < 60);
    assert_true(value(s, "redis.rdb_changes") == 3);
    assert_true(value(s, "redis.is_replica") == 0);
    assert_true(value(s, "redis.uptime_seconds") < 60);
    assert_true(value(s, "redis.loading") == 0);
    assert_true(oc_test_sample(s->t, "redis.keys", "db", "0") == 2);
    assert_true(oc_test_sample(s->t, "redis.keys_expiring", "db", "0") == 1);
    assert_true(oc_test_sample(s->t, "redis.keys", "db", "3") == 1);
    assert_int_equal(oc_test_samples(s->t, "redis.memory_used_percent"), 0);
    assert_int_equal(oc_test_samples(s->t, "redis.aof_ok"), 0);
    assert_int_equal(oc_test_samples(s->t, "redis.replication_lag_seconds"), 0);
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_OK);
    assert_non_null(strstr(oc_test_status_text(s->t, ""), "master, 1 clients"));
}

static void the_connection_is_kept(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    collect(s);
    double first = value(s, "redis.connections_total");
    for (int i = 0; i < 5; i++) {
        collect(s);
    }
    assert_true(value(s, "redis.connections_total") == first);
}

static void a_memory_limit_gives_a_percentage(void **state)
{
    struct server *s = *state;
    const char *options[] = {"--maxmemory", "100mb", "--appendonly", "yes", NULL};
    start_server(s, 0, s->port, options);
    collect(s);
    assert_true(value(s, "redis.memory_max_bytes") == 100.0 * 1024 * 1024);
    double percent = value(s, "redis.memory_used_percent");
    assert_true(percent > 0 && percent < 20);
    assert_true(value(s, "redis.aof_ok") == 1);
}

static void a_server_that_is_not_there_is_critical(void **state)
{
    struct server *s = *state;
    collect(s);
    expect_down(s, "Connection refused");
}

static void a_server_that_stops_and_returns_is_followed(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    collect(s);
    stop_server(s, 0);
    collect(s);
    expect_down(s, "Connection refused");
    start_server(s, 0, s->port, NULL);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_OK);
}

static void a_restart_between_two_calls_is_no_failure(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    collect(s);
    stop_server(s, 0);
    start_server(s, 0, s->port, NULL);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
}

static void a_password_is_used_and_never_shown(void **state)
{
    struct server *s = *state;
    const char *options[] = {"--requirepass", "s3cret", NULL};
    start_server(s, 0, s->port, options);
    oc_test_option(s->t, "password", "s3cret");
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    assert_null(strstr(oc_test_dump(s->t), "s3cret"));
}

static void the_url_may_hold_user_password_and_database(void **state)
{
    struct server *s = *state;
    char url[128];
    start_server(s, 0, s->port, NULL);
    cli(s, "acl setuser watcher on '>p@ss' +ping +info +select");
    snprintf(url, sizeof url, "redis://watcher:p%%40ss@127.0.0.1:%u/2", s->port);
    oc_test_option(s->t, "url", url);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_OK);
}

static void expect_refused(struct server *s, int32_t code)
{
    assert_int_equal(oc_test_start(s->t), OC_OK);
    assert_int_equal(oc_test_call(s->t, COLLECT, NULL, 20000), code);
    assert_true(value(s, "redis.connected") == 0);
    assert_null(strstr(oc_test_error(s->t)->message, "wrong-one"));
    assert_true(oc_test_error(s->t)->hint[0] != '\0');
    oc_test_stop(s->t);
}

static void refused_credentials_are_an_error_of_their_own(void **state)
{
    struct server *s = *state;
    const char *options[] = {"--requirepass", "s3cret", NULL};
    start_server(s, 0, s->port, options);
    expect_refused(s, OC_E_AUTH); /* none given */
    oc_test_option(s->t, "password", "wrong-one");
    expect_refused(s, OC_E_AUTH);
    char url[128];
    snprintf(url, sizeof url, "redis://127.0.0.1:%u/99", s->port);
    oc_test_option(s->t, "url", url);
    oc_test_option(s->t, "password", "s3cret");
    expect_refused(s, OC_E_CONFIG); /* no such database */
}

/* Takes the one place that the server has for clients. */
static int take_the_place(const struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)s->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (;;) {
        char answer[64] = "";
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        send(fd, "PING\r\n", 6, MSG_NOSIGNAL);
        if (recv(fd, answer, sizeof answer - 1, 0) > 0 && answer[0] == '+') {
            return fd;
        }
        close(fd); /* whoever asked whether the server listens has not left yet */
    }
}

static void a_server_that_is_full_is_critical_and_its_password_is_not_doubted(void **state)
{
    struct server *s = *state;
    const char *options[] = {"--maxclients", "1", NULL};
    start_server(s, 0, s->port, options);
    int fd = take_the_place(s);
    for (int i = 0; i < 2; i++) {
        collect(s);
        expect_down(s, "");
        oc_test_stop(s->t);
        oc_test_option(s->t, "password", "s3cret");
    }
    close(fd);
}

static void a_name_service_that_hangs_costs_no_more_than_the_timeout(void **state)
{
    struct server *s = *state;
    oc_test_option(s->t, "url", "redis://cache.hangs.test");
    oc_test_option(s->t, "timeout", "100ms");
    collect(s);
    expect_down(s, "the name service does not answer in time");
    assert_true(names_hanging());
    names_release();
}

/* hiredis knows only the first address that does not refuse at once. */
static void every_address_of_a_name_is_tried(void **state)
{
    struct server *s = *state;
    char url[64];
    start_server(s, 0, s->port, NULL);
    names_set("127.0.0.2", "127.0.0.1"); /* nobody listens at the first */
    snprintf(url, sizeof url, "redis://set.names.test:%u", s->port);
    oc_test_option(s->t, "url", url);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
}

static void a_name_that_has_moved_is_followed(void **state)
{
    struct server *s = *state;
    char url[64];
    start_server(s, 0, s->port, NULL);
    names_set("127.0.0.2", NULL);
    snprintf(url, sizeof url, "redis://set.names.test:%u", s->port);
    oc_test_option(s->t, "url", url);
    collect(s);
    expect_down(s, "Connection refused");
    names_set("127.0.0.1", NULL);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
}

static void a_user_without_info_still_counts_as_connected(void **state)
{
    struct server *s = *state;
    char url[128];
    start_server(s, 0, s->port, NULL);
    cli(s, "acl setuser blind on '>x' +ping");
    snprintf(url, sizeof url, "redis://blind:x@127.0.0.1:%u", s->port);
    oc_test_option(s->t, "url", url);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_WARNING);
}

static void a_hung_server_costs_no_more_than_the_timeout(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    oc_test_option(s->t, "timeout", "300ms");
    collect(s);
    kill(s->pids[0], SIGSTOP);
    collect(s); /* on the kept connection */
    expect_down(s, "no answer in time");
    assert_in_range(oc_test_took_ms(s->t), 250, 1500);
    collect(s); /* on a new one, which the kernel accepts */
    expect_down(s, "no answer in time");
    assert_in_range(oc_test_took_ms(s->t), 250, 1500);
    kill(s->pids[0], SIGCONT);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
}

static void the_hosts_deadline_goes_before_the_timeout(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    oc_test_option(s->t, "timeout", "60s");
    assert_int_equal(oc_test_start(s->t), OC_OK);
    kill(s->pids[0], SIGSTOP);
    assert_int_equal(oc_test_call(s->t, COLLECT, NULL, 2000), OC_OK);
    expect_down(s, "no answer in time");
    assert_true(oc_test_took_ms(s->t) < 2000);
}

static void a_cancelled_call_ends_soon(void **state)
{
    struct server *s = *state;
    start_server(s, 0, s->port, NULL);
    assert_int_equal(oc_test_start(s->t), OC_OK);
    kill(s->pids[0], SIGSTOP);
    oc_test_cancel_after(s->t, 50);
    assert_int_equal(oc_test_call(s->t, COLLECT, NULL, 10000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(s->t) < 1000);
}

static void a_replica_and_its_master_are_told_apart(void **state)
{
    struct server *s = *state;
    char master[16];
    s->other_port = free_port();
    snprintf(master, sizeof master, "%u", s->other_port);
    const char *options[] = {"--replicaof", "127.0.0.1", master, NULL};
    start_server(s, 1, s->other_port, NULL);
    start_server(s, 0, s->port, options);
    for (int i = 0; i < 100 && !(value(s, "redis.master_link_up") == 1); i++) {
        collect(s);
        usleep(50000);
    }
    assert_true(value(s, "redis.is_replica") == 1);
    assert_true(value(s, "redis.master_link_up") == 1);
    assert_true(value(s, "redis.replication_lag_seconds") >= 0);
    stop_server(s, 1);
    for (int i = 0; i < 100 && !(value(s, "redis.master_link_up") == 0); i++) {
        collect(s);
        usleep(50000);
    }
    assert_int_equal(oc_test_status(s->t, ""), OC_STATE_WARNING);
    assert_non_null(strstr(oc_test_status_text(s->t, ""), "link to the master is down"));
}

static void a_master_knows_the_lag_of_its_replicas(void **state)
{
    struct server *s = *state;
    char master[16];
    s->other_port = free_port();
    snprintf(master, sizeof master, "%u", s->port);
    const char *options[] = {"--replicaof", "127.0.0.1", master, NULL};
    start_server(s, 0, s->port, NULL);
    start_server(s, 1, s->other_port, options);
    for (int i = 0; i < 100 && !(value(s, "redis.connected_replicas") == 1); i++) {
        collect(s);
        usleep(50000);
    }
    assert_true(value(s, "redis.connected_replicas") == 1);
    assert_true(value(s, "redis.replication_lag_bytes") >= 0);
}

static void a_unix_socket_will_do(void **state)
{
    struct server *s = *state;
    char path[128], url[160];
    snprintf(path, sizeof path, "%s/sock", s->dir);
    snprintf(url, sizeof url, "unix:%s", path);
    const char *options[] = {"--unixsocket", path, NULL};
    start_server(s, 0, s->port, options);
    oc_test_option(s->t, "url", url);
    collect(s);
    assert_true(value(s, "redis.connected") == 1);
    stop_server(s, 0);
    collect(s);
    expect_down(s, path);
}

/* A peer that is no Redis: sends `text` and closes (or not). */
static pid_t start_liar(unsigned port, const char *text, bool drip)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 8), 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int c = accept(fd, NULL, NULL);
            for (const char *p = text; *p; p += drip ? 1 : (int)strlen(p)) {
                if (write(c, p, drip ? 1 : strlen(p)) < 0) {
                    break;
                }
                usleep(drip ? 50000 : 0);
            }
            shutdown(c, SHUT_WR);
            close(c);
        }
    }
    close(fd);
    return pid;
}

static void a_peer_that_is_no_redis_is_said_to_be_none(void **state)
{
    struct server *s = *state;
    s->pids[0] = start_liar(s->port, "HTTP/1.1 400 Bad Request\r\n\r\n", false);
    collect(s);
    expect_down(s, "not a Redis server");
}

static void a_peer_that_drips_does_not_stretch_the_deadline(void **state)
{
    struct server *s = *state;
    char long_line[256];
    memset(long_line, 'x', sizeof long_line - 1);
    long_line[0] = '+';
    long_line[sizeof long_line - 1] = '\0';
    s->pids[0] = start_liar(s->port, long_line, true);
    oc_test_option(s->t, "timeout", "400ms");
    collect(s);
    expect_down(s, "no answer in time");
    assert_in_range(oc_test_took_ms(s->t), 300, 2000);
}

static void a_peer_that_promises_a_giant_answer_is_left(void **state)
{
    struct server *s = *state;
    oc_test_option(s->t, "timeout", "2s");
    char *giant = malloc(6u << 20);
    memset(giant, 'x', (6u << 20) - 1);
    giant[(6u << 20) - 1] = '\0';
    memcpy(giant, "+PONG\r\n$400000000\r\n", 19);
    s->pids[0] = start_liar(s->port, giant, false);
    free(giant);
    collect(s);
    expect_down(s, "");
    assert_true(oc_test_took_ms(s->t) < 4000);
}

static void wrong_addresses_are_refused(void **state)
{
    static const char *const wrong[] = {
        "rediss://127.0.0.1:6379",
        "http://127.0.0.1",
        "redis://",
        "redis://h:0",
        "redis://h:70000",
        "redis://h:x",
        "redis://h:1/-1",
        "redis://h:1/x",
        "redis://[::1",
        "unix:relative",
        "unix:",
        "redis://[::1]x",
    };
    struct server *s = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        oc_test_option(s->t, "url", wrong[i]);
        assert_int_equal(oc_test_start(s->t), OC_E_CONFIG);
    }
    oc_test_option(s->t, "url", wrong[0]);
    assert_int_equal(oc_test_start(s->t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(s->t)->hint, "TLS"));
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(a_server_that_is_well_is_measured),
        t(the_connection_is_kept),
        t(a_memory_limit_gives_a_percentage),
        t(a_server_that_is_not_there_is_critical),
        t(a_server_that_stops_and_returns_is_followed),
        t(a_restart_between_two_calls_is_no_failure),
        t(a_password_is_used_and_never_shown),
        t(the_url_may_hold_user_password_and_database),
        t(refused_credentials_are_an_error_of_their_own),
        t(a_user_without_info_still_counts_as_connected),
        t(a_server_that_is_full_is_critical_and_its_password_is_not_doubted),
        t(a_name_service_that_hangs_costs_no_more_than_the_timeout),
        t(every_address_of_a_name_is_tried),
        t(a_name_that_has_moved_is_followed),
        t(a_hung_server_costs_no_more_than_the_timeout),
        t(the_hosts_deadline_goes_before_the_timeout),
        t(a_cancelled_call_ends_soon),
        t(a_replica_and_its_master_are_told_apart),
        t(a_master_knows_the_lag_of_its_replicas),
        t(a_unix_socket_will_do),
        t(a_peer_that_is_no_redis_is_said_to_be_none),
        t(a_peer_that_drips_does_not_stretch_the_deadline),
        t(a_peer_that_promises_a_giant_answer_is_left),
        t(wrong_addresses_are_refused),
    };
    if (system("command -v redis-server >/dev/null && command -v redis-cli >/dev/null") != 0) {
        puts("redis-server is not installed: skipped");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
