/* Framed messages over unix sockets: the control protocol's transport. SPDX-License-Identifier: MIT  [loop]
 *
 * A frame is a 4-byte little-endian length and that many bytes: one JSON document in UTF-8. What a peer sends may have
 * OC_FRAME_MAX bytes, what it is sent OC_REPLY_MAX: an answer may tell of thousands of services. A peer that sends a
 * larger length, or leaves a frame unfinished for 30 s, is closed. A peer that does not read is closed when
 * OC_STREAM_BACKLOG bytes wait for it. */
#ifndef OC_LOOP_STREAM_H
#define OC_LOOP_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/loop/loop.h"

#define OC_FRAME_MAX      (8u << 20)
#define OC_REPLY_MAX      (64u << 20)
#define OC_STREAM_BACKLOG (OC_REPLY_MAX + 2 * OC_FRAME_MAX) /* a reply and what waits before it */

struct oc_listener;
struct oc_stream;

struct oc_stream_handler {
    /* data borrowed, NUL-terminated */
    void (*on_frame)(void *ctx, struct oc_stream *s, const char *data, size_t len);
    void (*on_close)(void *ctx, struct oc_stream *s); /* once; `s` is freed after it returns */
};

/* Splits a byte stream into frames (also used by tests and the fuzz target). Returns bytes consumed, or -1 when the
 * length is over the limit. Calls fn for each whole frame. */
long oc_frame_split(const char *data, size_t len,
                    void (*fn)(void *ctx, const char *frame, size_t len), void *ctx);

/* Listens on `path` with mode 0600, replacing a dead socket file. `accepted` sets the context with oc_stream_handle. */
struct oc_listener *oc_listener_create(struct oc_loop *loop, const char *path,
                                       void (*accepted)(void *ctx, struct oc_stream *s), void *ctx,
                                       struct oc_error *err);
/* NULL is fine; removes the socket file; open streams stay */
void oc_listener_destroy(struct oc_listener *l);

/* a connected socket, e.g. one end of a socketpair; takes fd; NULL when it is none */
struct oc_stream *oc_stream_adopt(struct oc_loop *loop, int fd);
/* handler borrowed */
void oc_stream_handle(struct oc_stream *s, const struct oc_stream_handler *handler, void *ctx);
/* Copies. 0, OC_E_PERMANENT when it is longer than OC_REPLY_MAX, OC_E_CANCELLED when closing. */
int oc_stream_send(struct oc_stream *s, const char *data, size_t len);
size_t oc_stream_pending(const struct oc_stream *s); /* bytes not yet written */
/* what was sent is written first; on_close later */
void oc_stream_close(struct oc_stream *s);
/* closes at once: what waits to be written is lost; on_close later */
void oc_stream_abort(struct oc_stream *s);
int oc_stream_peer(struct oc_stream *s, pid_t *pid, uid_t *uid); /* SO_PEERCRED; 0 or OC_E_* */

#endif
