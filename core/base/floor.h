/* Division that rounds down. SPDX-License-Identifier: MIT
 *
 * For numbers of days, hours and slots: the clock of a machine that has lost its battery is near 1970, and what is a day
 * before that is negative. C rounds towards zero, so `%` would not be an index then. [any] */
#ifndef OC_BASE_FLOOR_H
#define OC_BASE_FLOOR_H

#include <stdint.h>

/* `b` is positive. */
static inline int64_t oc_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 0 to b - 1. */
static inline int64_t oc_floor_mod(int64_t a, int64_t b)
{
    return a - oc_floor_div(a, b) * b;
}

#endif
