/* Which collectors there are: from the configuration to the table. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/schedule/sweep.h"
#include "core/service/schedule/table.h"

#define STOP_GRACE (5 * OC_SECOND)

static struct wanted *find_wanted(struct oc_schedule *s, const char *name)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (strcmp(s->wanted.items[i]->name, name) == 0) {
            return s->wanted.items[i];
        }
    }
    return NULL;
}

/* One whose start failed is begun anew: what it lacked may be there by now. */
static bool runs_on(const struct wanted *old, const struct wanted *w)
{
    return old->collector && strcmp(old->plugin, w->plugin) == 0 &&
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
    oc_schedule_stop_one(s, w, STOP_GRACE);
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
    if (old && runs_on(old, w)) {
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

static void want_preset(struct oc_schedule *s, const struct oc_manifest *m, const char *name,
                        const struct oc_node *group, const char *path, struct oc_diags *diags)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *config = without_host_keys(group);
    json_t *items = oc_manifest_expand(m, name, config, &err);
    json_decref(config);
    if (!items) {
        oc_diags_add(diags, false, group, path, err.hint, "%s", err.message);
        struct wanted *w = wanted_create(name, m->name, path);
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
            want_preset(s, m, name, group, path, diags);
        } else {
            struct wanted *w = wanted_create(name, o.plugin, path);
            w->from = group;
            want(s, w, diags);
        }
    }
    oc_arena_finish(&arena);
}

static void drop_unwanted(struct oc_schedule *s)
{
    for (size_t i = s->wanted.count; i-- > 0;) {
        struct wanted *w = s->wanted.items[i];
        if (!w->keep) {
            OC_VEC_REMOVE(&s->wanted, i);
            oc_sweep(&s->env, w->name, INT64_MAX);
            oc_schedule_stop_one(s, w, STOP_GRACE);
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
        const struct oc_plugin_entry *e = oc_plugin_entry_of(plugin);
        struct oc_arena arena = {0};
        void *scratch = oc_arena_alloc(&arena, e->instance_size);
        if (e->options) {
            oc_bind(e->options, e->option_size, at, w->path, oc_collector_keys, scratch,
                    e->instance_size, &arena, diags);
        }
        oc_arena_finish(&arena);
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
