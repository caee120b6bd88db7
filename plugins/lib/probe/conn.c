/* One probe's connection, step by step. SPDX-License-Identifier: MIT */
#include "probe/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* The shortest time that one of several addresses gets before the next is tried. */
#define ATTEMPT_MIN_US 250000

int64_t oc_conn_clock(struct oc_prober *pr)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    pr->now_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    return pr->now_us;
}

static uint32_t since_begin(struct oc_probe *p)
{
    int64_t us = oc_conn_clock(p->prober) - p->began_us;
    return us > 0 ? (uint32_t)us : 1;
}

static enum oc_conn_step over(struct oc_probe *p, enum oc_probe_outcome outcome, int errnum)
{
    p->outcome = (uint8_t)outcome;
    p->sys_errno = errnum;
    return OC_CONN_OVER;
}

static enum oc_conn_step tls_failed(struct oc_probe *p, const char *reason)
{
    free(p->detail_text);
    p->detail_text = strdup(reason);
    p->detail = p->detail_text ? p->detail_text : "out of memory";
    return over(p, OC_PROBE_TLS, 0);
}

void oc_conn_close(struct oc_probe *p)
{
    if (p->session) {
        p->prober->tls->session_destroy(p->session);
        p->session = NULL;
    }
    if (p->fd >= 0) {
        close(p->fd);
        p->fd = -1;
    }
    p->interest = OC_INTEREST_NONE;
    p->second_use = false;
}

bool oc_conn_watch(struct oc_probe *p)
{
    /* A plain connection that only reads never becomes "writable" in a way that matters: do not
     * wake up for it. */
    bool read_only = p->phase == OC_PHASE_READING && !p->session;
    uint8_t wanted = read_only ? OC_INTEREST_READ : OC_INTEREST_BOTH;
    if (p->fd < 0 || p->interest >= wanted) {
        return true;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLET | (read_only ? 0u : EPOLLOUT),
                                .data.ptr = p};
    int how = p->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(p->prober->epoll_fd, how, p->fd, &event) < 0) {
        over(p, OC_PROBE_IO, errno);
        return false;
    }
    p->interest = wanted;
    return true;
}

/* ---- addresses ---- */

static bool usable(const struct oc_probe *p, const union oc_addr *addr)
{
    int family = addr->any.sa_family;
    return p->to.ip_version == OC_IP_ANY ||
           (p->to.ip_version == OC_IP_4 ? family == AF_INET : family == AF_INET6);
}

static bool another_address(const struct oc_probe *p)
{
    for (unsigned i = p->address; p->to.name && i < p->to.name->count; i++) {
        if (usable(p, &p->to.name->addrs[i])) {
            return true;
        }
    }
    return false;
}

/* Moves to the next address of the name. A name's addresses may have been looked up anew since the
 * last one. */
static bool take_address(struct oc_probe *p)
{
    const struct oc_name *name = p->to.name;
    while (p->address < name->count) {
        const union oc_addr *addr = &name->addrs[p->address++];
        if (usable(p, addr)) {
            p->to.addr = *addr;
            oc_addr_set_port(&p->to.addr, p->to.port);
            return true;
        }
    }
    return false;
}

/* ---- connecting ---- */

static bool out_of_descriptors(int errnum)
{
    return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

static enum oc_conn_step open_socket(struct oc_probe *p)
{
    const union oc_addr *addr = &p->to.addr;
    p->phase = OC_PHASE_CONNECTING;
    p->sent = 0;
    p->reused = false;
    p->times.connected = 0;
    p->not_after = 0;
    p->fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0) {
        p->sys_errno = errno;
        if (out_of_descriptors(errno)) {
            p->prober->starved = true;
            return OC_CONN_WAIT; /* the loop comes back when one is free */
        }
        return over(p, OC_PROBE_CONNECT, errno);
    }
    if (connect(p->fd, &addr->any, oc_addr_len(addr)) < 0 && errno != EINPROGRESS) {
        int saved = errno;
        oc_conn_close(p);
        return over(p, OC_PROBE_CONNECT, saved);
    }
    /* Without TLS the request itself finds out whether the connection is there: send says EAGAIN
     * while it is not. */
    if (!p->to.tls && p->request_len > 0) {
        p->phase = OC_PHASE_SENDING;
    }
    return OC_CONN_NEXT;
}

static void share_time(struct oc_probe *p)
{
    int64_t left = p->expires_us - p->prober->now_us;
    int64_t share = left / 2 > ATTEMPT_MIN_US ? left / 2 : ATTEMPT_MIN_US;
    p->attempt_expires_us = p->expires_us;
    if (share < left && another_address(p)) {
        p->attempt_expires_us = p->prober->now_us + share;
    }
    if (p->attempt_expires_us < p->prober->next_expiry_us) {
        p->prober->next_expiry_us = p->attempt_expires_us;
    }
}

/* Opens a connection to the first address that takes one. */
static enum oc_conn_step open_any(struct oc_probe *p)
{
    enum oc_conn_step step;
    if (p->ops->reset) {
        p->ops->reset(p);
    }
    if (!p->to.name) {
        return open_socket(p);
    }
    do {
        if (!take_address(p)) {
            return over(p, OC_PROBE_CONNECT, p->sys_errno ? p->sys_errno : EAFNOSUPPORT);
        }
        share_time(p);
        step = open_socket(p);
        if (step == OC_CONN_WAIT) {
            p->address--; /* no descriptor: this address was not tried */
        }
    } while (step == OC_CONN_OVER && another_address(p));
    return step;
}

static enum oc_conn_step resolve(struct oc_probe *p)
{
    struct oc_name *name = p->to.name;
    if (!oc_resolver_ready(p->prober->resolver, name, p->prober->now_us / 1000)) {
        p->phase = OC_PHASE_RESOLVING;
        p->resolved = true;
        return OC_CONN_WAIT;
    }
    if (p->resolved) {
        p->times.resolved = since_begin(p);
    }
    if (name->count == 0) {
        return over(p, OC_PROBE_RESOLVE, 0);
    }
    p->address = 0;
    return open_any(p);
}

static enum oc_conn_step open_new(struct oc_probe *p)
{
    return p->to.name ? resolve(p) : open_any(p);
}

enum oc_conn_step oc_conn_next_address(struct oc_probe *p)
{
    oc_conn_close(p);
    return open_any(p);
}

static enum oc_conn_step connect_failed(struct oc_probe *p, int errnum)
{
    oc_conn_close(p);
    p->sys_errno = errnum;
    if (another_address(p)) {
        return open_any(p);
    }
    return over(p, OC_PROBE_CONNECT, errnum);
}

/* A connect to a dead local port may be given that very port as its own and so reach itself. */
static bool connected_to_itself(const struct oc_probe *p)
{
    union oc_addr own;
    socklen_t len = sizeof own;
    if (!oc_addr_loopback(&p->to.addr) || getsockname(p->fd, &own.any, &len) < 0) {
        return false;
    }
    return oc_addr_port(&own) == oc_addr_port(&p->to.addr);
}

static enum oc_conn_step begin_tls(struct oc_probe *p)
{
    const char *name = p->to.tls_name ? p->to.tls_name : p->to.host;
    p->session = p->prober->tls->session_create(p->to.tls, p->fd, name);
    if (!p->session) {
        return tls_failed(p, "cannot begin a TLS session");
    }
    p->phase = OC_PHASE_HANDSHAKE;
    return OC_CONN_NEXT;
}

/* Asks with a second connect(): it says 0, "not yet", or what went wrong, in one call. */
static enum oc_conn_step finish_connect(struct oc_probe *p)
{
    if (p->fd < 0) {
        return OC_CONN_WAIT;
    }
    if (connect(p->fd, &p->to.addr.any, oc_addr_len(&p->to.addr)) < 0 && errno != EISCONN) {
        return errno == EALREADY || errno == EINPROGRESS ? OC_CONN_WAIT : connect_failed(p, errno);
    }
    if (connected_to_itself(p)) {
        return connect_failed(p, ECONNREFUSED);
    }
    p->times.connected = since_begin(p);
    if (p->to.tls) {
        return begin_tls(p);
    }
    p->phase = OC_PHASE_READING;
    return p->ops->receive ? OC_CONN_NEXT : over(p, OC_PROBE_OK, 0);
}

/* ---- talking ---- */

/* A kept connection that the peer has closed meanwhile is no failure: open a new one, to where the
 * name leads by now. */
static enum oc_conn_step broken(struct oc_probe *p, int errnum)
{
    if (p->second_use) {
        oc_conn_close(p);
        return open_new(p);
    }
    if (!p->times.connected) {
        return connect_failed(p, errnum);
    }
    return over(p, OC_PROBE_IO, errnum);
}

static enum oc_conn_step shake_hands(struct oc_probe *p)
{
    const struct oc_tls_api *tls = p->prober->tls;
    enum oc_tls_step step = tls->handshake(p->session);
    if (step == OC_TLS_WANT_READ || step == OC_TLS_WANT_WRITE) {
        return OC_CONN_WAIT;
    }
    p->not_after = tls->not_after(p->session);
    if (step != OC_TLS_DONE) {
        return tls_failed(p, tls->reason(p->session));
    }
    p->times.secured = since_begin(p);
    p->phase = p->request_len ? OC_PHASE_SENDING : OC_PHASE_READING;
    return p->request_len || p->ops->receive ? OC_CONN_NEXT : over(p, OC_PROBE_OK, 0);
}

/* Bytes moved (> 0), 0 at the peer's end (only when receiving), or a negative errno; -EAGAIN = not
 * now. */
static ssize_t moved(enum oc_tls_step step, size_t len)
{
    switch (step) {
    case OC_TLS_DONE:
        return (ssize_t)len;
    case OC_TLS_WANT_READ:
    case OC_TLS_WANT_WRITE:
        return -EAGAIN;
    case OC_TLS_CLOSED:
        return 0;
    case OC_TLS_FAILED:
        break;
    }
    return -ECONNRESET;
}

static ssize_t send_some(struct oc_probe *p)
{
    const char *data = p->request + p->sent;
    size_t len = p->request_len - p->sent;
    if (p->session) {
        enum oc_tls_step step = p->prober->tls->send(p->session, data, &len);
        return step == OC_TLS_CLOSED ? -EPIPE : moved(step, len);
    }
    ssize_t n = send(p->fd, data, len, MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}

static ssize_t receive_some(struct oc_probe *p)
{
    size_t len = OC_PROBE_BUFFER;
    if (p->session) {
        enum oc_tls_step step = p->prober->tls->receive(p->session, p->prober->buf, &len);
        return moved(step, len);
    }
    ssize_t n = recv(p->fd, p->prober->buf, len, 0);
    return n < 0 ? -errno : n;
}

static enum oc_conn_step send_request(struct oc_probe *p)
{
    while (p->sent < p->request_len) {
        ssize_t n = send_some(p);
        if (n == -EAGAIN || n == -EINTR) {
            return OC_CONN_WAIT;
        }
        if (n < 0) {
            return broken(p, (int)-n);
        }
        if (!p->times.connected) {
            p->times.connected = since_begin(p);
        }
        p->sent += (uint32_t)n;
    }
    p->phase = OC_PHASE_READING;
    return p->ops->receive ? OC_CONN_NEXT : over(p, OC_PROBE_OK, 0);
}

static enum oc_conn_step read_answer(struct oc_probe *p)
{
    for (;;) {
        ssize_t n = receive_some(p);
        if (n == -EAGAIN || n == -EINTR) {
            return OC_CONN_WAIT;
        }
        if (n < 0 || (n == 0 && p->second_use)) {
            return broken(p, n < 0 ? (int)-n : ECONNRESET);
        }
        if (!p->times.first_byte) {
            p->times.first_byte = since_begin(p);
        }
        p->second_use = false;
        enum oc_probe_step step = p->ops->receive(p, p->prober->buf, (size_t)n);
        if (step == OC_PROBE_DONE) {
            return over(p, OC_PROBE_OK, 0);
        }
        if (step == OC_PROBE_BAD || n == 0) {
            return over(p, OC_PROBE_PROTOCOL, 0);
        }
    }
}

/* ---- begin and advance ---- */

static enum oc_conn_step one_step(struct oc_probe *p)
{
    switch ((enum oc_probe_phase)p->phase) {
    case OC_PHASE_RESOLVING:
        return resolve(p);
    case OC_PHASE_CONNECTING:
        return finish_connect(p);
    case OC_PHASE_HANDSHAKE:
        return shake_hands(p);
    case OC_PHASE_SENDING:
        return send_request(p);
    case OC_PHASE_READING:
        return read_answer(p);
    case OC_PHASE_IDLE:
        break;
    }
    return OC_CONN_WAIT;
}

enum oc_conn_step oc_conn_begin(struct oc_probe *p)
{
    enum oc_conn_step step;
    p->sent = 0;
    p->sys_errno = 0;
    p->detail = NULL;
    p->resolved = false;
    p->reuse = false;
    memset(&p->times, 0, sizeof p->times);
    p->times.started = (uint32_t)(p->prober->now_us - p->began_us);
    if (p->fd >= 0) {
        p->second_use = p->reused = true;
        p->phase = OC_PHASE_SENDING;
        if (p->ops->reset) {
            p->ops->reset(p);
        }
        step = OC_CONN_NEXT;
    } else {
        step = open_new(p);
    }
    while (step == OC_CONN_NEXT && p->phase != OC_PHASE_READING) {
        step = one_step(p);
    }
    return step;
}

enum oc_conn_step oc_conn_advance(struct oc_probe *p)
{
    enum oc_conn_step step;
    do {
        step = one_step(p);
    } while (step == OC_CONN_NEXT);
    return step;
}
