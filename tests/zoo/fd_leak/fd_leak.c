/* Leaves 50 descriptors open in each call. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <fcntl.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    int opened = 0;
    while (opened < 50 && open("/dev/null", O_RDONLY) >= 0) {
        opened++;
    }
    return oc_emit_gauge(out, "zoo.opened", opened);
}

ZOO_ENTRY(NULL, NULL)
