/* The sections `isolation` and `plugins`. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_PLUGIN_SECTIONS_H
#define OC_SERVICE_PLUGIN_SECTIONS_H

#include "core/service/plugin/internal.h"

#define OC_TIER_DEFAULT 3 /* behind the tiers in the choices of isolation.plugins.NAME.tier */

struct isolation_options {
    int32_t require; /* 0 available, 1 full */
    int32_t bundled; /* enum oc_tier */
};
struct isolation_plugin {
    int32_t tier; /* enum oc_tier, or OC_TIER_DEFAULT */
    struct oc_limits limits;
};

struct isolation {
    struct oc_arena arena;
    struct isolation_options options;
    struct oc_map plugins; /* name -> struct isolation_plugin, owned */
};

void oc_isolation_read(struct isolation *i, const struct oc_config *config, struct oc_diags *diags);
void oc_isolation_finish(struct isolation *i);
/* NULL when the configuration says nothing of the plugin. */
const struct isolation_plugin *oc_isolation_of(const struct isolation *i, const char *plugin);

/* `plugins.NAME`: the options of the one instance that an installed plugin gets; NULL when there are none. The name is taken as
 * it is, dots included. */
const struct oc_node *oc_plugin_section(const struct oc_config *config, const char *plugin);

#endif
