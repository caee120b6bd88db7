/* A client of Alertmanager's API v2 that counts and times, and a receiver of webhooks. SPDX-License-Identifier: MIT
 *
 *   bench_alertload ingest PORT TOKEN COUNT BATCH PREFIX     posts COUNT distinct alerts; prints {"alerts_per_s","post_p50_ms","post_p99_ms"}
 *   bench_alertload latency PORT TOKEN COUNT PAUSE_MS SINK   one alert a post; prints {"p50_ms","p99_ms","max_ms"} from before the post to the webhook,
 *                                                         which is received here on port SINK
 *   bench_alertload get PORT TOKEN COUNT TARGET              COUNT times GET TARGET; prints {"p50_ms","p99_ms","bytes"}
 *
 * TOKEN "-" sends none. Written with plain sockets: the client must cost less than what it measures. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER    (64u << 20)
#define LABELS    "T%d"
#define COUNT_MAX 2000000

static char *request, *answer;
static double times[COUNT_MAX];
static const char *token;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_alertload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        die("connect");
    }
    return fd;
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n <= 0) {
            die("write");
        }
        data += n;
        len -= (size_t)n;
    }
}

/* Reads one answer whole (Content-Length or chunks); returns its status, `*size` its bytes. */
static int receive(int fd, size_t *size)
{
    size_t have = 0, total = 0;
    char *body = NULL;
    bool chunked = false;
    for (;;) {
        ssize_t n = read(fd, answer + have, BUFFER - 1 - have);
        if (n <= 0) {
            die("read");
        }
        have += (size_t)n;
        answer[have] = '\0';
        if (!body && (body = strstr(answer, "\r\n\r\n"))) {
            const char *length = strcasestr(answer, "\r\nContent-Length:");
            chunked = !length || length > body;
            body += 4;
            total = chunked ? 0 : (size_t)(body - answer) + strtoul(length + 17, NULL, 10);
        }
        if (body && !chunked && have >= total) {
            break;
        }
        if (body && chunked && have >= 5 && memcmp(answer + have - 5, "0\r\n\r\n", 5) == 0) {
            break;
        }
    }
    *size = have;
    return atoi(answer + 9);
}

static size_t add_head(char *at, const char *method, const char *target, size_t body)
{
    char auth[256] = "";
    if (strcmp(token, "-") != 0) {
        snprintf(auth, sizeof auth, "Authorization: Bearer %s\r\n", token);
    }
    return (size_t)sprintf(
        at,
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n",
        method, target, auth, body);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(size_t count, double q)
{
    size_t i = (size_t)((double)count * q);
    qsort(times, count, sizeof *times, by_value);
    return times[i < count ? i : count - 1];
}

static char *end_of_run(void)
{
    static char text[40];
    time_t end = time(NULL) + 7200;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime(&end));
    return text;
}

/* The load of six labels and two annotations of which Alertmanager's figures are. */
static size_t add_alert(char *at, int i, const char *prefix, const char *end)
{
    return (size_t)sprintf(
        at,
        "{\"labels\":{\"alertname\":\"T%d\",\"instance\":\"%s-%d\",\"severity\":\"%s\",\"service\":"
        "\"svc%d\",\"agent\":\"agent%d\",\"env\":\"prod\"},\"annotations\":{\"summary\":\"alert %d "
        "on "
        "%s\",\"postms\":\"%.3f\"},\"endsAt\":\"%s\"}",
        i % 50, prefix, i, i % 3 == 0 ? "critical" : "warning", i % 20, i % 11, i, prefix, 1e12,
        end);
}

static void ingest(int port, int count, int batch, const char *prefix)
{
    int fd = dial(port), posts = (count + batch - 1) / batch;
    char *body = malloc(BUFFER), **bodies = calloc((size_t)posts, sizeof *bodies);
    size_t *sizes = calloc((size_t)posts, sizeof *sizes), unused;
    for (int p = 0; p < posts; p++) {
        size_t len = 0;
        body[len++] = '[';
        for (int i = p * batch; i < count && i < (p + 1) * batch; i++) {
            body[len++] = ',';
            len -= i == p * batch ? 1 : 0;
            len += add_alert(body + len, i, prefix, end_of_run());
        }
        body[len++] = ']';
        size_t head = add_head(request, "POST", "/api/v2/alerts", len);
        bodies[p] = malloc(head + len);
        memcpy(bodies[p], request, head);
        memcpy(bodies[p] + head, body, len);
        sizes[p] = head + len;
    }
    double start = now_ms();
    for (int p = 0; p < posts; p++) {
        double before = now_ms();
        send_all(fd, bodies[p], sizes[p]);
        if (receive(fd, &unused) != 200) {
            fprintf(stderr, "bench_alertload: %.300s\n", answer);
            exit(1);
        }
        times[p] = now_ms() - before;
    }
    double took = now_ms() - start;
    printf("{\"alerts_per_s\":%.0f,\"post_p50_ms\":%.3f,\"post_p99_ms\":%.3f}\n",
           (double)count / took * 1e3, quantile((size_t)posts, 0.5), quantile((size_t)posts, 0.99));
}

/* ---- the receiver ---- */

static volatile int received;
static double sent_at[COUNT_MAX];
static int listener;

static void *serve(void *connection)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    int fd = (int)(intptr_t)connection;
    char *buf = malloc(4u << 20);
    size_t have = 0;
    for (;;) {
        ssize_t n = read(fd, buf + have, (4u << 20) - 1 - have);
        if (n <= 0) {
            break;
        }
        have += (size_t)n;
        buf[have] = '\0';
        char *head = strstr(buf, "\r\n\r\n"), *length = strcasestr(buf, "Content-Length:");
        if (!head || !length || have < (size_t)(head + 4 - buf) + strtoul(length + 15, NULL, 10)) {
            continue;
        }
        double now = now_ms();
        for (char *at = head; (at = strstr(at, "\"n\":\"")); at += 5) {
            int i = atoi(at + 5);
            if (i >= 0 && i < COUNT_MAX && sent_at[i] > 0) {
                times[received++] = now - sent_at[i];
                sent_at[i] = 0;
            }
        }
        have = 0;
        send_all(fd, ok, sizeof ok - 1);
    }
    free(buf);
    close(fd);
    return NULL;
}

static void *receiver(void *unused)
{
    (void)unused;
    for (;;) {
        int fd = accept(listener, NULL, NULL), one = 1;
        pthread_t thread;
        if (fd < 0) {
            return NULL;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd);
    }
}

static void listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    pthread_t thread;
    int one = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 64) != 0) {
        die("listen");
    }
    pthread_create(&thread, NULL, receiver, NULL);
}

static void latency(int port, int count, int pause_ms, int sink)
{
    int fd = dial(port), run = (int)getpid();
    size_t unused;
    listen_on(sink);
    for (int i = 0; i < count; i++) {
        char body[512];
        size_t len = (size_t)sprintf(body,
                                     "[{\"labels\":{\"alertname\":\"L%d\",\"instance\":\"r%d-%d\","
                                     "\"severity\":\"critical\"},"
                                     "\"annotations\":{\"n\":\"%d\"},\"endsAt\":\"%s\"}]",
                                     i, run, i, i, end_of_run());
        size_t head = add_head(request, "POST", "/api/v2/alerts", len);
        memcpy(request + head, body, len);
        sent_at[i] = now_ms();
        send_all(fd, request, head + len);
        if (receive(fd, &unused) != 200) {
            fprintf(stderr, "bench_alertload: %.300s\n", answer);
            exit(1);
        }
        usleep((useconds_t)pause_ms * 1000);
    }
    for (int i = 0; i < 100 && received < count; i++) {
        usleep(50000);
    }
    size_t got = (size_t)received;
    if (got == 0) {
        fprintf(stderr, "bench_alertload: no webhook came\n");
        exit(1);
    }
    double p50 = quantile(got, 0.5), p99 = quantile(got, 0.99);
    printf("{\"received\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", got, p50, p99,
           times[got - 1]);
}

static void get(int port, int count, const char *target)
{
    int fd = dial(port);
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size_t len = add_head(request, "GET", target, 0);
        double before = now_ms();
        send_all(fd, request, len);
        if (receive(fd, &size) != 200) {
            fprintf(stderr, "bench_alertload: %.300s\n", answer);
            exit(1);
        }
        times[i] = now_ms() - before;
    }
    printf("{\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"bytes\":%zu}\n", quantile((size_t)count, 0.5),
           quantile((size_t)count, 0.99), size);
}

int main(int argc, char **argv)
{
    request = malloc(BUFFER);
    answer = malloc(BUFFER);
    token = argc > 3 ? argv[3] : "-";
    if (argc == 7 && strcmp(argv[1], "ingest") == 0) {
        ingest(atoi(argv[2]), atoi(argv[4]), atoi(argv[5]), argv[6]);
    } else if (argc == 7 && strcmp(argv[1], "latency") == 0) {
        latency(atoi(argv[2]), atoi(argv[4]), atoi(argv[5]), atoi(argv[6]));
    } else if (argc == 6 && strcmp(argv[1], "get") == 0) {
        get(atoi(argv[2]), atoi(argv[4]), argv[5]);
    } else {
        fprintf(stderr, "see the head of bench_alertload.c\n");
        return 2;
    }
    return 0;
}
