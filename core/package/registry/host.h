/* What this host can run. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_REGISTRY_HOST_H
#define OC_PACKAGE_REGISTRY_HOST_H

#include <jansson.h>

#include "core/base/error.h"

/* One artifact of a row: OC_OK, or OC_E_UNSUPPORTED with field, both values and fix. */
int oc_host_fits(const json_t *artifact, struct oc_error *err);
/* Can it run in the tier that a policy wants (NULL: none is wanted)? */
int oc_host_tier(const json_t *artifact, const char *wanted, struct oc_error *err);
/* The artifact for this host, borrowed; NULL and the reason why the last one does not fit. */
const json_t *oc_host_pick(const json_t *row, const char *tier, struct oc_error *err);

#endif
