/* Closes descriptors 0 to 1023. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <unistd.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    for (int fd = 0; fd < 1024; fd++) {
        close(fd);
    }
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
