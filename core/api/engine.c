/* One MHD daemon, driven by the host's loop. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/server_internal.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define TURN_US 2000

static void run(void *ctx);

static void on_turn(void *ctx)
{
    struct oc_engine *e = ctx;
    e->posted = false;
    if (e->doomed) {
        free(e);
    } else {
        run(e);
    }
}

/* Clients that never pause would keep us here for good, and a timer of no delay is served before anything else of the loop
 * is looked at: after a while the others have a turn. */
static void yield(struct oc_engine *e)
{
    if (!e->posted) {
        e->posted = true;
        oc_loop_post(e->listen->server->api->env->loop, on_turn, e);
    }
}

/* libmicrohttpd says for how long it may sleep; its epoll descriptor says the rest. */
static void run(void *ctx)
{
    struct oc_engine *e = ctx;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool timed;
    if (e->running) {
        return;
    }
    const int64_t until = oc_time_mono_us() + TURN_US;
    do {
        e->again = false;
        const size_t before = oc_engine_connections(e);
        e->running = true;
        e->ended = NULL;
        MHD_run(e->mhd);
        /* What one run sees the end of is cleared away by the next, which listens again when there is room. */
        if (e->upgraded || oc_engine_connections(e) < before) {
            MHD_run(e->mhd);
        }
        e->running = false;
        timed = MHD_get_timeout(e->mhd, &ms) == MHD_YES;
    } while ((e->again || (timed && ms == 0)) && oc_time_mono_us() < until);
    oc_timer_stop(e->due);
    if (e->again || (timed && ms == 0)) {
        yield(e);
    } else if (timed) {
        oc_timer_start(e->due, ms > 60000 ? 60000 : (int64_t)ms, 0);
    }
}

/* Nothing on the descriptor tells of a resumed connection. */
void oc_engine_resume(struct oc_engine *e, struct MHD_Connection *mhd)
{
    MHD_resume_connection(mhd);
    if (!e->running) { /* else it is asked at the end of the run */
        oc_timer_start(e->due, 0, 0);
    }
}

__attribute__((format(printf, 2, 0))) static void on_log(void *ctx, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    oc_malformed_on_log(ctx, fmt, again);
    va_end(again);
    char *text = oc_vasprintf(fmt, ap);
    oc_debug("http library", "text=%s", text);
    free(text);
}

/* Targets are decoded by us, once (target.c). */
static size_t keep_escapes(void *ctx, struct MHD_Connection *mhd, char *text)
{
    (void)ctx;
    (void)mhd;
    return strlen(text);
}

static struct MHD_Daemon *start(struct oc_engine *e, const struct oc_tls_material *tls)
{
    const struct oc_api_options *o = &e->listen->server->api->options;
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {tls->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, tls->client_ca},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
                           MHD_USE_ERROR_LOG | (tls->key ? MHD_USE_TLS : 0u);
    return MHD_start_daemon(
        flags, 0, oc_conn_on_accept, e, oc_request_on_part, e, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        e, MHD_OPTION_LISTEN_SOCKET, e->listen->fd, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, e,
        MHD_OPTION_URI_LOG_CALLBACK, oc_request_on_target, e, MHD_OPTION_NOTIFY_COMPLETED,
        oc_request_on_completed, e, MHD_OPTION_NOTIFY_CONNECTION, oc_conn_on_change, e,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)o->header_max, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)o->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(o->idle_timeout_ms / 1000), MHD_OPTION_STRICT_FOR_CLIENT, 0 /* framing.c is */,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls->key ? secure : plain,
        MHD_OPTION_END);
}

struct oc_engine *oc_engine_create(struct oc_listen *l, char **why)
{
    struct oc_engine *e = oc_calloc(1, sizeof *e);
    struct oc_api *api = l->server->api;
    struct oc_tls_material tls = {0};
    struct oc_error err;
    oc_error_init(&err);
    e->listen = l;
    if (l->tls && oc_tls_load(&api->options, &tls, &err) != OC_OK) {
        *why = oc_strdup(err.message);
        free(e);
        return NULL;
    }
    e->expires_ms = tls.expires_ms;
    e->trust = tls.client_ca ? oc_hash_bytes(tls.client_ca, strlen(tls.client_ca), 0) | 1 : 0;
    e->mhd = start(e, &tls);
    oc_tls_finish(&tls);
    const union MHD_DaemonInfo *info =
        e->mhd ? MHD_get_daemon_info(e->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        *why = oc_asprintf("the HTTP library does not start: %s", strerror(errno));
        free(e);
        return NULL;
    }
    e->due = oc_timer_create(api->env->loop, run, e);
    e->watch = oc_watch_create(api->env->loop, info->epoll_fd, run, e);
    OC_ASSERT(e->watch);
    oc_watch_start(e->watch);
    return e;
}

size_t oc_engine_connections(const struct oc_engine *e)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(e->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

void oc_engine_quiesce(struct oc_engine *e)
{
    MHD_quiesce_daemon(e->mhd);
}

void oc_engine_destroy(struct oc_engine *e)
{
    if (!e) {
        return;
    }
    MHD_quiesce_daemon(e->mhd);
    MHD_run(e->mhd); /* what was answered last is taken up again: it may not be suspended */
    oc_watch_destroy(e->watch);
    oc_timer_destroy(e->due);
    MHD_stop_daemon(e->mhd);
    if (e->posted) {
        e->doomed = true;
    } else {
        free(e);
    }
}
