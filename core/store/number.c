/* Varints, exact decimals and values that follow a value. SPDX-License-Identifier: MIT */
#include "core/store/number.h"

#include <math.h>

static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

/* Adding and taking away 1.5 * 2^52 rounds to the nearest integer without a call into libm; good
 * below 2^51. */
#define ROUNDER     6755399441055744.0
#define INTEGER_MAX 2251799813685248.0

size_t oc_varint_put(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    return n;
}

bool oc_varint_get(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *v = value;
            return true;
        }
    }
    return false;
}

static bool nearest(double v, unsigned exponent, int64_t *m)
{
    double scaled = v * powers[exponent];
    if (!(fabs(scaled) < INTEGER_MAX)) { /* NaN too */
        return false;
    }
    *m = (int64_t)((scaled + ROUNDER) - ROUNDER);
    return true;
}

bool oc_decimal_exact(double v, unsigned exponent, int64_t *m)
{
    return nearest(v, exponent, m) &&
           oc_double_bits(oc_decimal_value(*m, exponent)) == oc_double_bits(v);
}

double oc_decimal_value(int64_t m, unsigned exponent)
{
    return (double)m / powers[exponent];
}

/* What a decimal is counted from: any function of prev does, as long as reader and writer share it.
 */
static int64_t origin(double prev, unsigned exponent)
{
    int64_t m;
    return nearest(prev, exponent, &m) ? m : 0;
}

unsigned oc_value_put(uint8_t *out, double prev, double v, size_t *len)
{
    uint64_t bits = oc_double_bits(v);

    *len = 0;
    if (bits == oc_double_bits(prev)) {
        return OC_VALUE_SAME;
    }
    for (unsigned e = 0; e <= OC_DECIMAL_MAX; e++) {
        int64_t m;
        if (oc_decimal_exact(v, e, &m)) {
            *len = oc_varint_put(out, oc_zigzag(m - origin(prev, e)));
            return OC_VALUE_DECIMAL + e;
        }
    }
    memcpy(out, &bits, sizeof bits);
    *len = sizeof bits;
    return OC_VALUE_RAW;
}

bool oc_value_get(unsigned kind, const uint8_t **p, const uint8_t *end, double prev, double *v)
{
    uint64_t bits;

    if (kind == OC_VALUE_SAME) {
        *v = prev;
        return true;
    }
    if (kind < OC_VALUE_RAW) {
        unsigned e = kind - OC_VALUE_DECIMAL;
        if (!oc_varint_get(p, end, &bits)) {
            return false;
        }
        *v = oc_decimal_value(oc_wrap_add(origin(prev, e), oc_unzigzag(bits)), e);
        return true;
    }
    if (kind != OC_VALUE_RAW || end - *p < (ptrdiff_t)sizeof bits) {
        return false;
    }
    memcpy(&bits, *p, sizeof bits);
    *p += sizeof bits;
    *v = oc_bits_double(bits);
    return true;
}
