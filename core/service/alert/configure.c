/* The configuration of the alert service. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/config/host_name.h"
#include "core/service/alert/deliver/noise.h"

#define CHANNELS_MAX 64

static const struct oc_option options[] = {
    {.name = "cooldown",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, cooldown),
     .default_text = "15m",
     .max = 7 * 86400000.0,
     .help = "how long an alert that fires again is recorded but not notified anew"},
    {.name = "repeat_interval",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, repeat_interval),
     .default_text = "4h",
     .max = 30 * 86400000.0,
     .help = "time between notifications of an alert that goes on and nobody acknowledged; 0 = one "
             "is enough"},
    {.name = "keep_resolved",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, keep_resolved),
     .default_text = "7d",
     .max = 366 * 86400000.0,
     .help = "how long resolved alerts stay in the list"},
    {.name = "resolve_timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, resolve_timeout),
     .default_text = "5m",
     .min = 1000,
     .max = 7 * 86400000.0,
     .help = "how long an alert posted without an end fires after it was posted last"},
    {.name = "max_alerts",
     .type = OC_OPT_INT,
     .offset = offsetof(struct oc_alert_options, max),
     .default_text = "200000",
     .min = 100,
     .max = 5000000,
     .help = "alerts kept at once; resolved ones make room first, then new ones are refused"},
    {.name = "group_wait",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, group_wait),
     .default_text = "0",
     .max = 86400000.0,
     .help =
         "how long a new group of alerts waits for more before people are told; with 0 here and "
         "in group_interval alerts are told one by one, at once"},
    {.name = "group_interval",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, group_interval),
     .default_text = "0",
     .max = 7 * 86400000.0,
     .help = "time between two notifications of a group that changed"},
    {.name = "group_by",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct oc_alert_options, group_by),
     .default_text = "[\"alertname\"]",
     .help = "labels whose values make a group of alerts; \"...\" = all labels"},
    {.name = "silence_notice",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, silence_notice),
     .default_text = "15m",
     .max = 7 * 86400000.0,
     .help = "how long before its end people are told of a silence that still holds firing alerts; "
             "0 = never"},
    {.name = "storm_limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct oc_alert_options, storm_limit),
     .default_text = "60",
     .max = 100000,
     .help = "notifications a minute to one channel; what is more is gathered into digests; 0 = no "
             "limit"},
    {.name = "storm_interval",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_alert_options, storm_interval),
     .default_text = "5m",
     .min = 1000,
     .max = 86400000.0,
     .help = "how long a digest gathers when nothing in it is critical (else 10s)"},
    {0},
};

static const char *const foreign_keys[] = {"channels", "rules",  "inhibit", "intervals",
                                           "deadman",  "expect", NULL};

/* A rule may have a cooldown of its own; wrong ones are the rule service's to report. */
static void read_rule_cooldowns(struct oc_alert_service *s, const struct oc_node *root)
{
    const struct oc_node *rules = oc_node_get(root, "alerts.rules");
    oc_map_finish(&s->rule_cooldowns, free);
    for (size_t i = 0; rules && rules->type == OC_NODE_LIST && i < rules->count; i++) {
        const struct oc_node *name = oc_node_get(rules->children[i], "name");
        const struct oc_node *cooldown = oc_node_get(rules->children[i], "cooldown");
        int64_t ms;
        if (name && name->type == OC_NODE_STRING && cooldown && cooldown->type == OC_NODE_STRING &&
            oc_duration_parse(cooldown->string, &ms) == OC_OK && ms >= 0) {
            free(oc_map_set(&s->rule_cooldowns, name->string, oc_memdup(&ms, sizeof ms)));
        }
    }
}

static void read_host(struct oc_alert_service *s, const struct oc_node *root)
{
    char host[OC_HOST_NAME_SIZE];
    oc_host_name(root, host);
    oc_outbox_set_host(&s->outbox, host);
}

/* A plugin that was uninstalled or disabled takes its channels along. */
static bool is_usable(const struct oc_alert_service *s, const char *name)
{
    const struct oc_plugin *plugin = oc_plugin_find(s->env->plugins, name);
    return plugin && !oc_plugin_terms(plugin)->disabled;
}

static struct oc_channel *unchanged(const struct oc_alert_service *s, const struct oc_node *node)
{
    struct oc_channel *found = NULL;
    json_t *config = oc_node_json(node);
    for (size_t i = 0; !found && i < s->outbox.channels.count; i++) {
        struct oc_channel *ch = s->outbox.channels.items[i];
        if (ch->error.code == OC_OK && json_equal(ch->config, config) &&
            is_usable(s, ch->options.plugin) && !oc_node_has_secret_file(node)) {
            found = ch;
        }
    }
    json_decref(config);
    return found;
}

struct seen {
    OC_VEC(const struct oc_channel *) channels;
};

static bool has(const struct seen *seen, const struct oc_channel *ch)
{
    for (size_t i = 0; i < seen->channels.count; i++) {
        if (seen->channels.items[i] == ch) {
            return true;
        }
    }
    return false;
}

static void configure_one(struct oc_alert_service *s, const struct oc_node *node, const char *path,
                          struct seen *seen, struct oc_diags *diags)
{
    struct oc_channel *ch = unchanged(s, node);
    if (!ch || has(seen, ch)) {
        ch = oc_channel_create(s->env, node, path, diags);
        if (has(seen, oc_outbox_channel(&s->outbox, ch->name))) {
            oc_diags_add(diags, false, node, path, "Give each a `name` of its own.",
                         "there are two channels named %s", ch->name);
            oc_channel_release(ch, OC_INSTANCE_GRACE, NULL, NULL);
            return;
        }
        oc_outbox_adopt(&s->outbox, ch);
    }
    OC_VEC_PUSH(&seen->channels, ch);
}

static void remove_unseen(struct oc_alert_service *s, const struct seen *seen)
{
    for (size_t i = s->outbox.channels.count; i-- > 0;) {
        if (!has(seen, s->outbox.channels.items[i])) {
            oc_outbox_remove(&s->outbox, i);
        }
    }
}

/* ---- plugins that were installed and enabled, and that no item names ---- */

struct alone {
    struct oc_alert_service *service;
    const struct oc_node *root;
    struct seen *seen;
    struct oc_diags *diags;
};

static bool is_named(const struct seen *seen, const char *plugin)
{
    for (size_t i = 0; i < seen->channels.count; i++) {
        const struct oc_channel *ch = seen->channels.items[i];
        if ((ch->options.plugin && strcmp(ch->options.plugin, plugin) == 0) ||
            strcmp(ch->name, plugin) == 0) {
            return true;
        }
    }
    return false;
}

static bool sends(struct oc_plugin *plugin)
{
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const json_t *methods = json_object_get(oc_plugin_description(plugin), "methods"), *method;
    size_t i;
    json_array_foreach(methods, i, method)
    {
        if (strcmp(json_string_value(method), OC_CHANNEL_SEND) == 0) {
            return true;
        }
    }
    return !methods && m->library && m->kind && strcmp(m->kind, "alert") == 0;
}

static const struct oc_node *section_of(const struct oc_node *root, const char *plugin)
{
    const struct oc_node *all = oc_node_get(root, "plugins");
    for (size_t i = 0; all && all->type == OC_NODE_GROUP && i < all->count; i++) {
        if (strcmp(all->children[i]->key, plugin) == 0) {
            return all->children[i]->type == OC_NODE_GROUP ? all->children[i] : NULL;
        }
    }
    return NULL;
}

/* Its item is `plugins.NAME`, as if it stood in `alerts.channels`. */
static void configure_alone(void *ctx, struct oc_plugin *plugin)
{
    struct alone *a = ctx;
    const char *name = oc_plugin_name(plugin);
    if (!oc_plugin_manifest(plugin) || !oc_plugin_terms(plugin)->alone || !sends(plugin) ||
        is_named(a->seen, name)) {
        return;
    }
    const struct oc_node *section = section_of(a->root, name);
    char *path = oc_asprintf("plugins.%s", name);
    json_t *item = section ? oc_node_json(section) : json_object();
    oc_json_set_str(item, "plugin", name);
    struct oc_node *node =
        section ? oc_node_from_json_at(item, section) : oc_node_from_json(item, "installed");
    configure_one(a->service, node, path, a->seen, a->diags);
    oc_node_free(node);
    json_decref(item);
    free(path);
}

static void configure_list(struct oc_alert_service *s, const struct oc_node *root,
                           const struct oc_node *list, struct oc_diags *diags)
{
    struct seen seen = {{0}};
    if (list->count > CHANNELS_MAX) {
        oc_diags_add(diags, false, list, "alerts.channels", "",
                     "%zu channels: only the first %d are used", list->count, CHANNELS_MAX);
    }
    for (size_t i = 0; i < list->count && i < CHANNELS_MAX; i++) {
        char *path = oc_asprintf("alerts.channels[%zu]", i);
        configure_one(s, list->children[i], path, &seen, diags);
        free(path);
    }
    struct alone alone = {s, root, &seen, diags};
    oc_plugins_each(s->env->plugins, configure_alone, &alone);
    remove_unseen(s, &seen);
    OC_VEC_FINISH(&seen.channels);
}

/* Nobody said whom to tell: whoever reads the terminal. */
static void configure_default(struct oc_alert_service *s, const struct oc_node *root,
                              struct oc_diags *diags)
{
    json_t *json = json_pack("[{s:s}]", "plugin", "console");
    struct oc_node *list = oc_node_from_json(json, "built in");
    configure_list(s, root, list, diags);
    oc_node_free(list);
    json_decref(json);
}

void oc_alert_configure_channels(struct oc_alert_service *s, const struct oc_node *root,
                                 struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "alerts.channels");
    if (!list) {
        configure_default(s, root, diags);
        return;
    }
    if (list->type != OC_NODE_LIST) {
        oc_diags_add(diags, false, list, "alerts.channels", "Write ( { plugin = \"console\"; } ).",
                     "expected a list of groups");
        configure_default(s, root, diags);
        return;
    }
    configure_list(s, root, list, diags);
}

static void read_options(struct oc_alert_options *target, const struct oc_node *root,
                         struct oc_arena *arena, struct oc_diags *diags)
{
    oc_bind(options, sizeof options[0], oc_node_get(root, "alerts"), "alerts", foreign_keys, target,
            sizeof *target, arena, diags);
}

static void take_options(struct oc_alert_service *s, const struct oc_node *root,
                         struct oc_diags *diags)
{
    struct oc_arena arena = {0};
    read_options(&s->options, root, &arena, diags);
    for (size_t i = 0; i < s->group_by.count; i++) {
        free(s->group_by.items[i]);
    }
    s->group_by.count = 0;
    const char *const *names = s->options.group_by.items;
    for (size_t i = 0; i < s->options.group_by.count; i++) {
        OC_VEC_PUSH(&s->group_by, oc_strdup(names[i]));
    }
    s->options.group_by = (struct oc_list){NULL, 0};
    s->routing.leaves.defaults =
        (struct oc_leaf_defaults){.group_by = (const char *const *)s->group_by.items,
                                  .group_by_count = s->group_by.count,
                                  .wait = s->options.group_wait,
                                  .interval = s->options.group_interval,
                                  .repeat = s->options.repeat_interval};
    oc_arena_finish(&arena);
}

void oc_alert_check(const struct oc_env *env, const struct oc_config *config,
                    struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    const struct oc_node *list = oc_node_get(root, "alerts.channels");
    struct oc_alert_options unused = {0};
    struct oc_arena arena = {0};
    read_options(&unused, root, &arena, diags);
    oc_arena_finish(&arena);
    oc_noise_check(root, diags);
    json_decref(oc_alert_read_inhibition(root, diags));
    for (size_t i = 0; list && list->type == OC_NODE_LIST && i < list->count; i++) {
        char *path = oc_asprintf("alerts.channels[%zu]", i);
        oc_channel_check(env, list->children[i], path, diags);
        free(path);
    }
}

void oc_alert_configure(struct oc_alert_service *s, const struct oc_config *config,
                        struct oc_diags *diags)
{
    const struct oc_node *root = oc_config_root(config);
    free(s->config_folder);
    s->config_folder = oc_strdup(oc_config_folder(config));
    take_options(s, root, diags);
    read_rule_cooldowns(s, root);
    read_host(s, root);
    oc_alert_configure_channels(s, root, diags);
    oc_router_state_set_channels(&s->routing, &s->outbox);
    oc_noise_configure(s, root, diags);
    json_decref(s->inhibit_rules);
    s->inhibit_rules = oc_alert_read_inhibition(root, diags);
    oc_alert_load_inhibition(s);
    if (!s->configured && !s->env->ephemeral) {
        oc_outbox_restore(&s->outbox);
    }
    s->configured = true;
    oc_alert_wake(s, 0);
}

void oc_alert_describe(json_t *sections)
{
    oc_json_take(sections, "alerts", oc_options_json(options, sizeof options[0]));
    oc_json_take(sections, "alerts.channels", oc_channel_options_json());
    oc_json_take(sections, "alerts.inhibit", oc_inhibit_options_json());
    oc_noise_describe(sections);
}
