/* Answers without an end, and long ones in parts. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"

#define BACKLOG_MAX (1u << 20)
#define BLOCK       (16u << 10)

/* ---- streams ---- */

struct oc_http_stream {
    struct oc_http_stream *next, *prev; /* of the engine */
    struct oc_engine *engine;
    struct MHD_Connection *mhd;
    struct oc_admission admission;
    struct oc_buf waiting;
    bool suspended, ended, broken;
    oc_loop_fn gone;
    void *ctx;
};

static ssize_t read_stream(void *ctx, uint64_t at, char *buf, size_t max)
{
    struct oc_http_stream *s = ctx;
    (void)at;
    if (s->broken) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (s->waiting.len == 0 && s->ended) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (s->waiting.len == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->mhd);
        return 0;
    }
    const size_t n = s->waiting.len < max ? s->waiting.len : max;
    memcpy(buf, s->waiting.data, n);
    oc_buf_consume(&s->waiting, n);
    return (ssize_t)n;
}

/* The connection is over, whoever ended it. */
static void free_stream(void *ctx)
{
    struct oc_http_stream *s = ctx;
    if (!s->ended && s->gone) {
        s->gone(s->ctx);
    }
    if (s->prev) {
        s->prev->next = s->next;
    } else {
        s->engine->streams = s->next;
    }
    if (s->next) {
        s->next->prev = s->prev;
    }
    oc_admission_finish(&s->admission);
    oc_buf_finish(&s->waiting);
    free(s);
}

static void resume(struct oc_http_stream *s)
{
    if (s->suspended) {
        s->suspended = false;
        oc_engine_resume(s->engine, s->mhd);
    }
}

struct oc_http_stream *oc_http_stream_open(struct oc_http_request *r, const char *type,
                                           oc_loop_fn gone, void *ctx)
{
    struct oc_http_stream *s = oc_calloc(1, sizeof *s);
    s->mhd = r->mhd;
    s->engine = r->conn->engine;
    oc_admission_take(&s->admission, r);
    s->gone = gone;
    s->ctx = ctx;
    s->next = s->engine->streams;
    if (s->next) {
        s->next->prev = s;
    }
    s->engine->streams = s;
    oc_http_set(r, "X-Accel-Buffering", "no");
    oc_http_answer(
        r, MHD_HTTP_OK, type,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, free_stream));
    return s;
}

bool oc_http_stream_write(struct oc_http_stream *s, const void *data, size_t len)
{
    if (s->ended || s->waiting.len + len > BACKLOG_MAX) {
        return false;
    }
    oc_buf_add(&s->waiting, data, len);
    resume(s);
    return true;
}

size_t oc_http_stream_pending(const struct oc_http_stream *s)
{
    return s->waiting.len;
}

void oc_http_stream_end(struct oc_http_stream *s)
{
    s->ended = true;
    resume(s);
}

static void break_off(struct oc_http_stream *s)
{
    s->broken = true;
    resume(s);
}

void oc_http_streams_break(struct oc_engine *engine)
{
    for (struct oc_http_stream *s = engine->streams; s; s = s->next) {
        break_off(s);
    }
}

void oc_http_streams_judge(struct oc_engine *engine)
{
    for (struct oc_http_stream *s = engine->streams; s; s = s->next) {
        if (oc_engine_over(engine, &s->admission)) {
            break_off(s);
        }
    }
}

/* ---- answers in parts ---- */

struct parts {
    bool (*more)(void *ctx, struct oc_buf *out);
    oc_loop_fn done;
    void *ctx;
    struct oc_buf part;
    size_t sent; /* of the part */
    bool last;
};

static ssize_t read_parts(void *ctx, uint64_t at, char *buf, size_t max)
{
    struct parts *p = ctx;
    (void)at;
    while (p->sent == p->part.len && !p->last) {
        oc_buf_clear(&p->part);
        p->sent = 0;
        p->last = !p->more(p->ctx, &p->part);
    }
    const size_t left = p->part.len - p->sent, n = left < max ? left : max;
    if (n == 0) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    memcpy(buf, p->part.data + p->sent, n);
    p->sent += n;
    return (ssize_t)n;
}

static void free_parts(void *ctx)
{
    struct parts *p = ctx;
    p->done(p->ctx);
    oc_buf_finish(&p->part);
    free(p);
}

void oc_http_send_parts(struct oc_http_request *r, unsigned status, const char *type,
                        bool (*more)(void *ctx, struct oc_buf *out), oc_loop_fn done, void *ctx)
{
    struct parts *p = oc_calloc(1, sizeof *p);
    p->more = more;
    p->done = done;
    p->ctx = ctx;
    oc_http_answer(
        r, status, type,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_parts, p, free_parts));
}
