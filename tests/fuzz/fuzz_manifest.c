/* The manifest parser, and what a preset that it accepts expands to. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/manifest.h"

/* What is made of the manifest of an installed plugin would be taken of a new one. */
static void take_again(const json_t *whole)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *again = oc_manifest_of(json_deep_copy(whole), "/p", &err);
    OC_ASSERT(again);
    oc_manifest_free(again);
}

/* The quick way reads the same as the long one. */
static void compare(const struct oc_manifest *m, const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *kept = oc_manifest_parse_kept((const char *)data, size, "/p", &err);
    OC_ASSERT(kept || !m);
    if (kept) {
        json_t *whole = oc_manifest_whole(kept);
        OC_ASSERT(!m || json_equal(whole, m->json));
        take_again(whole);
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
