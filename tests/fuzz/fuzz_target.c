/* Fuzzes request targets: whatever is taken has no segment that leads elsewhere. SPDX-License-Identifier: MIT */
// uses: oc_api
#include <string.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *target = oc_strndup((const char *)data, size), *path = NULL;
    const char *query = NULL;
    if (oc_target_parse(target, &path, &query, NULL) == OC_OK) {
        OC_ASSERT(path[0] == '/' && strlen(path) <= strlen(target));
        OC_ASSERT(!strstr(path, "//") && !strstr(path, "/../") && !strchr(path, '\\'));
        OC_ASSERT(!oc_target_climbs(target));
        OC_ASSERT(!query || (query > target && query <= target + strlen(target)));
    }
    if (oc_query_check(target, NULL) ==
        OC_OK) { /* each half can be decoded then, wherever it is cut */
        const size_t len = strcspn(target, "&=#");
        char *name = oc_target_decode(target, len, true);
        OC_ASSERT(name);
        free(name);
    }
    char *authority, *rest;
    if (oc_target_split(target, "GET", false, &authority, &rest)) {
        OC_ASSERT(*authority && !strpbrk(authority, "/?#") && *rest == '/');
        OC_ASSERT(strlen(authority) + strlen(rest) <= strlen(target));
    }
    free(authority);
    free(rest);
    free(oc_target_shown(target));
    free(path);
    free(target);
    return 0;
}
