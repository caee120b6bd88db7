/* What libmicrohttpd tells about connections. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"
#include "core/base/time.h"

/* Names the address; whether it is this machine's own. */
static bool name_inet(char peer[OC_PEER_MAX], const struct sockaddr *addr)
{
    const struct sockaddr_in *v4 = (const void *)addr;
    const struct sockaddr_in6 *v6 = (const void *)addr;
    if (addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, peer, OC_PEER_MAX);
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    if (addr->sa_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, peer, OC_PEER_MAX);
            return v6->sin6_addr.s6_addr[12] == 127;
        }
        inet_ntop(AF_INET6, &v6->sin6_addr, peer, OC_PEER_MAX);
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return false;
}

static void name_peer(struct oc_conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    bool (*is_plugin)(pid_t) = c->engine->listen->server->api->outside.is_plugin;
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (!c->engine->listen->path) {
        c->loopback = info && name_inet(c->peer, info->client_addr);
    } else if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
        c->loopback = true;
        c->uid = is_plugin && is_plugin(cred.pid) ? (uid_t)-1 : cred.uid;
        snprintf(c->peer, sizeof c->peer, "unix:%u", (unsigned)cred.uid);
    }
}

static void tell(const struct oc_engine *e, const char *reason, const struct oc_conn *c,
                 const char *peer)
{
    const struct oc_http_request *r = c ? c->request : NULL;
    char *path = r && r->target ? oc_target_shown(r->target) : NULL;
    oc_access_refused(
        e->listen->server->api->access,
        &(struct oc_refusal){
            .reason = reason, .peer = peer, .method = r ? r->method : NULL, .path = path});
    free(path);
}

size_t oc_conn_count(const struct oc_engine *engine, const char *peer)
{
    size_t n = 0;
    for (const struct oc_conn *c = engine->conns; c; c = c->next) {
        n += (!c->upgraded || c->passed_on) && strcmp(c->peer, peer) == 0;
    }
    return n;
}

/* libmicrohttpd could count them, too: one listener's, without those that it has let go, and would not say whom it has turned away. */
enum MHD_Result oc_conn_on_accept(void *ctx, const struct sockaddr *addr, socklen_t len)
{
    const struct oc_engine *e = ctx;
    const int64_t max = e->listen->server->api->options.connections_per_ip_max;
    char peer[OC_PEER_MAX] = "";
    (void)len;
    if (max <= 0 || e->listen->path || !addr) {
        return MHD_YES;
    }
    name_inet(peer, addr);
    if (oc_server_connections_of(e->listen->server, peer) < (uint64_t)max) {
        return MHD_YES;
    }
    tell(e, "too-many-connections", NULL, peer);
    return MHD_NO;
}

/* What was never read is not kept by the kernel for somebody who may never read it: it would try for a quarter of an hour. */
void oc_conn_drop_unread(const struct oc_conn *c)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    int unread = 0;
    if (c->fd >= 0 && !c->upgraded && ioctl(c->fd, SIOCOUTQ, &unread) == 0 && unread > 0) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
}

/* ---- what has come and is of no request ---- */

/* Bytes that are no request: some clients end each body with an empty line, and the kernel counts the end of what is sent as one. */
#define EMPTY_LINE 2
#define NO_REQUEST (EMPTY_LINE + 1)

/* What was read over TLS so far, in records; 0 before the handshake is over. */
static int64_t records_of(const struct oc_conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned char number[8] = {0};
    int64_t n = 0;
    if (info && gnutls_record_get_state(info->tls_session, 1, NULL, NULL, NULL, number) == 0) {
        for (size_t i = 0; i < sizeof number; i++) {
            n = n << 8 | number[i];
        }
    }
    return n;
}

/* What was read from the socket so far, in bytes; -1: the kernel does not count it. */
static int64_t bytes_of(const struct oc_conn *c)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    int unread = 0;
    if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_segs_out) || ioctl(c->fd, SIOCINQ, &unread) != 0) {
        return -1;
    }
    return (int64_t)info.tcpi_bytes_received - unread;
}

void oc_conn_claim_request(struct oc_conn *c, struct MHD_Connection *mhd, int64_t body_length)
{
    const union MHD_ConnectionInfo *head =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const bool chunked = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Transfer-Encoding");
    if (!c->engine->listen->tls) {
        c->claimed = c->claimed < 0 || !head || chunked
                         ? -1
                         : c->claimed + (int64_t)head->header_size + body_length;
        c->beside += body_length > 0 ? EMPTY_LINE : 0;
    }
    c->complaint = 0; /* whoever was meant, its head was sound */
}

/* A record that also holds a whole line of the next request is gone on with in the same run (`ended`). */
void oc_conn_claim_records(struct oc_conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (c->engine->listen->tls && info) {
        c->claimed = gnutls_record_check_pending(info->tls_session) > 0 ? -1 : records_of(c);
    }
}

bool oc_conn_rests(const struct oc_conn *c)
{
    if (c->request || c->claimed < 0 || c->fd < 0 || c->engine->listen->path) {
        return false;
    }
    if (c->engine->listen->tls) {
        return records_of(c) == c->claimed && c != c->engine->ended;
    }
    const int64_t bytes = bytes_of(c);
    return bytes >= 0 && bytes <= c->claimed + NO_REQUEST;
}

bool oc_conn_has_more(const struct oc_conn *c)
{
    return !c->request && c->claimed >= 0 && c->fd >= 0 && !c->engine->listen->path &&
           !c->engine->listen->tls && bytes_of(c) > c->claimed + c->beside + NO_REQUEST;
}

static void conn_create(struct oc_engine *e, struct MHD_Connection *mhd, void **state)
{
    struct oc_conn *c = oc_calloc(1, sizeof *c);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    c->engine = e;
    c->mhd = mhd;
    c->fd = info ? info->connect_fd : -1;
    c->uid = (uid_t)-1;
    c->deadline = oc_time_mono() + e->listen->server->api->options.header_timeout_ms;
    name_peer(c);
    c->next = e->conns;
    if (e->conns) {
        e->conns->prev = c;
    }
    e->conns = c;
    *state = c;
}

static void conn_destroy(struct oc_conn *c)
{
    if (c->engine->ended == c) {
        c->engine->ended = NULL;
    }
    if (c->passed_on) {
        c->engine->upgraded--;
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->engine->conns = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    free(c);
}

/* The library may close a connection that rests, or has sent half a line, shortly before we do. Any other end leaves to the client what is on its
 * way to it. */
static void on_close(const struct oc_conn *c)
{
    if (c->deadline && c->deadline <= oc_time_mono() + OC_SECOND / 2) {
        oc_conn_drop_unread(c);
    } else {
        oc_malformed_on_close(c);
    }
}

void oc_conn_on_change(void *ctx, struct MHD_Connection *mhd, void **state,
                       enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_create(ctx, mhd, state);
    } else if (*state) {
        on_close(*state);
        conn_destroy(*state);
        *state = NULL;
    }
}

void oc_conn_end(struct oc_conn *c, int how)
{
    c->over = true;
    shutdown(c->fd, how);
}

void oc_conn_distrust(const struct oc_engine *engine)
{
    for (struct oc_conn *c = engine->conns; c; c = c->next) {
        if (!c->request && !c->upgraded && c->fd >= 0 && oc_tls_is_certified(c->mhd)) {
            oc_conn_end(c, SHUT_RDWR);
        }
    }
}

static bool has_left(const struct oc_conn *c)
{
    char byte;
    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* libmicrohttpd's own time-out begins anew with every byte: whoever sends one now and then would stay for ever. */
void oc_conn_sweep(struct oc_engine *engine, int64_t now)
{
    for (struct oc_conn *c = engine->conns; c; c = c->next) {
        if (c->deadline && !c->upgraded && c->deadline < now && c->fd >= 0) {
            c->deadline = 0;
            if (c->request && !c->request->answered) { /* else it only rested, or read slowly */
                tell(engine, "timeout", c, c->peer);
            }
            oc_conn_drop_unread(c);
            oc_conn_end(c, SHUT_RDWR);
        } else if (c->upgrade && has_left(c)) {
            oc_http_upgrade_break(c->upgrade);
        }
    }
}

/* Whoever is to answer hears that the client has left; the client hears why. */
void oc_conn_give_up(struct oc_http_request *r, const char *why)
{
    const oc_loop_fn gone = r->gone;
    r->gone = NULL;
    if (gone) {
        gone(r->gone_ctx);
    }
    oc_request_set_last(r);
    oc_http_send_errorf(r, MHD_HTTP_SERVICE_UNAVAILABLE, OC_E_RETRY, NULL, "%s", why);
}

static struct oc_http_request *waiting_in(const struct oc_engine *engine)
{
    struct oc_http_request *r = engine->listen->server->pending;
    while (r && !(r->suspended && r->conn && r->conn->engine == engine)) {
        r = r->next;
    }
    return r;
}

/* libmicrohttpd may not be stopped while a connection is suspended: all of them are taken up again. */
void oc_conn_evict(struct oc_engine *engine)
{
    struct oc_http_request *r;
    while ((r = waiting_in(engine))) { /* one that is given up may end others */
        oc_conn_give_up(r, "this listener has been closed");
    }
    oc_http_streams_break(engine);
    for (struct oc_conn *c = engine->conns; c; c = c->next) {
        if (c->upgrade) {
            oc_http_upgrade_break(c->upgrade);
        } else if (c->fd >= 0) {
            oc_conn_end(c, SHUT_RD);
        }
    }
}
