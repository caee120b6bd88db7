/* Long answers of operations, made in slices between which the host does other things. SPDX-License-Identifier: MIT  [loop]
 *
 * The first slice is within the handler: what is done by then is answered at once. Embed it at the beginning of what the answer needs. */
#ifndef OC_OP_SLICED_H
#define OC_OP_SLICED_H

#include "core/op/op.h"

struct oc_sliced {
    struct oc_call *call;
    struct oc_timer *timer; /* NULL: it was not longer than a slice */
    /* Works until oc_time_mono() is `until`, at least one step; true when all is done. */
    bool (*work)(struct oc_sliced *s, int64_t until);
    /* What there is, given away; NULL: the call fails with `err`. */
    json_t *(*answer)(struct oc_sliced *s, struct oc_error *err);
    void (*destroy)(struct oc_sliced *s); /* also without an answer, when the caller gives up */
};

/* Takes `s`. */
void oc_sliced_run(struct oc_sliced *s, struct oc_loop *loop, struct oc_call *call);

#endif
