/* Prediction and Rice coding of integers. SPDX-License-Identifier: MIT */
#include "core/store/sequence.h"

#include "core/store/number.h"

#define BLOCK      64
#define K_BITS     6
#define K_MAX      56
#define K_ZEROS    63 /* instead of a parameter: every residual of the block is 0 */
#define ESCAPE     20 /* so many zero bits: the residual follows as it is */
#define ORDER_MEAN 0
#define ORDERS     3

static int64_t mean(const int64_t *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)oc_wrap_sub(values[i], values[0]);
    }
    double offset = sum / (double)count;
    /* Beyond this a sensible mean is not to be had, and the cast would not be defined. */
    return offset > -1e18 && offset < 1e18 ? oc_wrap_add(values[0], (int64_t)offset) : values[0];
}

/* What the prediction misses by at i; i >= order. */
static uint64_t residual(const int64_t *values, size_t i, unsigned order, int64_t base)
{
    int64_t guess = base;
    if (order == 1) {
        guess = values[i - 1];
    } else if (order == 2) {
        guess = oc_wrap_add(values[i - 1], oc_wrap_sub(values[i - 1], values[i - 2]));
    }
    return oc_zigzag(oc_wrap_sub(values[i], guess));
}

static uint64_t rice_cost(const uint64_t *block, size_t count, unsigned k)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t q = block[i] >> k;
        bits += q < ESCAPE ? q + 1 + k : ESCAPE + 64;
    }
    return bits;
}

/* The cheapest parameter is within one of the logarithm of the mean. */
static unsigned rice_parameter(const uint64_t *block, size_t count, uint64_t *cost)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)block[i];
    }
    if (sum == 0) {
        *cost = 0;
        return K_ZEROS;
    }
    unsigned k = 0;
    for (double m = sum / (double)count; m >= 2 && k < K_MAX; m /= 2) {
        k++;
    }
    unsigned best = k;
    *cost = UINT64_MAX;
    for (unsigned try = k ? k - 1 : 0; try <= k + 1 && try <= K_MAX; try++) {
        uint64_t bits = rice_cost(block, count, try);
        if (bits < *cost) {
            *cost = bits;
            best = try;
        }
    }
    return best;
}

static void rice_put(struct oc_bitw *w, uint64_t v, unsigned k)
{
    uint64_t q = v >> k;
    if (q >= ESCAPE) {
        oc_bitw_put(w, 0, ESCAPE);
        oc_bitw_put64(w, v);
        return;
    }
    oc_bitw_put(w, UINT64_C(1) << q, (unsigned)q + 1);
    oc_bitw_put(w, v & ((UINT64_C(1) << k) - 1), k);
}

static uint64_t rice_get(struct oc_bitr *r, unsigned k)
{
    if (r->have <= ESCAPE) {
        oc_bitr_fill(r);
    }
    unsigned q = (unsigned)__builtin_ctzll(r->acc | UINT64_C(1) << ESCAPE);
    if (q == ESCAPE) {
        oc_bitr_skip(r, ESCAPE);
        return oc_bitr_get64(r);
    }
    oc_bitr_skip(r, q + 1);
    return (uint64_t)q << k | oc_bitr_get(r, k);
}

/* Writes the residuals, or with w NULL only counts their bits. */
static uint64_t put_blocks(struct oc_bitw *w, const int64_t *values, size_t count, unsigned order,
                           int64_t base)
{
    uint64_t block[BLOCK];
    uint64_t bits = 0;

    for (size_t i = order; i < count; i += BLOCK) {
        size_t n = count - i < BLOCK ? count - i : BLOCK;
        uint64_t cost;
        for (size_t j = 0; j < n; j++) {
            block[j] = residual(values, i + j, order, base);
        }
        unsigned k = rice_parameter(block, n, &cost);
        bits += K_BITS + cost;
        if (!w) {
            continue;
        }
        oc_bitw_put(w, k, K_BITS);
        for (size_t j = 0; k != K_ZEROS && j < n; j++) {
            rice_put(w, block[j], k);
        }
    }
    return bits;
}

void oc_sequence_put(struct oc_bitw *w, const int64_t *values, size_t count)
{
    if (!count) {
        return;
    }
    int64_t base = mean(values, count);
    unsigned order = 0;
    uint64_t best = UINT64_MAX;
    for (unsigned try = 0; try < ORDERS && try <= count; try++) {
        uint64_t bits = put_blocks(NULL, values, count, try, base) + (try == 2 ? 8 : 0);
        if (bits < best) {
            best = bits;
            order = try;
        }
    }
    oc_bitw_put(w, order, 2);
    if (order == ORDER_MEAN) {
        oc_bitw_varint(w, oc_zigzag(base));
    }
    for (unsigned i = 0; i < order; i++) {
        oc_bitw_varint(w, oc_zigzag(i ? oc_wrap_sub(values[1], values[0]) : values[0]));
    }
    put_blocks(w, values, count, order, base);
}

static void get_blocks(struct oc_bitr *r, int64_t *values, size_t count, unsigned order,
                       int64_t base)
{
    int64_t guess = order ? values[order - 1] : base;
    int64_t slope = order == 2 ? oc_wrap_sub(values[1], values[0]) : 0;
    unsigned k = 0;

    for (size_t i = order; i < count && !r->bad; i++) {
        if ((i - order) % BLOCK == 0) {
            k = (unsigned)oc_bitr_get(r, K_BITS);
            if (k > K_MAX && k != K_ZEROS) {
                r->bad = true;
                return;
            }
        }
        int64_t miss = k == K_ZEROS ? 0 : oc_unzigzag(rice_get(r, k));
        values[i] = oc_wrap_add(oc_wrap_add(guess, slope), miss);
        if (order == 2) {
            slope = oc_wrap_add(slope, miss);
        }
        if (order) {
            guess = values[i];
        }
    }
}

void oc_sequence_get(struct oc_bitr *r, int64_t *values, size_t count)
{
    if (!count) {
        return;
    }
    unsigned order = (unsigned)oc_bitr_get(r, 2);
    if (order >= ORDERS || order > count) {
        r->bad = true;
        return;
    }
    int64_t base = order == ORDER_MEAN ? oc_unzigzag(oc_bitr_varint(r)) : 0;
    for (unsigned i = 0; i < order; i++) {
        int64_t v = oc_unzigzag(oc_bitr_varint(r));
        values[i] = i ? oc_wrap_add(values[0], v) : v;
    }
    get_blocks(r, values, count, order, base);
}
