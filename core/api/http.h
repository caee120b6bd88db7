/* One HTTP request and the ways to answer it. SPDX-License-Identifier: MIT  [loop]
 *
 * A handler gets the request once its body is whole and its client is known (guard.h). It answers exactly once, now or
 * later, with one of the oc_http_send functions, a stream or an upgrade; after that the request is gone. A client that
 * leaves earlier is told by `on_gone`, after which nothing may be sent. Every answer carries the security headers. */
#ifndef OC_API_HTTP_H
#define OC_API_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/api/options.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/service/access/access.h"

#define OC_HTTP_PARAMS_MAX 4
#define OC_HTTP_TYPE_JSON  "application/json"
#define OC_HTTP_TYPE_TEXT  "text/plain; charset=utf-8"
#define OC_HTTP_TYPE_HTML  "text/html; charset=utf-8"

struct oc_api;
struct oc_http_request;

/* ---- what was asked ---- */

struct oc_api *oc_http_api(const struct oc_http_request *r);
const char *oc_http_method(const struct oc_http_request *r); /* "GET" */
/* The path, percent-decoded once; begins with '/', has no empty, "." or ".." segment, no NUL. */
const char *oc_http_path(const struct oc_http_request *r);
/* As sent, with the query; without the place, where that was sent with it. */
const char *oc_http_target(const struct oc_http_request *r);
/* The i-th {name} of the route's pattern. */
const char *oc_http_param(const struct oc_http_request *r, size_t i);
const char *oc_http_header(const struct oc_http_request *r, const char *name); /* NULL: none */
/* Who was asked for: the header Host, or what the target names, in the place of that; NULL when there is no such header. */
const char *oc_http_host(const struct oc_http_request *r);
/* The first value of a query parameter, decoded (+ is a space); NULL: none. */
const char *oc_http_query(const struct oc_http_request *r, const char *name);
/* Calls fn for every query parameter in order, decoded. */
void oc_http_query_each(const struct oc_http_request *r,
                        void (*fn)(void *ctx, const char *name, const char *value), void *ctx);
struct oc_view oc_http_body(const struct oc_http_request *r);
/* The value of a cookie; {NULL, 0}: none. */
struct oc_view oc_http_cookie(const struct oc_http_request *r, const char *name);
/* "192.0.2.1", "::1", "unix:1000" */
const char *oc_http_peer(const struct oc_http_request *r);
bool oc_http_is_loopback(const struct oc_http_request *r); /* or a unix socket */
bool oc_http_is_tls(const struct oc_http_request *r);
/* On a unix socket, whose peer is `*uid`. */
bool oc_http_is_unix(const struct oc_http_request *r, uid_t *uid);
enum oc_certificate {
    OC_CERTIFICATE_NONE, /* it showed none, or was not asked for one */
    OC_CERTIFICATE_FOREIGN, /* not signed by whom it must be, or not good now; `name` is what it claims */
    OC_CERTIFICATE_GOOD,
};
/* The common name of the client's certificate, and what it is worth. */
enum oc_certificate oc_http_certificate(const struct oc_http_request *r, char *name, size_t size);
/* Wall ms until which that is good; 0: not known. */
int64_t oc_http_certificate_expires(const struct oc_http_request *r);
/* Whether the listener serves nobody without one. */
bool oc_http_wants_certificate(const struct oc_http_request *r);
enum oc_serves oc_http_serves(const struct oc_http_request *r);
bool oc_http_is_old(const struct oc_http_request *r); /* HTTP/1.0 */
/* Who asks; kind NONE where the route is public and nothing was shown. */
const struct oc_identity *oc_http_who(const struct oc_http_request *r);

/* fn(ctx) when the client leaves before the answer; the request is then gone. */
void oc_http_on_gone(struct oc_http_request *r, oc_loop_fn fn, void *ctx);

/* ---- answers ---- */

/* A header of the answer to come; copies. */
void oc_http_set(struct oc_http_request *r, const char *name, const char *value);
/* `body` is malloc'ed and taken. */
void oc_http_send(struct oc_http_request *r, unsigned status, const char *type, char *body,
                  size_t len);
/* `body` lives as long as the program. */
void oc_http_send_const(struct oc_http_request *r, unsigned status, const char *type,
                        const char *body);
void oc_http_send_empty(struct oc_http_request *r, unsigned status);               /* 204, 304 */
void oc_http_send_json(struct oc_http_request *r, unsigned status, json_t *value); /* taken */
/* {"ok":false,"data":null,"warnings":[],"error":{"code","message","hint"}}: the document of the command line. */
void oc_http_send_error(struct oc_http_request *r, unsigned status, const struct oc_error *err);
void oc_http_send_errorf(struct oc_http_request *r, unsigned status, int code, const char *hint,
                         const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* 404: nothing is at its path, and where to look. */
void oc_http_send_nothing(struct oc_http_request *r);
/* A regular file from its descriptor, which is taken. */
void oc_http_send_fd(struct oc_http_request *r, unsigned status, const char *type, int fd,
                     uint64_t size);
/* The HTTP status that an error code of ours is answered with: 400, 401, 403, 404, 409, 429, 504, 500 ... */
unsigned oc_http_status(int code);

/* An answer made once and sent many times: the body is held in memory, its headers are fixed. */
struct oc_http_blob;
struct oc_http_blob *oc_http_blob_create(const char *type, char *body /* taken */, size_t len);
/* One that clients may keep: whoever has it already, by its ETag, gets 304. */
struct oc_http_blob *oc_http_blob_create_tagged(const char *type, char *body /* taken */,
                                                size_t len);
const char *oc_http_blob_etag(const struct oc_http_blob *b); /* NULL: it has none */
void oc_http_blob_set(struct oc_http_blob *b, const char *name, const char *value);
void oc_http_blob_destroy(struct oc_http_blob *b); /* NULL is fine; answers on their way keep it */
void oc_http_send_blob(struct oc_http_request *r, unsigned status, struct oc_http_blob *b);

/* ---- an answer without an end: server-sent events, long exports ---- */

struct oc_http_stream;
/* 200 with this type; the request is gone, the stream stays until it is ended or the client leaves (gone(ctx), once; the
 * stream is then gone too). */
struct oc_http_stream *oc_http_stream_open(struct oc_http_request *r, const char *type,
                                           oc_loop_fn gone, void *ctx);
/* Copies. False when more than `backlog` bytes (1 MiB) wait: nothing was added, the caller drops or ends. */
bool oc_http_stream_write(struct oc_http_stream *s, const void *data, size_t len);
size_t oc_http_stream_pending(const struct oc_http_stream *s);
void oc_http_stream_end(struct oc_http_stream *s); /* what waits is sent first */

/* A long answer that is made while it is sent, so that it is never in memory whole: `more` appends the next part (some ten
 * KB) to `out`, as often as the client takes it, and returns false with the last one. done(ctx) once, also when the client leaves
 * early. What is told about may change between two parts: a cursor of one's own has to bear that. */
void oc_http_send_parts(struct oc_http_request *r, unsigned status, const char *type,
                        bool (*more)(void *ctx, struct oc_buf *out), oc_loop_fn done, void *ctx);

/* ---- another protocol on the same connection ---- */

struct oc_http_upgrade;
/* 101 with `Upgrade: protocol` and the headers set before. ready(ctx, upgrade, fd, extra) then has the socket: non-blocking,
 * plain bytes also under TLS; `extra` is what was read ahead. Ends with oc_http_upgrade_close, which closes fd. When the
 * client leaves before that, ready gets fd -1 and upgrade NULL. */
void oc_http_upgrade(struct oc_http_request *r, const char *protocol,
                     void (*ready)(void *ctx, struct oc_http_upgrade *u, int fd,
                                   struct oc_view extra),
                     void *ctx);
void oc_http_upgrade_close(struct oc_http_upgrade *u);
/* over(ctx, why), once, when it would not be let in any more as things are configured now: a role, a name, a listener that is no more. At
 * once when that is so already. Closing is its owner's matter. */
void oc_http_upgrade_watch(struct oc_http_upgrade *u, void (*over)(void *ctx, const char *why),
                           void *ctx);
const char *oc_http_upgrade_peer(const struct oc_http_upgrade *u);
/* A line of the trail: what was refused to whom is at the other end. `method` is a word such as "call"; `what` NULL: the path of its route. */
void oc_http_upgrade_refused(const struct oc_http_upgrade *u, const char *reason,
                             const char *method, const char *what);
/* Whether there may be one more; when not, the request has been answered. */
bool oc_http_upgrade_room(struct oc_http_request *r);

#endif
