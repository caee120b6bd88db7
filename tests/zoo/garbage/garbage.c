/* Emits records that are wrong in every member. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <math.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    static const char bad[] = "\xff\xfe{}\"";
    for (uint32_t type = 0; type < 300; type++) {
        const struct oc_record r = {.struct_size = type % 3 ? (uint32_t)sizeof r : type,
                                    .type = type,
                                    .name = {type % 2 ? bad : NULL, sizeof bad - 1},
                                    .text = {bad, sizeof bad - 1},
                                    .value = type % 2 ? (double)INFINITY : (double)NAN,
                                    .time_ms = (int64_t)type * INT64_C(-99999999999),
                                    .kind = type,
                                    .state = (int32_t)type - 100,
                                    .label_count = type};
        out->emit(out->ctx, &r);
    }
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
