/* Fuzzes the framing of the control protocol. SPDX-License-Identifier: MIT
// uses: oc_loop
 *
 * Besides looking for bad reads it checks that a stream cut in two anywhere gives the same frames
 * as the whole. */
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/loop/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tally {
    size_t frames, bytes;
    uint32_t sum;
};

static void take(void *ctx, const char *frame, size_t len)
{
    struct tally *t = ctx;
    t->frames++;
    t->bytes += len;
    for (size_t i = 0; i < len; i++) {
        t->sum = t->sum * 31 + (unsigned char)frame[i];
    }
}

/* Each part is copied to a block of its own size, so that a read past its end is seen. */
static long split_copy(const uint8_t *data, size_t len, struct tally *t)
{
    char *copy = oc_memdup(data, len);
    long used = oc_frame_split(copy, len, take, t);
    OC_ASSERT(used >= -1 && used <= (long)len);
    free(copy);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tally whole = {0}, parts = {0};
    size_t cut = size ? data[size - 1] % (size + 1) : 0;

    long used = split_copy(data, size, &whole);
    long first = split_copy(data, cut, &parts);
    if (used < 0 || first < 0) {
        OC_ASSERT(used < 0); /* what is wrong in a part is wrong in the whole */
        return 0;
    }
    OC_ASSERT((size_t)used == whole.bytes + 4 * whole.frames);
    long second = split_copy(data + first, size - (size_t)first, &parts);
    OC_ASSERT(first + second == used && !memcmp(&whole, &parts, sizeof whole));
    return 0;
}
