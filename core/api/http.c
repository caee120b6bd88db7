/* Requests as handlers see them, and answers. SPDX-License-Identifier: MIT */
#include "core/api/http.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/api/credential.h"
#include "core/api/etag.h"
#include "core/api/server_internal.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"

/* ---- what was asked ---- */

struct oc_api *oc_http_api(const struct oc_http_request *r)
{
    return r->server->api;
}

const char *oc_http_method(const struct oc_http_request *r)
{
    return r->method;
}

const char *oc_http_path(const struct oc_http_request *r)
{
    return r->path ? r->path : "";
}

const char *oc_http_target(const struct oc_http_request *r)
{
    return r->target;
}

const char *oc_http_param(const struct oc_http_request *r, size_t i)
{
    return i < OC_HTTP_PARAMS_MAX && r->match.params[i] ? r->match.params[i] : "";
}

const char *oc_http_header(const struct oc_http_request *r, const char *name)
{
    return r->mhd ? MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name) : NULL;
}

const char *oc_http_host(const struct oc_http_request *r)
{
    const char *host = oc_http_header(r, "Host");
    return host && r->authority ? r->authority : host;
}

void oc_http_query_each(const struct oc_http_request *r,
                        void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
    for (const char *s = r->query; s && *s;) {
        const size_t len = strcspn(s, "&"), split = strcspn(s, "=&");
        char *name = oc_target_decode(s, split < len ? split : len, true);
        char *value =
            split < len ? oc_target_decode(s + split + 1, len - split - 1, true) : oc_strdup("");
        if (name && value && (*name || *value)) {
            fn(ctx, name, value);
        }
        free(name);
        free(value);
        s += len + (s[len] == '&');
    }
}

struct wanted {
    const char *name;
    char *value;
};

static void take_wanted(void *ctx, const char *name, const char *value)
{
    struct wanted *w = ctx;
    if (!w->value && strcmp(name, w->name) == 0) {
        w->value = oc_strdup(value);
    }
}

const char *oc_http_query(const struct oc_http_request *r, const char *name)
{
    struct wanted w = {name, NULL};
    oc_http_query_each(r, take_wanted, &w);
    if (w.value) {
        OC_VEC_PUSH(&((struct oc_http_request *)(uintptr_t)r)->decoded, w.value);
    }
    return w.value;
}

struct oc_view oc_http_body(const struct oc_http_request *r)
{
    return (struct oc_view){r->body.data ? r->body.data : "", r->body.len};
}

struct oc_view oc_http_cookie(const struct oc_http_request *r, const char *name)
{
    return oc_cookie_find(oc_http_header(r, "Cookie"), name);
}

const char *oc_http_peer(const struct oc_http_request *r)
{
    return r->conn ? r->conn->peer : "";
}

bool oc_http_is_loopback(const struct oc_http_request *r)
{
    return r->conn && r->conn->loopback;
}

bool oc_http_is_unix(const struct oc_http_request *r, uid_t *uid)
{
    const bool is = r->conn && r->conn->engine->listen->path;
    if (is) {
        *uid = r->conn->uid;
    }
    return is;
}

bool oc_http_is_tls(const struct oc_http_request *r)
{
    return r->conn && r->conn->engine->listen->tls;
}

bool oc_http_is_old(const struct oc_http_request *r)
{
    return r->old;
}

bool oc_http_wants_certificate(const struct oc_http_request *r)
{
    return r->conn && r->conn->engine->listen->wants_certificate;
}

enum oc_serves oc_http_serves(const struct oc_http_request *r)
{
    return r->conn ? r->conn->engine->listen->serves : OC_SERVES_ALL;
}

const struct oc_identity *oc_http_who(const struct oc_http_request *r)
{
    return &r->who;
}

void oc_http_on_gone(struct oc_http_request *r, oc_loop_fn fn, void *ctx)
{
    r->gone = fn;
    r->gone_ctx = ctx;
}

/* ---- answers ---- */

#define CONTENT_POLICY                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "                \
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

const struct oc_pair oc_http_security[] = {
    {"Content-Security-Policy", CONTENT_POLICY},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {NULL, NULL},
};

static void add_security(struct MHD_Response *response)
{
    for (const struct oc_pair *p = oc_http_security; p->name; p++) {
        MHD_add_response_header(response, p->name, p->value);
    }
}

/* What is not said otherwise is not kept by anybody. */
static void add_default(struct MHD_Response *response, const char *name, const char *value)
{
    if (!MHD_get_response_header(response, name)) {
        MHD_add_response_header(response, name, value);
    }
}

void oc_http_set(struct oc_http_request *r, const char *name, const char *value)
{
    const struct oc_pair pair = {oc_strdup(name), oc_strdup(value)};
    OC_VEC_PUSH(&r->headers, pair);
}

static void unlink_pending(struct oc_http_request *r)
{
    if (r->prev) {
        r->prev->next = r->next;
    } else if (r->server->pending == r) {
        r->server->pending = r->next;
    }
    if (r->next) {
        r->next->prev = r->prev;
    }
    r->next = r->prev = NULL;
}

/* The answer is there. Now, or when the connection has been taken up again, it goes to libmicrohttpd. */
static void answer(struct oc_http_request *r, unsigned status, struct MHD_Response *response)
{
    OC_ASSERT(!r->answered);
    r->answered = true;
    r->gone = NULL;
    r->status = status;
    r->response = response;
    unlink_pending(r);
    if (r->suspended) {
        r->suspended = false;
        oc_engine_resume(r->conn->engine, r->mhd);
    }
}

void oc_http_answer(struct oc_http_request *r, unsigned status, const char *type,
                    struct MHD_Response *response)
{
    OC_ASSERT(response);
    for (size_t i = 0; i < r->headers.count; i++) {
        MHD_add_response_header(response, r->headers.items[i].name, r->headers.items[i].value);
    }
    if (type) {
        MHD_add_response_header(response, "Content-Type", type);
    }
    add_default(response, "Cache-Control", "no-store");
    if (oc_http_is_tls(r)) {
        MHD_add_response_header(response, "Strict-Transport-Security", OC_HTTP_HSTS);
    }
    add_security(response);
    answer(r, status, response);
}

void oc_http_send(struct oc_http_request *r, unsigned status, const char *type, char *body,
                  size_t len)
{
    r->size = len;
    oc_http_answer(r, status, type,
                   MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE));
}

void oc_http_send_const(struct oc_http_request *r, unsigned status, const char *type,
                        const char *body)
{
    oc_http_answer(r, status, type,
                   MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body,
                                                   MHD_RESPMEM_PERSISTENT));
}

void oc_http_send_empty(struct oc_http_request *r, unsigned status)
{
    oc_http_answer(
        r, status, NULL,
        MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT));
}

void oc_http_send_json(struct oc_http_request *r, unsigned status, json_t *value)
{
    struct oc_buf text = {0};
    oc_json_put_wire(&text, value);
    json_decref(value);
    const size_t len = text.len;
    oc_http_send(r, status, OC_HTTP_TYPE_JSON, oc_buf_take(&text), len);
}

json_t *oc_http_error_json(const struct oc_error *err)
{
    json_t *o = json_object(), *error = json_object();
    oc_json_set_bool(o, "ok", false);
    oc_json_take(o, "data", json_null());
    oc_json_take(o, "warnings", json_array());
    oc_json_set_str(error, "code", oc_error_name(err->code));
    oc_json_set_str(error, "message", err->message);
    oc_json_set_str(error, "hint", err->hint);
    oc_json_take(o, "error", error);
    return o;
}

void oc_http_send_error(struct oc_http_request *r, unsigned status, const struct oc_error *err)
{
    oc_http_send_json(r, status, oc_http_error_json(err));
}

void oc_http_send_errorf(struct oc_http_request *r, unsigned status, int code, const char *hint,
                         const char *fmt, ...)
{
    struct oc_error err;
    oc_error_init(&err);
    err.code = code;
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_error_set(&err, code, "%s", text);
    if (hint) {
        oc_error_hint(&err, "%s", hint);
    }
    oc_http_send_error(r, status, &err);
    free(text);
}

void oc_http_send_nothing(struct oc_http_request *r)
{
    oc_http_send_errorf(r, 404, OC_E_NOT_FOUND,
                        oc_http_serves(r) == OC_SERVES_BRIDGE
                            ? "The message bridge is here: a WebSocket at /, GET /health and GET "
                              "/api/agents."
                            : "GET /api/openapi.json lists what there is.",
                        "there is no %s", oc_http_path(r));
}

void oc_http_send_fd(struct oc_http_request *r, unsigned status, const char *type, int fd,
                     uint64_t size)
{
    r->size = size;
    oc_http_answer(r, status, type, MHD_create_response_from_fd64(size, fd));
}

unsigned oc_http_status(int code)
{
    static const struct {
        int code;
        unsigned status;
    } map[] = {
        {OC_OK, 200},         {OC_E_RETRY, 503},       {OC_E_TIMEOUT, 504},   {OC_E_CANCELLED, 409},
        {OC_E_CONFIG, 400},   {OC_E_AUTH, 401},        {OC_E_DENIED, 403},    {OC_E_NOT_FOUND, 404},
        {OC_E_CONFLICT, 409}, {OC_E_UNSUPPORTED, 422}, {OC_E_PERMANENT, 422}, {OC_E_CRASHED, 502},
        {OC_E_NETWORK, 502},  {OC_E_VERIFY, 422},      {OC_E_REFUSED, 403},   {OC_E_APPROVAL, 202}};
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        if (map[i].code == code) {
            return map[i].status;
        }
    }
    return 500;
}

/* ---- answers that are made once ---- */

struct oc_http_blob {
    struct MHD_Response *response;
    size_t len;
    size_t holders;
};

struct oc_http_blob *oc_http_blob_create(const char *type, char *body, size_t len)
{
    struct oc_http_blob *b = oc_calloc(1, sizeof *b);
    b->holders = 1;
    b->len = len;
    b->response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    OC_ASSERT(b->response);
    MHD_add_response_header(b->response, "Content-Type", type);
    add_security(b->response);
    return b;
}

struct oc_http_blob *oc_http_blob_create_tagged(const char *type, char *body, size_t len)
{
    char etag[24];
    snprintf(etag, sizeof etag, "\"%016" PRIx64 "\"", oc_hash_bytes(body, len, 0));
    struct oc_http_blob *b = oc_http_blob_create(type, body, len);
    oc_http_blob_set(b, "ETag", etag);
    oc_http_blob_set(b, "Cache-Control", "no-cache");
    return b;
}

const char *oc_http_blob_etag(const struct oc_http_blob *b)
{
    return MHD_get_response_header(b->response, "ETag");
}

void oc_http_blob_set(struct oc_http_blob *b, const char *name, const char *value)
{
    const char *old = MHD_get_response_header(b->response, name);
    if (old) {
        MHD_del_response_header(b->response, name, old);
    }
    MHD_add_response_header(b->response, name, value);
}

void oc_http_blob_destroy(struct oc_http_blob *b)
{
    if (b && --b->holders == 0) {
        MHD_destroy_response(b->response);
        free(b);
    }
}

void oc_http_send_blob(struct oc_http_request *r, unsigned status, struct oc_http_blob *b)
{
    const char *etag = oc_http_blob_etag(b);
    if (etag && oc_etag_is_known(oc_http_header(r, "If-None-Match"), etag)) {
        oc_http_set(r, "ETag", etag);
        oc_http_set(r, "Cache-Control", "no-cache");
        oc_http_send_empty(r, MHD_HTTP_NOT_MODIFIED);
        return;
    }
    b->holders++;
    r->blob = b;
    r->size = b->len;
    answer(r, status, b->response);
}

/* ---- the way out ---- */

static void drop_response(struct oc_http_request *r)
{
    if (r->blob) {
        oc_http_blob_destroy(r->blob);
    } else if (r->response) {
        MHD_destroy_response(r->response);
    }
    r->blob = NULL;
    r->response = NULL;
}

static void drop_body(struct oc_http_request *r)
{
    r->server->buffered -= r->body.len;
    oc_buf_finish(&r->body);
}

enum MHD_Result oc_http_queue(struct oc_http_request *r)
{
    const enum MHD_Result rc = MHD_queue_response(r->mhd, r->status, r->response);
    drop_response(r); /* libmicrohttpd holds it now */
    drop_body(r);
    return rc;
}

void oc_http_free(struct oc_http_request *r)
{
    if (!r->answered) {
        unlink_pending(r);
    }
    drop_response(r);
    for (size_t i = 0; i < r->headers.count; i++) {
        free((void *)(uintptr_t)r->headers.items[i].name);
        free((void *)(uintptr_t)r->headers.items[i].value);
    }
    for (size_t i = 0; i < r->decoded.count; i++) {
        free(r->decoded.items[i]);
    }
    OC_VEC_FINISH(&r->headers);
    OC_VEC_FINISH(&r->decoded);
    oc_match_finish(&r->match);
    drop_body(r);
    free(r->path);
    free(r->target);
    free(r->authority);
    free(r);
}
