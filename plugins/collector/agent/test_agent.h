/* Two agents of every temper, and the collector that listens to them. SPDX-License-Identifier: MIT */
#ifndef TEST_AGENT_H
#define TEST_AGENT_H

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

#endif
