/* Writes to address 0 when it is started. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    (void)self, (void)host, (void)err;
    zoo_segv();
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(start, NULL)
