/* The machine's resources in the shape of the original health API. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_HEALTH_RESOURCES_H
#define OC_SERVICE_HEALTH_RESOURCES_H

#include "core/store/store.h"

/* {cpu:{system:{..}}, memory:{..}, disk:{..}, network:{..}, system:{..}} from the samples "system.*" of this run; {} when
 * there are none. What has not been measured is null, never zero. Owned by the caller. */
json_t *oc_health_resources(struct oc_store *store);

#endif
