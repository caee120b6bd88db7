/* The chunk format: writing and bounded reading. SPDX-License-Identifier: MIT */
#include "core/store/chunk.h"

#include "core/base/mem.h"
#include "core/store/bits.h"
#include "core/store/number.h"
#include "core/store/sequence.h"

#define VERSION         1
#define EXPONENT_MAX    6
#define EXCEPTION_SHARE 16 /* one value in so many may be an exception */

enum mode { MODE_CONST, MODE_DECIMAL, MODE_XOR };

/* ---- writing ---- */

static bool all_same(const struct oc_point *points, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (oc_double_bits(points[i].value) != oc_double_bits(points[0].value)) {
            return false;
        }
    }
    return true;
}

/* The values as integers of this exponent; an exception repeats its neighbour, which costs least.
 */
static bool scale(const struct oc_point *points, size_t count, unsigned exponent, int64_t *scaled,
                  size_t *exceptions)
{
    int64_t before = 0;

    *exceptions = 0;
    for (size_t i = 0; i < count; i++) {
        if (!oc_decimal_exact(points[i].value, exponent, &scaled[i])) {
            scaled[i] = before;
            if (++*exceptions > count / EXCEPTION_SHARE) {
                return false;
            }
        }
        before = scaled[i];
    }
    return true;
}

static void put_exceptions(struct oc_bitw *w, const struct oc_point *points, size_t count,
                           unsigned exponent, const int64_t *scaled)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = oc_double_bits(points[i].value);
        if (oc_double_bits(oc_decimal_value(scaled[i], exponent)) != bits) {
            oc_bitw_varint(w, i);
            oc_bitw_put64(w, bits);
        }
    }
}

static void put_xor(struct oc_bitw *w, const struct oc_point *points, size_t count)
{
    uint64_t before = oc_double_bits(points[0].value);
    unsigned lead = 64, trail = 0; /* no window yet */

    oc_bitw_put64(w, before);
    for (size_t i = 1; i < count; i++) {
        uint64_t bits = oc_double_bits(points[i].value);
        uint64_t x = bits ^ before;
        before = bits;
        if (!x) {
            oc_bitw_put(w, 0, 1);
            continue;
        }
        unsigned l = (unsigned)__builtin_clzll(x), t = (unsigned)__builtin_ctzll(x);
        if (lead < 64 && l >= lead && t >= trail) {
            oc_bitw_put(w, 1, 2);
        } else {
            lead = l < 31 ? l : 31;
            trail = t;
            oc_bitw_put(w, 3, 2);
            oc_bitw_put(w, lead, 5);
            oc_bitw_put(w, 63 - lead - trail, 6);
        }
        unsigned width = 64 - lead - trail;
        unsigned low = width < 32 ? width : 32;
        x >>= trail;
        oc_bitw_put(w, x & ((UINT64_C(1) << low) - 1), low);
        oc_bitw_put(w, low < width ? x >> low : 0, width - low);
    }
}

static void put_head(struct oc_bitw *w, enum mode mode, const struct oc_point *points, size_t count)
{
    int64_t times[OC_CHUNK_POINTS];

    for (size_t i = 0; i < count; i++) {
        times[i] = points[i].time_ms;
    }
    oc_bitw_put(w, VERSION, 4);
    oc_bitw_put(w, mode, 4);
    oc_bitw_varint(w, count);
    oc_sequence_put(w, times, count);
}

static bool put_decimal(struct oc_bitw *w, const struct oc_point *points, size_t count)
{
    int64_t scaled[OC_CHUNK_POINTS];
    size_t exceptions;

    for (unsigned e = 0; e <= EXPONENT_MAX; e++) {
        if (!scale(points, count, e, scaled, &exceptions)) {
            continue;
        }
        put_head(w, MODE_DECIMAL, points, count);
        oc_bitw_put(w, e, 3);
        oc_bitw_varint(w, exceptions);
        oc_sequence_put(w, scaled, count);
        put_exceptions(w, points, count, e, scaled);
        return true;
    }
    return false;
}

void oc_chunk_encode(const struct oc_point *points, size_t count, struct oc_buf *out)
{
    struct oc_bitw w = {.out = out};

    OC_ASSERT(count > 0 && count <= OC_CHUNK_POINTS);
    if (all_same(points, count)) {
        put_head(&w, MODE_CONST, points, count);
        oc_bitw_put64(&w, oc_double_bits(points[0].value));
    } else if (!put_decimal(&w, points, count)) {
        put_head(&w, MODE_XOR, points, count);
        put_xor(&w, points, count);
    }
    oc_bitw_end(&w);
}

/* ---- reading ---- */

static void get_xor(struct oc_bitr *r, struct oc_point *points, size_t count)
{
    uint64_t bits = oc_bitr_get64(r);
    unsigned lead = 0, width = 64;

    points[0].value = oc_bits_double(bits);
    for (size_t i = 1; i < count && !r->bad; i++) {
        if (oc_bitr_get(r, 1)) {
            if (oc_bitr_get(r, 1)) {
                lead = (unsigned)oc_bitr_get(r, 5);
                width = (unsigned)oc_bitr_get(r, 6) + 1;
            }
            if (lead + width > 64) {
                r->bad = true;
                return;
            }
            unsigned low = width < 32 ? width : 32;
            uint64_t x = oc_bitr_get(r, low);
            x |= low < width ? oc_bitr_get(r, width - low) << low : 0;
            bits ^= x << (64 - lead - width);
        }
        points[i].value = oc_bits_double(bits);
    }
}

static void get_decimal(struct oc_bitr *r, struct oc_point *points, size_t count)
{
    int64_t scaled[OC_CHUNK_POINTS];
    unsigned exponent = (unsigned)oc_bitr_get(r, 3);
    uint64_t exceptions = oc_bitr_varint(r);

    if (exponent > EXPONENT_MAX || exceptions > count) {
        r->bad = true;
        return;
    }
    oc_sequence_get(r, scaled, count);
    for (size_t i = 0; i < count && !r->bad; i++) {
        points[i].value = oc_decimal_value(scaled[i], exponent);
    }
    for (uint64_t i = 0; i < exceptions && !r->bad; i++) {
        uint64_t at = oc_bitr_varint(r);
        double value = oc_bits_double(oc_bitr_get64(r));
        if (at >= count) {
            r->bad = true;
            return;
        }
        points[at].value = value;
    }
}

static void get_const(struct oc_bitr *r, struct oc_point *points, size_t count)
{
    double value = oc_bits_double(oc_bitr_get64(r));
    for (size_t i = 0; i < count; i++) {
        points[i].value = value;
    }
}

static void get_times(struct oc_bitr *r, struct oc_point *points, size_t count)
{
    int64_t times[OC_CHUNK_POINTS];

    oc_sequence_get(r, times, count);
    for (size_t i = 0; i < count && !r->bad; i++) {
        points[i].time_ms = times[i];
        r->bad = i && times[i] <= times[i - 1];
    }
}

static void get_values(struct oc_bitr *r, uint64_t mode, struct oc_point *points, size_t count)
{
    switch (mode) {
    case MODE_CONST:
        get_const(r, points, count);
        break;
    case MODE_DECIMAL:
        get_decimal(r, points, count);
        break;
    case MODE_XOR:
        get_xor(r, points, count);
        break;
    default:
        r->bad = true;
    }
}

int oc_chunk_decode(const void *data, size_t len, struct oc_point *points)
{
    struct oc_bitr r = {.p = data, .end = (const uint8_t *)data + len};

    uint64_t version = oc_bitr_get(&r, 4);
    uint64_t mode = oc_bitr_get(&r, 4);
    uint64_t count = oc_bitr_varint(&r);
    if (r.bad || version != VERSION || count == 0 || count > OC_CHUNK_POINTS) {
        return -1;
    }
    get_times(&r, points, count);
    if (!r.bad) {
        get_values(&r, mode, points, count);
    }
    return r.bad ? -1 : (int)count;
}
