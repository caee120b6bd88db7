/* What a WebSocket client sends: bytes in, whole messages out, RFC 6455 to the letter. SPDX-License-Identifier: MIT  [loop]
 *
 * libwslay takes the frames apart; this puts messages together and holds the rules between frames: masks, opcodes, reserved
 * bits, fragments with control frames between them, UTF-8 at the earliest byte, close codes, limits. A reader that waits for
 * the next frame holds no buffer: what libwslay needs is lent to it from a pool while a frame is under way. */
#ifndef OC_API_SOCKET_READER_H
#define OC_API_SOCKET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/api/socket/packet.h"
#include "core/api/socket/utf8.h"
#include "core/base/buf.h"

#define OC_WS_CONTROL_MAX 125u

/* Data is valid during the call. `code` of a close is OC_WS_NO_STATUS when the client gave none. */
struct oc_reader_handler {
    void (*on_message)(void *ctx, bool text, const char *data, size_t len);
    void (*on_ping)(void *ctx, const void *data, size_t len);
    void (*on_pong)(void *ctx);
    void (*on_close)(void *ctx, uint16_t code);
};

struct oc_reader {
    const struct oc_reader_handler *handler;
    void *ctx;
    size_t message_max;
    struct oc_reader_lent *lent; /* NULL between frames */
    const uint8_t *feed, *feed_end;
    uint64_t given, used; /* bytes handed to libwslay, bytes of frames that are over */
    uint64_t got;         /* payload of the frame under way */
    uint8_t tail[14];     /* the newest bytes given: a header of which no payload has come yet */
    bool in_frame;        /* its header has been seen */
    uint8_t opcode;       /* of the message under way; 0 = none */
    struct oc_utf8_state utf8;
    struct oc_buf message;
    uint8_t control[OC_WS_CONTROL_MAX];
    bool over; /* closed, failed or stopped: the rest is ignored */
};

/* `handler` is borrowed. */
void oc_reader_init(struct oc_reader *r, const struct oc_reader_handler *handler, void *ctx,
                    size_t message_max);
void oc_reader_finish(struct oc_reader *r);

/* 0, or the code with which the connection fails: OC_WS_PROTOCOL, OC_WS_ENCODING, OC_WS_TOO_BIG. After a close frame, a
 * failure or oc_reader_stop nothing more is read. */
uint16_t oc_reader_feed(struct oc_reader *r, const void *data, size_t len);
/* From within a handler: what follows is ignored. */
void oc_reader_stop(struct oc_reader *r);

/* Whether a close frame may carry this code. */
bool oc_ws_code_valid(unsigned code);

#endif
