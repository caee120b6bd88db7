/* Between plugins and operations, in both directions. SPDX-License-Identifier: MIT  [loop]
 *
 * A plugin's host->call becomes an operation called by the actor "plugin:<plugin>/<instance>"; the "operations" of a manifest
 * become operations that call a method of an instance of that plugin. */
#ifndef OC_OP_BRIDGE_H
#define OC_OP_BRIDGE_H

#include "core/op/op.h"
#include "core/plugin/plugin.h"

struct oc_bridge;

/* Lets every plugin call operations from now on. `find` gives the instance that serves an operation of `plugin`: the one
 * named `name`, or any when name is NULL; NULL when there is none. */
struct oc_bridge *oc_bridge_create(struct oc_ops *ops, struct oc_plugins *plugins,
                                   struct oc_instance *(*find)(void *ctx, const char *plugin,
                                                               const char *name),
                                   void *ctx);
void oc_bridge_destroy(struct oc_bridge *b); /* removes what it added; NULL is fine */
/* Adds the operations of every manifest found that are not there yet, or that gave way to one of the host's own which is gone, and
 * removes those of plugins that are gone; a clash or a bad entry is logged and left out. */
void oc_bridge_refresh(struct oc_bridge *b);

#endif
