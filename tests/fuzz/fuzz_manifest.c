/* The manifest parser, and what a preset that it accepts expands to. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/plugin/manifest/manifest.h"

/* The quick way reads the same as the long one. */
static void compare(const struct oc_manifest *m, const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *kept = oc_manifest_parse_kept((const char *)data, size, "/p", &err);
    OC_ASSERT((m == NULL) == (kept == NULL));
    if (m) {
        json_t *whole = oc_manifest_whole(kept);
        OC_ASSERT(json_equal(whole, m->json));
        json_decref(whole);
    }
    oc_manifest_free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *m = oc_manifest_parse((const char *)data, size, "/p", &err);
    compare(m, data, size);
    if (!m) {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
        return 0;
    }
    OC_ASSERT(m->name && m->version && m->summary && m->kind);
    if (!m->library) {
        json_decref(oc_manifest_expand(m, "main", NULL, &err));
        json_t *config = json_pack("{s:s, s:i}", "url", "http://h", "port", 1);
        json_decref(oc_manifest_expand(m, "main", config, NULL));
        json_decref(config);
    }
    oc_manifest_free(m);
    return 0;
}
