/* Fuzzes the chunk decoder: any bytes, within bounds. SPDX-License-Identifier: MIT
// uses: oc_store
 *
 * Besides looking for bad reads it checks that what was decoded has growing times, and comes back
 * to the bit when it is encoded again. */
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/store/chunk.h"
#include "core/store/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oc_point first[OC_CHUNK_POINTS], second[OC_CHUNK_POINTS];

static void check_points(int count)
{
    for (int i = 0; i < count; i++) {
        OC_ASSERT(!i || first[i].time_ms > first[i - 1].time_ms);
        OC_ASSERT(first[i].time_ms == second[i].time_ms);
        OC_ASSERT(oc_double_bits(first[i].value) == oc_double_bits(second[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = oc_memdup(data, size); /* of just this size, so that a read past it is seen */
    int count = oc_chunk_decode(copy, size, first);

    free(copy);
    OC_ASSERT(count >= -1 && count != 0 && count <= OC_CHUNK_POINTS);
    if (count > 0) {
        struct oc_buf again = {0};
        oc_chunk_encode(first, (size_t)count, &again);
        OC_ASSERT(oc_chunk_decode(again.data, again.len, second) == count);
        check_points(count);
        oc_buf_finish(&again);
    }
    return 0;
}
