/* Asks every plugin that has tools what they are. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/service/tool/internal.h"

#define KEPT_FOR  (60 * OC_SECOND) /* a plugin may learn of new tools without a reload */
#define ASK_FOR   (5 * OC_SECOND)
#define TOOLS_MAX 256u /* of one plugin */

struct waiting {
    tools_known_fn known;
    void *ctx;
};

struct gathering {
    struct oc_tool_service *service;
    json_t *tools, *problems;
    unsigned pending;
    uint64_t changes; /* of the service, when it began */
    OC_VEC(struct waiting) waiting;
};

/* One plugin that was asked. */
struct asked {
    struct gathering *gathering;
    char *plugin;
    size_t count;
};

static void add_problem(struct gathering *g, const char *plugin, const char *message)
{
    json_t *row = json_object();
    oc_json_set_str(row, "plugin", plugin);
    oc_json_set_str(row, "message", message);
    json_array_append_new(g->problems, row);
}

/* ---- what comes back ---- */

static const char *wrong_with(const json_t *tool)
{
    const json_t *schema = json_object_get(tool, "input_schema");
    if (!json_is_object(tool)) {
        return "a tool is no JSON object";
    }
    if (!oc_name_valid(oc_json_str(tool, "name", ""))) {
        return "a tool has no name of letters, digits, dots, dashes and underscores";
    }
    if (schema && !json_is_object(schema)) {
        return "the input_schema of a tool is no object";
    }
    return NULL;
}

static void take_tool(struct asked *a, const struct oc_record *r)
{
    json_t *tool = oc_json_parse(r->text.ptr ? r->text.ptr : "", r->text.len, NULL);
    const char *wrong = wrong_with(tool);
    if (wrong || a->count >= TOOLS_MAX) {
        add_problem(a->gathering, a->plugin, wrong ? wrong : "it has more than 256 tools");
    } else {
        json_t *row = json_object(), *schema = json_object_get(tool, "input_schema");
        oc_json_set_str(row, "name", oc_json_str(tool, "name", ""));
        oc_json_set_str(row, "plugin", a->plugin);
        oc_json_set_str(row, "description", oc_json_str(tool, "description", ""));
        oc_json_take(row, "input_schema",
                     schema ? json_incref(schema) : json_pack("{s:s}", "type", "object"));
        json_array_append_new(a->gathering->tools, row);
        a->count++;
    }
    json_decref(tool);
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == OC_RECORD_JSON) {
            take_tool(ctx, &records[i]);
        }
    }
}

/* ---- the end ---- */

static int by_name(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    const int names = strcmp(oc_json_str(x, "name", ""), oc_json_str(y, "name", ""));
    return names ? names : strcmp(oc_json_str(x, "plugin", ""), oc_json_str(y, "plugin", ""));
}

static json_t *sorted(const json_t *list)
{
    const size_t count = json_array_size(list);
    json_t **items = oc_calloc(count + 1, sizeof *items), *out = json_array();
    for (size_t i = 0; i < count; i++) {
        items[i] = json_array_get(list, i);
    }
    qsort(items, count, sizeof *items, by_name);
    for (size_t i = 0; i < count; i++) {
        json_array_append(out, items[i]);
    }
    free(items);
    return out;
}

static void finish(struct gathering *g)
{
    struct oc_tool_service *s = g->service;
    json_decref(s->tools);
    json_decref(s->problems);
    s->tools = sorted(g->tools);
    s->problems = json_incref(g->problems);
    s->asked_ms = s->changes == g->changes ? oc_time_mono() : 0;
    s->gathering = NULL;
    for (size_t i = 0; i < g->waiting.count; i++) {
        g->waiting.items[i].known(g->waiting.items[i].ctx);
    }
    OC_VEC_FINISH(&g->waiting);
    json_decref(g->tools);
    json_decref(g->problems);
    free(g);
}

static void one_less(struct gathering *g)
{
    if (--g->pending == 0) {
        finish(g);
    }
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct asked *a = ctx;
    struct gathering *g = a->gathering;
    (void)took_ms;
    if (code != OC_OK) {
        add_problem(g, a->plugin, err->message);
    }
    free(a->plugin);
    free(a);
    one_less(g);
}

static void ask(void *ctx, struct oc_plugin *plugin)
{
    struct gathering *g = ctx;
    struct oc_tool_service *s = g->service;
    const char *name = oc_plugin_name(plugin);
    struct oc_error err;
    oc_error_init(&err);
    struct oc_instance *instance =
        oc_plugin_has_method(plugin, TOOL_LIST) ? s->hooks.find(s->hooks.ctx, name, NULL) : NULL;
    if (!instance) {
        return;
    }
    struct asked *a = oc_calloc(1, sizeof *a);
    a->gathering = g;
    a->plugin = oc_strdup(name);
    struct oc_invocation inv = {.method = TOOL_LIST,
                                .timeout_ms = ASK_FOR,
                                .on_records = on_records,
                                .on_done = on_done,
                                .ctx = a};
    g->pending++;
    const int rc = oc_instance_call(instance, &inv, NULL, &err);
    if (rc == OC_OK) {
        return;
    }
    if (rc != OC_E_UNSUPPORTED) { /* of one whose methods were not known before it ran */
        add_problem(g, name, err.message);
    }
    free(a->plugin);
    free(a);
    g->pending--;
}

void oc_tools_need(struct oc_tool_service *s, tools_known_fn known, void *ctx)
{
    const struct waiting waiting = {known, ctx};
    if (s->asked_ms && oc_time_mono() - s->asked_ms < KEPT_FOR) {
        known(ctx);
        return;
    }
    if (s->gathering) {
        OC_VEC_PUSH(&s->gathering->waiting, waiting);
        return;
    }
    struct gathering *g = oc_calloc(1, sizeof *g);
    g->service = s;
    g->changes = s->changes;
    g->tools = json_array();
    g->problems = json_array();
    g->pending = 1; /* ours, until all are asked */
    s->gathering = g;
    OC_VEC_PUSH(&g->waiting, waiting);
    oc_plugins_each(s->env.plugins, ask, g);
    one_less(g);
}

void oc_tools_forget(struct oc_tool_service *s)
{
    s->asked_ms = 0;
    s->changes++;
}
