/* The operations tool.list and tool.call. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/tool/internal.h"

struct list_params {
    const char *plugin;
    int32_t refresh;
};
static const struct oc_option list_options[] = {{.name = "plugin",
                                                 .type = OC_OPT_STRING,
                                                 .offset = offsetof(struct list_params, plugin),
                                                 .help = "only the tools of this plugin"},
                                                {.name = "refresh",
                                                 .type = OC_OPT_BOOL,
                                                 .offset = offsetof(struct list_params, refresh),
                                                 .help = "ask the plugins again"},
                                                {0}};

#define AT(member) offsetof(struct tool_call_params, member)
static const struct oc_option call_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(name),
     .help = "the tool"},
    {.name = "arguments",
     .type = OC_OPT_STRING,
     .offset = AT(arguments),
     .help = "its arguments, a JSON object"},
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .offset = AT(plugin),
     .help = "the plugin that has it, when several have one of that name"},
    {.name = "deadline",
     .type = OC_OPT_DURATION,
     .offset = AT(deadline_ms),
     .default_text = "30s",
     .min = 1,
     .max = 3600000,
     .help = "how long it may take"},
    {0}};
#undef AT

struct listing {
    struct oc_tool_service *service;
    struct oc_call *call; /* NULL once the caller has given up */
};

static void tell(struct listing *l)
{
    const struct list_params *p = oc_call_params(l->call);
    const json_t *row;
    json_t *rows = json_array();
    size_t i;
    json_array_foreach(l->service->tools, i, row)
    {
        if (!p->plugin || strcmp(oc_json_str(row, "plugin", ""), p->plugin) == 0) {
            json_array_append(rows, (json_t *)(uintptr_t)row);
        }
    }
    json_array_foreach(l->service->problems, i, row)
    {
        oc_call_warn(l->call, "%s: %s", oc_json_str(row, "plugin", ""),
                     oc_json_str(row, "message", ""));
    }
    oc_call_succeed(l->call, rows);
}

static void on_known(void *ctx)
{
    struct listing *l = ctx;
    if (l->call) {
        tell(l);
    }
    free(l);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct listing *l = ctx;
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "cancelled");
    l->call = NULL;
    oc_call_fail(call, &err);
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_tool_service *s = ctx;
    const struct list_params *p = oc_call_params(call);
    struct listing *l = oc_calloc(1, sizeof *l);
    *l = (struct listing){s, call};
    if (p->refresh) {
        oc_tools_forget(s);
    }
    oc_call_on_cancel(call, on_cancel, l);
    oc_tools_need(s, on_known, l);
}

static const struct oc_op ops[] = {
    {.name = "tool.list",
     .summary = "List the tools of the plugins that run",
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view = "table:name=Tool,plugin=Plugin,description=Description",
     .description = "With --json the schema of the arguments is there too.",
     .example = "openclaw tool list\nopenclaw tool list --plugin script --refresh --json",
     .handler = op_list},
    {.name = "tool.call",
     .summary = "Call a tool",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = call_options,
     .params_size = sizeof(struct tool_call_params),
     .view = "record",
     .description = "The arguments are checked against the tool's schema before the plugin sees "
                    "them; what does not fit is named by its path. Every call is written to the "
                    "audit trail.",
     .example = "openclaw tool call count_words --arguments '{\"input\": \"three small words\"}'",
     .handler = oc_tool_call},
};

static void on_change(void *ctx, const struct oc_event *event)
{
    (void)event;
    oc_tools_forget(ctx);
}

struct oc_tool_service *oc_tool_service_create(const struct oc_env *env,
                                               const struct oc_tool_hooks *hooks)
{
    struct oc_tool_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->hooks = *hooks;
    s->tools = json_array();
    s->problems = json_array();
    s->packages = oc_bus_subscribe(env->bus, "packages.changed", on_change, s);
    s->reloads = oc_bus_subscribe(env->bus, "plugin.*", on_change, s);
    s->instances = oc_bus_subscribe(env->bus, "config.*", on_change, s);
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(env->ops, &ops[i], s);
    }
    return s;
}

void oc_tool_service_destroy(struct oc_tool_service *s)
{
    if (!s) {
        return;
    }
    oc_bus_unsubscribe(s->packages);
    oc_bus_unsubscribe(s->reloads);
    oc_bus_unsubscribe(s->instances);
    json_decref(s->tools);
    json_decref(s->problems);
    free(s);
}
