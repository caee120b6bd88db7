/* Connections: reading, the queue, the closing handshake. SPDX-License-Identifier: MIT */
#include "core/api/socket/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/api/http.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/loop/watch.h"

#define READ_CHUNK    16384u
#define READS_A_TURN  4      /* a flood of one client leaves turns to the others */
#define PIECES        16     /* packets handed to the kernel at once */
#define PONGS_WAITING 65536u /* who pings and never reads gets no more than that */

struct queued {
    struct oc_packet *packet;
    bool droppable;
};

struct oc_socket {
    struct oc_loop *loop;
    struct oc_http_upgrade *upgrade;
    struct oc_watch *watch;
    const struct oc_socket_handler *handler;
    void *ctx;
    struct oc_reader reader;
    struct queued *queue; /* a ring; NULL while nothing waits */
    uint32_t head, count, cap;
    size_t sent; /* bytes of the first packet that are gone */
    size_t pending;
    uint64_t taken;                  /* bytes that the kernel has taken, ever since */
    int64_t heard, pinged, close_at; /* mono ms; 0 = not yet */
    struct oc_buf extra;             /* read ahead of us, not looked at yet */
    int fd;
    bool busy;      /* inside a callback: not to be freed */
    bool destroyed; /* by its owner, while busy */
    bool dead;      /* the connection is of no use any more */
    bool closing;   /* a close frame is queued: the last one */
    bool closed;    /* one has come */
    bool failed;    /* the client broke the protocol: it is not listened to any more */
    bool shut;      /* nothing more is sent */
    bool reminded;  /* its owner waits to be told that nothing waits */
};

/* ---- the end ---- */

static void release(struct oc_socket *s)
{
    oc_watch_destroy(s->watch);
    if (s->upgrade) {
        oc_http_upgrade_close(s->upgrade);
    } else {
        close(s->fd);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        oc_packet_unref(s->queue[(s->head + i) % s->cap].packet);
    }
    free(s->queue);
    oc_buf_finish(&s->extra);
    oc_reader_finish(&s->reader);
    free(s);
}

void oc_socket_destroy(struct oc_socket *s)
{
    if (s && s->busy) {
        s->destroyed = s->dead = true;
        oc_reader_stop(&s->reader);
    } else if (s) {
        release(s);
    }
}

/* After everything that may have called out. */
static void settle(struct oc_socket *s)
{
    if (s->closing && s->closed && s->pending == 0) {
        s->dead = true; /* both have said good-bye */
    }
    if (s->failed && s->pending == 0 && !s->shut && !s->dead) {
        s->shut =
            true; /* it sees the close frame and the end; what it still sends is thrown away until it leaves */
        shutdown(s->fd, SHUT_WR);
    }
    if (s->destroyed) {
        release(s);
    } else if (s->dead) {
        const struct oc_socket_handler *handler = s->handler;
        void *ctx = s->ctx;
        release(s);
        handler->on_closed(ctx);
    }
}

/* ---- the queue ---- */

static void grow(struct oc_socket *s)
{
    const uint32_t cap = s->cap ? s->cap * 2 : 4;
    struct queued *queue = oc_alloc(cap * sizeof *queue);
    for (uint32_t i = 0; i < s->count; i++) {
        queue[i] = s->queue[(s->head + i) % s->cap];
    }
    free(s->queue);
    s->queue = queue;
    s->cap = cap;
    s->head = 0;
}

static unsigned fill(const struct oc_socket *s, struct iovec vec[PIECES])
{
    unsigned n = 0;
    for (; n < PIECES && n < s->count; n++) {
        struct oc_packet *p = s->queue[(s->head + n) % s->cap].packet;
        const size_t skip = n == 0 ? s->sent : 0;
        vec[n] = (struct iovec){p->bytes + skip, p->len - skip};
    }
    return n;
}

static void took(struct oc_socket *s, size_t n)
{
    s->pending -= n;
    s->taken += n;
    s->sent += n;
    while (s->count > 0 && s->sent >= s->queue[s->head].packet->len) {
        s->sent -= s->queue[s->head].packet->len;
        oc_packet_unref(s->queue[s->head].packet);
        s->head = (s->head + 1) % s->cap;
        s->count--;
    }
    if (s->count == 0) {
        OC_FREE(s->queue);
        s->cap = s->head = 0;
    }
}

static void flush(struct oc_socket *s)
{
    while (!s->dead && s->count > 0) {
        struct iovec vec[PIECES];
        struct msghdr message = {.msg_iov = vec};
        message.msg_iovlen = fill(s, vec);
        const ssize_t n = sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            took(s, (size_t)n);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            s->dead = true; /* the watch tells of it, too, and ends the socket */
        }
    }
    oc_watch_writable(s->watch, !s->dead && (s->count > 0 || s->reminded || s->extra.len > 0));
}

static void enqueue(struct oc_socket *s, struct oc_packet *packet, bool droppable)
{
    const bool idle = s->count == 0;
    if (s->count == s->cap) {
        grow(s);
    }
    s->queue[(s->head + s->count++) % s->cap] = (struct queued){oc_packet_ref(packet), droppable};
    s->pending += packet->len;
    if (idle) {
        flush(s);
    }
}

void oc_socket_send(struct oc_socket *s, struct oc_packet *packet, bool droppable)
{
    if (!s->closing && !s->dead) {
        enqueue(s, packet, droppable);
    }
}

size_t oc_socket_pending(const struct oc_socket *s)
{
    return s->pending;
}

uint64_t oc_socket_sent(const struct oc_socket *s)
{
    return s->taken;
}

size_t oc_socket_drop(struct oc_socket *s)
{
    uint32_t kept = 0;
    size_t dropped = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct queued q = s->queue[(s->head + i) % s->cap];
        if (q.droppable && !(i == 0 && s->sent > 0)) {
            s->pending -= q.packet->len;
            oc_packet_unref(q.packet);
            dropped++;
        } else {
            s->queue[(s->head + kept++) % s->cap] = q;
        }
    }
    s->count = kept;
    oc_socket_remind(s);
    return dropped;
}

void oc_socket_remind(struct oc_socket *s)
{
    s->reminded = true;
    oc_watch_writable(s->watch, true);
}

static void send_close(struct oc_socket *s, uint16_t code, const char *reason)
{
    if (s->closing || s->dead) {
        return;
    }
    struct oc_packet *p = oc_packet_close(code, reason);
    enqueue(s, p, false);
    oc_packet_unref(p);
    s->closing = true;
    s->close_at = oc_time_mono();
}

void oc_socket_close(struct oc_socket *s, uint16_t code, const char *reason)
{
    send_close(s, code, reason);
}

void oc_socket_abort(struct oc_socket *s)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    s->dead = true;
    oc_watch_writable(s->watch, true); /* which it nearly always is: the end comes from the loop */
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* what was never read is dropped */
    shutdown(s->fd, SHUT_RDWR);
}

bool oc_socket_is_closing(const struct oc_socket *s)
{
    return s->closing || s->dead;
}

/* ---- reading ---- */

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct oc_socket *s = ctx;
    if (!s->closing && !s->dead) {
        s->handler->on_message(s->ctx, text, data, len);
    }
}

static void on_ping(void *ctx, const void *data, size_t len)
{
    struct oc_socket *s = ctx;
    if (!s->closing && s->pending < PONGS_WAITING) {
        struct oc_packet *p = oc_packet_create(OC_WS_PONG, data, len);
        oc_socket_send(s, p, false);
        oc_packet_unref(p);
    }
}

static void on_pong(void *ctx)
{
    (void)ctx; /* that something came is noted already */
}

static void on_close(void *ctx, uint16_t code)
{
    struct oc_socket *s = ctx;
    s->closed = true;
    send_close(s, code, NULL);
}

static const struct oc_reader_handler reader_handler = {on_message, on_ping, on_pong, on_close};

static void take(struct oc_socket *s, const void *data, size_t len)
{
    s->heard = oc_time_mono();
    s->pinged = 0;
    const uint16_t wrong = oc_reader_feed(&s->reader, data, len);
    if (wrong) {
        s->failed = true;
        oc_socket_refused(s, wrong == OC_WS_TOO_BIG ? "too-large" : "bad-request", "frame", NULL);
        send_close(s, wrong, NULL);
    }
}

static void take_extra(struct oc_socket *s)
{
    struct oc_buf extra = s->extra;
    s->extra = (struct oc_buf){0};
    take(s, extra.data, extra.len);
    oc_buf_finish(&extra);
}

static void read_some(struct oc_socket *s)
{
    char chunk[READ_CHUNK];
    for (int i = 0; i < READS_A_TURN && !s->dead; i++) {
        const ssize_t n = recv(s->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n > 0) {
            take(s, chunk, (size_t)n); /* after a failure bytes are read and thrown away */
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            s->dead = true;
        }
        if (n < (ssize_t)sizeof chunk) {
            return;
        }
    }
}

static void on_event(void *ctx)
{
    struct oc_socket *s = ctx;
    const bool waited = s->count > 0 || s->reminded;
    s->busy = true;
    if (s->extra.len > 0) {
        take_extra(s);
    }
    read_some(s);
    flush(s);
    if (waited && s->count == 0 && !s->dead && !s->closing && s->handler->on_drained) {
        s->reminded = false;
        s->handler->on_drained(s->ctx);
    }
    s->busy = false;
    settle(s);
}

/* ---- life ---- */

static void on_over(void *ctx, const char *why)
{
    oc_socket_close(ctx, OC_WS_POLICY, why);
}

const char *oc_socket_peer(const struct oc_socket *s)
{
    return s && s->upgrade ? oc_http_upgrade_peer(s->upgrade) : "";
}

void oc_socket_refused(const struct oc_socket *s, const char *reason, const char *method,
                       const char *what)
{
    if (s && s->upgrade) {
        oc_http_upgrade_refused(s->upgrade, reason, method, what);
    }
}

struct oc_socket *oc_socket_open(struct oc_loop *loop, struct oc_http_upgrade *upgrade, int fd,
                                 struct oc_view extra, size_t message_max,
                                 const struct oc_socket_handler *handler, void *ctx)
{
    struct oc_socket *s = oc_calloc(1, sizeof *s);
    s->watch = oc_watch_create(loop, fd, on_event, s);
    if (!s->watch) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->upgrade = upgrade;
    s->fd = fd;
    s->handler = handler;
    s->ctx = ctx;
    s->heard = oc_time_mono();
    oc_reader_init(&s->reader, &reader_handler, s, message_max);
    oc_watch_start(s->watch);
    if (upgrade) {
        oc_http_upgrade_watch(upgrade, on_over, s);
    }
    if (extra.len > 0) {
        oc_buf_add(&s->extra, extra.ptr, extra.len);
        oc_watch_writable(s->watch, true); /* it is looked at in the next turn */
    }
    return s;
}

void oc_socket_tick(struct oc_socket *s, int64_t now)
{
    const bool late = s->closing ? now - s->close_at >= OC_WS_CLOSE_WAIT
                                 : s->pinged && now - s->pinged >= OC_WS_PING_EVERY;
    if (s->dead || late) {
        oc_socket_abort(s);
    } else if (!s->closing && !s->pinged && now - s->heard >= OC_WS_PING_EVERY) {
        struct oc_packet *p = oc_packet_create(OC_WS_PING, NULL, 0);
        s->pinged = now;
        oc_socket_send(s, p, false);
        oc_packet_unref(p);
    }
}
