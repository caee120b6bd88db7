/* openclaw.lock, which others write and share. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/changelog.h"
#include "core/package/install/lockfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_work w = {.home = "/nowhere"};
    const char *text = (const char *)data;
    oc_error_init(&w.err);
    json_t *lock = oc_lockfile_parse(&w, text, size);
    const json_t *row;
    size_t i;
    OC_ASSERT(lock || (w.err.code == OC_E_CONFIG && w.err.hint[0] && w.details));
    json_array_foreach(json_object_get(lock, "plugins"), i, row)
    {
        OC_ASSERT(oc_lockfile_find(lock, oc_json_str(row, "name", "")));
        OC_ASSERT(strlen(oc_lockfile_digest(row)) == 64);
    }
    json_decref(lock);
    json_decref(w.details);
    char *cut = oc_changelog_cut(text, size, "1.0.0", "2.0.0");
    OC_ASSERT(!cut || strlen(cut) <= 3 * OC_CHANGELOG_MAX);
    free(cut);
    return 0;
}
