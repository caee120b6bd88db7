/* One connection that carries frames. SPDX-License-Identifier: MIT */
#include "core/loop/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/loop/stream_internal.h"

#define READ_MIN      4096             /* room for every read; an idle connection holds no more */
#define KEEP_MAX      65536            /* a larger read buffer is given back once it is empty */
#define FRAME_TIMEOUT (30 * OC_SECOND) /* for a frame to become whole */
#define DRAIN_TIMEOUT (5 * OC_SECOND)  /* for the peer to read what was sent before a close */

struct oc_stream {
    uv_pipe_t pipe;
    struct oc_timer *limit; /* while open: the unfinished frame; while closing: the drain */
    const struct oc_stream_handler *handler;
    void *ctx;
    struct oc_buf in;
    bool closing; /* nothing is read or accepted for sending any more */
};

struct write {
    uv_write_t req;
    size_t len;
    char data[];
};

static void on_limit(void *ctx)
{
    struct oc_stream *s = ctx;
    if (!s->closing) {
        oc_warn("peer left a frame unfinished", "bytes=%zu", s->in.len);
    }
    oc_stream_abort(s);
}

struct oc_stream *oc_stream_create(struct oc_loop *loop)
{
    struct oc_stream *s = oc_calloc(1, sizeof *s);
    OC_ASSERT(!uv_pipe_init(oc_loop_uv(loop), &s->pipe, 0));
    s->pipe.data = s;
    s->limit = oc_timer_create(loop, on_limit, s);
    return s;
}

uv_pipe_t *oc_stream_pipe(struct oc_stream *s)
{
    return &s->pipe;
}

static void on_closed(uv_handle_t *handle)
{
    struct oc_stream *s = handle->data;
    if (s->handler && s->handler->on_close) {
        s->handler->on_close(s->ctx, s);
    }
    oc_buf_finish(&s->in);
    free(s);
}

void oc_stream_abort(struct oc_stream *s)
{
    s->closing = true;
    if (!uv_is_closing((uv_handle_t *)&s->pipe)) {
        oc_timer_destroy(s->limit);
        s->limit = NULL;
        uv_close((uv_handle_t *)&s->pipe, on_closed);
    }
}

void oc_stream_close(struct oc_stream *s)
{
    if (s->closing) {
        return;
    }
    s->closing = true;
    uv_read_stop((uv_stream_t *)&s->pipe);
    if (oc_stream_pending(s) == 0) {
        oc_stream_abort(s);
    } else {
        oc_timer_start(s->limit, DRAIN_TIMEOUT, 0);
    }
}

static void on_frame(void *ctx, const char *frame, size_t len)
{
    struct oc_stream *s = ctx;
    if (s->closing || !s->handler) {
        return;
    }
    /* The frame lies in our own buffer: end it with a NUL in place of the next frame's first byte,
     * for a while. */
    char *end = s->in.data + (frame - s->in.data) + len;
    char kept = *end;
    *end = '\0';
    s->handler->on_frame(s->ctx, s, frame, len);
    *end = kept;
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    struct oc_stream *s = handle->data;
    (void)hint;
    oc_buf_reserve(&s->in, READ_MIN);
    *buf = uv_buf_init(s->in.data + s->in.len, (unsigned)(s->in.cap - s->in.len - 1));
}

/* The clock of an unfinished frame runs from its first byte and is not set back by the bytes that
 * trickle in. */
static void watch_unfinished(struct oc_stream *s, bool any_whole)
{
    if (s->in.len == 0) {
        oc_timer_stop(s->limit);
    } else if (any_whole || !oc_timer_active(s->limit)) {
        oc_timer_start(s->limit, FRAME_TIMEOUT, 0);
    }
}

static void take_frames(struct oc_stream *s)
{
    long used = oc_frame_split(s->in.data, s->in.len, on_frame, s);
    if (s->closing) {
        return;
    }
    if (used < 0) {
        oc_warn("peer sent a frame over the limit", "limit=%u", OC_FRAME_MAX);
        oc_stream_close(s);
        return;
    }
    oc_buf_consume(&s->in, (size_t)used);
    watch_unfinished(s, used > 0);
    if (s->in.len == 0 && s->in.cap > KEEP_MAX) {
        oc_buf_finish(&s->in);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct oc_stream *s = stream->data;
    (void)buf;
    if (n > 0) {
        s->in.len += (size_t)n;
        s->in.data[s->in.len] = '\0';
        take_frames(s);
    } else if (n < 0) {
        oc_stream_close(
            s); /* the peer may have shut down its side only: it still gets its answers */
    }
}

void oc_stream_begin(struct oc_stream *s)
{
    if (!s->closing && uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read)) {
        oc_stream_abort(s);
    }
}

/* libuv takes any descriptor here and aborts later over one that cannot be polled. */
static bool is_socket(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

struct oc_stream *oc_stream_adopt(struct oc_loop *loop, int fd)
{
    struct oc_stream *s = oc_stream_create(loop);
    if (!is_socket(fd) || uv_pipe_open(&s->pipe, fd)) {
        close(fd);
        oc_stream_abort(s);
        return NULL;
    }
    oc_stream_begin(s);
    return s;
}

void oc_stream_handle(struct oc_stream *s, const struct oc_stream_handler *handler, void *ctx)
{
    s->handler = handler;
    s->ctx = ctx;
}

size_t oc_stream_pending(const struct oc_stream *s)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&s->pipe);
}

static void on_written(uv_write_t *req, int status)
{
    struct oc_stream *s = req->data;
    free(req);
    if (status < 0 || (s->closing && oc_stream_pending(s) == 0)) {
        oc_stream_abort(s);
    }
}

/* Writes now what the socket takes; returns how much, or a negative code. Nothing may overtake what
 * waits. */
static int write_now(struct oc_stream *s, const uv_buf_t *bufs, unsigned count)
{
    if (oc_stream_pending(s) > 0) {
        return 0;
    }
    int n = uv_try_write((uv_stream_t *)&s->pipe, bufs, count);
    return n == UV_EAGAIN ? 0 : n;
}

/* Queues what is left of head and data behind their first `skip` bytes. */
static int write_later(struct oc_stream *s, const uv_buf_t bufs[2], size_t skip)
{
    size_t head = skip < bufs[0].len ? bufs[0].len - skip : 0;
    size_t body = skip < bufs[0].len ? bufs[1].len : bufs[1].len - (skip - bufs[0].len);
    struct write *w = oc_alloc(sizeof *w + head + body);

    memcpy(w->data, bufs[0].base + (bufs[0].len - head), head);
    if (body) {
        memcpy(w->data + head, bufs[1].base + (bufs[1].len - body), body);
    }
    w->req.data = s;
    uv_buf_t rest = uv_buf_init(w->data, (unsigned)(head + body));
    int rc = uv_write(&w->req, (uv_stream_t *)&s->pipe, &rest, 1, on_written);
    if (rc) {
        free(w);
    }
    return rc;
}

int oc_stream_send(struct oc_stream *s, const char *data, size_t len)
{
    unsigned char head[OC_FRAME_HEAD];
    char *body = (char *)(uintptr_t)data; /* libuv has one buffer type for reading and writing */

    if (s->closing) {
        return OC_E_CANCELLED;
    }
    if (len > OC_REPLY_MAX) {
        return OC_E_PERMANENT;
    }
    if (oc_stream_pending(s) + len > OC_STREAM_BACKLOG) {
        oc_warn("peer does not read, connection closed", "pending=%zu", oc_stream_pending(s));
        oc_stream_abort(s);
        return OC_E_CANCELLED;
    }
    oc_frame_head((uint32_t)len, head);
    uv_buf_t bufs[2] = {uv_buf_init((char *)head, sizeof head), uv_buf_init(body, (unsigned)len)};
    int n = write_now(s, bufs, 2);
    if (n >= 0 && (size_t)n < sizeof head + len) {
        n = write_later(s, bufs, (size_t)n);
    }
    if (n < 0) {
        oc_stream_abort(s);
        return OC_E_CANCELLED;
    }
    return 0;
}

int oc_stream_peer(struct oc_stream *s, pid_t *pid, uid_t *uid)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&s->pipe, &fd) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
        return OC_E_PERMANENT;
    }
    *pid = peer.pid;
    *uid = peer.uid;
    return 0;
}
