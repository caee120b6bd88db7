/* Small codings of one number, shared by the sample codecs. SPDX-License-Identifier: MIT  [any]
 *
 * Metrics are mostly decimals that somebody rounded: 12.34 is 1234 / 10^2. Such a value is kept as
 * the integer, which is short next to its neighbour's; anything else is kept as the bits of the
 * double. All codings are exact to the bit. */
#ifndef OC_STORE_NUMBER_H
#define OC_STORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OC_VARINT_MAX  10 /* bytes of the longest varint */
#define OC_DECIMAL_MAX 4  /* largest exponent of a value kind */

/* How a value follows the one before it. */
enum oc_value_kind {
    OC_VALUE_SAME = 0,    /* no bytes */
    OC_VALUE_DECIMAL = 1, /* 1 + exponent: zig-zag varint of the difference of the integers */
    OC_VALUE_RAW = 6,     /* eight bytes */
    OC_VALUE_KINDS = 7,
};
#define OC_VALUE_BYTES OC_VARINT_MAX /* the longest form of a value */

static inline uint64_t oc_double_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline double oc_bits_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline uint64_t oc_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t oc_unzigzag(uint64_t u)
{
    return (int64_t)((u >> 1) ^ (0 - (u & 1)));
}

/* Differences and sums that wrap: hostile bytes may ask for any. */
static inline int64_t oc_wrap_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t oc_wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

size_t oc_varint_put(uint8_t *out, uint64_t v); /* bytes written, at most OC_VARINT_MAX */
/* Moves *p behind it; false when it is cut short or too long. */
bool oc_varint_get(const uint8_t **p, const uint8_t *end, uint64_t *v);

/* True when v is exactly m / 10^exponent (0..6) with |m| < 2^51, and not minus zero. */
bool oc_decimal_exact(double v, unsigned exponent, int64_t *m);
double oc_decimal_value(int64_t m, unsigned exponent);

/* Writes v as it follows prev: the bytes (at most OC_VALUE_BYTES) to out, their number to *len;
 * returns the kind. */
unsigned oc_value_put(uint8_t *out, double prev, double v, size_t *len);
bool oc_value_get(unsigned kind, const uint8_t **p, const uint8_t *end, double prev, double *v);

#endif
