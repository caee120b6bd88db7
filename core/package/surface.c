/* Makes the hash of the permissions that a plugin asks for. SPDX-License-Identifier: MIT */
#include "core/package/surface.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void oc_surface(const json_t *permissions, char hex[OC_SHA256_HEX])
{
    const size_t count = json_array_size(permissions);
    const char **texts = oc_calloc(count + 1, sizeof *texts);
    struct oc_buf all = {0};
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(permissions, i));
        texts[i] = text ? text : "";
    }
    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++) {
        oc_buf_addf(&all, "%s%s", i ? "\n" : "", texts[i]);
    }
    oc_sha256_hex(all.data ? all.data : "", all.len, hex);
    oc_buf_finish(&all);
    free(texts);
}
