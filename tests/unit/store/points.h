/* Points of every kind that the codecs must carry, from a seed. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_STORE_POINTS_H
#define OC_TESTS_STORE_POINTS_H

#include <math.h>

#include "core/store/number.h"
#include "core/store/series.h"

struct random {
    uint64_t state; /* not 0 */
};

static inline uint64_t random_next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state;
}

static inline uint64_t random_below(struct random *r, uint64_t n)
{
    return random_next(r) % n;
}

enum shape {
    SHAPE_CONST,
    SHAPE_BOOL,
    SHAPE_COUNTER,
    SHAPE_INTEGER,
    SHAPE_TENTHS,
    SHAPE_CENTS,
    SHAPE_FREE,
    SHAPE_ODD,  /* NaN, infinities, minus zero, the largest and the smallest among decimals */
    SHAPE_BITS, /* any 64 bits */
    SHAPES,
};

static inline double random_odd(struct random *r)
{
    static const double odd[] = {NAN,    INFINITY, -INFINITY, -0.0, 0.0, 1.7976931348623157e308,
                                 5e-324, 1e15};
    return odd[random_below(r, sizeof odd / sizeof odd[0])];
}

static inline double random_value(struct random *r, enum shape shape, double before)
{
    switch (shape) {
    case SHAPE_CONST:
        return 42.5;
    case SHAPE_BOOL:
        return (double)(random_below(r, 10) == 0);
    case SHAPE_COUNTER:
        return before + (double)random_below(r, 10000);
    case SHAPE_INTEGER:
        return before + (double)random_below(r, 9) - 4;
    case SHAPE_TENTHS:
        return (double)random_below(r, 1000) / 10;
    case SHAPE_CENTS:
        return (double)random_below(r, 100000) / 100;
    case SHAPE_FREE:
        return (double)random_next(r) / 1e15;
    case SHAPE_ODD:
        return random_below(r, 20) ? (double)random_below(r, 50) / 100 : random_odd(r);
    case SHAPE_BITS:
    case SHAPES:
        break;
    }
    return oc_bits_double(random_next(r));
}

/* Mostly regular, with jitter and gaps. */
static inline int64_t random_gap(struct random *r)
{
    uint64_t dice = random_below(r, 100);
    return dice < 80   ? 30000
           : dice < 97 ? 29000 + (int64_t)random_below(r, 2000)
                       : 1 + (int64_t)random_below(r, 9000000);
}

static inline void random_points(struct random *r, enum shape shape, struct oc_point *points,
                                 size_t count)
{
    int64_t time_ms = 1767225600000 + (int64_t)random_below(r, 1000000);
    double value = 0;

    for (size_t i = 0; i < count; i++) {
        value = random_value(r, shape, value);
        points[i] = (struct oc_point){time_ms, value};
        time_ms += random_gap(r);
    }
}

static inline bool points_equal(const struct oc_point *a, const struct oc_point *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].time_ms != b[i].time_ms ||
            oc_double_bits(a[i].value) != oc_double_bits(b[i].value)) {
            return false;
        }
    }
    return true;
}

#endif
