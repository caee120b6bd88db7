/* Frames to messages, over libwslay. SPDX-License-Identifier: MIT */
#include "core/api/socket/reader.h"

#include <string.h>
#include <wslay/wslay.h>

#include "core/base/mem.h"

#define POOL_MAX     8u
#define MASK_BYTES   4u
#define MESSAGE_KEPT 4096u /* a longer buffer is given back after the message */

/* ---- what libwslay needs for one frame ---- */

struct oc_reader_lent {
    wslay_frame_context_ptr wslay;
    struct oc_reader *reader;
    struct oc_reader_lent *next;
};

/* All on the loop's thread. The last reader takes the pool with it. */
static struct {
    struct oc_reader_lent *free;
    size_t count, readers;
} pool;

static ssize_t give(uint8_t *buf, size_t len, int flags, void *ctx)
{
    struct oc_reader *r = ((struct oc_reader_lent *)ctx)->reader;
    const size_t left = (size_t)(r->feed_end - r->feed);
    (void)flags;
    len = len < left ? len : left;
    if (len == 0) {
        return -1; /* libwslay: not now */
    }
    memcpy(buf, r->feed, len);
    r->feed += len;
    r->given += len;
    return (ssize_t)len;
}

static void lent_destroy(struct oc_reader_lent *l)
{
    wslay_frame_context_free(l->wslay);
    free(l);
}

static void lend(struct oc_reader *r)
{
    static const struct wslay_frame_callbacks callbacks = {.recv_callback = give};
    struct oc_reader_lent *l = pool.free;
    if (l) {
        pool.free = l->next;
        pool.count--;
    } else {
        l = oc_calloc(1, sizeof *l);
        OC_ASSERT(wslay_frame_context_init(&l->wslay, &callbacks, l) == 0);
    }
    l->reader = r;
    r->lent = l;
    r->given = r->used = 0;
}

/* `clean`: nothing of a frame is in it, so that another reader may have it. */
static void give_back(struct oc_reader *r, bool clean)
{
    struct oc_reader_lent *l = r->lent;
    r->lent = NULL;
    if (!l) {
        return;
    }
    if (!clean || pool.count >= POOL_MAX) {
        lent_destroy(l);
        return;
    }
    l->next = pool.free;
    pool.free = l;
    pool.count++;
}

/* ---- life ---- */

void oc_reader_init(struct oc_reader *r, const struct oc_reader_handler *handler, void *ctx,
                    size_t message_max)
{
    memset(r, 0, sizeof *r);
    r->handler = handler;
    r->ctx = ctx;
    r->message_max = message_max;
    pool.readers++;
}

void oc_reader_finish(struct oc_reader *r)
{
    give_back(r, false);
    oc_buf_finish(&r->message);
    if (--pool.readers == 0) {
        while (pool.free) {
            struct oc_reader_lent *l = pool.free;
            pool.free = l->next;
            lent_destroy(l);
        }
        pool.count = 0;
    }
}

void oc_reader_stop(struct oc_reader *r)
{
    r->over = true;
}

/* ---- rules ---- */

bool oc_ws_code_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static uint16_t check_head(const struct oc_reader *r, const struct wslay_frame_iocb *f)
{
    if (!f->mask || f->rsv != 0) {
        return OC_WS_PROTOCOL;
    }
    switch (f->opcode) {
    case OC_WS_CONTINUATION:
        if (r->opcode == 0) {
            return OC_WS_PROTOCOL;
        }
        break;
    case OC_WS_TEXT:
    case OC_WS_BINARY:
        if (r->opcode != 0) {
            return OC_WS_PROTOCOL;
        }
        break;
    case OC_WS_CLOSE:
    case OC_WS_PING:
    case OC_WS_PONG:
        return f->fin && f->payload_length <= OC_WS_CONTROL_MAX ? 0 : OC_WS_PROTOCOL;
    default:
        return OC_WS_PROTOCOL;
    }
    return f->payload_length > r->message_max - r->message.len ? OC_WS_TOO_BIG : 0;
}

static uint16_t take_close(struct oc_reader *r, const uint8_t *data, size_t len)
{
    struct oc_utf8_state utf8 = {0};
    unsigned code = OC_WS_NO_STATUS;
    if (len == 1) {
        return OC_WS_PROTOCOL;
    }
    if (len >= 2) {
        code = (unsigned)data[0] << 8 | data[1];
        if (!oc_ws_code_valid(code)) {
            return OC_WS_PROTOCOL;
        }
        if (!oc_utf8_feed(&utf8, data + 2, len - 2) || !oc_utf8_whole(&utf8)) {
            return OC_WS_ENCODING;
        }
    }
    r->over = true;
    r->handler->on_close(r->ctx, (uint16_t)code);
    return 0;
}

static uint16_t take_control(struct oc_reader *r, uint8_t opcode, size_t len)
{
    if (opcode == OC_WS_CLOSE) {
        return take_close(r, r->control, len);
    }
    if (opcode == OC_WS_PING) {
        r->handler->on_ping(r->ctx, r->control, len);
    } else {
        r->handler->on_pong(r->ctx);
    }
    return 0;
}

static uint16_t end_message(struct oc_reader *r)
{
    const bool text = r->opcode == OC_WS_TEXT;
    if (text && !oc_utf8_whole(&r->utf8)) {
        return OC_WS_ENCODING;
    }
    r->opcode = 0;
    r->handler->on_message(r->ctx, text, r->message.data ? r->message.data : "", r->message.len);
    if (r->message.cap > MESSAGE_KEPT) {
        oc_buf_finish(&r->message);
    } else {
        oc_buf_clear(&r->message);
    }
    return 0;
}

static uint16_t take_data(struct oc_reader *r, const struct wslay_frame_iocb *f)
{
    if (r->opcode == OC_WS_TEXT && !oc_utf8_feed(&r->utf8, f->data, f->data_length)) {
        return OC_WS_ENCODING;
    }
    oc_buf_add(&r->message, f->data, f->data_length);
    return 0;
}

/* ---- one piece of a frame ---- */

static uint64_t frame_size(const struct wslay_frame_iocb *f)
{
    const unsigned extra = f->payload_length < 126 ? 0 : f->payload_length <= UINT16_MAX ? 2 : 8;
    return 2 + extra + MASK_BYTES + f->payload_length;
}

static uint16_t begin_frame(struct oc_reader *r, const struct wslay_frame_iocb *f)
{
    const uint16_t wrong = check_head(r, f);
    if (wrong) {
        return wrong;
    }
    r->in_frame = true;
    r->got = 0;
    if (f->opcode == OC_WS_TEXT || f->opcode == OC_WS_BINARY) {
        r->opcode = f->opcode;
        r->utf8 = (struct oc_utf8_state){0};
    }
    return 0;
}

static uint16_t end_frame(struct oc_reader *r, const struct wslay_frame_iocb *f)
{
    r->in_frame = false;
    r->used += frame_size(f);
    if (wslay_is_ctrl_frame(f->opcode)) {
        return take_control(r, f->opcode, (size_t)f->payload_length);
    }
    return f->fin ? end_message(r) : 0;
}

static uint16_t take_piece(struct oc_reader *r, const struct wslay_frame_iocb *f)
{
    uint16_t wrong = r->in_frame ? 0 : begin_frame(r, f);
    if (wrong) {
        return wrong;
    }
    if (wslay_is_ctrl_frame(f->opcode)) {
        if (f->data_length > 0) {
            memcpy(r->control + r->got, f->data, f->data_length);
        }
    } else {
        wrong = take_data(r, f);
    }
    r->got += f->data_length;
    return wrong || r->got < f->payload_length ? wrong : end_frame(r, f);
}

/* ---- a header without its payload ---- */

static void keep_tail(struct oc_reader *r, const uint8_t *data, size_t len)
{
    const size_t size = sizeof r->tail;
    if (len >= size) {
        memcpy(r->tail, data + len - size, size);
        return;
    }
    memmove(r->tail, r->tail + len, size - len);
    memcpy(r->tail + size - len, data, len);
}

static uint64_t big_endian(const uint8_t *at, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n = n << 8 | at[i];
    }
    return n;
}

/* libwslay tells of a frame when its first byte of payload is there. Whoever announces more than may come, or breaks a rule
 * with the header alone, is not waited for. */
static uint16_t check_announced(const struct oc_reader *r)
{
    const uint64_t n = r->given - r->used;
    if (r->in_frame || n < 2 || n > sizeof r->tail) {
        return 0;
    }
    const uint8_t *head = r->tail + sizeof r->tail - n;
    const uint8_t small = head[1] & 0x7f;
    const size_t extra = small < 126 ? 0 : small == 126 ? 2 : 8;
    if (n < 2 + extra) {
        return 0;
    }
    const struct wslay_frame_iocb f = {.fin = head[0] >> 7,
                                       .rsv = head[0] >> 4 & 7,
                                       .opcode = head[0] & 15,
                                       .mask = head[1] >> 7,
                                       .payload_length =
                                           extra ? big_endian(head + 2, extra) : small};
    return f.payload_length >> 63 ? OC_WS_PROTOCOL : check_head(r, &f); /* RFC 6455, 5.2 */
}

uint16_t oc_reader_feed(struct oc_reader *r, const void *data, size_t len)
{
    uint16_t wrong = 0;
    struct wslay_frame_iocb piece;
    r->feed = data;
    r->feed_end = r->feed + len;
    if (len > 0) {
        keep_tail(r, data, len);
    }
    if (len > 0 && !r->lent && !r->over) {
        lend(r);
    }
    while (!r->over && !wrong && len > 0) {
        memset(&piece, 0, sizeof piece);
        const ssize_t n = wslay_frame_recv(r->lent->wslay, &piece);
        if (n == WSLAY_ERR_WANT_READ) {
            wrong = check_announced(r);
            break;
        }
        wrong = n < 0 ? OC_WS_PROTOCOL : take_piece(r, &piece);
    }
    r->over = r->over || wrong;
    if (r->over || r->given == r->used) {
        give_back(r, !r->over);
    }
    r->feed = r->feed_end = NULL;
    return wrong;
}
