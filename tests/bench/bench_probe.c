/* bench_probe HTTP_SO TARGETS [COUNT] [ROUNDS]: CPU time per check of the http collector.
 * SPDX-License-Identifier: MIT
 *
 * HTTP_SO is the built plugin, TARGETS the program of targets.c (bench_targets). Each round does
 * COUNT checks in each way, one way after the other, so that noise of the machine meets all alike;
 * medians are printed, and the ratio to the bare system calls of the same run. Only this process's
 * CPU time counts, not that of the targets. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/emit.h>
#include <openclaw/testkit.h>

#define BASE       21000
#define ROUNDS_MAX 200

static const char request[] =
    "GET /health HTTP/1.1\r\nHost: 127.0.0.1:21000\r\nUser-Agent: openclaw/1.0\r\n"
    "Accept: */*\r\n\r\n";

struct sink {
    unsigned long records, up, bytes, down;
    double good_by, flushed_at, down_from,
        down_to; /* seconds: last good status, its flush, first and last bad one */
};

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What a host does at the least: copies the record. */
static int32_t emit(void *ctx, const struct oc_record *r)
{
    struct sink *s = ctx;
    char copy[600];
    size_t len = (size_t)r->text.len < sizeof copy ? (size_t)r->text.len : sizeof copy;
    if (len) {
        memcpy(copy, r->text.ptr, len);
    }
    s->records++;
    s->bytes += len;
    s->up += r->kind == OC_KIND_BOOL && r->value > 0;
    if (r->type == OC_RECORD_STATUS && r->state == OC_STATE_OK) {
        s->good_by = seconds(CLOCK_MONOTONIC);
    } else if (r->type == OC_RECORD_STATUS) {
        s->down_to = seconds(CLOCK_MONOTONIC);
        s->down_from = s->down++ ? s->down_from : s->down_to;
    }
    return OC_OK;
}

static int32_t flush(void *ctx)
{
    struct sink *s = ctx;
    if (s->flushed_at < s->good_by) {
        s->flushed_at = seconds(CLOCK_MONOTONIC);
    }
    return OC_OK;
}

/* ---- bare system calls ---- */

static int dial(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0 && errno != EINPROGRESS) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* The way of every event loop: socket, connect, epoll_ctl, wait until writable, send, wait until
 * readable, recv, close. */
static void bare(int count)
{
    static bool sent[65536];
    struct epoll_event events[256];
    char buf[16384];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        int fd = dial(BASE + i);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
        sent[fd] = false;
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    }
    for (int left = count; left > 0;) {
        int n = epoll_wait(ep, events, 256, 1000);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (!sent[fd] && (events[i].events & EPOLLOUT)) {
                sent[fd] = send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0;
            }
            if ((events[i].events & EPOLLIN) && recv(fd, buf, sizeof buf, 0) > 0) {
                close(fd);
                left--;
            }
        }
    }
    close(ep);
}

/* ---- the collector ---- */

struct collector {
    struct oc_test *test;
    struct sink sink;
};

static struct collector collector_start(const char *so, int count, bool keep)
{
    struct collector c = {.test = oc_test_open(so)};
    char *json = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&json, &size);
    fprintf(f, "{\"keep_alive\": %s, \"targets\": [", keep ? "true" : "false");
    for (int i = 0; i < count; i++) {
        fprintf(f, "%s{\"name\": \"t%d\", \"url\": \"http://127.0.0.1:%d/health\"}", i ? "," : "",
                i, BASE + i);
    }
    fputs("]}", f);
    fclose(f);
    if (!c.test) {
        exit(1);
    }
    oc_test_config(c.test, json);
    free(json);
    if (oc_test_start(c.test) != OC_OK) {
        fprintf(stderr, "start: %s\n", oc_test_error(c.test)->message);
        exit(1);
    }
    return c;
}

/* Calls the method as a host does, without the recording of the test kit. */
static void collector_run(struct collector *c, int count)
{
    static const int32_t cancel = 0;
    struct oc_error err = {.struct_size = sizeof err};
    struct oc_sink sink = {
        .struct_size = sizeof sink, .ctx = &c->sink, .emit = emit, .flush = flush};
    struct oc_request req = {.struct_size = sizeof req, .cancel = &cancel};
    req.deadline_ms = (int64_t)(seconds(CLOCK_MONOTONIC) * 1000) + 10000;
    c->sink = (struct sink){0};
    void *self = (void *)(uintptr_t)oc_test_instance(c->test);
    int32_t code = oc_test_entry(c->test)->methods[0].fn(self, &req, &sink, &err);
    if (code != OC_OK || c->sink.up != (unsigned long)count) {
        fprintf(stderr, "collect: code %d, %lu of %d up: %s\n", (int)code, c->sink.up, count,
                err.message);
        exit(1);
    }
}

/* ---- rounds ---- */

struct series {
    const char *name;
    double us[ROUNDS_MAX];
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(struct series *s, int rounds)
{
    qsort(s->us, (size_t)rounds, sizeof s->us[0], by_value);
    return s->us[rounds / 2];
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    if (f) {
        fclose(f);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static pid_t spawn_targets(const char *program, int count, int hanging)
{
    char base[16], number[16], hang[16], line[16] = "";
    int out[2];
    if (pipe(out) < 0) {
        exit(1);
    }
    snprintf(base, sizeof base, "%d", BASE);
    snprintf(number, sizeof number, "%d", count);
    snprintf(hang, sizeof hang, "%d", hanging);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever way we end */
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl(program, program, base, number, hang, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    if (read(out[0], line, sizeof line - 1) <= 0) {
        fprintf(stderr, "%s did not start\n", program);
        exit(1);
    }
    close(out[0]);
    return pid;
}

#define MEASURE(series, statement)                                                                 \
    do {                                                                                           \
        double from = seconds(CLOCK_PROCESS_CPUTIME_ID);                                           \
        statement;                                                                                 \
        (series).us[r] = (seconds(CLOCK_PROCESS_CPUTIME_ID) - from) * 1e6 / count;                 \
        usleep(50000);                                                                             \
    } while (0)

/* Half of the targets accept and never answer: when are the others done, and when do these time
 * out? */
static void stall(const char *so, const char *targets, int count)
{
    pid_t pid = spawn_targets(targets, count, count / 2);
    struct collector c = collector_start(so, count, false);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double from = seconds(CLOCK_MONOTONIC);
    collector_run(&c, count - count / 2);
    const struct sink *s = &c.sink;
    printf("%d of %d hang: others done after %.0f ms, handed on after %.0f ms; timeouts of 5 s "
           "after %.0f to %.0f ms; "
           "CPU %.1f ms\n",
           count / 2, count, (s->good_by - from) * 1e3, (s->flushed_at - from) * 1e3,
           (s->down_from - from) * 1e3, (s->down_to - from) * 1e3,
           (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3);
    oc_test_close(c.test);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    struct series calls = {.name = "bare"}, fresh = {.name = "fresh"}, kept = {.name = "kept"};
    int count = argc > 3 ? atoi(argv[3]) : 1000;
    int rounds = argc > 4 ? atoi(argv[4]) : 20;
    struct rlimit files = {8192, 8192};
    if (argc < 3 || count < 1 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_probe HTTP_SO TARGETS [COUNT] [ROUNDS]\n");
        return 64;
    }
    setrlimit(RLIMIT_NOFILE, &files);
    pid_t pid = spawn_targets(argv[2], count, 0);
    struct collector a = collector_start(argv[1], count, false);
    long before = resident_kib();
    collector_run(
        &a, count); /* warm-up, and so that the kit sees no descriptor of the one in the other */
    long after = resident_kib();
    struct collector b = collector_start(argv[1], count, true);
    collector_run(&b, count);
    for (int r = 0; r < rounds; r++) {
        MEASURE(calls, bare(count));
        MEASURE(fresh, collector_run(&a, count));
        MEASURE(kept, collector_run(&b, count));
    }
    double base = median(&calls, rounds);
    double f = median(&fresh, rounds);
    double k = median(&kept, rounds);
    printf("checks %d, rounds %d, CPU us per check (median)\n", count, rounds);
    printf("bare system calls  %6.1f\nfresh connections  %6.1f  ratio %.2f\nkept connections   "
           "%6.1f  ratio %.2f\n",
           base, f, f / base, k, k / base);
    printf("resident %ld KiB before the first check, %ld KiB after\n", before, after);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int left = oc_test_close(b.test);
    left += oc_test_close(a.test);
    stall(argv[1], argv[2], count);
    return left;
}
