/* Says that its tables and structs are larger than they are. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    return oc_emit_gauge(out, "zoo.alive", 1);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {.struct_size = 1u << 30,
                   .abi_major = OC_ABI_MAJOR,
                   .abi_minor = 999,
                   .option_size = 1,
                   .method_size = 1u << 30,
                   .instance_size = 1,
                   .methods = methods};
