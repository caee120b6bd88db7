/* Logs 100 000 lines in each call. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static const struct oc_host *zoo_host;

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    (void)self, (void)err;
    zoo_host = host;
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    for (int i = 0; i < 100000; i++) {
        zoo_host->log(zoo_host->ctx, OC_LOG_WARN, "look at me", "{\"again\":true}");
    }
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(start, NULL)
