/* One WebSocket connection: its queue, its pings, its end. SPDX-License-Identifier: MIT  [loop]
 *
 * The socket sends what it is given in order and says how many bytes wait; how much may wait is its owner's matter. It pings
 * every 30 s and gives up on a client that has not been heard for another 30. The closing handshake is answered, begun by
 * oc_socket_close, and not waited for longer than 2 s. A connection that is let in no more is closed with 1008. */
#ifndef OC_API_SOCKET_SOCKET_H
#define OC_API_SOCKET_SOCKET_H

#include <openclaw/plugin.h>

#include "core/api/socket/packet.h"
#include "core/api/socket/reader.h"
#include "core/loop/loop.h"

#define OC_WS_PING_EVERY 30000 /* ms */
#define OC_WS_CLOSE_WAIT 2000

struct oc_socket;
struct oc_http_upgrade;

struct oc_socket_handler {
    /* text is UTF-8, NUL-terminated and valid during the call */
    void (*on_message)(void *ctx, bool text, const char *data, size_t len);
    void (*on_drained)(void *ctx); /* nothing waits any more; may be NULL */
    void (*on_closed)(
        void *ctx); /* once and last, never from within a call of ours; the socket is gone */
};

/* Takes `fd` over as it came from an upgrade (which is closed with the socket; tests pass NULL: then fd is closed) and what
 * was read ahead. `handler` is borrowed. */
struct oc_socket *oc_socket_open(struct oc_loop *loop, struct oc_http_upgrade *upgrade, int fd,
                                 struct oc_view extra, size_t message_max,
                                 const struct oc_socket_handler *handler, void *ctx);
/* Whose it is; "" for NULL, a client of a test that has none. */
const char *oc_socket_peer(const struct oc_socket *s);
/* A line of the trail: oc_http_upgrade_refused. */
void oc_socket_refused(const struct oc_socket *s, const char *reason, const char *method,
                       const char *what);
/* At once and without a word to anybody; on_closed does not run. NULL is fine. */
void oc_socket_destroy(struct oc_socket *s);

/* Queues a reference of its own. A `droppable` packet may be thrown away by oc_socket_drop while it waits. */
void oc_socket_send(struct oc_socket *s, struct oc_packet *packet, bool droppable);
size_t oc_socket_pending(const struct oc_socket *s); /* bytes that the kernel has not taken */
uint64_t oc_socket_sent(const struct oc_socket *s);  /* those that it has, ever since */
/* Throws away the droppable packets of which no byte has been sent, and reminds; returns how many. */
size_t oc_socket_drop(struct oc_socket *s);
/* on_drained is called from the loop as soon as nothing waits, also if nothing does now. */
void oc_socket_remind(struct oc_socket *s);
/* Sends a close frame after what waits; nothing is sent or told after it. A second one changes nothing. */
void oc_socket_close(struct oc_socket *s, uint16_t code, const char *reason);
/* No more words: on_closed soon. */
void oc_socket_abort(struct oc_socket *s);
bool oc_socket_is_closing(const struct oc_socket *s);

/* To be called about once a second: pings, time limits. */
void oc_socket_tick(struct oc_socket *s, int64_t now);

#endif
