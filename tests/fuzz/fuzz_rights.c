/* The permission parser, and what holds between the rights that it accepts. SPDX-License-Identifier: MIT */
// uses: oc_plugin
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"

/* Lines are permissions: each that is accepted covers itself, and its canonical text means the same. */
static void check(const json_t *lines)
{
    struct oc_rights rights, again;
    const struct oc_kernel kernel = {.landlock = 3, .seccomp = true};
    json_t *texts = json_array();
    oc_rights_read(lines, &rights);
    for (size_t i = 0; i < rights.list.count; i++) {
        const struct oc_right *r = &rights.list.items[i];
        OC_ASSERT(r->lo <= r->hi && strlen(r->text) <= OC_RIGHT_TEXT_MAX);
        OC_ASSERT(oc_right_covers(r, r));
        json_array_append_new(texts, json_string(r->text));
    }
    oc_rights_read(texts, &again);
    OC_ASSERT(!again.ignored);
    OC_ASSERT(again.list.count == rights.list.count);
    json_t *new_ones = oc_rights_widened(texts, texts);
    OC_ASSERT(json_array_size(new_ones) == 0);
    json_decref(new_ones);
    json_decref(oc_rights_explain(lines, texts, &kernel, OC_TIER_SANDBOX));
    json_decref(oc_rights_missing(&rights, &kernel));
    json_decref(oc_rights_effective(lines, texts));
    json_decref(texts);
    oc_rights_finish(&rights);
    oc_rights_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *lines = json_array();
    for (size_t from = 0, i = 0; i <= size; i++) {
        if (i == size || data[i] == '\n') {
            json_array_append_new(lines, json_stringn_nocheck((const char *)data + from, i - from));
            from = i + 1;
        }
    }
    check(lines);
    json_decref(lines);
    return 0;
}
