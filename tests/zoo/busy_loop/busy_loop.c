/* Computes for ever and never looks at the cancel flag. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    volatile uint64_t n = 1;
    while (n) {
        n = n | 1;
    }
    return OC_OK;
}

ZOO_ENTRY(NULL, NULL)
