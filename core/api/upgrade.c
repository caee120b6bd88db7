/* Connections that change their protocol: taken from the library, counted, and ended when they are let in no more. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define LAST_WORDS (2 * OC_SECOND) /* for a close frame to get through */

struct oc_http_upgrade {
    struct oc_http_upgrade *next, *prev; /* of the server */
    struct oc_server *server;
    struct oc_listen *listen; /* NULL: it is gone */
    uint64_t trust;           /* whose certificates it was let in by */
    struct oc_admission admission;
    const char *path; /* of the route */
    char peer[OC_PEER_MAX];
    const char *why; /* it is let in no more; NULL: it is */
    void (*over)(void *ctx, const char *why);
    void *over_ctx;
    struct oc_engine *engine;
    struct MHD_UpgradeResponseHandle *mhd; /* NULL: the socket is ours alone */
    int fd;                                /* that one */
    int pipe;                              /* over TLS: our end of what the library passes on */
    struct oc_conn *conn;                  /* over TLS: whose it is */
    void (*ready)(void *ctx, struct oc_http_upgrade *u, int fd, struct oc_view extra);
    void *ctx;
};

/* ---- the list ---- */

static void enter(struct oc_http_upgrade *u, const struct oc_http_request *r)
{
    u->server = r->server;
    u->listen = r->conn->engine->listen;
    u->trust = r->conn->engine->trust;
    u->fd = -1;
    u->path = r->match.route ? r->match.route->pattern : "";
    oc_copy(u->peer, sizeof u->peer, r->conn->peer);
    oc_admission_take(&u->admission, r);
    u->next = u->server->upgrades;
    if (u->next) {
        u->next->prev = u;
    }
    u->server->upgrades = u;
    u->server->upgraded++;
}

static void leave(struct oc_http_upgrade *u)
{
    if (u->prev) {
        u->prev->next = u->next;
    } else {
        u->server->upgrades = u->next;
    }
    if (u->next) {
        u->next->prev = u->prev;
    }
    u->server->upgraded--;
    oc_admission_finish(&u->admission);
    free(u);
}

size_t oc_http_upgrades_apart(const struct oc_server *s, const struct oc_listen *listen,
                              const char *peer)
{
    size_t n = 0;
    for (const struct oc_http_upgrade *u = s->upgrades; u; u = u->next) {
        n +=
            u->fd >= 0 && (!listen || u->listen == listen) && (!peer || strcmp(u->peer, peer) == 0);
    }
    return n;
}

void oc_http_upgrades_forget(struct oc_server *s, const struct oc_listen *listen)
{
    for (struct oc_http_upgrade *u = s->upgrades; u; u = u->next) {
        u->listen = u->listen == listen ? NULL : u->listen;
    }
}

void oc_http_upgrades_judge(struct oc_server *s)
{
    for (struct oc_http_upgrade *u = s->upgrades; u; u = u->next) {
        const char *why = oc_listen_over(u->listen, s->api, u->trust, &u->admission);
        if (why && !u->why) {
            u->why = why;
            if (u->over) {
                u->over(u->over_ctx, why);
            }
        }
    }
}

void oc_http_upgrade_watch(struct oc_http_upgrade *u, void (*over)(void *ctx, const char *why),
                           void *ctx)
{
    u->over = over;
    u->over_ctx = ctx;
    if (u->why) {
        over(ctx, u->why);
    }
}

const char *oc_http_upgrade_peer(const struct oc_http_upgrade *u)
{
    return u->peer;
}

void oc_http_upgrade_refused(const struct oc_http_upgrade *u, const char *reason,
                             const char *method, const char *what)
{
    oc_access_refused(u->server->api->access, &(struct oc_refusal){.reason = reason,
                                                                   .peer = u->peer,
                                                                   .actor = u->admission.who.actor,
                                                                   .method = method,
                                                                   .path = what ? what : u->path});
}

bool oc_http_upgrade_room(struct oc_http_request *r)
{
    struct oc_api *api = r->server->api;
    if (r->server->upgraded < (uint64_t)api->options.connections_max) {
        return true;
    }
    oc_access_refused(api->access, &(struct oc_refusal){.reason = "too-many-connections",
                                                        .peer = oc_http_peer(r),
                                                        .actor = r->who.actor,
                                                        .method = r->method,
                                                        .path = r->path});
    oc_http_send_errorf(r, MHD_HTTP_SERVICE_UNAVAILABLE, OC_E_RETRY,
                        "Come again later, or raise api.connections_max.",
                        "there are too many connections");
    return false;
}

/* ---- life ---- */

/* A plain socket is taken away from the library, which would keep its buffers for as long as the connection lasts. */
static int take_socket(struct oc_http_upgrade *u, int fd, bool tls)
{
    u->fd = tls ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return u->fd >= 0 ? u->fd : fd;
}

static void let_go(struct oc_http_upgrade *u)
{
    MHD_upgrade_action(u->mhd, MHD_UPGRADE_ACTION_CLOSE);
    u->mhd = NULL;
    u->engine->again =
        u->engine->again || u->engine->running; /* nothing on its descriptor tells of it */
    if (!u->engine->running) {
        oc_timer_start(u->engine->due, 0, 0);
    }
}

static void on_upgraded(void *ctx, struct MHD_Connection *mhd, void *state, const char *extra,
                        size_t extra_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct oc_http_upgrade *u = ctx;
    struct oc_http_request *r = state;
    (void)mhd;
    u->mhd = handle;
    r->upgrade = NULL; /* it has what it waited for */
    r->conn->upgraded = true;
    u->engine = r->conn->engine;
    const int own = take_socket(u, fd, u->engine->listen->tls);
    fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK);
    if (u->fd >= 0) {
        let_go(u);
    } else {
        u->pipe = own;
        u->conn = r->conn;
        u->conn->upgrade = u;
        u->conn->passed_on = true;
        u->engine->upgraded++;
    }
    u->ready(u->ctx, u, own, (struct oc_view){extra, extra_len});
}

void oc_http_upgrade(struct oc_http_request *r, const char *protocol,
                     void (*ready)(void *ctx, struct oc_http_upgrade *u, int fd,
                                   struct oc_view extra),
                     void *ctx)
{
    struct oc_http_upgrade *u = oc_calloc(1, sizeof *u);
    enter(u, r);
    u->ready = ready;
    u->ctx = ctx;
    r->upgrade = u;
    oc_http_set(r, "Upgrade", protocol);
    oc_http_answer(r, MHD_HTTP_SWITCHING_PROTOCOLS, NULL,
                   MHD_create_response_for_upgrade(on_upgraded, u));
}

void oc_http_upgrade_gone(struct oc_http_upgrade *u)
{
    u->ready(u->ctx, NULL, -1, (struct oc_view){NULL, 0});
    leave(u);
}

/* The library tells of a client that left only when something is sent to it. */
void oc_http_upgrade_break(struct oc_http_upgrade *u)
{
    shutdown(u->pipe, SHUT_RDWR);
}

void oc_http_upgrade_close(struct oc_http_upgrade *u)
{
    if (u->mhd) {
        u->conn->upgrade = NULL;
        u->conn->upgraded = false;
        u->conn->deadline = oc_time_mono() + LAST_WORDS;
        oc_conn_end(u->conn, SHUT_RD); /* the library would wait for the client to leave first */
        let_go(u);
    } else {
        close(u->fd);
    }
    leave(u);
}
