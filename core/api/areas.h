/* Every area of the API. SPDX-License-Identifier: MIT */
#ifndef OC_API_AREAS_H
#define OC_API_AREAS_H

#include "core/api/internal.h"

extern const struct oc_area oc_area_login;
extern const struct oc_area oc_area_probes;
extern const struct oc_area oc_area_pages;
extern const struct oc_area oc_area_status;
extern const struct oc_area oc_area_ops;
extern const struct oc_area oc_area_endpoint;
extern const struct oc_area oc_area_litellm;
extern const struct oc_area oc_area_compat;
extern const struct oc_area oc_area_openapi;
extern const struct oc_area oc_area_prometheus;
extern const struct oc_area oc_area_alertmanager;
extern const struct oc_area oc_area_ws;
extern const struct oc_area oc_area_bridge;

#endif
