/* Shared by the files of the tool service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_TOOL_INTERNAL_H
#define OC_SERVICE_TOOL_INTERNAL_H

#include "core/service/tool/tool_service.h"

#define TOOL_LIST "tool.list/1"
#define TOOL_CALL "tool.call/1"

struct gathering;

struct oc_tool_service {
    struct oc_env env;
    struct oc_tool_hooks hooks;
    json_t *
        tools; /* what the plugins said last: rows with "name","plugin","description","input_schema" */
    json_t *problems; /* of those that did not answer: {"plugin","message"} */
    int64_t asked_ms; /* when; 0 = what is kept is of no use */
    uint64_t changes; /* counts what makes an answer out of date, also while it is gathered */
    struct gathering *gathering; /* running, or NULL */
    struct oc_subscription *reloads, *packages, *instances;
};

typedef void (*tools_known_fn)(void *ctx);
/* Runs `known(ctx)` when s->tools is up to date: now, or when the plugins have answered. */
void oc_tools_need(struct oc_tool_service *s, tools_known_fn known, void *ctx);
void oc_tools_forget(struct oc_tool_service *s);

/* ---- call.c ---- */
void oc_tool_call(struct oc_call *call, void *ctx /* struct oc_tool_service */);

struct tool_call_params {
    const char *name, *plugin, *arguments;
    int64_t deadline_ms;
};

#endif
