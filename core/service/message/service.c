/* The service: configuration, instances, delivery. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/service/message/internal.h"

#define GRACE_MS (2 * OC_SECOND)

static const struct oc_option options[] = {
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct oc_bridge_options, plugin),
     .help = "the plugin that carries messages; it takes the other keys of the section"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct oc_bridge_options, enabled),
     .default_text = "true",
     .help = "whether messages are carried at all"},
    {0}};

static const char *const host_keys[] = {"plugin", "enabled", NULL};

const char *oc_bridge_state_name(enum oc_bridge_state state)
{
    static const char *const names[] = {"off", "connecting", "connected", "failed"};
    return names[state];
}

void oc_message_deliver(struct oc_message_service *m, json_t *row)
{
    oc_message_history_add(&m->history, row);
    oc_bus_publish(m->env->bus, "agent.message", row);
}

/* ---- reading the configuration ---- */

static bool is_host_key(const char *key)
{
    return strcmp(key, host_keys[0]) == 0 || strcmp(key, host_keys[1]) == 0;
}

static bool bind_host_keys(struct oc_bridge_options *o, const struct oc_node *node,
                           struct oc_arena *arena, struct oc_diags *diags)
{
    OC_VEC(const char *) foreign = {0};
    for (size_t i = 0; node->type == OC_NODE_GROUP && i < node->count; i++) {
        if (!is_host_key(node->children[i]->key)) {
            OC_VEC_PUSH(&foreign, node->children[i]->key);
        }
    }
    OC_VEC_PUSH(&foreign, NULL);
    const size_t errors = oc_bind(options, sizeof *options, node, "bridge", foreign.items, o,
                                  sizeof *o, arena, diags);
    OC_VEC_FINISH(&foreign);
    return errors == 0;
}

static struct oc_plugin *find_plugin(const struct oc_env *env, const char *name,
                                     struct oc_error *err)
{
    struct oc_plugin *plugin = oc_plugin_find(env->plugins, name);
    if (!plugin) {
        oc_error_set(err, OC_E_NOT_FOUND, "there is no plugin named %s", name);
        oc_error_hint(err, "`openclaw plugin list` shows those that are installed.");
        return NULL;
    }
    if (oc_plugin_load(plugin, err) != OC_OK) {
        return NULL;
    }
    if (!oc_plugin_has_method(plugin, "bus.listen/1") ||
        !oc_plugin_has_method(plugin, "bus.publish/1")) {
        oc_error_set(err, OC_E_CONFIG, "plugin %s carries no messages", name);
        oc_error_hint(err, "Such a plugin has the methods bus.listen/1 and bus.publish/1.");
        return NULL;
    }
    return plugin;
}

static void explain(const struct oc_error *err, const struct oc_node *node, struct oc_diags *diags,
                    size_t errors_before)
{
    if (err->code != OC_OK && oc_diags_errors(diags) == errors_before) {
        oc_diags_add(diags, false, node, "bridge", err->hint, "%s", err->message);
    }
}

void oc_message_check(const struct oc_env *env, const struct oc_config *config,
                      struct oc_diags *diags)
{
    static const struct oc_option none[] = {{0}};
    const struct oc_node *node = oc_node_get(oc_config_root(config), "bridge");
    struct oc_bridge_options o = {0};
    struct oc_arena arena = {0};
    struct oc_error err;
    size_t stride, size, errors = oc_diags_errors(diags);
    bool known = false;
    oc_error_init(&err);
    if (node && bind_host_keys(&o, node, &arena, diags) && o.enabled) {
        struct oc_plugin *plugin = find_plugin(env, o.plugin, &err);
        const struct oc_option *table =
            plugin ? oc_plugin_options(plugin, &stride, &size, &known) : NULL;
        if (plugin && (table || known)) {
            void *self = oc_calloc(1, size ? size : 1);
            oc_bind(table ? table : none, table ? stride : sizeof *none, node, "bridge", host_keys,
                    self, size, &arena, diags);
            free(self);
        }
    }
    explain(&err, node, diags, errors);
    oc_arena_wipe(&arena); /* secrets of the plugin are resolved in it */
}

/* ---- instances ---- */

static void on_gone(void *ctx)
{
    struct oc_message_service *m = ctx;
    if (--m->leaving == 0 && m->stopped) {
        oc_loop_fn fn = m->stopped;
        m->stopped = NULL;
        fn(m->stopped_ctx);
    }
}

static void let_go(struct oc_message_service *m, struct oc_instance **instance, int64_t grace_ms)
{
    struct oc_instance *i = *instance;
    *instance = NULL;
    if (i) {
        m->leaving++;
        oc_instance_destroy(i, grace_ms, on_gone, m);
    }
}

static void end_bridge(struct oc_message_service *m, int64_t grace_ms)
{
    oc_timer_stop(m->retry);
    oc_timer_stop(m->report);
    if (m->listener) {
        oc_plugins_reserve(m->env->plugins, -1);
    }
    m->listening = false;
    let_go(m, &m->listener, grace_ms);
    let_go(m, &m->sender, grace_ms);
    json_decref(m->config);
    m->config = NULL;
    m->retry_at = 0;
}

static void begin_bridge(struct oc_message_service *m, const struct oc_node *node, const char *name,
                         struct oc_diags *diags)
{
    const size_t errors = oc_diags_errors(diags);
    struct oc_error err;
    oc_error_init(&err);
    free(m->plugin);
    m->plugin = oc_strdup(name);
    struct oc_plugin *plugin = find_plugin(m->env, name, &err);
    if (plugin) {
        m->listener = oc_instance_create(plugin, "bridge", node, "bridge", host_keys, diags, &err);
    }
    if (m->listener) {
        oc_plugins_reserve(m->env->plugins, 1); /* its call holds a thread for good */
        m->sender =
            oc_instance_create(plugin, "bridge-send", node, "bridge", host_keys, diags, &err);
        m->failures = 0;
        oc_message_set_state(m, OC_BRIDGE_CONNECTING, NULL);
        oc_timer_start(m->retry, 0, 0);
    } else {
        explain(&err, node, diags, errors);
        oc_message_set_state(m, OC_BRIDGE_FAILED, &err);
    }
}

void oc_message_configure(struct oc_message_service *m, const struct oc_config *config,
                          struct oc_diags *diags)
{
    const struct oc_node *node = oc_node_get(oc_config_root(config), "bridge");
    struct oc_bridge_options o = {0};
    struct oc_arena arena = {0};
    json_t *json = node ? oc_node_json(node) : NULL;
    const bool sound = node && bind_host_keys(&o, node, &arena, diags);
    const bool wanted = sound && o.enabled && !m->env->ephemeral;
    if (!(wanted && m->config && m->listener && json_equal(json, m->config))) {
        end_bridge(m, GRACE_MS);
        if (wanted) {
            m->config = json_incref(json);
            begin_bridge(m, node, o.plugin, diags);
        } else { /* whatever was told about it is over */
            oc_message_set_state(m, OC_BRIDGE_OFF, NULL);
            oc_bus_publish(m->env->bus, "samples.complete",
                           json_pack("{s:s}", "instance", OC_OWN_BRIDGE));
        }
    }
    json_decref(json);
    oc_arena_finish(&arena);
}

void oc_message_describe(json_t *sections)
{
    oc_json_take(sections, "bridge", oc_options_json(options, sizeof *options));
}

struct oc_instance *oc_message_find_instance(const struct oc_message_service *m, const char *plugin,
                                             const char *name)
{
    struct oc_instance *const list[] = {m->sender, m->listener};
    for (size_t i = 0; i < OC_COUNT(list); i++) {
        if (list[i] && strcmp(plugin, m->plugin) == 0 &&
            (!name || strcmp(name, oc_instance_name(list[i])) == 0)) {
            return list[i];
        }
    }
    return NULL;
}

void oc_message_each(const struct oc_message_service *m,
                     void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                     void *ctx)
{
    if (m->listener) {
        fn(ctx, "bridge", m->listener);
    }
    if (m->sender) {
        fn(ctx, "bridge", m->sender);
    }
}

/* ---- life ---- */

struct oc_message_service *oc_message_create(const struct oc_env *env)
{
    struct oc_message_service *m = oc_calloc(1, sizeof *m);
    m->env = env;
    m->since_ms = oc_time_wall();
    oc_error_init(&m->error);
    m->retry = oc_timer_create(env->loop, oc_message_listen, m);
    m->report = oc_timer_create(env->loop, oc_message_report, m);
    oc_message_add_ops(m);
    return m;
}

void oc_message_stop(struct oc_message_service *m, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    m->stopping = true;
    m->stopped = done;
    m->stopped_ctx = ctx;
    m->leaving++; /* ours: done also when there was nothing to end */
    end_bridge(m, grace_ms);
    m->state = OC_BRIDGE_OFF;
    oc_loop_post(m->env->loop, on_gone, m);
}

void oc_message_destroy(struct oc_message_service *m)
{
    if (!m) {
        return;
    }
    json_decref(m->config);
    oc_timer_destroy(m->retry);
    oc_timer_destroy(m->report);
    oc_message_history_finish(&m->history);
    free(m->plugin);
    free(m);
}
