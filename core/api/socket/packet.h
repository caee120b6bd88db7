/* A WebSocket frame ready to be sent, shared by everybody who is to get it. SPDX-License-Identifier: MIT  [loop]
 *
 * What a server sends is not masked, so one frame is the same for all clients: a broadcast is framed once and its bytes are
 * held by the queues of all its receivers. */
#ifndef OC_API_SOCKET_PACKET_H
#define OC_API_SOCKET_PACKET_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum oc_ws_opcode {
    OC_WS_CONTINUATION = 0x0,
    OC_WS_TEXT = 0x1,
    OC_WS_BINARY = 0x2,
    OC_WS_CLOSE = 0x8,
    OC_WS_PING = 0x9,
    OC_WS_PONG = 0xa,
};

/* Close codes of RFC 6455 that we send. */
#define OC_WS_NORMAL    1000
#define OC_WS_GOING     1001 /* the host is stopping */
#define OC_WS_PROTOCOL  1002
#define OC_WS_TYPE      1003 /* binary where text is spoken */
#define OC_WS_NO_STATUS 1005 /* never sent: a close without a code */
#define OC_WS_ENCODING  1007
#define OC_WS_POLICY    1008
#define OC_WS_TOO_BIG   1009
#define OC_WS_LATER     1013 /* too slow: come again */

struct oc_packet {
    unsigned refs;
    size_t len;      /* of the whole frame */
    uint8_t bytes[]; /* header and payload */
};

/* One final, unfragmented frame with one reference, the caller's. */
struct oc_packet *oc_packet_create(enum oc_ws_opcode opcode, const void *payload, size_t len);
/* Compact text of `value`, which is borrowed. */
struct oc_packet *oc_packet_json(const json_t *value);
/* code OC_WS_NO_STATUS: without one. `reason` is cut to what a close frame holds. */
struct oc_packet *oc_packet_close(uint16_t code, const char *reason);
struct oc_packet *oc_packet_ref(struct oc_packet *p);
void oc_packet_unref(struct oc_packet *p); /* NULL is fine */

#endif
