/* Streams of bits, least significant first. SPDX-License-Identifier: MIT  [any]
 *
 * The reader never reads past its end: it answers zeros and remembers (`bad`), so a decoder checks
 * once. */
#ifndef OC_STORE_BITS_H
#define OC_STORE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/buf.h"

#define OC_BITS_MAX 56 /* of one put or get */

struct oc_bitw {
    struct oc_buf *out; /* borrowed */
    uint64_t acc;
    unsigned used; /* bits in acc, < 8 between calls */
};

static inline void oc_bitw_put(struct oc_bitw *w, uint64_t v, unsigned n)
{
    w->acc |= v << w->used;
    w->used += n;
    while (w->used >= 8) {
        oc_buf_addc(w->out, (char)(uint8_t)w->acc);
        w->acc >>= 8;
        w->used -= 8;
    }
}

static inline void oc_bitw_put64(struct oc_bitw *w, uint64_t v)
{
    oc_bitw_put(w, v & UINT32_MAX, 32);
    oc_bitw_put(w, v >> 32, 32);
}

static inline void oc_bitw_varint(struct oc_bitw *w, uint64_t v)
{
    while (v >= 0x80) {
        oc_bitw_put(w, (v & 0x7f) | 0x80, 8);
        v >>= 7;
    }
    oc_bitw_put(w, v, 8);
}

/* Fills up the last byte. */
static inline void oc_bitw_end(struct oc_bitw *w)
{
    if (w->used) {
        oc_bitw_put(w, 0, 8 - w->used);
    }
}

struct oc_bitr {
    const uint8_t *p, *end; /* borrowed */
    uint64_t acc;
    unsigned have; /* bits in acc */
    bool bad;      /* more was asked for than there is */
};

static inline void oc_bitr_fill(struct oc_bitr *r)
{
    if (r->end - r->p >= 8) {
        uint64_t next;
        memcpy(&next, r->p, sizeof next);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        next = __builtin_bswap64(next);
#endif
        r->acc |= next << r->have;
        r->p += (63 - r->have) >> 3;
        r->have |= 56;
        return;
    }
    while (r->have <= 56 && r->p < r->end) {
        r->acc |= (uint64_t)*r->p++ << r->have;
        r->have += 8;
    }
}

static inline void oc_bitr_skip(struct oc_bitr *r, unsigned n)
{
    if (r->have < n) {
        r->bad = true;
        r->acc = 0;
        r->have = 0;
        return;
    }
    r->acc >>= n;
    r->have -= n;
}

static inline uint64_t oc_bitr_get(struct oc_bitr *r, unsigned n)
{
    if (r->have < n) {
        oc_bitr_fill(r);
    }
    uint64_t v = r->acc & ((UINT64_C(1) << n) - 1);
    oc_bitr_skip(r, n);
    return v;
}

static inline uint64_t oc_bitr_get64(struct oc_bitr *r)
{
    uint64_t low = oc_bitr_get(r, 32);
    return low | oc_bitr_get(r, 32) << 32;
}

static inline uint64_t oc_bitr_varint(struct oc_bitr *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = oc_bitr_get(r, 8);
        v |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            return v;
        }
    }
    r->bad = true;
    return 0;
}

#endif
