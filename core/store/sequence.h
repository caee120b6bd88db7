/* Runs of integers as Rice-coded differences. SPDX-License-Identifier: MIT  [any]
 *
 * A writer picks the predictor that costs least: the mean (noise around a level), the value before
 * (a wandering gauge), or the line through the two before (counters, times). What the prediction
 * misses by is zig-zagged and Rice-coded (R. Rice, 1979) in blocks of 64, each with the parameter
 * that suits it; a block of zeros is six bits. */
#ifndef OC_STORE_SEQUENCE_H
#define OC_STORE_SEQUENCE_H

#include <stddef.h>

#include "core/store/bits.h"

/* The count is not written: the reader must know it. */
void oc_sequence_put(struct oc_bitw *w, const int64_t *values, size_t count);
void oc_sequence_get(struct oc_bitr *r, int64_t *values, size_t count); /* look at r->bad */

#endif
