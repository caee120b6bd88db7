/* Statuses of versions. SPDX-License-Identifier: MIT */
#include "core/package/registry/status.h"

#include <string.h>

#include "core/base/json.h"
#include "core/package/semver.h"

json_t *oc_status_of(const json_t *package, const char *version)
{
    json_t *status = json_object(), *advisories = json_array();
    const json_t *all = json_object_get(package, "advisories");
    const json_t *yanked = json_object_get(json_object_get(package, "yanked"), version);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *a = json_array_get(all, i);
        if (oc_range_matches(oc_json_str(a, "range", "*"), version)) {
            json_array_append(advisories, a);
        }
    }
    oc_json_set_bool(status, "yanked", yanked != NULL);
    if (yanked) {
        oc_json_set_str(status, "yank_reason", json_string_value(yanked));
    }
    oc_json_set_str(status, "deprecated", oc_json_str(package, "deprecated", NULL));
    oc_json_set_str(status, "quarantined", oc_json_str(package, "quarantined", NULL));
    oc_json_take(status, "advisories", advisories);
    return status;
}

const char *oc_status_bars(const json_t *status)
{
    const json_t *advisories = json_object_get(status, "advisories");
    if (json_is_string(json_object_get(status, "quarantined"))) {
        return "quarantined";
    }
    for (size_t i = 0; i < json_array_size(advisories); i++) {
        if (strcmp(oc_json_str(json_array_get(advisories, i), "severity", ""), "malicious") == 0) {
            return "malicious";
        }
    }
    return oc_json_bool(status, "yanked", false) ? "yanked" : NULL;
}
