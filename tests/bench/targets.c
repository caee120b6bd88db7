/* bench_targets BASE COUNT [HANGING]: many HTTP services in one process, to be checked by
 * benchmarks. SPDX-License-Identifier: MIT
 *
 * Listens on 127.0.0.1:BASE and the COUNT-1 ports after it. Every request is answered with 200 and
 * a small JSON body; connections are kept alive unless the request says otherwise. The last HANGING
 * ports accept and never answer. Prints "ready" when it listens; SIGUSR1 prints how many requests
 * it answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD_MAX 65536

#define BODY   "{\"status\":\"healthy\",\"uptime_s\":1234}"
#define HEAD   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 36\r\n"
#define KEPT   HEAD "\r\n" BODY
#define CLOSED HEAD "Connection: close\r\n\r\n" BODY

enum role { CLIENT, LISTENER, HANGING_LISTENER };

static unsigned char roles[FD_MAX];
static volatile sig_atomic_t asked;
static unsigned long answered;

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

static void watch(int ep, int fd, enum role role)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= FD_MAX || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) < 0) {
        close(fd);
        return;
    }
    roles[fd] = (unsigned char)role;
}

static int listen_on(int port)
{
    int one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 512) < 0) {
        perror("targets: listen");
        exit(1);
    }
    return fd;
}

static void accept_all(int ep, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (roles[listener] == LISTENER) {
            watch(ep, fd, CLIENT);
        } else if (fd < FD_MAX) {
            roles[fd] = CLIENT; /* held open, never looked at again */
        }
    }
}

static void answer(int fd)
{
    char request[16384];
    ssize_t n = read(fd, request, sizeof request - 1);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            close(fd);
        }
        return;
    }
    request[n] = '\0';
    bool last = strcasestr(request, "connection: close") || strstr(request, "HTTP/1.0");
    const char *text = last ? CLOSED : KEPT;
    if (write(fd, text, strlen(text)) > 0) {
        answered++;
    }
    if (last) {
        shutdown(fd, SHUT_WR);
    }
}

static void serve(int ep)
{
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(ep, events, 256, -1);
        if (asked) {
            asked = 0;
            printf("answered %lu\n", answered);
            fflush(stdout);
        }
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (roles[fd] == CLIENT) {
                answer(fd);
            } else {
                accept_all(ep, fd);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;
    struct sigaction act = {.sa_handler = on_signal};
    int base = argc > 1 ? atoi(argv[1]) : 0;
    int count = argc > 2 ? atoi(argv[2]) : 0;
    int hanging = argc > 3 ? atoi(argv[3]) : 0;
    if (base < 1 || count < 1 || base + count > 65536 || hanging > count) {
        fprintf(stderr, "usage: bench_targets BASE COUNT [HANGING]\n");
        return 64;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < FD_MAX ? files.rlim_max : FD_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGUSR1, &act, NULL);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        watch(ep, listen_on(base + i), i < count - hanging ? LISTENER : HANGING_LISTENER);
    }
    puts("ready");
    fflush(stdout);
    serve(ep);
}
