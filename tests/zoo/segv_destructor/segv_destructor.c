/* Writes to address 0 when its library is closed. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

__attribute__((destructor)) static void end(void)
{
    zoo_segv();
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
