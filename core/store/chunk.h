/* Sealed chunks: a run of points of one series as bytes. SPDX-License-Identifier: MIT  [any]
 *
 * Layout, as one stream of bits (core/store/bits.h): version 4, mode 4, count varint, times as a
 * sequence (ms), then by mode: CONST the one value; DECIMAL an exponent e, the values times 10^e as
 * a sequence, and the few values that are no such decimal (NaN, infinities) as exceptions; XOR each
 * value as its difference in bits from the one before (Pelkonen et al., "Gorilla", VLDB 2015). The
 * writer takes the first mode that fits. Everything is exact to the bit. */
#ifndef OC_STORE_CHUNK_H
#define OC_STORE_CHUNK_H

#include "core/base/buf.h"
#include "core/store/series.h"

#define OC_CHUNK_POINTS 2048 /* at most */

/* Appends the chunk of 1..OC_CHUNK_POINTS points whose times grow strictly. */
void oc_chunk_encode(const struct oc_point *points, size_t count, struct oc_buf *out);

/* Decodes into `points`, which has room for OC_CHUNK_POINTS. Returns how many there are, or -1 when
 * the bytes are not a whole chunk: bounded and safe on any bytes. */
int oc_chunk_decode(const void *data, size_t len, struct oc_point *points);

#endif
