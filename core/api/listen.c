/* Sockets of listeners: where they are, opening them, handing them over. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define BACKLOG 1024

const char *oc_listen_name(const struct oc_listen *l, char name[OC_LISTEN_NAME])
{
    if (l->path) {
        snprintf(name, OC_LISTEN_NAME, "unix:%s", l->path);
    } else {
        const bool v6 = strchr(l->address, ':');
        snprintf(name, OC_LISTEN_NAME, v6 ? "[%s]:%lld" : "%s:%lld", l->address,
                 (long long)(l->port ? l->port : l->wanted_port));
    }
    return name;
}

struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    } addr;
    socklen_t len;
};

static bool place_of(const struct oc_listen *l, struct place *p)
{
    memset(p, 0, sizeof *p);
    if (l->path) {
        p->addr.un.sun_family = AF_UNIX;
        p->len = sizeof p->addr.un;
        return oc_copy(p->addr.un.sun_path, sizeof p->addr.un.sun_path, l->path) == strlen(l->path);
    }
    if (inet_pton(AF_INET, l->address, &p->addr.v4.sin_addr) == 1) {
        p->addr.v4.sin_family = AF_INET;
        p->addr.v4.sin_port = htons((uint16_t)l->wanted_port);
        p->len = sizeof p->addr.v4;
        return true;
    }
    p->addr.v6.sin6_family = AF_INET6;
    p->addr.v6.sin6_port = htons((uint16_t)l->wanted_port);
    p->len = sizeof p->addr.v6;
    return inet_pton(AF_INET6, l->address, &p->addr.v6.sin6_addr) == 1;
}

/* A socket file that nobody answers on is left over from a crash. */
static void remove_dead(const struct place *p)
{
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    0); /* its backlog may be full */
    if (fd >= 0 && connect(fd, &p->addr.any, p->len) != 0 && errno == ECONNREFUSED &&
        lstat(p->addr.un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(p->addr.un.sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static int open_socket(const struct place *p)
{
    const int on = 1;
    const int family = p->addr.any.sa_family;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    if (family == AF_UNIX) {
        remove_dead(p);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (bind(fd, &p->addr.any, p->len) != 0 || listen(fd, BACKLOG) != 0) {
        const int code = -errno;
        close(fd);
        return code;
    }
    return fd;
}

static bool is_loopback(const struct place *p)
{
    return p->addr.any.sa_family == AF_UNIX ||
           (p->addr.any.sa_family == AF_INET &&
            ntohl(p->addr.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) ||
           (p->addr.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&p->addr.v6.sin6_addr));
}

static int port_of(int fd)
{
    struct place p = {.len = sizeof p.addr};
    getsockname(fd, &p.addr.any, &p.len);
    return ntohs(p.addr.any.sa_family == AF_INET6 ? p.addr.v6.sin6_port : p.addr.v4.sin_port);
}

void oc_listen_open(struct oc_listen *l)
{
    struct place p;
    free(l->error);
    l->error = NULL;
    if (!place_of(l, &p)) {
        l->error = l->path ? oc_strdup("the path of a socket has at most 107 bytes")
                           : oc_asprintf("`%s` is no address", l->address);
        return;
    }
    l->loopback = is_loopback(&p);
    l->fd = open_socket(&p);
    if (l->fd < 0) {
        l->error = oc_asprintf("cannot listen: %s", strerror(-l->fd));
    } else if (!l->path) {
        l->port = port_of(l->fd);
    } else {
        chmod(l->path, 0660);
    }
}

void oc_listen_close(struct oc_listen *l)
{
    if (l->fd >= 0) {
        close(l->fd);
        if (l->path) {
            unlink(l->path);
        }
    }
    l->fd = -1;
}

static bool is_same_place(const struct oc_listen *a, const struct oc_listen *b)
{
    if (a->path || b->path) {
        return a->path && b->path && strcmp(a->path, b->path) == 0;
    }
    return strcmp(a->address, b->address) == 0 && a->wanted_port == b->wanted_port;
}

void oc_listen_take_over(struct oc_listen *l, struct oc_listen *from)
{
    if (from->fd >= 0 && is_same_place(l, from)) {
        l->fd = from->fd;
        l->port = from->port;
        l->loopback = from->loopback;
        from->fd = -1; /* its engine is told when it is retired */
    }
}
