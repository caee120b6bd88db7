/* Which collectors there are: from the configuration to the table. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/preset_rights.h"
#include "core/service/schedule/sweep.h"
#include "core/service/schedule/table.h"

static struct wanted *find_wanted(struct oc_schedule *s, const char *name)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (strcmp(s->wanted.items[i]->name, name) == 0) {
            return s->wanted.items[i];
        }
    }
    return NULL;
}

/* A plugin that was uninstalled or disabled takes its instances along. */
static bool is_usable(struct oc_schedule *s, const char *name)
{
    const struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, name);
    return plugin && !oc_plugin_terms(plugin)->disabled;
}

/* One whose start failed is begun anew: what it lacked may be there by now. */
static bool runs_on(struct oc_schedule *s, const struct wanted *old, const struct wanted *w)
{
    return old->collector && strcmp(old->plugin, w->plugin) == 0 && is_usable(s, w->plugin) &&
           oc_collector_same(old->collector, oc_wanted_group(w)) &&
           oc_instance_state(oc_collector_instance(old->collector)) != OC_INSTANCE_FAILED;
}

static void forget(struct oc_schedule *s, struct wanted *w)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (s->wanted.items[i] == w) {
            OC_VEC_REMOVE(&s->wanted, i);
            break;
        }
    }
    oc_schedule_stop_one(s, w, OC_SCHEDULE_GRACE);
}

/* Adds `w`, with the collector of its name where that runs with an equal configuration. Takes w. */
static void want(struct oc_schedule *s, struct wanted *w, struct oc_diags *diags)
{
    struct wanted *old = find_wanted(s, w->name);
    if (!oc_name_valid(w->name)) {
        oc_diags_add(diags, false, oc_wanted_group(w), w->path,
                     "Use letters, digits, dots, dashes and underscores.",
                     "%s is not a name for a collector", w->name);
        oc_wanted_free(w);
        return;
    }
    if (old && old->keep) {
        oc_diags_add(diags, false, oc_wanted_group(w), w->path,
                     "Give one of them a `name` of its own.", "two collectors are named %s",
                     w->name);
        oc_wanted_free(w);
        return;
    }
    w->keep = true;
    if (old && runs_on(s, old, w)) {
        w->collector = old->collector;
        old->collector = NULL;
    }
    OC_VEC_PUSH(&s->wanted, w);
    if (old) {
        forget(s, old);
    }
}

static struct wanted *wanted_create(const char *name, const char *plugin, const char *path)
{
    struct wanted *w = oc_calloc(1, sizeof *w);
    w->name = oc_strdup(name);
    w->plugin = oc_strdup(plugin);
    w->path = oc_strdup(path);
    return w;
}

static json_t *without_host_keys(const struct oc_node *group)
{
    json_t *config = oc_node_json(group);
    for (const char *const *key = oc_collector_keys; *key; key++) {
        json_object_del(config, *key);
    }
    return config;
}

/* The host's keys of a preset's item (interval, depends_on, ...) hold for each of its instances. */
static void inherit(json_t *item, const struct oc_node *group)
{
    json_t *given = oc_node_json(group);
    for (const char *const *key = oc_collector_keys; *key; key++) {
        json_t *value = json_object_get(given, *key);
        if (value && strcmp(*key, "plugin") != 0 && strcmp(*key, "name") != 0) {
            json_object_set(item, *key, value);
        }
    }
    json_decref(given);
}

/* The health service knows the item of the configuration; this says which instances it stands for. */
static void tell_member(struct oc_schedule *s, const char *name, const char *instance)
{
    json_t *event = json_object();
    oc_json_set_str(event, "instance", instance);
    oc_json_set_str(event, "of", name);
    oc_bus_publish(s->env.bus, "collector.member", event);
}

/* A preset that cannot be expanded is shown as a failed collector of its name. */
static void want_broken(struct oc_schedule *s, struct wanted *w, const struct oc_error *err)
{
    struct wanted *old = find_wanted(s, w->name);
    w->failed = w->keep = true;
    w->error = *err;
    OC_VEC_PUSH(&s->wanted, w);
    if (old && !old->keep) {
        forget(s, old);
    }
    oc_schedule_tell_failed(s, w);
}

/* The instances that it stands for, owned by the caller; NULL and an error. */
static json_t *expand(struct oc_schedule *s, const struct oc_plugin *preset, const char *name,
                      const struct oc_node *group, struct oc_error *err)
{
    json_t *config = without_host_keys(group);
    json_t *items = oc_manifest_expand(oc_plugin_manifest(preset), name, config, err);
    if (items && oc_preset_check_use(s->env.plugins, preset, items, config, NULL, err) != OC_OK) {
        json_decref(items);
        items = NULL;
    }
    json_decref(config);
    return items;
}

static void want_preset(struct oc_schedule *s, const struct oc_plugin *preset, const char *name,
                        const struct oc_node *group, const char *path, struct oc_diags *diags)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *items = expand(s, preset, name, group, &err);
    if (!items) {
        oc_diags_add(diags, false, group, path, err.hint, "%s", err.message);
        struct wanted *w = wanted_create(name, oc_plugin_name(preset), path);
        w->from = group;
        want_broken(s, w, &err);
        return;
    }
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        inherit(item, group);
        const char *plugin = oc_json_str(item, "plugin", "");
        char *fallback = i == 0 ? oc_strdup(name) : oc_asprintf("%s-%s", name, plugin);
        struct wanted *w = wanted_create(oc_json_str(item, "name", fallback), plugin, path);
        free(fallback);
        w->group = oc_node_from_json_at(item, group);
        tell_member(s, name, w->name);
        want(s, w, diags);
    }
    json_decref(items);
}

static void want_item(struct oc_schedule *s, const struct oc_node *group, const char *path,
                      struct oc_diags *diags)
{
    struct oc_arena arena = {0};
    struct collector_options o = {0};
    const char *others[] = {"*", NULL};
    size_t errors = oc_bind(oc_collector_options, sizeof *oc_collector_options, group, path, others,
                            &o, sizeof o, &arena, diags);
    if (errors == 0 && o.enabled) {
        const char *name = o.name ? o.name : o.plugin;
        struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, o.plugin);
        const struct oc_manifest *m = plugin ? oc_plugin_manifest(plugin) : NULL;
        if (m && !m->library) {
            want_preset(s, plugin, name, group, path, diags);
        } else {
            struct wanted *w = wanted_create(name, o.plugin, path);
            w->from = group;
            want(s, w, diags);
        }
    }
    oc_arena_finish(&arena);
}

/* ---- plugins that were installed and enabled, and that no item names ---- */

struct alone {
    struct oc_schedule *schedule;
    const struct oc_config *config;
    struct oc_diags *diags;
};

static bool is_named(const struct oc_schedule *s, const char *plugin)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = s->wanted.items[i];
        if (w->keep && (strcmp(w->plugin, plugin) == 0 || strcmp(w->name, plugin) == 0)) {
            return true;
        }
    }
    return false;
}

/* An alert channel that its kind betrays is left to the alert service while nobody knows its methods. */
static bool collects(struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    if (!m->library) {
        return m->kind && strcmp(m->kind, "collector") == 0;
    }
    const json_t *methods = json_object_get(oc_plugin_description(plugin), "methods"), *method;
    size_t i;
    json_array_foreach(methods, i, method)
    {
        if (strcmp(json_string_value(method), "collector.collect/1") == 0) {
            return true;
        }
    }
    return !methods && m->kind && strcmp(m->kind, "collector") == 0;
}

static const struct oc_node *section_of(const struct oc_config *config, const char *plugin)
{
    const struct oc_node *all = oc_node_get(oc_config_root(config), "plugins");
    for (size_t i = 0; all && all->type == OC_NODE_GROUP && i < all->count; i++) {
        if (strcmp(all->children[i]->key, plugin) == 0) {
            return all->children[i]->type == OC_NODE_GROUP ? all->children[i] : NULL;
        }
    }
    return NULL;
}

/* The group is not of the configuration: whoever was made from it owns it. */
static bool give_group(struct oc_schedule *s, struct oc_node *group)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        struct wanted *w = s->wanted.items[i];
        if (w->from == group) {
            w->group = group;
            w->from = NULL;
            return true;
        }
    }
    return false;
}

/* Its item is `plugins.NAME`, as if it stood in `collectors`. */
static void want_alone(void *ctx, struct oc_plugin *plugin)
{
    struct alone *a = ctx;
    const char *name = oc_plugin_name(plugin);
    if (!oc_plugin_manifest(plugin) || !oc_plugin_terms(plugin)->alone || !collects(plugin) ||
        is_named(a->schedule, name)) {
        return;
    }
    const struct oc_node *section = section_of(a->config, name);
    char *path = oc_asprintf("plugins.%s", name);
    json_t *item = section ? oc_node_json(section) : json_object();
    oc_json_set_str(item, "plugin", name);
    struct oc_node *group =
        section ? oc_node_from_json_at(item, section) : oc_node_from_json(item, "installed");
    want_item(a->schedule, group, path, a->diags);
    if (!give_group(a->schedule, group)) {
        oc_node_free(group);
    }
    json_decref(item);
    free(path);
}

static void drop_unwanted(struct oc_schedule *s)
{
    for (size_t i = s->wanted.count; i-- > 0;) {
        struct wanted *w = s->wanted.items[i];
        if (!w->keep) {
            OC_VEC_REMOVE(&s->wanted, i);
            oc_sweep(&s->env, w->name, INT64_MAX);
            oc_schedule_stop_one(s, w, OC_SCHEDULE_GRACE);
        }
    }
}

static void want_all(struct oc_schedule *s, const struct oc_config *config, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(oc_config_root(config), "collectors");
    bool usable = list && list->type == OC_NODE_LIST; /* else it is told with the other sections */
    for (size_t i = 0; usable && i < list->count; i++) {
        char path[64];
        snprintf(path, sizeof path, "collectors[%zu]", i);
        if (list->children[i]->type == OC_NODE_GROUP) {
            want_item(s, list->children[i], path, diags);
        } else {
            oc_diags_add(diags, false, list->children[i], path, "Write { plugin = \"...\"; ... }.",
                         "expected a group, found a %s",
                         oc_node_type_name(list->children[i]->type));
        }
    }
    struct alone alone = {s, config, diags};
    oc_plugins_each(s->env.plugins, want_alone, &alone);
}

void oc_schedule_configure(struct oc_schedule *s, const struct oc_config *config,
                           struct oc_diags *diags)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        s->wanted.items[i]->keep = false;
    }
    want_all(s, config, diags);
    drop_unwanted(s);
    oc_schedule_start(s);
}

/* Binds what a collector's plugin would be given into memory that is thrown away. */
static void check_one(struct oc_schedule *s, const struct wanted *w, struct oc_diags *diags)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_node *at = oc_wanted_group(w);
    struct oc_plugin *plugin = oc_plugin_find(s->env.plugins, w->plugin);
    if (!plugin) {
        oc_diags_add(diags, false, at, w->path, "`openclaw plugin list` shows what is there.",
                     "no plugin is named %s", w->plugin);
    } else if (oc_plugin_load(plugin, &err) != OC_OK) {
        oc_diags_add(diags, false, at, w->path, err.hint, "%s", err.message);
    } else if (!oc_plugin_has_method(plugin, "collector.collect/1")) {
        oc_diags_add(diags, false, at, w->path, "", "plugin %s is not a collector", w->plugin);
    } else {
        size_t stride, size;
        bool known;
        const struct oc_option *options = oc_plugin_options(plugin, &stride, &size, &known);
        struct oc_arena arena = {0};
        void *scratch = oc_arena_alloc(&arena, size ? size : 1);
        if (options) {
            oc_bind(options, stride, at, w->path, oc_collector_keys, scratch, size, &arena, diags);
        }
        oc_arena_wipe(&arena); /* secrets are resolved in it */
    }
}

void oc_schedule_check(struct oc_schedule *s, const struct oc_config *config,
                       struct oc_diags *diags)
{
    want_all(s, config, diags);
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (!s->wanted.items[i]->failed) {
            check_one(s, s->wanted.items[i], diags);
        }
    }
}
