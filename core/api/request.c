/* What libmicrohttpd tells about requests: admitted, routed, read, handed to whoever serves them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/api/guard.h"
#include "core/api/server_internal.h"
#include "core/api/socket/accept.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define SLOWEST_BODY                                                                               \
    (32 << 10) /* bytes a second that a body must come, and an answer be read, with */
#define PUBLIC_BODY    (16 << 10) /* what somebody without credentials may send: a form */
#define BODIES_AT_ONCE 8          /* bodies of the longest kind that are held at a time */

void *oc_request_on_target(void *ctx, const char *target, struct MHD_Connection *mhd)
{
    struct oc_engine *e = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct oc_http_request *r = oc_calloc(1, sizeof *r);
    r->server = e->listen->server;
    r->mhd = mhd;
    r->conn = info ? info->socket_context : NULL;
    r->target = oc_strdup(target);
    r->url = target;
    r->begun_us = oc_time_mono_us();
    r->next = r->server->pending;
    if (r->next) {
        r->next->prev = r;
    }
    r->server->pending = r;
    if (r->conn) {
        r->conn->request = r;
        r->conn->deadline = oc_time_mono() + r->server->api->options.header_timeout_ms;
    }
    return r;
}

void oc_request_set_last(struct oc_http_request *r)
{
    oc_http_set(r, "Connection", "close");
    r->last = true;
}

static void refuse(struct oc_http_request *r, unsigned status, int code, const char *reason,
                   const char *hint, const char *message)
{
    char *path = oc_target_shown(r->target);
    oc_access_refused(r->server->api->access, &(struct oc_refusal){.reason = reason,
                                                                   .peer = oc_http_peer(r),
                                                                   .method = r->method,
                                                                   .path = path});
    free(path);
    oc_request_set_last(r);
    oc_http_send_errorf(r, status, code, hint, "%s", message);
}

static void refuse_long(struct oc_http_request *r)
{
    refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, OC_E_CONFIG, "too-large",
           "Send less at once, or raise api.body_max.", "the body of the request is too long");
}

static void answer_unrouted(struct oc_http_request *r)
{
    if (!r->match.allow) {
        oc_http_send_nothing(r);
        return;
    }
    oc_http_set(r, "Allow", r->match.allow);
    if (strcmp(r->method, "OPTIONS") == 0) {
        oc_http_send_empty(r, MHD_HTTP_NO_CONTENT);
    } else {
        oc_http_send_errorf(r, MHD_HTTP_METHOD_NOT_ALLOWED, OC_E_UNSUPPORTED, NULL,
                            "%s is not for %s; allowed: %s", r->path, r->method, r->match.allow);
    }
}

static bool is_served(const struct oc_http_request *r)
{
    return oc_http_serves(r) == OC_SERVES_ALL ||
           (r->match.route && r->match.route->flags & OC_ROUTE_BRIDGE);
}

/* A listener of the bridge has routes of its own before the common ones. */
static void find_route(struct oc_http_request *r)
{
    const struct oc_api *api = r->server->api;
    if (oc_http_serves(r) == OC_SERVES_BRIDGE) {
        oc_router_find(&api->bridge, r->method, r->path, &r->match);
        if (r->match.route || r->match.allow) {
            return;
        }
        oc_match_finish(&r->match);
    }
    oc_router_find(&api->router, r->method, r->path, &r->match);
}

static int64_t body_length(const struct oc_http_request *r)
{
    const char *text = oc_http_header(r, "Content-Length");
    return text ? strtoll(text, NULL, 10) : 0;
}

static bool is_encoded(const struct oc_http_request *r)
{
    const char *coding = oc_http_header(r, "Content-Encoding");
    return coding && strcasecmp(coding, "identity") != 0 &&
           (body_length(r) > 0 || oc_http_header(r, "Transfer-Encoding"));
}

/* `OPTIONS *`: of the server as a whole, not of anything it has. */
static bool is_about_server(const struct oc_http_request *r)
{
    return strcmp(r->target, "*") == 0 && strcmp(r->method, "OPTIONS") == 0;
}

static void answer_about_server(struct oc_http_request *r)
{
    r->path = oc_strdup(r->target);
    if (oc_guard_admit(r, NULL, &r->who)) {
        oc_http_set(r, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
        oc_http_send_empty(r, MHD_HTTP_NO_CONTENT);
    }
}

/* What a proxy is asked for names the place, too: that is then whom the request is for, whatever its header Host says. */
static void take_place(struct oc_http_request *r)
{
    char *rest;
    if (oc_target_split(r->target, r->method, oc_http_is_tls(r), &r->authority, &rest)) {
        free(r->target);
        r->target = rest;
    }
}

static void begin(struct oc_http_request *r)
{
    struct oc_error err;
    const int64_t max = r->server->api->options.body_max;
    const char *query = NULL;
    oc_error_init(&err);
    r->body_max = max;
    if (!r->conn || !oc_framing_is_sound(r)) {
        refuse(r, MHD_HTTP_BAD_REQUEST, OC_E_CONFIG, "bad-request",
               "Send each header once, without control characters, one Host, and either "
               "Content-Length or chunked.",
               "the headers of the request are ambiguous");
        return;
    }
    oc_conn_claim_request(r->conn, r->mhd, body_length(r));
    take_place(r);
    if (is_about_server(r)) {
        answer_about_server(r);
        return;
    }
    if (oc_target_parse(r->target, &r->path, &query, &err) != OC_OK ||
        oc_query_check(query, &err) != OC_OK) {
        refuse(r, MHD_HTTP_BAD_REQUEST, OC_E_CONFIG,
               oc_target_climbs(r->target) ? "path-traversal" : "bad-request", err.hint,
               err.message);
        return;
    }
    r->query = query;
    if (body_length(r) > max) {
        refuse_long(r);
        return;
    }
    if (is_encoded(r)) {
        refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, OC_E_UNSUPPORTED, "bad-request",
               "Send the body as it is, without Content-Encoding.",
               "compressed bodies are not read here");
        return;
    }
    find_route(r);
    if (!is_served(r)) {
        oc_match_finish(&r->match);
        r->match.route = NULL;
        r->match.allow = NULL;
    }
    if (oc_guard_admit(r, r->match.route, &r->who) && !r->match.route) {
        answer_unrouted(r);
    }
    if (r->who.kind == OC_IDENTITY_NONE && r->body_max > PUBLIC_BODY) {
        r->body_max = PUBLIC_BODY;
        if (!r->answered && body_length(r) > r->body_max) {
            refuse_long(r);
        }
    }
    r->conn->deadline = oc_time_mono() + r->server->api->options.header_timeout_ms +
                        body_length(r) * 1000 / SLOWEST_BODY;
}

static void take_body(struct oc_http_request *r, const char *data, size_t len)
{
    if (r->answered || r->too_large) {
        return;
    }
    struct oc_server *s = r->server;
    r->too_large = r->body.len + len > (uint64_t)r->body_max;
    r->crowded =
        r->crowded || s->buffered + len > BODIES_AT_ONCE * (uint64_t)s->api->options.body_max;
    if (!r->too_large && !r->crowded) {
        oc_buf_add(&r->body, data, len);
        s->buffered += len;
    } else { /* it will be refused: what came of it makes room for the others, or all would end so */
        s->buffered -= r->body.len;
        oc_buf_finish(&r->body);
    }
}

static void hand_over(struct oc_http_request *r)
{
    r->handed = true;
    r->conn->deadline = 0;
    if (r->too_large) {
        refuse_long(r);
    } else if (r->crowded) {
        oc_http_set(r, "Retry-After", "1");
        oc_http_send_errorf(r, MHD_HTTP_SERVICE_UNAVAILABLE, OC_E_RETRY, "Send it again.",
                            "too many long requests at once");
    } else {
        r->match.route->handler(r, r->match.ctx);
    }
}

/* Whoever reads its answer too slowly, or not at all, holds memory of ours: it has as long as for a body of that length. */
static enum MHD_Result queue(struct oc_http_request *r)
{
    if (r->conn) {
        r->conn->deadline = r->size ? oc_time_mono() + r->server->api->options.header_timeout_ms +
                                          (int64_t)(r->size * 1000 / SLOWEST_BODY)
                                    : 0;
    }
    return oc_http_queue(r);
}

struct wish {
    bool close, keep;
};

static enum MHD_Result take_wish(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct wish *w = ctx;
    (void)kind;
    if (strcasecmp(name, "Connection") == 0) {
        w->close = w->close || oc_ws_has_token(value, "close");
        w->keep = w->keep || oc_ws_has_token(value, "keep-alive");
    }
    return MHD_YES;
}

/* Whether the client sends no other request over this connection (RFC 9112, 9.3). */
static bool is_last_of_client(const struct oc_http_request *r)
{
    struct wish w = {0};
    MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, take_wish, &w);
    return w.close || (r->old && !w.keep);
}

enum MHD_Result oc_request_on_part(void *ctx, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **state)
{
    struct oc_http_request *r = *state;
    (void)ctx;
    (void)mhd;
    (void)url;
    if (!r || r->server->closed) {
        return r && r->answered ? oc_http_queue(r) : MHD_NO;
    }
    if (!r->seen) {
        r->seen = true;
        r->method = method;
        r->version = version;
        r->old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
        begin(r);
        /* behind an early answer the library reads nothing more, neither a body nor a request */
        r->last = r->last || r->answered || is_last_of_client(r);
        return r->answered ? queue(r) : MHD_YES;
    }
    if (*upload_size) {
        take_body(r, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (!r->handed && !r->answered) {
        hand_over(r);
    }
    if (r->answered) {
        return queue(r);
    }
    r->suspended = true;
    MHD_suspend_connection(r->mhd);
    return MHD_YES;
}

/* The next request has to come with a certificate that is looked at anew: over another connection. */
static void end_of_trust(struct oc_conn *c)
{
    if (!c->upgraded && c->fd >= 0 && c->engine->listen->tls &&
        oc_engine_is_distrusted(c->engine) && oc_tls_is_certified(c->mhd)) {
        oc_conn_end(c, SHUT_RD);
    }
}

void oc_request_on_completed(void *ctx, struct MHD_Connection *mhd, void **state,
                             enum MHD_RequestTerminationCode why)
{
    struct oc_http_request *r = *state;
    (void)ctx;
    (void)mhd;
    if (!r) {
        return;
    }
    *state = NULL;
    if (r->conn && !r->answered && why == MHD_REQUEST_TERMINATED_WITH_ERROR && !r->server->closed) {
        oc_malformed_on_end(r);
    }
    if (r->conn) {
        r->conn->over =
            r->conn->over || r->last || !r->answered || why != MHD_REQUEST_TERMINATED_COMPLETED_OK;
        r->conn->complaint = 0;
        r->conn->request = NULL;
        r->conn->engine->ended = r->conn;
        oc_conn_claim_records(r->conn);
        r->conn->deadline = oc_time_mono() + r->server->api->options.idle_timeout_ms;
        if (why == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED) {
            oc_conn_drop_unread(r->conn);
        }
        end_of_trust(r->conn);
    }
    if (r->server->api->on_request && r->match.route) {
        r->server->api->on_request(r->server->api->on_request_ctx, r->match.route, r->status,
                                   oc_time_mono_us() - r->begun_us);
    }
    if (r->upgrade) {
        oc_http_upgrade_gone(r->upgrade);
    }
    if (r->gone) {
        r->gone(r->gone_ctx);
    }
    oc_http_free(r);
}
