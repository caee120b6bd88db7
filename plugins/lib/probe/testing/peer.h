/* A scripted TCP server in a process of its own, for the tests of network plugins.
 * SPDX-License-Identifier: MIT
 *
 * Header-only. Every connection is served by a child of its own, so that a script may simply block;
 * nothing of the server is a thread or a descriptor of the test, and leaks are those of the plugin.
 * A script decides by `peer_asked`, which is its own connection's; it talks back through `shared`,
 * where what another connection says may come in between. */
#ifndef OC_PROBE_TESTING_PEER_H
#define OC_PROBE_TESTING_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer_shared {
    int connections;     /* accepted so far */
    int requests;        /* read by peer_request so far */
    int page;            /* for scripts that answer one thing after another */
    char request[16384]; /* the last one of any connection: for the test, not for a script */
};

/* The last request that this connection has read (each has a process of its own). */
static char peer_own[sizeof((struct peer_shared *)NULL)->request];

/* Serves one connection; when it returns, the connection is closed. */
typedef void (*peer_fn)(int fd, struct peer_shared *shared, const void *ctx);

struct peer {
    int port;
    pid_t pid;
    struct peer_shared *shared;
};

static inline int peer_listen(int family, int backlog, int *port)
{
    int one = 1;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } addr;
    memset(&addr, 0, sizeof addr);
    addr.any.sa_family = (sa_family_t)family;
    if (family == AF_INET6) {
        addr.v6.sin6_addr = in6addr_loopback;
    } else {
        addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    socklen_t len = family == AF_INET6 ? sizeof addr.v6 : sizeof addr.v4;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, &addr.any, len) < 0 || listen(fd, backlog) < 0 ||
        getsockname(fd, &addr.any, &len) < 0) {
        perror("peer");
        exit(1);
    }
    *port = ntohs(family == AF_INET6 ? addr.v6.sin6_port : addr.v4.sin_port);
    return fd;
}

static inline void peer_serve(int listener, peer_fn fn, struct peer_shared *shared, const void *ctx)
{
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            continue;
        }
        __atomic_add_fetch(&shared->connections, 1, __ATOMIC_SEQ_CST);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            fn(fd, shared, ctx);
            _exit(0);
        }
        close(fd);
    }
}

static inline struct peer peer_start_on(int family, peer_fn fn, const void *ctx)
{
    struct peer p;
    int listener = peer_listen(family, 1024, &p.port);
    p.shared =
        mmap(NULL, sizeof *p.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(NULL);
    p.pid = fork();
    if (p.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peer_serve(listener, fn, p.shared, ctx);
    }
    close(listener);
    return p;
}

static inline struct peer peer_start(peer_fn fn, const void *ctx)
{
    return peer_start_on(AF_INET, fn, ctx);
}

static inline void peer_stop(struct peer *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    munmap(p->shared, sizeof *p->shared);
}

/* A port on which nobody listens. */
static inline int peer_dead_port(void)
{
    int port;
    close(peer_listen(AF_INET, 1, &port));
    return port;
}

/* ---- for scripts ---- */

static inline void peer_send(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            _exit(0);
        }
        text += n;
        len -= (size_t)n;
    }
}

static inline void peer_say(int fd, const char *text)
{
    peer_send(fd, text, strlen(text));
}

/* Reads a request's header (and what came with it) into peer_own, and a copy for the test into
 * shared->request; ends the script when the client has closed. */
static inline void peer_request(int fd, struct peer_shared *shared)
{
    size_t have = 0;
    do {
        ssize_t n = recv(fd, peer_own + have, sizeof peer_own - 1 - have, 0);
        if (n <= 0) {
            _exit(0);
        }
        have += (size_t)n;
        peer_own[have] = '\0';
    } while (!strstr(peer_own, "\r\n\r\n"));
    memcpy(shared->request, peer_own, have + 1);
    __atomic_add_fetch(&shared->requests, 1, __ATOMIC_SEQ_CST);
}

/* Whether this connection's last request is for `path`, whatever its query. */
static inline int peer_asked(const char *path)
{
    size_t len = strlen(path);
    const char *target = strchr(peer_own, ' ');
    return target && strncmp(target + 1, path, len) == 0 &&
           (target[1 + len] == ' ' || target[1 + len] == '?');
}

/* Answers every request of the connection with the text at `ctx`. */
static inline void peer_reply(int fd, struct peer_shared *shared, const void *ctx)
{
    for (;;) {
        peer_request(fd, shared);
        peer_say(fd, ctx);
    }
}

/* Answers one request with the text at `ctx` and closes. */
static inline void peer_reply_once(int fd, struct peer_shared *shared, const void *ctx)
{
    peer_request(fd, shared);
    peer_say(fd, ctx);
}

/* Takes what comes and never says a word. */
static inline void peer_hang(int fd, struct peer_shared *shared, const void *ctx)
{
    char buf[4096];
    (void)shared;
    (void)ctx;
    while (recv(fd, buf, sizeof buf, 0) > 0) {
    }
}

#endif
