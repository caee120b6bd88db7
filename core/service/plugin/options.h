/* The options of a plugin against what is set for it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_PLUGIN_OPTIONS_H
#define OC_SERVICE_PLUGIN_OPTIONS_H

#include "core/service/plugin/sections.h"

/* Names of the options that are required and not in `section` (may be NULL): an array, owned by the caller. */
json_t *oc_plugin_missing_options(struct oc_plugin *plugin, const struct oc_node *section);
/* Binds `section` into memory that is thrown away; keys of the host (interval ...) are left to the services. */
void oc_plugin_check_section(const struct oc_plugin_service *s, struct oc_plugin *plugin,
                             const struct oc_node *section, struct oc_diags *diags);
/* Loads the plugin when its options stand in its code only. False when nobody can say what its options are. */
bool oc_plugin_learn_options(struct oc_plugin_service *s, struct oc_plugin *plugin,
                             struct oc_error *err);

#endif
