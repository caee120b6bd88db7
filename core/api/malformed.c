/* What libmicrohttpd refuses by itself, said in our words. SPDX-License-Identifier: MIT
 *
 * Its own answers are pages of HTML without our headers, and one to a wrong Content-Length even has two heads. It tells of
 * each in its log before it answers, but not whose request it is. Where that is certain nevertheless, the client gets our
 * answer and the connection's way out is closed before the library writes to it. Where it is not, its answer goes out. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/api/server_internal.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define DRAINED_MAX (1 << 20)
#define TOLD        1 /* in the place of a status: there is a line of it that names nobody */

struct complaint {
    unsigned status;
    const char *text;
};

/* ---- whose it is ---- */

/* Nothing but digits that fit: whoever has sent another one is refused as soon as the headers are whole. */
static bool has_bad_length(const struct oc_conn *c)
{
    const char *text = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Content-Length");
    if (!text) {
        return false;
    }
    errno = 0;
    strtoull(text, NULL, 10);
    return !*text || strspn(text, "0123456789") != strlen(text) || errno == ERANGE;
}

static bool is_body_open(const struct oc_http_request *r)
{
    return r->seen && !r->handed && !r->answered &&
           MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, "Transfer-Encoding");
}

static bool fits(const struct oc_conn *c, const struct complaint *complaint)
{
    const struct oc_http_request *r = c->request;
    if (c->over || c->upgraded || c->upgrade || c->fd < 0 || oc_conn_rests(c)) {
        return false;
    }
    if (strstr(complaint->text, "Content-Length")) {
        return r && !r->seen && has_bad_length(c);
    }
    if (strstr(complaint->text, "chunk")) {
        return r && is_body_open(r);
    }
    if (complaint->status == MHD_HTTP_URI_TOO_LONG ||
        complaint->status == MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED) {
        return !r; /* the line with the target was not read */
    }
    const bool in_headers = r && (!r->seen || is_body_open(r));
    return in_headers || (!r && complaint->status != MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
}

/* ---- the answer ---- */

static const char *words_of(unsigned status, const char **hint)
{
    *hint = "";
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
        *hint = "Send less at once, or raise api.body_max.";
        return "the body of the request is too long";
    case MHD_HTTP_URI_TOO_LONG:
        *hint = "Send what is long as the body of a POST, or raise api.header_max.";
        return "the target of the request is too long";
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        *hint = "Send fewer or shorter headers, or raise api.header_max.";
        return "the headers of the request are too long";
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        *hint = "Speak HTTP/1.1.";
        return "this version of HTTP is not spoken here";
    default:
        *hint = "Write it as RFC 9112 says.";
        return "the request is malformed";
    }
}

static const char *reason_of(unsigned status)
{
    return status == MHD_HTTP_CONTENT_TOO_LARGE || status == MHD_HTTP_URI_TOO_LONG ||
                   status == MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
               ? "too-large"
               : "bad-request";
}

static char *body_of(unsigned status)
{
    struct oc_error err;
    const char *hint;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CONFIG, "%s", words_of(status, &hint));
    oc_error_hint(&err, "%s", hint);
    json_t *o = oc_http_error_json(&err);
    char *text = json_dumps(o, OC_JSON_WIRE);
    json_decref(o);
    OC_ASSERT(text);
    return text;
}

static char *answer_of(unsigned status, bool tls, size_t *len)
{
    struct oc_buf b = {0};
    struct tm tm;
    char date[64], *body = body_of(status);
    const time_t now = (time_t)(oc_time_wall() / OC_SECOND);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    oc_buf_addf(&b, "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n", status,
                MHD_get_reason_phrase_for(status), date);
    oc_buf_addf(&b, "Content-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n",
                OC_HTTP_TYPE_JSON, strlen(body));
    for (const struct oc_pair *p = oc_http_security; p->name; p++) {
        oc_buf_addf(&b, "%s: %s\r\n", p->name, p->value);
    }
    if (tls) {
        oc_buf_addf(&b, "Strict-Transport-Security: %s\r\n", OC_HTTP_HSTS);
    }
    oc_buf_addf(&b, "\r\n%s", body);
    free(body);
    *len = b.len;
    return oc_buf_take(&b);
}

/* What the client has sent further is taken in: a socket that is closed over it resets the connection, and the answer
 * might be lost. */
static void drain(int fd)
{
    char buf[16 << 10];
    ssize_t n = 1;
    for (size_t sum = 0; n > 0 && sum < DRAINED_MAX; sum += (size_t)n) {
        n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    }
}

static void answer(struct oc_conn *c, unsigned status)
{
    const union MHD_ConnectionInfo *info =
        c->engine->listen->tls ? MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)
                               : NULL;
    size_t len;
    char *text = answer_of(status, c->engine->listen->tls, &len);
    c->over = true;
    c->deadline = 0;
    if (info) {
        gnutls_record_send(info->tls_session, text, len);
        gnutls_bye(info->tls_session, GNUTLS_SHUT_WR);
    } else if (!c->engine->listen->tls) {
        send(c->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    shutdown(c->fd, SHUT_WR);
    drain(c->fd);
    free(text);
}

static void tell(const struct oc_engine *e, const struct oc_conn *c, unsigned status)
{
    char *path = c && c->request ? oc_target_shown(c->request->target) : NULL;
    oc_access_refused(e->listen->server->api->access,
                      &(struct oc_refusal){
                          .reason = reason_of(status), .peer = c ? c->peer : NULL, .path = path});
    free(path);
}

/* ---- */

/* Where it is not certain whose it is, the end of the request or of the connection tells (see below). */
static bool is_told_later(const struct oc_conn *c)
{
    return c->request || oc_conn_has_more(c);
}

/* Each of them may be the one. */
static void suspect(struct oc_engine *e, const struct complaint *complaint, unsigned status)
{
    for (struct oc_conn *c = e->conns; c; c = c->next) {
        c->complaint = fits(c, complaint) ? status : c->complaint;
    }
}

static void take(struct oc_engine *e, const struct complaint *complaint)
{
    struct oc_conn *found = NULL;
    size_t count = 0;
    bool later = true;
    const bool all = strstr(complaint->text, "Content-Length"); /* each of them is to be refused */
    for (struct oc_conn *c = e->conns; c; c = c->next) {
        if (fits(c, complaint)) {
            found = c;
            count++;
            later = later && is_told_later(c);
            if (all) {
                tell(e, c, complaint->status);
                answer(c, complaint->status);
            }
        }
    }
    if (count == 1 && !all) {
        tell(e, found, complaint->status);
        answer(found, complaint->status);
    } else if (count && !all && later) {
        suspect(e, complaint, complaint->status);
    } else if (!count || !all) {
        suspect(e, complaint, TOLD);
        tell(e, NULL, complaint->status);
    }
}

void oc_malformed_on_end(const struct oc_http_request *r)
{
    if (r->conn->complaint > TOLD && !r->conn->over) {
        tell(r->conn->engine, r->conn, r->conn->complaint);
    }
}

/* The library closes a connection whose first line has no target without a word, and too late for an answer of ours: its
 * writing side is shut. What an engine that is stopped lets go is told by nobody. */
void oc_malformed_on_close(const struct oc_conn *c)
{
    if (c->engine->running && !c->over && !c->upgraded && c->complaint != TOLD &&
        oc_conn_has_more(c)) {
        tell(c->engine, c, c->complaint ? c->complaint : MHD_HTTP_BAD_REQUEST);
    }
}

void oc_malformed_on_log(struct oc_engine *e, const char *fmt, va_list ap)
{
    if (oc_starts(fmt, "Error processing request (HTTP response code is %u")) {
        struct complaint complaint;
        complaint.status = va_arg(ap, unsigned);
        complaint.text = va_arg(ap, const char *);
        take(e, &complaint);
    } else if (oc_starts(fmt, "Server reached connection limit")) { /* whose it was is not said */
        oc_access_refused(e->listen->server->api->access,
                          &(struct oc_refusal){.reason = "too-many-connections"});
    }
}
