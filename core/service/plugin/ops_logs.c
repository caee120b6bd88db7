/* The operation plugin.logs: the log of the daemon, what speaks of one plugin. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/plugin/internal.h"

#define RING_LINES 512 /* as many as the operation `logs` gives */

struct params {
    const char *name;
    int32_t level, follow;
    int64_t lines;
};
static const char *const levels[] = {"error", "warn", "info", "debug"};
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct params, name),
     .help = "the plugin"},
    {.name = "level",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct params, level),
     .default_text = "debug",
     .choices = "error|warn|info|debug",
     .help = "this level and what is graver"},
    {.name = "lines",
     .type = OC_OPT_INT,
     .offset = offsetof(struct params, lines),
     .default_text = "100",
     .min = 0,
     .max = RING_LINES,
     .help = "at most this many of the latest lines"},
    {.name = "follow",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct params, follow),
     .help = "go on with lines as they come, until interrupted"},
    {0}};

struct follow {
    struct oc_plugin_service *service;
    struct oc_call *call;
    struct oc_call *inner;
    char *plugin;
};

/* A line is a plugin's when its data name the plugin or one of its instances. */
static bool is_of(struct oc_plugin_service *s, const char *plugin, const json_t *line)
{
    const json_t *data = json_object_get(line, "data");
    const char *instance = oc_json_str(data, "instance", "");
    bool mine =
        strcmp(oc_json_str(data, "plugin", ""), plugin) == 0 || strcmp(instance, plugin) == 0;
    if (mine || !*instance) {
        return mine;
    }
    struct seen_instances seen;
    oc_look_instances(s, plugin, &seen);
    for (size_t i = 0; i < seen.list.count; i++) {
        mine = mine || strcmp(oc_instance_name(seen.list.items[i].instance), instance) == 0;
    }
    oc_look_finish(&seen);
    return mine;
}

static json_t *backlog(struct oc_plugin_service *s, const char *plugin, const struct params *p)
{
    json_t *asked = json_pack("{s:s,s:i}", "level", levels[p->level], "lines", RING_LINES);
    json_t *all = oc_ops_ask(s->env.ops, "logs", asked), *mine = json_array(), *line;
    size_t i;
    json_array_foreach(all, i, line)
    {
        if (is_of(s, plugin, line)) {
            json_array_append(mine, line);
        }
    }
    while (json_array_size(mine) > (size_t)p->lines) {
        json_array_remove(mine, 0);
    }
    json_decref(all);
    return mine;
}

static void on_row(void *ctx, const json_t *row)
{
    struct follow *f = ctx;
    if (f->call && is_of(f->service, f->plugin, row)) {
        oc_call_row(f->call, json_incref((json_t *)row));
    }
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct follow *f = ctx;
    struct oc_call *call = f->call;
    (void)result;
    free(f->plugin);
    free(f);
    if (code == OC_OK || code == OC_E_CANCELLED) {
        oc_call_succeed(call, json_array());
    } else {
        oc_call_fail(call, err);
    }
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct follow *f = ctx;
    (void)call;
    oc_call_cancel(f->inner);
}

static void follow(struct oc_plugin_service *s, struct oc_call *call, const char *plugin,
                   const struct params *p)
{
    struct follow *f = oc_calloc(1, sizeof *f);
    f->service = s;
    f->call = call;
    f->plugin = oc_strdup(plugin);
    struct oc_call_request req = {
        .op = "logs",
        .params = json_pack("{s:s,s:i,s:b}", "level", levels[p->level], "lines", 0, "follow", 1),
        .actor = *oc_call_actor(call),
        .on_row = on_row,
        .on_done = on_done,
        .ctx = f};
    struct oc_call *inner = oc_ops_call(s->env.ops, &req);
    if (inner) {
        f->inner = inner;
        oc_call_on_cancel(call, on_cancel, f);
    }
}

static void op_logs(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    const struct params *p = oc_call_params(call);
    struct oc_plugin *plugin = oc_look_plugin_or_fail(s, call, p->name);
    if (!plugin) {
        return;
    }
    json_t *lines = backlog(s, oc_plugin_name(plugin), p), *line;
    size_t i;
    if (!p->follow) {
        oc_call_succeed(call, lines);
        return;
    }
    json_array_foreach(lines, i, line)
    {
        oc_call_row(call, json_incref(line));
    }
    json_decref(lines);
    follow(s, call, oc_plugin_name(plugin), p);
}

static const struct oc_op logs_op = {
    .name = "plugin.logs",
    .summary = "Show what the log says of one plugin, its own lines included",
    .flags = OC_OP_STREAMS,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "custom:logs",
    .example = "openclaw plugin logs hello --level warn\nopenclaw plugin logs hello --follow",
    .handler = op_logs,
};

void oc_plugin_add_log_op(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &logs_op, s);
}
