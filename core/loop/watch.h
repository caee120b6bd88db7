/* Tells when a descriptor that belongs to somebody else can be read or, if wanted, written. SPDX-License-Identifier: MIT
 *
 * For talks whose bytes are handled by their owner: it reads itself, without waiting, and as little as it likes; what is left
 * is told again in the next turn. The descriptor stays as it was, blocking or not, and must live as long as the watch. [loop] */
#ifndef OC_LOOP_WATCH_H
#define OC_LOOP_WATCH_H

#include "core/loop/loop.h"

struct oc_watch;

/* Not running yet. NULL when the descriptor cannot be watched. */
struct oc_watch *oc_watch_create(struct oc_loop *loop, int fd, oc_loop_fn fn, void *ctx);
void oc_watch_start(
    struct oc_watch *w); /* fn(ctx) in each turn in which there is something, or the end */
void oc_watch_stop(struct oc_watch *w);
/* Whether to tell, too, that something can be written; at first not. fn(ctx) is then called for either. */
void oc_watch_writable(struct oc_watch *w, bool wanted);
void oc_watch_destroy(
    struct oc_watch *w); /* NULL is fine; fn never runs after this, fd may be closed */

#endif
