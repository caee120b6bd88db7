/* What the parts of the stream module share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_LOOP_STREAM_INTERNAL_H
#define OC_LOOP_STREAM_INTERNAL_H

#include <stdint.h>
#include <uv.h>

#include "core/loop/stream.h"

#define OC_FRAME_HEAD 4

void oc_frame_head(uint32_t len, unsigned char head[OC_FRAME_HEAD]);

/* A stream that is not connected yet: connect its pipe (accept, open), then begin; or abort it. */
struct oc_stream *oc_stream_create(struct oc_loop *loop);
uv_pipe_t *oc_stream_pipe(struct oc_stream *s);
void oc_stream_begin(struct oc_stream *s);

#endif
