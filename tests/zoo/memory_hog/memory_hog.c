/* Takes 64 MB more in each call and writes to all of it. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <stdlib.h>
#include <string.h>

static char *volatile kept;

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    const size_t size = 64u << 20;
    char *more = malloc(size);
    if (!more) {
        return oc_fail(err, OC_E_RETRY, "out of memory");
    }
    memset(more, 0x5a, size);
    kept = more;
    return oc_emit_gauge(out, "zoo.taken", kept[size - 1]);
}

ZOO_ENTRY(NULL, NULL)
