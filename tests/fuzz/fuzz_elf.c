/* The reader of shared objects on hostile ones. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/package/check/elf.h"

/* A text that the reader gave lies within the image, its end included. */
static void assert_within(const char *text, const void *image, size_t size)
{
    const char *begin = image;
    OC_ASSERT(text >= begin && text + strlen(text) < begin + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_elf elf;
    struct oc_error err;
    uint64_t addresses[16];
    oc_error_init(&err);
    void *image = oc_memdup(data, size); /* its own block: a read beyond it is seen */
    if (oc_elf_read(&elf, image, size, &err) == OC_OK) {
        for (size_t i = 0; i < elf.symbols.count; i++) {
            assert_within(elf.symbols.items[i].name, image, size);
        }
        for (size_t i = 0; i < elf.needed.count; i++) {
            assert_within(elf.needed.items[i], image, size);
        }
        for (size_t i = 0; i < elf.versions.count; i++) {
            assert_within(elf.versions.items[i].name, image, size);
        }
        const size_t n = oc_elf_array_read(&elf, &elf.init, addresses, OC_COUNT(addresses));
        for (size_t i = 0; i < n; i++) {
            const char *name = oc_elf_symbol_at(&elf, addresses[i]);
            if (name) {
                assert_within(name, image, size);
            }
        }
    } else {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
    }
    oc_elf_finish(&elf);
    free(image);
    return 0;
}
