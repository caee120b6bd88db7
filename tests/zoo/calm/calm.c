/* Does what it should and says how late it was called. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <time.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return oc_emit_gauge(out, "calm.late_ms", (double)(now_ms - req->time_ms));
}

ZOO_ENTRY(NULL, NULL)
