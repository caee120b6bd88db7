/* Life of the plugin service, and what it does when other packages are there. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/plugin/options.h"

/* ---- since when an instance is up ---- */

static void on_plugin_event(void *ctx, const struct oc_event *event)
{
    struct oc_plugin_service *s = ctx;
    const char *name = oc_json_str(event->data, "instance", "");
    if (strcmp(event->topic, "plugin.started") == 0) {
        free(oc_map_set(&s->started, name, oc_memdup(&event->time_ms, sizeof event->time_ms)));
    } else if (strcmp(event->topic, "plugin.stopped") == 0 ||
               strcmp(event->topic, "plugin.failed") == 0) {
        free(oc_map_remove(&s->started, name));
    }
}

/* ---- when other packages are there ---- */

static void apply_change(void *ctx)
{
    struct oc_plugin_service *s = ctx;
    s->changing = false;
    if (!s->stopped) {
        s->hooks.changed(s->hooks.ctx);
        oc_plugin_settle(s);
    }
}

/* Several changes of one turn of the loop are one; the operation that made them answers when they are applied. */
static void on_packages_changed(void *ctx, const struct oc_event *event)
{
    struct oc_plugin_service *s = ctx;
    oc_info("packages changed", "op=%s generation=%lld", oc_json_str(event->data, "op", ""),
            (long long)oc_json_int(event->data, "generation", 0));
    oc_plugin_purge_begin(s, json_object_get(event->data, "purge"));
    if (s->env.ephemeral) {
        oc_plugin_purge_end(s); /* nothing runs, and nobody waits */
    } else if (s->hooks.safe_mode) {
        oc_plugin_settle(s);
    } else if (!s->changing) {
        s->changing = true;
        oc_loop_post(s->env.loop, apply_change, s);
    }
}

/* ---- life ---- */

void oc_plugin_service_prepare(struct oc_plugin_service *s, const struct oc_config *config,
                               struct oc_diags *diags)
{
    oc_plugin_set_all_terms(s, config, diags);
}

/* A section that no plugin answers to is a warning: the plugin may have been uninstalled. */
static void check_sections(struct oc_plugin_service *s, const struct oc_config *config,
                           struct oc_diags *diags)
{
    const struct oc_node *all = oc_node_get(oc_config_root(config), "plugins");
    if (all && all->type != OC_NODE_GROUP) {
        oc_diags_add(diags, false, all, "plugins", "Write plugins = { NAME = { ... }; };",
                     "expected a group, found a %s", oc_node_type_name(all->type));
        return;
    }
    for (size_t i = 0; all && i < all->count; i++) {
        const struct oc_node *section = all->children[i];
        char *key = oc_asprintf("plugins.%s", section->key);
        struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, section->key);
        if (section->type != OC_NODE_GROUP) {
            oc_diags_add(diags, false, section, key, "Write NAME = { KEY = VALUE; ... };",
                         "expected a group, found a %s", oc_node_type_name(section->type));
        } else if (!s->hooks.safe_mode && !plugin && !oc_look_installed(s, section->key)) {
            oc_diags_add(diags, true, section, key, "`openclaw plugin list` shows what is there.",
                         "no plugin is named %s", section->key);
        } else if (plugin && !oc_plugin_terms(plugin)->alone &&
                   !oc_plugin_terms(plugin)->disabled) {
            oc_diags_add(diags, true, section, key,
                         "Write an item of `collectors` or `alerts.channels` instead.",
                         "%s came with the host: this section is for plugins that were installed",
                         section->key);
        }
        free(key);
    }
}

void oc_plugin_service_configure(struct oc_plugin_service *s, const struct oc_config *config,
                                 struct oc_diags *diags)
{
    check_sections(s, config, diags);
    oc_resident_configure(s, config, diags);
    oc_plugin_reload_replaced(s);
}

/* Sections of plugins that other services make instances of are checked by these. */
void oc_plugin_service_check(struct oc_plugin_service *s, const struct oc_config *config,
                             struct oc_diags *diags)
{
    const struct oc_node *all = oc_node_get(oc_config_root(config), "plugins");
    for (size_t i = 0; all && all->type == OC_NODE_GROUP && i < all->count; i++) {
        struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, all->children[i]->key);
        struct oc_error err;
        oc_error_init(&err);
        if (plugin && oc_plugin_manifest(plugin) && oc_plugin_terms(plugin)->alone &&
            !oc_resident_is_foreign(plugin) && oc_plugin_learn_options(s, plugin, &err)) {
            oc_plugin_check_section(s, plugin, all->children[i], diags);
        }
    }
}

struct oc_plugin_service *oc_plugin_service_create(const struct oc_env *env,
                                                   const struct oc_plugin_hooks *hooks)
{
    struct oc_plugin_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->hooks = *hooks;
    oc_error_init(&s->state_error);
    s->purged = json_object();
    s->settle = oc_timer_create(env->loop, oc_plugin_on_settle, s);
    s->packages = oc_bus_subscribe(env->bus, "packages.changed", on_packages_changed, s);
    s->events = oc_bus_subscribe(env->bus, "plugin.*", on_plugin_event, s);
    oc_plugin_add_list_ops(s);
    oc_plugin_add_info_op(s);
    oc_plugin_add_status_ops(s);
    oc_plugin_add_log_op(s);
    oc_plugin_add_why_op(s);
    oc_plugin_add_control_ops(s);
    oc_plugin_add_config_ops(s);
    oc_plugin_add_doctor_op(s);
    oc_plugin_add_endpoint_op(s);
    return s;
}

void oc_plugin_service_destroy(struct oc_plugin_service *s)
{
    if (!s) {
        return;
    }
    OC_ASSERT(s->residents.count == 0);
    oc_bus_unsubscribe(s->packages);
    oc_bus_unsubscribe(s->events);
    oc_timer_destroy(s->settle);
    json_decref(s->purged);
    OC_VEC_FINISH(&s->residents);
    oc_map_finish(&s->started, free);
    oc_map_finish(&s->terms, free);
    oc_map_finish(&s->changed, NULL);
    oc_state_finish(&s->state);
    free(s);
}
