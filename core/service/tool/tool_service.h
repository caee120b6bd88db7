/* The tools of the plugins that run: what there is, and calling one. SPDX-License-Identifier: MIT  [loop]
 *
 * A plugin with the methods tool.list/1 and tool.call/1 has tools. tool.list/1 takes nothing and emits one JSON record for
 * each: {"name","description","input_schema"}. tool.call/1 takes {"name","arguments"} and emits one JSON record, the result;
 * PROGRESS records may come before it. Arguments are checked against the tool's schema (core/base/jsonschema.h) before the
 * plugin sees them. What the plugins say is kept until one of them changes. Operations: tool.list, tool.call. */
#ifndef OC_SERVICE_TOOL_TOOL_SERVICE_H
#define OC_SERVICE_TOOL_TOOL_SERVICE_H

#include "core/service/env.h"

struct oc_tool_hooks {
    /* The instance that answers for a plugin; `name` NULL = any. NULL when none runs. */
    struct oc_instance *(*find)(void *ctx, const char *plugin, const char *name);
    void *ctx;
};

struct oc_tool_service;

struct oc_tool_service *oc_tool_service_create(const struct oc_env *env,
                                               const struct oc_tool_hooks *hooks);
/* After every instance has ended: their calls have answered. NULL is fine. */
void oc_tool_service_destroy(struct oc_tool_service *s);

#endif
