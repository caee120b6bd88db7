/* The least that a post and its webhook can cost on this machine. SPDX-License-Identifier: MIT
 *
 *   bench_relay PORT SINK
 *
 * Two threads, as in the host: one takes posts and answers them, the other sends what was posted on to the receiver at SINK. Nothing is
 * read but where the body begins, nothing kept, nothing decided: what is left are system calls and the waking of threads. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY 8192

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char body[BODY];
    size_t len;
    bool waits;
    int sink;
} post = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct sockaddr_in address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int dial(int port)
{
    const struct sockaddr_in to = address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

static size_t take(char *body)
{
    pthread_mutex_lock(&post.lock);
    while (!post.waits) {
        pthread_cond_wait(&post.changed, &post.lock);
    }
    const size_t len = post.len;
    memcpy(body, post.body, len);
    post.waits = false;
    pthread_mutex_unlock(&post.lock);
    return len;
}

/* False when the receiver is not the one any more that the connection was made to. */
static bool is_taken(int fd, const char *request, int len)
{
    static char answer[4096];
    return fd >= 0 && write(fd, request, (size_t)len) == len && read(fd, answer, sizeof answer) > 0;
}

static void *send_on(void *unused)
{
    static char body[BODY], request[BODY + 256];
    int fd = -1;
    (void)unused;
    for (;;) {
        const size_t len = take(body);
        const int n = snprintf(request, sizeof request,
                               "POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
                               len, (int)len, body);
        if (!is_taken(fd, request, n)) {
            close(fd);
            fd = dial(post.sink);
            is_taken(fd, request, n);
        }
    }
    return NULL;
}

static void hand_over(const char *body, size_t len)
{
    pthread_mutex_lock(&post.lock);
    post.len = len < BODY ? len : BODY;
    memcpy(post.body, body, post.len);
    post.waits = true;
    pthread_mutex_unlock(&post.lock);
    pthread_cond_signal(&post.changed);
}

static void serve(int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    static char request[65536];
    const ssize_t n = read(fd, request, sizeof request - 1);
    if (n <= 0) {
        close(fd);
        return;
    }
    request[n] = '\0';
    const char *body = strstr(request, "\r\n\r\n");
    if (body) {
        body += 4;
        hand_over(body, (size_t)(request + n - body));
        if (write(fd, answer, sizeof answer - 1) < 0) {
            close(fd);
        }
    }
}

int main(int argc, char **argv)
{
    pthread_t sender;
    if (argc != 3) {
        fprintf(stderr, "usage: %s PORT SINK\n", argv[0]);
        return 64;
    }
    post.sink = atoi(argv[2]);
    const struct sockaddr_in here = address(atoi(argv[1]));
    const int door = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = door};
    if (bind(door, (const struct sockaddr *)&here, sizeof here) != 0 || listen(door, 16) != 0 ||
        pthread_create(&sender, NULL, send_on, NULL) != 0) {
        perror("bench_relay");
        return 1;
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &event);
    while (epoll_wait(poll, &event, 1, -1) == 1) {
        if (event.data.fd == door) {
            event.data.fd = accept(door, NULL, NULL);
            epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
        } else {
            serve(event.data.fd);
        }
    }
    return 0;
}
