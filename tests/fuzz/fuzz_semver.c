/* Fuzzes version ranges: the first line is the range, the second the version. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <string.h>

#include "core/base/mem.h"
#include "core/package/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *range = oc_strndup((const char *)data, size), *version = strchr(range, '\n');
    if (version) {
        *version++ = '\0';
    } else {
        version = range;
    }
    const bool matches = oc_range_matches(range, version);
    OC_ASSERT(!matches || oc_range_check(range, NULL) == OC_OK);
    OC_ASSERT(oc_semver_compare(version, version) == 0);
    OC_ASSERT(oc_semver_compare(range, version) == -oc_semver_compare(version, range) ||
              oc_semver_compare(range, version) * oc_semver_compare(version, range) < 0);
    const char *exact = oc_range_exact(range);
    OC_ASSERT(!exact || oc_range_matches(range, exact));
    free(range);
    return 0;
}
