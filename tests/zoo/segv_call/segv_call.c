/* Writes to address 0 in a call. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    zoo_segv();
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
