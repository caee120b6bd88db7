/* Channels: configuration, instance, state. SPDX-License-Identifier: MIT */
#include "channel.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/service/alert/alert.h"

static const struct oc_option options[] = {
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct oc_channel_options, plugin),
     .help = "the plugin that sends"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct oc_channel_options, name),
     .help = "what policies and commands call the channel; the plugin's name by default"},
    {.name = "levels",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct oc_channel_options, levels),
     .default_text = "[\"warning\", \"critical\"]",
     .help =
         "severities that reach the channel when no policy says otherwise; [] = none: for signs "
         "of life, rules that name it and fallbacks"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct oc_channel_options, enabled),
     .default_text = "true",
     .help = "whether the channel is used at all"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_channel_options, timeout),
     .default_text = "10s",
     .min = 100,
     .max = 300000,
     .help = "how long one attempt may take"},
    {.name = "retries",
     .type = OC_OPT_INT,
     .offset = offsetof(struct oc_channel_options, retries),
     .default_text = "3",
     .min = 0,
     .max = 10,
     .help = "attempts after the first, 1 s, 4 s, 16 s ... apart"},
    {.name = "fallback",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct oc_channel_options, fallback),
     .help = "the channel that is told when this one cannot be"},
    {0},
};

const char *const oc_channel_keys[] = {"plugin",  "name",    "levels",   "enabled",
                                       "timeout", "retries", "fallback", NULL};

static bool is_host_key(const char *key)
{
    for (size_t i = 0; oc_channel_keys[i]; i++) {
        if (strcmp(key, oc_channel_keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Reads the host's keys; the rest of the group is for the plugin to judge. */
static bool bind_host_keys(struct oc_channel *ch, const struct oc_node *node, const char *path,
                           struct oc_diags *diags)
{
    OC_VEC(const char *) foreign = {0};
    for (size_t i = 0; node->type == OC_NODE_GROUP && i < node->count; i++) {
        if (!is_host_key(node->children[i]->key)) {
            OC_VEC_PUSH(&foreign, node->children[i]->key);
        }
    }
    OC_VEC_PUSH(&foreign, NULL);
    size_t errors = oc_bind(options, sizeof options[0], node, path, foreign.items, &ch->options,
                            sizeof ch->options, &ch->arena, diags);
    OC_VEC_FINISH(&foreign);
    return errors == 0;
}

static bool read_levels(struct oc_channel *ch, const struct oc_node *node, const char *path,
                        struct oc_diags *diags)
{
    const char *const *names = ch->options.levels.items;
    const struct oc_node *at = oc_node_get(node, "levels");
    bool sound = true;
    for (size_t i = 0; i < ch->options.levels.count; i++) {
        enum oc_alert_severity severity;
        if (oc_alert_severity_parse(names[i], &severity) == 0) {
            ch->levels |= 1u << severity;
            continue;
        }
        char *key = oc_asprintf("%s.levels[%zu]", path, i);
        oc_diags_add(diags, false, at ? at : node, key,
                     "The levels are \"info\", \"warning\" and \"critical\".",
                     "'%s' is no severity", names[i]);
        free(key);
        sound = false;
    }
    return sound;
}

/* NULL when there is no such channel plugin; the reason is in ch->error then. */
static struct oc_plugin *find_plugin(struct oc_channel *ch, const struct oc_env *env)
{
    const char *name = ch->options.plugin;
    struct oc_plugin *plugin = oc_plugin_find(env->plugins, name);
    if (!plugin) {
        oc_error_set(&ch->error, OC_E_NOT_FOUND, "there is no plugin named %s", name);
        oc_error_hint(&ch->error, "`openclaw plugin list` shows those that are installed.");
        return NULL;
    }
    if (oc_plugin_load(plugin, &ch->error) != OC_OK) {
        return NULL;
    }
    if (!oc_plugin_has_method(plugin, OC_CHANNEL_SEND)) {
        oc_error_set(&ch->error, OC_E_CONFIG, "plugin %s is no alert channel", name);
        oc_error_hint(&ch->error, "A channel plugin has the method " OC_CHANNEL_SEND ".");
        return NULL;
    }
    return plugin;
}

static int start_plugin(struct oc_channel *ch, const struct oc_env *env, const struct oc_node *node,
                        const char *path, struct oc_diags *diags)
{
    struct oc_plugin *plugin = find_plugin(ch, env);
    if (plugin) {
        ch->incidents = oc_json_bool(oc_plugin_manifest(plugin)->json, "incidents", false);
        ch->instance =
            oc_instance_create(plugin, ch->name, node, path, oc_channel_keys, diags, &ch->error);
    }
    return ch->instance ? OC_OK : ch->error.code;
}

/* Without a word in `diags` the user would look for the reason in vain. */
static void explain(const struct oc_channel *ch, const struct oc_node *node, const char *path,
                    struct oc_diags *diags, size_t errors_before)
{
    if (oc_diags_errors(diags) == errors_before) {
        oc_diags_add(diags, false, node, path, ch->error.hint, "%s", ch->error.message);
    }
}

static void tell_disabled(const struct oc_channel *ch, const struct oc_env *env)
{
    json_t *event = json_object();
    oc_json_set_str(event, "instance", ch->name);
    oc_json_set_str(event, "plugin", ch->options.plugin);
    oc_json_set_str(event, "message", ch->error.message);
    oc_warn("alert channel disabled", "channel=%s reason=%s", ch->name, ch->error.message);
    oc_bus_publish(env->bus, "plugin.failed", event);
}

static int read_config(struct oc_channel *ch, const struct oc_node *node, const char *path,
                       struct oc_diags *diags)
{
    bool sound = bind_host_keys(ch, node, path, diags);
    sound = read_levels(ch, node, path, diags) && sound;
    const char *name = ch->options.name ? ch->options.name : ch->options.plugin;
    ch->name = oc_strdup(name ? name : path);
    if (!sound) {
        return oc_error_set(&ch->error, OC_E_CONFIG, "the configuration of %s is wrong", path);
    }
    if (!oc_name_valid(ch->name)) {
        return oc_error_set(&ch->error, OC_E_CONFIG, "'%.64s' is no name for a channel", ch->name);
    }
    return OC_OK;
}

static struct oc_channel *allocate(const struct oc_node *node)
{
    struct oc_channel *ch = oc_calloc(1, sizeof *ch);
    ch->refs = 1;
    ch->config = oc_node_json(node);
    oc_error_init(&ch->error);
    return ch;
}

struct oc_channel *oc_channel_create(const struct oc_env *env, const struct oc_node *node,
                                     const char *path, struct oc_diags *diags)
{
    struct oc_channel *ch = allocate(node);
    size_t errors = oc_diags_errors(diags);
    int rc = read_config(ch, node, path, diags);
    if (rc == OC_OK && ch->options.enabled && !env->ephemeral) {
        rc = start_plugin(ch, env, node, path, diags);
    }
    if (rc != OC_OK) {
        explain(ch, node, path, diags, errors);
        tell_disabled(ch, env);
    }
    return ch;
}

void oc_channel_check(const struct oc_env *env, const struct oc_node *node, const char *path,
                      struct oc_diags *diags)
{
    struct oc_channel *ch = allocate(node);
    size_t errors = oc_diags_errors(diags);
    if (read_config(ch, node, path, diags) == OC_OK && ch->options.enabled) {
        struct oc_plugin *plugin = find_plugin(ch, env);
        if (plugin) {
            oc_plugin_check_options(plugin, node, path, oc_channel_keys, diags);
        }
    }
    if (ch->error.code != OC_OK) {
        explain(ch, node, path, diags, errors);
    }
    oc_channel_unref(ch);
}

void oc_channel_unref(struct oc_channel *ch)
{
    OC_ASSERT(ch->refs > 0);
    if (--ch->refs > 0) {
        return;
    }
    json_decref(ch->config);
    free(ch->name);
    oc_arena_finish(&ch->arena);
    free(ch);
}

struct farewell {
    struct oc_channel *channel;
    oc_loop_fn done;
    void *ctx;
};

static void on_instance_gone(void *ctx)
{
    struct farewell farewell = *(struct farewell *)ctx;
    free(ctx);
    oc_channel_unref(farewell.channel);
    if (farewell.done) {
        farewell.done(farewell.ctx);
    }
}

void oc_channel_release(struct oc_channel *ch, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    struct farewell *farewell = oc_alloc(sizeof *farewell);
    struct oc_instance *instance = ch->instance;
    *farewell = (struct farewell){ch, done, ctx};
    ch->outbox = NULL;
    ch->instance = NULL;
    oc_digest_finish(&ch->digest);
    oc_timer_destroy(ch->retry);
    ch->retry = NULL;
    oc_delivery_queue_finish(&ch->queue);
    if (instance) {
        oc_instance_destroy(instance, grace_ms, on_instance_gone, farewell);
    } else {
        on_instance_gone(farewell);
    }
}

bool oc_channel_usable(const struct oc_channel *ch)
{
    if (!ch->instance) {
        return false;
    }
    enum oc_instance_state state = oc_instance_state(ch->instance);
    return state != OC_INSTANCE_FAILED && state != OC_INSTANCE_STOPPING &&
           state != OC_INSTANCE_STOPPED;
}

bool oc_channel_rests(const struct oc_channel *ch)
{
    return ch->rests_until > oc_time_mono();
}

bool oc_channel_admits(const struct oc_channel *ch, enum oc_alert_severity severity)
{
    return (ch->levels & (1u << severity)) != 0;
}

void oc_channel_answer_read(struct oc_channel_answer *answer, const struct oc_record *records,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].type != OC_RECORD_JSON) {
            continue;
        }
        json_t *json = oc_json_parse(records[i].text.ptr, records[i].text.len, NULL);
        double seconds = oc_json_num(json, "retry_after", 0);
        if (seconds > 0) {
            double ms = seconds * (double)OC_SECOND;
            answer->retry_after_ms =
                ms < (double)OC_CHANNEL_RETRY_MAX ? (int64_t)ms : OC_CHANNEL_RETRY_MAX;
        }
        oc_copy(answer->text, sizeof answer->text, oc_json_str(json, "answer", ""));
        json_decref(json);
    }
}

static const char *state_name(const struct oc_channel *ch)
{
    if (ch->instance) {
        return oc_instance_state_name(oc_instance_state(ch->instance));
    }
    if (ch->error.code != OC_OK) {
        return "failed";
    }
    return ch->options.enabled ? "idle" : "disabled";
}

static json_t *levels_json(const struct oc_channel *ch)
{
    json_t *levels = json_array();
    for (int severity = OC_ALERT_INFO; severity <= OC_ALERT_CRITICAL; severity++) {
        if (oc_channel_admits(ch, (enum oc_alert_severity)severity)) {
            const char *name = oc_alert_severity_name((enum oc_alert_severity)severity);
            json_array_append_new(levels, json_string(name));
        }
    }
    return levels;
}

json_t *oc_channel_route_json(const struct oc_channel *ch)
{
    json_t *json = json_object();
    oc_json_set_str(json, "name", ch->name);
    oc_json_set_str(json, "plugin", ch->options.plugin);
    oc_json_take(json, "levels", levels_json(ch));
    return json;
}

static const char *trouble(const struct oc_channel *ch)
{
    if (ch->error.code != OC_OK) {
        return ch->error.message;
    }
    if (ch->instance && oc_instance_state(ch->instance) == OC_INSTANCE_FAILED) {
        return oc_instance_error(ch->instance)->message;
    }
    return ch->last_error;
}

static bool waits(const struct oc_channel *ch)
{
    return ch->retry && oc_timer_active(ch->retry) && ch->queue.count > 0;
}

json_t *oc_channel_json(const struct oc_channel *ch)
{
    json_t *json = oc_channel_route_json(ch);
    oc_json_set_str(json, "state", state_name(ch));
    oc_json_set_int(json, "sent", (json_int_t)ch->sent);
    oc_json_set_int(json, "failed", (json_int_t)ch->failed);
    oc_json_set_int(json, "dropped", (json_int_t)ch->dropped);
    oc_json_set_int(json, "queue", (json_int_t)ch->queue.count);
    oc_json_set_int(json, "last_ms", ch->last_ms);
    oc_json_set_time(json, "next_attempt", waits(ch) ? ch->retry_at : 0);
    oc_json_set_str(json, "last_error", trouble(ch));
    return json;
}

json_t *oc_channel_options_json(void)
{
    return oc_options_json(options, sizeof options[0]);
}
