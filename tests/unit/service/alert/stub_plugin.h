/* Channel plugins that a test plays itself, in place of the plugin floor. SPDX-License-Identifier: MIT
 *
 * An instance takes one call at a time; `plugin_take` shows its parameters and `plugin_answer` ends
 * it. A plugin named "missing" is not there, one named "collector" has no alert.send, a config key
 * "bad" does not bind; one named "pager" is of incidents. */
#ifndef TESTS_ALERT_STUB_PLUGIN_H
#define TESTS_ALERT_STUB_PLUGIN_H

#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/plugin.h"

struct oc_plugin {
    char name[32];
};

struct oc_instance {
    struct oc_instance *next;
    char name[64];
    struct oc_plugin *plugin;
    enum oc_instance_state state;
    struct oc_error err;
    struct oc_invocation call;
    char *params; /* of the call; NULL when there is none */
    uint64_t calls;
};

static struct oc_instance *instances;
static unsigned instances_made;

/* ---- what the service calls ---- */

struct oc_plugin *oc_plugin_find(struct oc_plugins *p, const char *name)
{
    static struct oc_plugin plugins[8];
    (void)p;
    if (strcmp(name, "missing") == 0) {
        return NULL;
    }
    for (size_t i = 0;; i++) {
        assert_true(i < 8);
        if (!plugins[i].name[0]) {
            snprintf(plugins[i].name, sizeof plugins[i].name, "%s", name);
        }
        if (strcmp(plugins[i].name, name) == 0) {
            return &plugins[i];
        }
    }
}

int oc_plugin_load(struct oc_plugin *plugin, struct oc_error *err)
{
    (void)plugin, (void)err;
    return OC_OK;
}

bool oc_plugin_has_method(struct oc_plugin *plugin, const char *method)
{
    return strcmp(method, "alert.send/1") == 0 && strcmp(plugin->name, "collector") != 0;
}

const struct oc_plugin_entry *oc_plugin_entry_of(struct oc_plugin *plugin)
{
    static const struct oc_plugin_entry entry = {OC_ENTRY_HEAD};
    (void)plugin;
    return &entry;
}

const struct oc_terms *oc_plugin_terms(const struct oc_plugin *plugin)
{
    static const struct oc_terms terms = {.digest = ""};
    (void)plugin;
    return &terms;
}

void oc_plugins_each(struct oc_plugins *p, void (*fn)(void *, struct oc_plugin *), void *ctx)
{
    (void)p, (void)fn, (void)ctx; /* nothing was installed */
}

const struct oc_manifest *oc_plugin_manifest(const struct oc_plugin *plugin)
{
    static struct oc_manifest pager, other;
    static json_t *json;
    if (strcmp(plugin->name, "pager") != 0) {
        return &other;
    }
    json = json ? json : json_pack("{s:b}", "incidents", 1);
    pager.json = json;
    return &pager;
}

const char *oc_plugin_name(const struct oc_plugin *plugin)
{
    return plugin->name;
}

const json_t *oc_plugin_description(struct oc_plugin *plugin)
{
    (void)plugin;
    return NULL;
}

const struct oc_option *oc_plugin_options(struct oc_plugin *plugin, size_t *stride, size_t *size,
                                          bool *known)
{
    (void)plugin;
    *known = true;
    *stride = *size = 0;
    return NULL;
}

struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err)
{
    (void)ignore;
    if (oc_node_get(config, "bad")) {
        oc_diags_add(diags, false, config, path, "", "unknown key bad");
        oc_error_set(err, OC_E_CONFIG, "unknown key bad");
        return NULL;
    }
    struct oc_instance *i = oc_calloc(1, sizeof *i);
    snprintf(i->name, sizeof i->name, "%s", name);
    i->plugin = plugin;
    i->state = OC_INSTANCE_READY;
    oc_error_init(&i->err);
    i->next = instances;
    instances = i;
    instances_made++;
    return i;
}

static inline void end_call(struct oc_instance *i, int code, const char *message)
{
    struct oc_invocation call = i->call;
    struct oc_error err;
    oc_error_init(&err);
    if (code != OC_OK) {
        oc_error_set(&err, code, "%s", message);
    }
    free(i->params);
    i->params = NULL;
    call.on_done(call.ctx, code, &err, 7);
}

void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    struct oc_instance **at = &instances;
    (void)grace_ms;
    i->state = OC_INSTANCE_STOPPING;
    if (i->params) {
        end_call(i, OC_E_CANCELLED, "stopping");
    }
    while (*at && *at != i) {
        at = &(*at)->next;
    }
    OC_ASSERT(*at);
    *at = i->next;
    free(i);
    done(ctx);
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
    return state == OC_INSTANCE_READY ? "ready" : "other";
}

const struct oc_error *oc_instance_error(const struct oc_instance *i)
{
    return &i->err;
}

int oc_instance_call(struct oc_instance *i, const struct oc_invocation *inv, uint64_t *call_id,
                     struct oc_error *err)
{
    if (i->state != OC_INSTANCE_READY) {
        return oc_error_set(err, OC_E_CONFLICT, "takes no calls");
    }
    assert_null(i->params); /* one delivery after the other */
    i->call = *inv;
    i->params = strdup(inv->params);
    i->calls++;
    if (call_id) {
        *call_id = i->calls;
    }
    return OC_OK;
}

void oc_instance_cancel(struct oc_instance *i, uint64_t call_id)
{
    if (i->params && i->calls == call_id) {
        end_call(i, OC_E_CANCELLED, "cancelled");
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

static inline void plugin_become(const char *name, enum oc_instance_state state)
{
    struct oc_instance *i = plugin_instance(name);
    OC_ASSERT(i);
    i->state = state;
}

/* The parameters of the call under way; owned by the caller. NULL when there is none. */
static inline json_t *plugin_take(const char *name)
{
    struct oc_instance *i = plugin_instance(name);
    return i && i->params ? json_loads(i->params, 0, NULL) : NULL;
}

static inline void plugin_answer(const char *name, int code, const char *json)
{
    struct oc_instance *i = plugin_instance(name);
    OC_ASSERT(i && i->params); /* cmocka's own does not tell the compiler that it does not return */
    if (json) {
        struct oc_record record = {
            .struct_size = sizeof record, .type = OC_RECORD_JSON, .text = {json, strlen(json)}};
        i->call.on_records(i->call.ctx, &record, 1);
    }
    end_call(i, code, "as the test wants it");
}

/* Answers every delivery of a channel with OC_OK; how many there were. */
static inline unsigned plugin_drain(const char *name)
{
    unsigned count = 0;
    struct oc_instance *i = plugin_instance(name);
    while (i && i->params) {
        plugin_answer(name, OC_OK, NULL);
        count++;
    }
    return count;
}

#endif
