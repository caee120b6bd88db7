/* Life of the alert service, and what it hears from rules. SPDX-License-Identifier: MIT */
#include "service.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define COMMIT_SOON                                                                                \
    5 /* ms: rules of one round of collectors speak within a few turns of the loop */
#define COMMIT_LATER 250 /* ms: what was sent may leave the outbox in company */

struct oc_alert *oc_alert_find(const struct oc_alert_service *s, const char *id)
{
    return oc_map_get(&s->alerts, id);
}

struct oc_alert *oc_alert_find_prefix(const struct oc_alert_service *s, const char *id,
                                      struct oc_error *err)
{
    struct oc_alert *found = oc_alert_find(s, id);
    size_t matches = 0;
    const char *key;
    void *value;
    if (found) {
        return found;
    }
    for (size_t it = 0; *id && oc_map_next(&s->alerts, &it, &key, &value);) {
        if (oc_starts(key, id)) {
            matches++;
            found = value;
        }
    }
    if (matches > 1) {
        oc_error_set(err, OC_E_CONFLICT, "'%.64s' begins the id of more than one alert", id);
        oc_error_hint(err, "Give more digits of the id.");
        return NULL;
    }
    if (!found) {
        oc_error_set(err, OC_E_NOT_FOUND, "no alert '%.64s'", id);
        oc_error_hint(err, "`openclaw alert list --state all` lists them.");
    }
    return found;
}

int oc_alert_save(struct oc_alert_service *s, const struct oc_alert *a, struct oc_error *err)
{
    json_t *json = oc_alert_record_save(a);
    int rc = oc_kv_put(s->env->store, "alert", a->id, json, true, err);
    json_decref(json);
    return rc;
}

/* ---- rules speak ---- */

static struct oc_alert *oldest_resolved(const struct oc_alert_service *s)
{
    struct oc_alert *oldest = NULL;
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        struct oc_alert *a = value;
        if (!a->firing && !a->resolve_due && (!oldest || a->ends_at < oldest->ends_at)) {
            oldest = a;
        }
    }
    return oldest;
}

static bool make_room(struct oc_alert_service *s)
{
    if (s->alerts.count < OC_ALERTS_MAX) {
        s->full = false;
        return true;
    }
    struct oc_alert *victim = oldest_resolved(s);
    if (!victim) {
        if (!s->full) {
            oc_err("too many alerts: new ones are ignored", "max=%d", OC_ALERTS_MAX);
        }
        s->full = true;
        return false;
    }
    OC_VEC_PUSH(&s->forgotten, oc_strdup(victim->id));
    oc_map_remove(&s->alerts, victim->id);
    oc_alert_record_destroy(victim);
    return true;
}

static struct oc_alert *add_alert(struct oc_alert_service *s, const char *id)
{
    if (!make_room(s)) {
        return NULL;
    }
    struct oc_alert *a = oc_alert_record_create(id);
    oc_map_set(&s->alerts, a->id, a);
    return a;
}

static void hear(struct oc_alert_service *s, const struct oc_event *event, bool firing)
{
    const char *id = oc_json_str(event->data, "fingerprint", "");
    if (!oc_name_valid(id)) {
        oc_warn("rule event without a fingerprint", "topic=%s", event->topic);
        return;
    }
    struct oc_alert *a = oc_alert_find(s, id);
    if (!a && firing) {
        a = add_alert(s, id);
    }
    if (a) {
        oc_alert_record_update(a, event->data, firing, oc_time_wall());
        oc_alert_wake(s, COMMIT_SOON);
    }
}

static void on_firing(void *ctx, const struct oc_event *event)
{
    hear(ctx, event, true);
}

static void on_resolved(void *ctx, const struct oc_event *event)
{
    hear(ctx, event, false);
}

/* ---- life ---- */

static void load_alerts(struct oc_alert_service *s)
{
    json_t *all = oc_kv_all(s->env->store, "alert");
    const char *id;
    json_t *json;
    json_object_foreach(all, id, json)
    {
        struct oc_alert *a = oc_alert_record_load(json);
        if (!a || strcmp(a->id, id) != 0) {
            oc_warn("unreadable alert ignored", "id=%s", id);
            oc_alert_record_destroy(a);
            continue;
        }
        oc_map_set(&s->alerts, id, a);
    }
    json_decref(all);
}

static void on_commit_timer(void *ctx)
{
    oc_alert_commit(ctx);
}

static void on_outbox_ended(void *ctx)
{
    oc_alert_wake(ctx, COMMIT_LATER);
}

struct oc_alert_service *oc_alert_create(const struct oc_env *env)
{
    struct oc_alert_service *s = oc_calloc(1, sizeof *s);
    s->env = env;
    s->commit_at = INT64_MAX;
    s->commit = oc_timer_create(env->loop, on_commit_timer, s);
    oc_outbox_init(&s->outbox, env, on_outbox_ended, s);
    oc_silences_init(&s->silences, env);
    load_alerts(s);
    s->all_silences_changed = true; /* some may have ended while nobody looked */
    if (!env->ephemeral) {
        s->firing = oc_bus_subscribe(env->bus, "rule.firing", on_firing, s);
        s->resolved = oc_bus_subscribe(env->bus, "rule.resolved", on_resolved, s);
    }
    oc_alert_add_ops(s);
    oc_alert_add_silence_ops(s);
    oc_alert_add_channel_ops(s);
    return s;
}

void oc_alert_silences_changed(struct oc_alert_service *s)
{
    s->all_silences_changed = true;
    oc_alert_wake(s, 0);
}

struct oc_instance *oc_alert_find_instance(const struct oc_alert_service *s, const char *plugin,
                                           const char *name)
{
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        const struct oc_channel *ch = s->outbox.channels.items[i];
        if (ch->instance && strcmp(ch->options.plugin, plugin) == 0 &&
            (!name || strcmp(ch->name, name) == 0)) {
            return ch->instance;
        }
    }
    return NULL;
}

void oc_alert_each(const struct oc_alert_service *s,
                   void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                   void *ctx)
{
    for (size_t i = 0; s && i < s->outbox.channels.count; i++) {
        if (s->outbox.channels.items[i]->instance) {
            fn(ctx, "alerts.channels", s->outbox.channels.items[i]->instance);
        }
    }
}

static void on_channel_gone(void *ctx)
{
    struct oc_alert_service *s = ctx;
    if (--s->stopping == 0) {
        s->stopped(s->stopped_ctx);
    }
}

void oc_alert_stop(struct oc_alert_service *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    if (s->configured && !s->env->ephemeral) {
        oc_alert_commit(s);
    }
    s->stopped = done;
    s->stopped_ctx = ctx;
    oc_timer_stop(s->commit);
    oc_bus_unsubscribe(s->firing);
    oc_bus_unsubscribe(s->resolved);
    s->firing = s->resolved = NULL;

    s->stopping = s->outbox.channels.count + 1;
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        oc_channel_release(s->outbox.channels.items[i], grace_ms, on_channel_gone, s);
    }
    s->outbox.channels.count = 0;
    on_channel_gone(s);
}

static void free_alert(void *alert)
{
    oc_alert_record_destroy(alert);
}

void oc_alert_destroy(struct oc_alert_service *s)
{
    if (!s) {
        return;
    }
    OC_ASSERT(s->stopping == 0);
    oc_bus_unsubscribe(s->firing);
    oc_bus_unsubscribe(s->resolved);
    oc_timer_destroy(s->commit);
    oc_outbox_finish(&s->outbox);
    oc_silences_finish(&s->silences);
    oc_map_finish(&s->alerts, free_alert);
    oc_map_finish(&s->rule_cooldowns, free);
    for (size_t i = 0; i < s->forgotten.count; i++) {
        free(s->forgotten.items[i]);
    }
    OC_VEC_FINISH(&s->forgotten);
    free(s);
}
