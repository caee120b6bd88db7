/* The policy service: keeps the folder of policies loaded. SPDX-License-Identifier: MIT
 *
 * Configuration: policies = { dir = "policies"; } (default: <home>/policies). The folder is looked
 * at every few seconds. A policy that does not load or fails when it is
 * asked fires the alert policy_failed{policy}. The gate of operations is here, too (gate.h). Operations: policy.list hooks
 * check test eval explain diff apply remove reload doctor. */
#ifndef OC_SERVICE_POLICY_POLICY_SERVICE_H
#define OC_SERVICE_POLICY_POLICY_SERVICE_H

#include "core/service/env.h"

struct oc_policy_service;

struct oc_policy_service *
oc_policy_service_create(const struct oc_env *env); /* `env` is borrowed */
void oc_policy_service_configure(struct oc_policy_service *s, const struct oc_config *config,
                                 struct oc_diags *diags);
/* Adds the option tables of policies to `sections` (core/daemon/sections.h), for the reference. */
void oc_policy_service_describe(json_t *sections);
void oc_policy_service_destroy(struct oc_policy_service *s); /* NULL is fine */

#endif
