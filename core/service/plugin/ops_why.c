/* The operation plugin.why: every gate between an installed plugin and what it provides. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/manifest/rights.h"
#include "core/service/plugin/options.h"

struct params {
    const char *what;
};
static const struct oc_option options[] = {
    {.name = "what",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct params, what),
     .help = "a plugin, or a tool, metric or operation that one provides"},
    {0}};

struct why {
    struct oc_plugin_service *service;
    const char *what, *kind; /* "plugin" "tool" "metric" "operation" */
    struct oc_plugin *plugin;
    const char *name;
    const json_t *tools; /* of tool.list when it was asked, borrowed; NULL */
    json_t *gates;
    const char *failing, *fix; /* of the first gate that is shut; borrowed from `gates` */
};

/* ---- what is asked for ---- */

static bool lists(const json_t *manifest, const char *list, const char *what)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(manifest, list), i, item)
    {
        const char *name =
            json_is_string(item) ? json_string_value(item) : oc_json_str(item, "name", "");
        if (strcmp(name, what) == 0) {
            return true;
        }
    }
    return false;
}

/* An operation of that name that the manifest has and the host did not take; NULL: none. */
static const json_t *find_left_out(const struct oc_manifest *m, const char *what)
{
    size_t i;
    json_t *item;
    json_array_foreach(m->left_out, i, item)
    {
        if (strcmp(oc_json_str(item, "operation", ""), what) == 0) {
            return item;
        }
    }
    return NULL;
}

static void look_in(void *ctx, struct oc_plugin *plugin)
{
    static const struct {
        const char *list, *kind;
    } provided[] = {{"operations", "operation"}, {"metrics", "metric"}, {"tools", "tool"}};
    struct why *w = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    json_t *whole = m ? oc_manifest_whole(m) : NULL;
    for (size_t i = 0; m && !w->plugin && i < OC_COUNT(provided); i++) {
        if (lists(whole, provided[i].list, w->what)) {
            w->plugin = plugin;
            w->kind = provided[i].kind;
        }
    }
    json_decref(whole);
}

static void look_among_left_out(void *ctx, struct oc_plugin *plugin)
{
    struct why *w = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (m && !w->plugin && find_left_out(m, w->what)) {
        w->plugin = plugin;
        w->kind = "operation";
    }
}

/* ---- gates ---- */

/* `fix` NULL and `open` false: the gate is shut and nothing can be typed against it. A gate behind a shut one is not tried. */
static bool gate(struct why *w, const char *name, bool open, const char *fix /* may be NULL */,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static bool gate(struct why *w, const char *name, bool open, const char *fix, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_t *o = json_object();
    oc_json_set_str(o, "gate", name);
    oc_json_set_str(o, "state", w->failing ? "unknown" : open ? "ok" : "failed");
    oc_json_set_str(o, "message", message);
    oc_json_set_str(o, "fix", open || w->failing ? NULL : fix);
    json_array_append_new(w->gates, o);
    if (!open && !w->failing) {
        w->failing = name;
        w->fix = oc_json_str(o, "fix", NULL);
    }
    free(message);
    return open;
}

static void gate_installed(struct why *w)
{
    const struct oc_installed *p = oc_look_installed(w->service, w->what);
    char *fix = oc_asprintf("openclaw plugin install %s", w->what);
    if (w->plugin) {
        const struct oc_manifest *m = oc_plugin_manifest(w->plugin);
        gate(w, "installed", true, NULL, "%s", m ? m->dir : "its folder is there");
    } else if (p) {
        gate(w, "installed", false, w->service->hooks.safe_mode ? NULL : "openclaw plugin doctor",
             "%s",
             w->service->hooks.safe_mode ? "the daemon runs in safe mode: no plugin is looked at"
                                         : "it is installed, but its folder is gone");
    } else {
        gate(w, "installed", false, fix, "no plugin on this host provides %s", w->what);
    }
    free(fix);
}

static void gate_enabled(struct why *w, const struct oc_terms *terms, const json_t *missing)
{
    const struct oc_installed *p = terms->disabled ? oc_look_installed(w->service, w->name) : NULL;
    const char *first = json_string_value(json_array_get(missing, 0));
    char *fix = first ? oc_asprintf("openclaw plugin config set %s %s VALUE", w->name, first)
                      : oc_asprintf("openclaw plugin enable %s", w->name);
    if (terms->disabled) {
        bool by_user = p && !p->enabled;
        gate(w, "enabled", false, by_user ? fix : "openclaw plugin doctor", "%s",
             terms->why ? terms->why : "it is disabled");
    } else {
        gate(w, "enabled", true, NULL, "it is not disabled");
    }
    free(fix);
}

static void gate_manifest(struct why *w, const struct oc_manifest *m, const char *fix)
{
    const bool operation = strcmp(w->kind, "operation") == 0;
    const json_t *missing = operation ? find_left_out(m, w->what) : NULL;
    const json_t *any = missing ? missing : json_array_get(m->left_out, 0);
    if (any) {
        gate(w, "manifest", !missing, fix, "%zu of its operations left out: %s",
             json_array_size(m->left_out), oc_json_str(any, "reason", ""));
    } else {
        gate(w, "manifest", true, NULL, "plugin.json is sound: %s %s", m->name, m->version);
    }
}

static void gate_loads(struct why *w, const struct oc_manifest *m)
{
    struct oc_error err;
    oc_error_init(&err);
    char *fix = m ? oc_asprintf("openclaw plugin check %s", m->dir)
                  : oc_asprintf("openclaw plugin info %s", w->name);
    if (!m) {
        gate(w, "manifest", false, fix, "%s", oc_plugin_error(w->plugin)->message);
        free(fix);
        return;
    }
    gate_manifest(w, m, fix);
    if (!m->library) {
        gate(w, "loads", true, NULL, "a preset holds no code");
    } else if (w->failing) {
        gate(w, "loads", true, NULL, "not tried");
    } else {
        int rc = oc_plugin_load(w->plugin, &err);
        gate(w, "loads", rc == OC_OK, fix, "%s",
             rc == OC_OK ? "its library can be used by this host" : err.message);
    }
    free(fix);
}

static void gate_described(struct why *w)
{
    size_t stride, size;
    bool known;
    oc_plugin_options(w->plugin, &stride, &size, &known);
    bool has = known || oc_plugin_entry_of(w->plugin) || oc_plugin_description(w->plugin);
    gate(w, "described", true, NULL, "%s",
         has ? "its methods and options are known" : "its methods are known when it has started");
}

/* A private daemon makes no instances: there only the configuration tells. */
static bool is_in_configuration(const struct why *w)
{
    static const char *const lists[] = {"collectors", "alerts.channels"};
    const struct oc_node *root = oc_config_root(w->service->hooks.config(w->service->hooks.ctx));
    for (size_t k = 0; k < OC_COUNT(lists); k++) {
        const struct oc_node *list = oc_node_get(root, lists[k]);
        for (size_t i = 0; list && list->type == OC_NODE_LIST && i < list->count; i++) {
            const struct oc_node *plugin = oc_node_get(list->children[i], "plugin");
            if (plugin && plugin->type == OC_NODE_STRING && strcmp(plugin->string, w->name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void gate_configured(struct why *w, const json_t *rows, const json_t *missing)
{
    const struct oc_manifest *m = oc_plugin_manifest(w->plugin);
    const struct oc_terms *terms = oc_plugin_terms(w->plugin);
    const char *first = json_string_value(json_array_get(missing, 0));
    size_t count = json_array_size(rows);
    char *set = oc_asprintf("openclaw plugin config set %s %s VALUE", w->name, first ? first : "");
    if (first && terms->alone) {
        gate(w, "configured", false, set, "the option %s is required and not set", first);
    } else if (!count && is_in_configuration(w)) {
        gate(w, "configured", true, NULL, "an item of the configuration names it");
    } else if (count || terms->alone || (m && !m->library)) {
        gate(w, "configured", true, NULL, "%zu instance%s of it %s wanted", count,
             count == 1 ? "" : "s", count == 1 ? "is" : "are");
    } else {
        gate(w, "configured", false, "openclaw config edit",
             "no item of `collectors` or `alerts.channels` names it");
    }
    free(set);
}

static bool is_up(const char *state)
{
    static const char *const up[] = {"ready", "busy", "starting", "idle"};
    for (size_t i = 0; i < OC_COUNT(up); i++) {
        if (strcmp(up[i], state) == 0) {
            return true;
        }
    }
    return false;
}

static void gate_running(struct why *w, const json_t *rows)
{
    size_t i;
    json_t *row, *bad = NULL;
    bool safe = w->service->hooks.safe_mode;
    json_array_foreach(rows, i, row)
    {
        bad = !bad && !is_up(oc_json_str(row, "state", "")) ? row : bad;
    }
    const char *state = oc_json_str(bad, "state", "");
    bool reset = strcmp(state, "quarantined") == 0 || strcmp(state, "restarting") == 0;
    char *fix = reset ? oc_asprintf("openclaw plugin reset %s", w->name)
                      : oc_asprintf("openclaw plugin logs %s", w->name);
    if (w->service->env.ephemeral) {
        gate(w, "running", false, "openclaw run", "no daemon is running");
    } else if (safe) {
        gate(w, "running", false, NULL, "the daemon runs in safe mode: no plugin is loaded");
    } else if (bad) {
        gate(w, "running", false, fix, "%s is %s: %s", oc_json_str(bad, "instance", ""), state,
             oc_json_str(bad, "last_error", oc_json_str(bad, "error", "no reason was given")));
    } else if (!json_array_size(rows)) {
        gate(w, "running", w->failing != NULL, fix, "nothing of it runs");
    } else {
        gate(w, "running", true, NULL, "%s is %s",
             oc_json_str(json_array_get(rows, 0), "instance", ""),
             oc_json_str(json_array_get(rows, 0), "state", ""));
    }
    free(fix);
}

/* What it asked for and was not granted, or may have and nobody holds it to. */
static void gate_permitted(struct why *w, const struct oc_manifest *m, const struct oc_terms *terms)
{
    struct oc_kernel kernel;
    oc_kernel_probe(&kernel);
    json_t *rights = oc_rights_explain(json_object_get(m->json, "permissions"), terms->grants,
                                       &kernel, terms->tier);
    const char *denied = NULL;
    size_t i;
    json_t *right;
    json_array_foreach(rights, i, right)
    {
        if (!denied && !oc_json_bool(right, "granted", true)) {
            denied = oc_json_str(right, "permission", "");
        }
    }
    char *fix = oc_asprintf("openclaw plugin grants %s", w->name);
    gate(w, "permission", !denied, fix, "%s%s",
         denied ? "not granted: " : "it was granted all that it asks for", denied ? denied : "");
    free(fix);
    json_decref(rights);
}

static const json_t *find_tool(const struct why *w)
{
    size_t i;
    json_t *row;
    json_array_foreach(w->tools, i, row)
    {
        const char *plugin = oc_json_str(row, "plugin", "");
        if (strcmp(oc_json_str(row, "name", ""), w->what) == 0 &&
            (!w->plugin || strcmp(plugin, oc_plugin_name(w->plugin)) == 0)) {
            return row;
        }
    }
    return NULL;
}

/* What agents see is what the running plugin says of its tools. */
static void gate_tool(struct why *w)
{
    const json_t *row = find_tool(w);
    char *fix = oc_asprintf("openclaw plugin logs %s", w->name);
    gate(w, "provided", row != NULL, fix, "%s",
         row ? "the plugin lists it among its tools"
             : "the plugin does not list it among its tools");
    if (row) {
        bool sound = json_is_object(json_object_get(row, "input_schema"));
        gate(w, "schema", sound, fix, "%s",
             sound ? "its arguments have a schema" : "its arguments have no schema");
    }
    free(fix);
}

/* Another plugin may have brought one of that name before, or the host may have its own. */
static void gate_operation(struct why *w)
{
    const char *by = oc_ops_plugin(w->service->env.ops, w->what);
    const bool there = oc_ops_find(w->service->env.ops, w->what) != NULL;
    if (!there || (by && strcmp(by, w->name) == 0)) {
        gate(w, "provided", there, "openclaw plugin doctor", "%s",
             there ? "the operation is in the table" : "the operation was left out: see the log");
    } else {
        gate(w, "provided", false, NULL, "%s%s has an operation of that name",
             by ? "the plugin " : "the host itself", by ? by : "");
    }
}

static void gate_provides(struct why *w)
{
    if (strcmp(w->kind, "tool") == 0 && w->tools) {
        gate_tool(w);
    } else if (strcmp(w->kind, "operation") == 0) {
        gate_operation(w);
    } else if (strcmp(w->kind, "metric") == 0) {
        json_t *params = json_pack("{s:s}", "selector", w->what);
        json_t *series = oc_ops_ask(w->service->env.ops, "metrics.list", params);
        size_t count =
            json_array_size(json_is_array(series) ? series : json_object_get(series, "series"));
        char *fix = oc_asprintf("openclaw plugin logs %s", w->name);
        gate(w, "data", count > 0, fix,
             count ? "%zu series" : "no sample has come yet (%zu series)", count);
        free(fix);
        json_decref(series);
    }
}

/* ---- the operation ---- */

static void try_gates(struct why *w)
{
    const struct oc_manifest *m = oc_plugin_manifest(w->plugin);
    const struct oc_terms *terms = oc_plugin_terms(w->plugin);
    w->name = oc_plugin_name(w->plugin);
    json_t *missing = oc_plugin_missing_options(
        w->plugin, oc_plugin_section(w->service->hooks.config(w->service->hooks.ctx), w->name));
    json_t *rows =
        oc_ops_ask(w->service->env.ops, "plugin.status", json_pack("{s:s}", "name", w->name));
    gate_enabled(w, terms, missing);
    gate_loads(w, m);
    if (m) {
        gate_described(w);
        gate_configured(w, rows, missing);
        gate_running(w, rows);
        gate_permitted(w, m, terms);
        gate_provides(w);
    }
    json_decref(missing);
    json_decref(rows);
}

static bool is_of_the_host(const struct why *w)
{
    return !w->plugin && oc_ops_find(w->service->env.ops, w->what) != NULL;
}

static void answer(struct why *w, struct oc_call *call)
{
    if (is_of_the_host(w)) {
        w->kind = "operation";
        gate(w, "provided", true, NULL, "it is an operation of the host itself");
    } else {
        gate_installed(w);
        if (w->plugin) {
            try_gates(w);
        }
    }
    json_t *o = json_object();
    oc_json_set_str(o, "what", w->what);
    oc_json_set_str(o, "kind", w->plugin || is_of_the_host(w) ? w->kind : NULL);
    oc_json_set_str(o, "plugin", w->name);
    oc_json_set_bool(o, "ok", !w->failing);
    oc_json_set_str(o, "failing", w->failing);
    oc_json_set_str(o, "fix", w->fix);
    oc_json_take(o, "gates", w->gates);
    oc_call_succeed(call, o);
}

/* What is asked for, from what is on disk. */
static struct why look(struct oc_plugin_service *s, const struct oc_call *call)
{
    const struct params *p = oc_call_params(call);
    struct why w = {.service = s, .what = p->what, .kind = "plugin"};
    w.plugin = oc_look_plugin(s, p->what);
    if (!w.plugin) {
        oc_plugins_each(s->env.plugins, look_in, &w);
    }
    if (!is_of_the_host(&w)) {
        oc_plugins_each(s->env.plugins, look_among_left_out, &w);
    }
    return w;
}

/* ---- asking the plugins for their tools first ---- */

struct asking {
    struct oc_plugin_service *service;
    struct oc_call *call, *inner;
};

static void on_tools(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct asking asking = *(struct asking *)ctx;
    free(ctx);
    if (code == OC_E_CANCELLED) {
        oc_call_fail(asking.call, err);
        return;
    }
    const json_t *rows = json_is_array(result) ? result : json_object_get(result, "tools");
    struct why w = look(asking.service, asking.call);
    w.tools = rows;
    w.gates = json_array();
    const json_t *row = find_tool(&w);
    if (row) {
        w.plugin = oc_look_plugin(asking.service, oc_json_str(row, "plugin", ""));
        w.kind = "tool"; /* also when the plugin has the same name */
    }
    answer(&w, asking.call);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct asking *asking = ctx;
    (void)call;
    oc_call_cancel(asking->inner);
}

static void ask_tools(struct oc_plugin_service *s, struct oc_call *call)
{
    struct asking *asking = oc_calloc(1, sizeof *asking);
    asking->service = s;
    asking->call = call;
    struct oc_call_request req = {
        .op = "tool.list", .actor = *oc_call_actor(call), .on_done = on_tools, .ctx = asking};
    struct oc_call *inner = oc_ops_call(s->env.ops, &req);
    if (inner) {
        asking->inner = inner;
        oc_call_on_cancel(call, on_cancel, asking);
    }
}

static void op_why(struct oc_call *call, void *ctx)
{
    struct oc_plugin_service *s = ctx;
    struct why w = look(s, call);
    bool may_be_tool =
        w.plugin ? strcmp(w.kind, "tool") == 0 || oc_plugin_has_method(w.plugin, "tool.list/1")
                 : !is_of_the_host(&w);
    if (may_be_tool && !s->env.ephemeral && !s->hooks.safe_mode &&
        oc_ops_find(s->env.ops, "tool.list")) {
        ask_tools(s, call);
    } else {
        w.gates = json_array();
        answer(&w, call);
    }
}

static const struct oc_op why_op = {
    .name = "plugin.why",
    .summary =
        "Show every gate on the way to a plugin, tool, metric or operation, and the one that "
        "is shut",
    .flags = OC_OP_EPHEMERAL,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "custom:plugin_why",
    .description = "Exits 1 when a gate is shut. The fix is a command.",
    .example = "openclaw plugin why hello\nopenclaw plugin why hello.up",
    .handler = op_why,
};

void oc_plugin_add_why_op(struct oc_plugin_service *s)
{
    oc_ops_add(s->env.ops, &why_op, s);
}
