/* Which areas the API has: one line each. SPDX-License-Identifier: MIT */
#include "core/api/areas.h"

#include <stddef.h>

/* clang-format off */
const struct oc_area *const oc_areas[] = {
    &oc_area_login,
    &oc_area_probes,
    &oc_area_pages,
    &oc_area_status,
    &oc_area_ops,
    &oc_area_compat,
    &oc_area_litellm,
    &oc_area_endpoint,
    &oc_area_openapi,
    &oc_area_ws,
    &oc_area_bridge,
    &oc_area_prometheus,
    &oc_area_alertmanager,
    NULL,
};
/* clang-format on */
