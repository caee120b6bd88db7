/* Jumps out of a call into a frame that has ended. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <setjmp.h>

static jmp_buf gone;

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    (void)self, (void)host, (void)err;
    (void)setjmp(gone);
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    longjmp(gone, 1);
}

ZOO_ENTRY(start, NULL)
