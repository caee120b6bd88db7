/* Whether a collector would ask this host itself for another service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_OWN_H
#define OC_SERVICE_SCHEDULE_OWN_H

#include "core/service/env.h"

/* `group` is to be left out then (`unless_own`), and its `url` has the address of one of the API's listeners. */
bool oc_own_is_meant(const struct oc_env *env, const struct oc_node *group);

#endif
