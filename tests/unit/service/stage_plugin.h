/* Collector plugins that a test plays itself, in place of the plugin floor. SPDX-License-Identifier: MIT
 *
 * An instance takes one call at a time: plugin_running tells of it, plugin_emit and plugin_answer are what it brings. A
 * plugin is made by plugin_add; "ok" is there from the start. A configuration with the key "bad" does not bind. */
#ifndef TESTS_SERVICE_STAGE_PLUGIN_H
#define TESTS_SERVICE_STAGE_PLUGIN_H

#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/plugin.h"

struct oc_plugin {
    char name[32];
    struct oc_manifest *manifest;
    enum oc_plugin_state state;
    struct oc_error err;
    struct oc_terms
        terms; /* `describe` is borrowed from the test; the rest is kept by plugin_keep_terms */
    bool no_collector;
    const char *root;                    /* of a package: borrowed from the test */
    const struct oc_plugin_entry *entry; /* of the test; NULL = one with the option "count" */
};

struct oc_instance {
    struct oc_instance *next;
    char name[64], file[96];
    int line;
    struct oc_plugin *plugin;
    enum oc_instance_state state;
    struct oc_invocation call;
    char params[512]; /* of the latest call */
    bool busy;
    unsigned calls;
    unsigned resets, reloads;
    struct oc_error err;
};

static struct oc_plugin plugins[8];
static struct oc_instance *instances;
static unsigned instances_made;

/* A plugin with this manifest beside name, version, summary and abi: "\"library\": \"x.so\"", or a preset's parts. */
static inline struct oc_plugin *plugin_add(const char *name, const char *rest)
{
    char text[2048];
    struct oc_error err;
    struct oc_plugin *p = plugins;
    while (p->name[0]) {
        p++;
        assert_true(p < plugins + 8);
    }
    oc_error_init(&err);
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(text, sizeof text,
             "{\"name\": \"%s\", \"version\": \"1.0.0\", \"summary\": \"A plugin\", %s}", name,
             rest);
    p->manifest = oc_manifest_parse(text, strlen(text), "/plugins", &err);
    if (!p->manifest) {
        fail_msg("%s", err.message);
    }
    oc_error_init(&p->err);
    p->state = OC_PLUGIN_FOUND;
    p->no_collector = false;
    p->root = NULL;
    p->entry = NULL;
    p->terms = (struct oc_terms){.tier = OC_TIER_INPROC, .digest = ""};
    return p;
}

#define LIBRARY "\"library\": \"x.so\", \"abi\": \"1.0\", \"kind\": \"collector\""

static inline void plugins_forget(void)
{
    for (size_t i = 0; i < OC_COUNT(plugins); i++) {
        oc_manifest_free(plugins[i].manifest);
    }
    memset(plugins, 0, sizeof plugins);
    instances_made = 0;
}

/* ---- what the services call ---- */

struct oc_plugin *oc_plugin_find(struct oc_plugins *p, const char *name)
{
    (void)p;
    for (size_t i = 0; i < OC_COUNT(plugins) && *name; i++) {
        if (strcmp(plugins[i].name, name) == 0) {
            return &plugins[i];
        }
    }
    return NULL;
}

void oc_plugins_each(struct oc_plugins *p, void (*fn)(void *, struct oc_plugin *), void *ctx)
{
    (void)p;
    for (size_t i = 0; i < OC_COUNT(plugins) && plugins[i].name[0]; i++) {
        fn(ctx, &plugins[i]);
    }
}

const struct oc_manifest *oc_plugin_manifest(const struct oc_plugin *plugin)
{
    return plugin->manifest;
}

const char *oc_plugin_name(const struct oc_plugin *plugin)
{
    return plugin->name;
}

const char *oc_plugin_root(const struct oc_plugin *plugin)
{
    return plugin->root;
}

enum oc_plugin_state oc_plugin_state(const struct oc_plugin *plugin)
{
    return plugin->state;
}

const struct oc_error *oc_plugin_error(const struct oc_plugin *plugin)
{
    return &plugin->err;
}

int oc_plugin_load(struct oc_plugin *plugin, struct oc_error *err)
{
    if (plugin->state == OC_PLUGIN_FAILED && err) {
        *err = plugin->err;
    }
    if (plugin->state == OC_PLUGIN_FOUND) {
        plugin->state = OC_PLUGIN_LOADED;
    }
    return plugin->state == OC_PLUGIN_LOADED ? OC_OK : plugin->err.code;
}

bool oc_plugin_has_method(struct oc_plugin *plugin, const char *method)
{
    const char *kind = plugin->manifest->kind;
    if (kind && strcmp(kind, "alert") == 0) {
        return strcmp(method, "alert.send/1") == 0;
    }
    return strcmp(method, "collector.collect/1") == 0
               ? !plugin->no_collector
               : strcmp(method, "driver.start/1") == 0 && plugin->no_collector;
}

const struct oc_plugin_entry *oc_plugin_entry_of(struct oc_plugin *plugin)
{
    static const struct oc_option options[] = {
        {.name = "count", .type = OC_OPT_INT, .max = 9, .help = "how many"}, {0}};
    static const struct oc_method methods[] = {{.id = "collector.collect/1"}, {0}};
    static const struct oc_plugin_entry entry = {OC_ENTRY_HEAD, .instance_size = 64,
                                                 .options = options, .methods = methods};
    return plugin->entry ? plugin->entry : plugin->state == OC_PLUGIN_LOADED ? &entry : NULL;
}

const struct oc_terms *oc_plugin_terms(const struct oc_plugin *plugin)
{
    return &plugin->terms;
}

const json_t *oc_plugin_description(struct oc_plugin *plugin)
{
    return plugin->terms.describe;
}

const struct oc_option *oc_plugin_options(struct oc_plugin *plugin, size_t *stride, size_t *size,
                                          bool *known)
{
    const struct oc_plugin_entry *e = oc_plugin_entry_of(plugin);
    *known = e != NULL;
    *stride = e ? e->option_size : 0;
    *size = e ? (size_t)e->instance_size : 0;
    return e ? e->options : NULL;
}

struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err)
{
    (void)ignore;
    if (config && oc_node_get(config, "bad")) {
        oc_diags_add(diags, false, config, path, "", "unknown key bad");
        oc_error_set(err, OC_E_CONFIG, "unknown key bad");
        return NULL;
    }
    struct oc_instance *i = oc_calloc(1, sizeof *i);
    snprintf(i->name, sizeof i->name, "%s", name);
    snprintf(i->file, sizeof i->file, "%s", config && config->file ? config->file : "");
    i->line = config ? config->line : 0;
    i->plugin = plugin;
    i->state = OC_INSTANCE_READY;
    i->next = instances;
    instances = i;
    instances_made++;
    return i;
}

static inline void plugin_end(struct oc_instance *i, int code, const char *message, int64_t took)
{
    struct oc_invocation call = i->call;
    struct oc_error err;
    oc_error_init(&err);
    if (code != OC_OK) {
        oc_error_set(&err, code, "%s", message);
    }
    i->busy = false;
    call.on_done(call.ctx, code, &err, took);
}

void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    struct oc_instance **at = &instances;
    (void)grace_ms;
    i->state = OC_INSTANCE_STOPPING;
    if (i->busy) {
        plugin_end(i, OC_E_CANCELLED, "stopping", 0);
    }
    while (*at && *at != i) {
        at = &(*at)->next;
    }
    OC_ASSERT(*at);
    *at = i->next;
    free(i);
    done(ctx);
}

const char *oc_instance_name(const struct oc_instance *i)
{
    return i->name;
}

struct oc_plugin *oc_instance_plugin(const struct oc_instance *i)
{
    return i->plugin;
}

enum oc_instance_state oc_instance_state(const struct oc_instance *i)
{
    return i->state;
}

const char *oc_instance_state_name(enum oc_instance_state state)
{
    return state == OC_INSTANCE_FENCED ? "fenced" : "ready";
}

json_t *oc_instance_stats(const struct oc_instance *i)
{
    return json_pack("{s:s, s:i}", "state", oc_instance_state_name(i->state), "calls",
                     (int)i->calls);
}

int oc_instance_call(struct oc_instance *i, const struct oc_invocation *inv, uint64_t *call_id,
                     struct oc_error *err)
{
    if (i->state != OC_INSTANCE_READY) {
        return oc_error_set(err, OC_E_CONFLICT, "%s takes no calls", i->name);
    }
    assert_false(i->busy); /* whoever schedules begins one call at a time */
    i->call = *inv;
    snprintf(i->params, sizeof i->params, "%s", inv->params ? inv->params : "");
    i->busy = true;
    i->calls++;
    if (call_id) {
        *call_id = i->calls;
    }
    return OC_OK;
}

void oc_instance_cancel(struct oc_instance *i, uint64_t call_id)
{
    if (i->busy && i->calls == call_id) {
        plugin_end(i, OC_E_CANCELLED, "cancelled", 0);
    }
}

/* ---- what the test does ---- */

static inline struct oc_instance *plugin_instance(const char *name)
{
    struct oc_instance *i = instances;
    while (i && strcmp(i->name, name) != 0) {
        i = i->next;
    }
    return i;
}

/* One that is there. */
static inline struct oc_instance *plugin_at(const char *name)
{
    struct oc_instance *i = plugin_instance(name);
    OC_ASSERT(i);
    return i;
}

/* The nominal time of the call that is running; 0 when there is none. */
static inline int64_t plugin_running(const char *name)
{
    const struct oc_instance *i = plugin_instance(name);
    return i && i->busy ? i->call.time_ms : 0;
}

static inline void plugin_emit(const char *name, const struct oc_record *record)
{
    struct oc_instance *i = plugin_instance(name);
    OC_ASSERT(i && i->busy);
    i->call.on_records(i->call.ctx, record, 1);
}

static inline struct oc_view plugin_view(const char *text)
{
    return (struct oc_view){text, strlen(text)};
}

static inline void plugin_sample(const char *name, const char *metric, double value)
{
    struct oc_record r = {.struct_size = sizeof r,
                          .type = OC_RECORD_SAMPLE,
                          .kind = OC_KIND_GAUGE,
                          .name = plugin_view(metric),
                          .value = value};
    plugin_emit(name, &r);
}

static inline void plugin_status(const char *name, const char *target, int32_t state,
                                 const char *text)
{
    struct oc_record r = {.struct_size = sizeof r,
                          .type = OC_RECORD_STATUS,
                          .name = plugin_view(target),
                          .state = state,
                          .text = plugin_view(text)};
    plugin_emit(name, &r);
}

static inline void plugin_json(const char *name, uint32_t type, const char *topic, const char *text)
{
    struct oc_record r = {.struct_size = sizeof r,
                          .type = type,
                          .name = plugin_view(topic),
                          .text = plugin_view(text)};
    plugin_emit(name, &r);
}

static inline void plugin_answer(const char *name, int code)
{
    struct oc_instance *i = plugin_instance(name);
    OC_ASSERT(i && i->busy);
    plugin_end(i, code, "as the test wants it", 7);
}

#endif
