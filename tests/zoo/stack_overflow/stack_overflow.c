/* Calls itself until the stack ends. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static volatile int32_t depth;

static int32_t deeper(int32_t n)
{
    volatile char room[1024];
    room[0] = (char)n;
    depth = n;
    return n < 0 ? room[0] : deeper(n + 1) + room[0];
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    return deeper(1) + OC_OK;
}

ZOO_ENTRY(NULL, NULL)
