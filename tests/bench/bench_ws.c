/* How long a delta takes to many WebSocket clients, and what they cost the host. SPDX-License-Identifier: MIT
 *
 *     bench_ws PORT TOKEN CLIENTS SECONDS PID [idle]
 *
 * Opens CLIENTS connections to /ws, subscribes each to `health` (not with `idle`), and for SECONDS takes, of each delta, the
 * time from its "timestamp" (when the host looked) to its arrival at each client. Prints one JSON object:
 * {"clients","deltas","p50_ms","p99_ms","max_ms","rss_before_kb","rss_after_kb","bytes"}. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX (8u << 20)

struct conn {
    int fd;
    char *data;
    size_t len, cap;
};

static struct conn *conns;
static double *delays;
static size_t delay_count, delay_cap;
static uint64_t bytes;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_ws: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long rss_kb(const char *pid)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmRSS: %ld", &kb) == 1) {
            break;
        }
    }
    if (f) {
        fclose(f);
    }
    return kb;
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) {
            die("send");
        }
        data += n;
        len -= (size_t)n;
    }
}

static void shake_hands(struct conn *c, unsigned port, const char *token)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[1024];
    size_t len = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a)) {
        die("connect");
    }
    int n = snprintf(text, sizeof text,
                     "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: openclaw.v1\r\n"
                     "Authorization: Bearer %s\r\n\r\n",
                     port, token);
    send_all(c->fd, text, (size_t)n);
    do { /* a byte at a time: what follows belongs to the frames */
        if (recv(c->fd, text + len, 1, 0) != 1 || ++len >= sizeof text) {
            die("handshake");
        }
    } while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0);
    if (memcmp(text, "HTTP/1.1 101", 12) != 0) {
        errno = 0;
        text[len] = '\0';
        die(text);
    }
}

static void subscribe(const struct conn *c)
{
    static const char text[] = "{\"type\":\"subscribe\",\"topics\":[\"health\"]}";
    char frame[128] = {(char)0x81, (char)(0x80 | (sizeof text - 1)), 0, 0, 0, 0};
    memcpy(frame + 6, text, sizeof text - 1);
    send_all(c->fd, frame, 6 + sizeof text - 1);
}

/* "timestamp":"2026-11-22T20:23:54.727Z" as ms; -1 when there is none. */
static double stamp_of(const char *text)
{
    const char *at = strstr(text, "\"timestamp\":\"");
    struct tm tm = {0};
    int ms;
    if (!at || sscanf(at + 13, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                      &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7) {
        return -1;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (double)timegm(&tm) * 1e3 + ms;
}

static void take_frame(const char *payload, size_t len, double arrived)
{
    char head[400];
    if (len < 24 || memcmp(payload, "{\"type\":\"delta\"", 15) != 0) {
        return;
    }
    size_t n = len < sizeof head - 1 ? len : sizeof head - 1;
    memcpy(head, payload, n);
    head[n] = '\0';
    double stamp = stamp_of(head);
    if (stamp > 0) {
        if (delay_count == delay_cap) {
            delay_cap = delay_cap ? delay_cap * 2 : 65536;
            delays = realloc(delays, delay_cap * sizeof *delays);
        }
        delays[delay_count++] = arrived - stamp;
    }
}

/* Bytes of the first frame, 0 when it is not whole. */
static size_t frame_size(const struct conn *c, size_t at, size_t *head)
{
    const unsigned char *p = (const unsigned char *)c->data + at;
    const size_t left = c->len - at;
    if (left < 2) {
        return 0;
    }
    uint64_t len = p[1] & 0x7f;
    unsigned extra = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (left < 2 + extra) {
        return 0;
    }
    if (extra) {
        len = 0;
        for (unsigned i = 0; i < extra; i++) {
            len = len << 8 | p[2 + i];
        }
    }
    *head = 2 + extra;
    return left < *head + len ? 0 : *head + (size_t)len;
}

static void read_conn(struct conn *c)
{
    ssize_t n;
    if (c->cap - c->len < 65536) {
        c->cap = c->cap ? c->cap * 2 : 131072;
        c->data = realloc(c->data, c->cap);
        if (!c->data || c->cap > FRAME_MAX * 2) {
            die("a frame that is too long");
        }
    }
    n = recv(c->fd, c->data + c->len, c->cap - c->len, MSG_DONTWAIT);
    double arrived = now_ms();
    if (n <= 0) {
        die("the host closed a connection");
    }
    bytes += (uint64_t)n;
    c->len += (size_t)n;
    size_t at = 0, head, size;
    while ((size = frame_size(c, at, &head)) > 0) {
        take_frame(c->data + at + head, size - head, arrived);
        at += size;
    }
    memmove(c->data, c->data + at, c->len - at);
    c->len -= at;
    if (c->len == 0) {
        free(c->data);
        c->data = NULL;
        c->cap = 0;
    }
}

static void run(int epoll, double seconds)
{
    struct epoll_event events[256];
    double until = now_ms() + seconds * 1e3;
    while (now_ms() < until) {
        int n = epoll_wait(epoll, events, 256, 50);
        for (int i = 0; i < n; i++) {
            read_conn(events[i].data.ptr);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double at(double share)
{
    return delay_count ? delays[(size_t)(share * (double)(delay_count - 1))] : -1;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: bench_ws PORT TOKEN CLIENTS SECONDS PID [idle]\n");
        return 64;
    }
    const unsigned port = (unsigned)strtoul(argv[1], NULL, 10);
    const size_t count = strtoul(argv[3], NULL, 10);
    const bool idle = argc > 6;
    struct rlimit files = {count + 64, count + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    conns = calloc(count, sizeof *conns);
    long before = rss_kb(argv[5]);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &conns[i]};
        shake_hands(&conns[i], port, argv[2]);
        if (!idle) {
            subscribe(&conns[i]);
        }
        epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i].fd, &e);
        if (i % 64 == 63) {
            run(epoll, 0.001);
        }
    }
    run(epoll, 2); /* snapshots */
    delay_count = 0;
    bytes = 0;
    run(epoll, strtod(argv[4], NULL));
    long after = rss_kb(argv[5]);
    if (delay_count) {
        qsort(delays, delay_count, sizeof *delays, by_value);
    }
    printf("{\"clients\":%zu,\"deltas\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,"
           "\"rss_before_kb\":%ld,\"rss_after_kb\":%ld,\"bytes\":%llu}\n",
           count, delay_count, at(0.5), at(0.99), at(1), before, after, (unsigned long long)bytes);
    return 0;
}
