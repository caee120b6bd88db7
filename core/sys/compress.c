/* Compressing to and from zstd frames with a size limit. SPDX-License-Identifier: MIT */
#include "core/sys/compress.h"

#include <stdbool.h>
#include <stdint.h>
#include <zstd.h>

#include "core/base/mem.h"

#define GROW_MIN 4096

void oc_compress(const void *data, size_t len, int level, struct oc_buf *out)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    OC_ASSERT(ctx);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag,
                           1); /* so that damage is seen, whatever stores it */
    size_t bound = ZSTD_compressBound(len);
    oc_buf_reserve(out, bound);
    size_t n = ZSTD_compress2(ctx, out->data + out->len, bound, data, len);
    OC_ASSERT(!ZSTD_isError(n));
    out->len += n;
    out->data[out->len] = '\0';
    ZSTD_freeCCtx(ctx);
}

/* Decodes into the free room of `out`, making some when there is none, up to `max` bytes behind
 * `start`. Returns what zstd says (0 = the frame has ended), or 1 with *full set when `max` is not
 * enough. */
static size_t decode_some(ZSTD_DStream *stream, ZSTD_inBuffer *in, size_t start, size_t max,
                          struct oc_buf *out, bool *full)
{
    size_t done = out->len - start;
    size_t room = done < GROW_MIN ? GROW_MIN : done;
    room = room < max - done ? room : max - done;
    oc_buf_reserve(out, room + 1); /* one more byte tells "exactly max" from "more than max" */
    ZSTD_outBuffer to = {out->data + out->len, room + 1, 0};
    size_t rc = ZSTD_decompressStream(stream, &to, in);
    out->len += to.pos;
    *full = out->len - start > max;
    return rc;
}

int oc_decompress(const void *data, size_t len, size_t max, struct oc_buf *out,
                  struct oc_error *err)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {data, len, 0};
    size_t start = out->len, before, left;
    bool full = false;
    int rc = 0;

    OC_ASSERT(stream && max < SIZE_MAX);
    do {
        before = in.pos + out->len;
        left = decode_some(stream, &in, start, max, out, &full);
    } while (left && !ZSTD_isError(left) && !full && in.pos + out->len != before);

    if (full) {
        rc = oc_error_set(err, OC_E_PERMANENT, "compressed data is larger than %zu bytes", max);
    } else if (left || in.pos != len) {
        rc = oc_error_set(err, OC_E_PERMANENT, "compressed data is damaged: %s",
                          ZSTD_isError(left) ? ZSTD_getErrorName(left) : "wrong length");
    }
    out->len = rc ? start : out->len;
    out->data[out->len] = '\0';
    ZSTD_freeDStream(stream);
    return rc;
}
