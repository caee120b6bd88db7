/* What is installed, as the host reads it from disk. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/package/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_state state;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_state_parse((const char *)data, size, &state, &err) != OC_OK) {
        OC_ASSERT(err.code == OC_E_CONFIG && err.message[0] && !state.json && !state.count);
        return 0;
    }
    for (size_t i = 0; i < state.count; i++) {
        const struct oc_installed *p = &state.plugins[i];
        OC_ASSERT(oc_state_find(&state, p->name) == p && p->enabled == !p->disabled_why);
        OC_ASSERT(p->id && p->version && p->digest && p->source && p->trust && p->tier &&
                  p->grants);
    }
    oc_state_finish(&state);
    return 0;
}
