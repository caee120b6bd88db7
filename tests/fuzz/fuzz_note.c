/* The note reader on hostile libraries. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/plugin/manifest/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_note note;
    struct oc_error err;
    oc_error_init(&err);
    void *image = oc_memdup(data, size); /* its own block: a read beyond it is seen */
    if (oc_note_find(image, size, &note, &err) == OC_OK) {
        const char *begin = image;
        OC_ASSERT(note.manifest.ptr >= begin && note.manifest.len <= size);
        OC_ASSERT(note.manifest.ptr + note.manifest.len <= begin + size);
        OC_ASSERT(note.signature.ptr + note.signature.len <= begin + size);
        oc_note_value(&note, "abi_major");
        oc_note_value(&note, "");
    } else {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
    }
    free(image);
    return 0;
}
