/* Emits samples until it is told to stop, and again. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    char name[32];
    int32_t code = OC_OK;
    for (int i = 0; i < 10000000 && code == OC_OK; i++) {
        snprintf(name, sizeof name, "zoo.flood_%d", i % 1000);
        code = oc_emit_gauge(out, name, i);
    }
    return OC_OK;
}

ZOO_ENTRY(NULL, NULL)
