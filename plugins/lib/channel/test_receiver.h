/* A small HTTP receiver that does what a test tells it. SPDX-License-Identifier: MIT */
#ifndef PLUGIN_CHANNEL_TEST_RECEIVER_H
#define PLUGIN_CHANNEL_TEST_RECEIVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS_MAX 16

enum step_kind { STEP_ANSWER, STEP_HANG, STEP_RESET, STEP_CLOSE, STEP_TRICKLE };

struct step {
    enum step_kind kind;
    char *answer; /* the whole HTTP answer, the receiver's own copy; NULL = 204 */
};

struct receiver {
    pthread_t thread;
    int listener, stop[2];
    uint16_t port;
    pthread_mutex_t lock;
    struct step steps[STEPS_MAX];
    unsigned step_count, next_step; /* after the last step: 204 */
    unsigned requests, connections;
    char last[1 << 18]; /* the last request, headers and body */
};

static void receiver_script(struct receiver *r, enum step_kind kind, const char *answer)
{
    char *copy =
        answer ? strdup(answer) : NULL; /* it may still be sent when the caller writes the next */
    pthread_mutex_lock(&r->lock);
    r->steps[r->step_count++] = (struct step){kind, copy};
    pthread_mutex_unlock(&r->lock);
}

/* Called when an answer has come: what the receiver wrote down before it answered may be looked at without its lock. */
static void receiver_settle(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    pthread_mutex_unlock(&r->lock);
}

/* Bytes of the whole request in `text`, 0 when it is not all there. */
static size_t request_length(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    if (!end) {
        return 0;
    }
    const char *field = strcasestr(text, "\r\ncontent-length:");
    size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    size_t all = (size_t)(end - text) + 4 + body;
    return all <= len ? all : 0;
}

static bool wait_readable(struct receiver *r, int fd, int ms)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = r->stop[0], .events = POLLIN}};
    return poll(p, 2, ms) > 0 && p[1].revents == 0 && p[0].revents != 0;
}

static bool stopping(struct receiver *r, int ms)
{
    struct pollfd p = {.fd = r->stop[0], .events = POLLIN};
    return poll(&p, 1, ms) > 0;
}

static void put(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (size_t)n;
    }
}

/* True when the connection stays. */
static bool play(struct receiver *r, int fd, struct step step)
{
    static const struct linger reset = {1, 0};
    switch (step.kind) {
    case STEP_ANSWER:
        put(fd, step.answer ? step.answer : "HTTP/1.1 204 No Content\r\n\r\n");
        return true;
    case STEP_HANG:
        while (!stopping(r, 20)) { /* until the peer gives up */
            char byte;
            if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0) {
                break;
            }
        }
        return false;
    case STEP_TRICKLE:
        put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (!stopping(r, 50)) {
            if (send(fd, "x", 1, MSG_NOSIGNAL) < 0) {
                break;
            }
        }
        return false;
    case STEP_RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return false;
    case STEP_CLOSE:
        return false;
    }
    return false;
}

static bool serve_one(struct receiver *r, int fd)
{
    char text[sizeof r->last];
    size_t len = 0, all = 0;
    struct step step = {STEP_ANSWER, NULL};
    while (!(all = request_length(text, len))) {
        if (!wait_readable(r, fd, -1)) {
            return false;
        }
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (n <= 0) {
            return false;
        }
        len += (size_t)n;
        text[len] = '\0';
    }
    pthread_mutex_lock(&r->lock);
    memcpy(r->last, text, len + 1);
    r->requests++;
    if (r->next_step < r->step_count) {
        step = r->steps[r->next_step++];
    }
    pthread_mutex_unlock(&r->lock);
    return play(r, fd, step);
}

static void *receiver_run(void *ctx)
{
    struct receiver *r = ctx;
    while (wait_readable(r, r->listener, -1)) {
        int fd = accept(r->listener, NULL, NULL);
        if (fd < 0) {
            continue;
        }
        r->connections++;
        while (serve_one(r, fd)) {
        }
        close(fd);
    }
    return NULL;
}

static void receiver_start(struct receiver *r)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    memset(r, 0, sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(r->listener, (struct sockaddr *)&address, len) != 0 || listen(r->listener, 16) != 0 ||
        getsockname(r->listener, (struct sockaddr *)&address, &len) != 0 || pipe(r->stop) != 0 ||
        pthread_create(&r->thread, NULL, receiver_run, r) != 0) {
        perror("receiver");
        abort();
    }
    r->port = ntohs(address.sin_port);
}

static void receiver_stop(struct receiver *r)
{
    close(r->stop[1]);
    pthread_join(r->thread, NULL);
    close(r->stop[0]);
    close(r->listener);
    for (unsigned i = 0; i < r->step_count; i++) {
        free(r->steps[i].answer);
    }
    pthread_mutex_destroy(&r->lock);
}

#endif
