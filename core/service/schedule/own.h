/* Whether a collector would ask this host itself for another service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_OWN_H
#define OC_SERVICE_SCHEDULE_OWN_H

#include "core/service/env.h"

/* `group` is to be left out then (`unless_own`). */
bool oc_own_is_asked(const struct oc_node *group);
/* And so it is by now: its `url`, or that which the plugin has without one, is the address of one of the API's listeners. */
bool oc_own_is_meant(const struct oc_env *env, const char *plugin, const struct oc_node *group);

#endif
