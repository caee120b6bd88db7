/* The operation tool.call. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/jsonschema.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/tool/internal.h"

#define NAMES_MAX 256u

/* One call of a tool, from the operation to its end. */
struct use {
    struct oc_tool_service *service;
    struct oc_call *call; /* NULL once the caller has its answer */
    struct oc_instance *instance;
    uint64_t id; /* of the call into the plugin; 0 = not begun */
    bool running;
    char *plugin, *name;
    json_t *arguments; /* owned */
    json_t *result;    /* owned: what the plugin emitted */
    int64_t deadline_ms;
};

static void use_free(struct use *u)
{
    free(u->plugin);
    free(u->name);
    json_decref(u->arguments);
    json_decref(u->result);
    free(u);
}

static void fail(struct use *u, const struct oc_error *err, const char *reason)
{
    struct oc_call *call = u->call;
    u->call = NULL;
    if (call) {
        oc_call_fail_with(call, err, reason ? json_pack("{s:s}", "reason", reason) : NULL);
    }
}

/* ---- which tool ---- */

static void fail_unknown(struct use *u)
{
    const char *names[NAMES_MAX];
    size_t count = 0, i;
    const json_t *tool;
    struct oc_error err;
    oc_error_init(&err);
    json_array_foreach(u->service->tools, i, tool)
    {
        if (count < NAMES_MAX) {
            names[count++] = oc_json_str(tool, "name", "");
        }
    }
    const char *near = oc_nearest(u->name, names, count);
    oc_error_set(&err, OC_E_NOT_FOUND, "no tool is named %s", u->name);
    oc_error_hint(&err, near ? "Did you mean %s?" : "`openclaw tool list` shows what there is.",
                  near);
    fail(u, &err, "tool-unknown");
}

/* By its name and, when one is given, its plugin. NULL: the call has failed. */
static const json_t *find(struct use *u)
{
    const json_t *tool, *found = NULL;
    size_t i;
    json_array_foreach(u->service->tools, i, tool)
    {
        const char *plugin = oc_json_str(tool, "plugin", "");
        if (strcmp(oc_json_str(tool, "name", ""), u->name) != 0 ||
            (u->plugin && strcmp(plugin, u->plugin) != 0)) {
            continue;
        }
        if (found) {
            struct oc_error err;
            oc_error_init(&err);
            oc_error_set(&err, OC_E_CONFLICT, "the plugins %s and %s both have a tool %s",
                         oc_json_str(found, "plugin", ""), plugin, u->name);
            oc_error_hint(&err, "Say which one with --plugin.");
            fail(u, &err, "tool-ambiguous");
            return NULL;
        }
        found = tool;
    }
    if (!found) {
        fail_unknown(u);
    }
    return found;
}

/* ---- what comes back ---- */

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct use *u = ctx;
    for (size_t i = 0; i < count; i++) {
        const struct oc_record *r = &records[i];
        if (r->type == OC_RECORD_JSON) {
            json_decref(u->result);
            u->result =
                json_loadb(r->text.ptr ? r->text.ptr : "", r->text.len, JSON_DECODE_ANY, NULL);
        } else if (r->type == OC_RECORD_PROGRESS && u->call) {
            char *text = oc_utf8_clean(r->text.ptr ? r->text.ptr : "", r->text.len);
            oc_call_progress(u->call, r->value, text);
            free(text);
        }
    }
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct use *u = ctx;
    u->running = false;
    if (u->call && code != OC_OK) {
        fail(u, err, NULL);
    } else if (u->call) {
        struct oc_call *call = u->call;
        json_t *result = json_object();
        u->call = NULL;
        oc_json_set_str(result, "tool", u->name);
        oc_json_set_str(result, "plugin", u->plugin);
        oc_json_take(result, "result", u->result ? json_incref(u->result) : json_null());
        oc_json_set_int(result, "took_ms", took_ms);
        oc_call_succeed(call, result);
    }
    use_free(u);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct use *u = ctx;
    struct oc_error err;
    (void)call;
    if (u->running) {
        oc_instance_cancel(u->instance, u->id);
        return;
    }
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CANCELLED, "cancelled");
    fail(u, &err, NULL); /* what still waits for the list of tools finds nobody to answer */
}

/* ---- calling ---- */

static int begin(struct use *u, struct oc_error *err)
{
    struct oc_tool_service *s = u->service;
    json_t *params = json_pack("{s:s,s:O}", "name", u->name, "arguments", u->arguments);
    char *text = oc_json_text(params);
    struct oc_invocation inv = {.method = TOOL_CALL,
                                .params = text,
                                .timeout_ms = u->deadline_ms,
                                .on_records = on_records,
                                .on_done = on_done,
                                .ctx = u};
    int code = OC_E_CONFLICT;
    u->instance = s->hooks.find(s->hooks.ctx, u->plugin, NULL);
    if (u->instance) {
        u->running = true;
        code = oc_instance_call(u->instance, &inv, &u->id, err);
        u->running = code == OC_OK;
    } else {
        oc_error_set(err, code, "plugin %s does not run", u->plugin);
        oc_error_hint(err, "`openclaw plugin why %s` says what is in its way.", u->plugin);
    }
    free(text);
    json_decref(params);
    return code;
}

static void on_known(void *ctx)
{
    struct use *u = ctx;
    struct oc_error err;
    oc_error_init(&err);
    const json_t *tool = u->call ? find(u) : NULL;
    if (tool && oc_jsonschema_check(json_object_get(tool, "input_schema"), u->arguments,
                                    "arguments", &err) != OC_OK) {
        fail(u, &err, "arguments-invalid");
        tool = NULL;
    }
    if (!tool) {
        use_free(u);
        return;
    }
    free(u->plugin);
    u->plugin = oc_strdup(oc_json_str(tool, "plugin", ""));
    if (begin(u, &err) != OC_OK) {
        fail(u, &err, NULL);
        use_free(u);
        return;
    }
}

void oc_tool_call(struct oc_call *call, void *ctx)
{
    const struct tool_call_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const char *text = p->arguments ? p->arguments : "{}";
    json_t *arguments = oc_json_parse(text, strlen(text), &err);
    if (!json_is_object(arguments)) {
        const bool parsed = arguments != NULL;
        json_decref(arguments);
        oc_call_failf(call, OC_E_CONFIG, "Write them as --arguments '{\"input\": \"text\"}'.",
                      "arguments: expected a JSON object%s%s", parsed ? "" : ": ",
                      parsed ? "" : err.message);
        return;
    }
    struct use *u = oc_calloc(1, sizeof *u);
    u->service = ctx;
    u->call = call;
    u->name = oc_strdup(p->name);
    u->plugin = oc_strdup(p->plugin);
    u->arguments = arguments;
    u->deadline_ms = p->deadline_ms;
    oc_call_on_cancel(call, on_cancel, u);
    oc_tools_need(ctx, on_known, u);
}
