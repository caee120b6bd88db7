/* Bytes of a file that nobody vouches for, read by offset. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PLUGIN_IMAGE_H
#define OC_PLUGIN_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct oc_image {
    const unsigned char *bytes; /* borrowed */
    uint64_t len;
};

/* Copies what is at `offset`: nothing in the file is trusted to be aligned, or there at all. False when it is not. */
static inline bool oc_image_copy(const struct oc_image *img, uint64_t offset, void *out,
                                 uint64_t size)
{
    if (offset > img->len || size > img->len - offset) {
        return false;
    }
    memcpy(out, img->bytes + offset, size);
    return true;
}

#endif
