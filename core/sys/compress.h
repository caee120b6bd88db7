/* zstd with bounds. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_COMPRESS_H
#define OC_SYS_COMPRESS_H

#include "core/base/buf.h"
#include "core/base/error.h"

/* appends one frame */
void oc_compress(const void *data, size_t len, int level, struct oc_buf *out);
/* Appends the content of one frame; OC_E_PERMANENT when it is damaged or larger than `max`. */
int oc_decompress(const void *data, size_t len, size_t max, struct oc_buf *out,
                  struct oc_error *err);

#endif
