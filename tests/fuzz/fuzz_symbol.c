/* The reader of symbols and build ids on hostile libraries. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/plugin/library/symbol.h"

/* The first eight bytes are the address that is asked for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t address = 0;
    struct oc_symbol symbol;
    char hex[OC_BUILD_ID_HEX];
    const size_t head = size < sizeof address ? size : sizeof address;
    memcpy(&address, data, head);
    void *image = oc_memdup(data + head, size - head); /* its own block: a read beyond it is seen */
    if (oc_symbol_find(image, size - head, address, &symbol)) {
        OC_ASSERT(symbol.name[0] && memchr(symbol.name, '\0', sizeof symbol.name));
    }
    oc_symbol_build_id(image, size - head, hex);
    OC_ASSERT(memchr(hex, '\0', sizeof hex));
    free(image);
    return 0;
}
