/* The manifest parser, and what a preset that it accepts expands to. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *m = oc_manifest_parse((const char *)data, size, "/p", &err);
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
