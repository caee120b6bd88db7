/* Never returns from a constructor. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

__attribute__((constructor)) static void begin(void)
{
    zoo_sleep(600000);
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
