/* The framing of the control protocol. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/loop/stream.h"
#include "core/loop/stream_internal.h"

void oc_frame_head(uint32_t len, unsigned char head[OC_FRAME_HEAD])
{
    for (unsigned i = 0; i < OC_FRAME_HEAD; i++) {
        head[i] = (unsigned char)(len >> (8 * i));
    }
}

static size_t read_head(const char *data)
{
    unsigned char head[OC_FRAME_HEAD];
    memcpy(head, data, sizeof head);
    return (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
}

long oc_frame_split(const char *data, size_t len,
                    void (*fn)(void *ctx, const char *frame, size_t len), void *ctx)
{
    size_t at = 0;

    while (len - at >= OC_FRAME_HEAD) {
        size_t size = read_head(data + at);
        if (size > OC_FRAME_MAX) {
            return -1;
        }
        if (len - at - OC_FRAME_HEAD < size) {
            break;
        }
        fn(ctx, data + at + OC_FRAME_HEAD, size);
        at += OC_FRAME_HEAD + size;
    }
    return (long)at;
}
