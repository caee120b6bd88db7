/* Life of the alert service, and what it hears from rules. SPDX-License-Identifier: MIT */
#include "service.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/look/view_internal.h"

#define COMMIT_SOON                                                                                \
    5 /* ms: rules of one round of collectors speak within a few turns of the loop */
#define COMMIT_LATER 250 /* ms: what was sent may leave the outbox in company */

static void ambiguous(const char *id, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFLICT, "'%.64s' begins the id of more than one alert", id);
    oc_error_hint(err, "Give more digits of the id.");
}

struct oc_alert *oc_alert_find_prefix(const struct oc_alert_service *s, const char *id,
                                      struct oc_error *err)
{
    struct oc_alert *found = oc_alerts_find_id(&s->alerts, id);
    char buf[OC_ALERT_ID_MAX + 1];
    uint32_t it = 0;
    if (found) {
        return found;
    }
    for (struct oc_alert *a; *id && (a = oc_alerts_next(&s->alerts, &it));) {
        if (oc_starts(oc_alert_id(a, buf), id)) {
            if (found) {
                ambiguous(id, err);
                return NULL;
            }
            found = a;
        }
    }
    if (!found) {
        oc_error_set(err, OC_E_NOT_FOUND, "no alert '%.64s'", id);
        oc_error_hint(err, "`openclaw alert list --state all` lists them.");
    }
    return found;
}

/* ---- room ---- */

struct victim {
    int64_t ends_at;
    struct oc_alert *alert;
};

static int by_end(const void *x, const void *y)
{
    const struct victim *a = x, *b = y;
    return (a->ends_at > b->ends_at) - (a->ends_at < b->ends_at);
}

/* An eighth of the resolved ones at a time, the oldest first: one walk of the table serves many. */
static size_t forget_oldest(struct oc_alert_service *s)
{
    OC_VEC(struct victim) resolved = {0};
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        if (!a->firing && !a->resolve_due) {
            struct victim victim = {a->ends_at, a};
            OC_VEC_PUSH(&resolved, victim);
        }
    }
    size_t count = (resolved.count + 7) / 8;
    if (resolved.count > 1) {
        qsort(resolved.items, resolved.count, sizeof *resolved.items, by_end);
    }
    for (size_t i = 0; i < count; i++) {
        oc_alert_forget(s, resolved.items[i].alert);
    }
    OC_VEC_FINISH(&resolved);
    return count;
}

bool oc_alert_make_room(struct oc_alert_service *s)
{
    size_t max = s->options.max > 0 ? (size_t)s->options.max : 200000;
    if (s->alerts.count < max) {
        s->full = false;
        return true;
    }
    if (s->full || forget_oldest(s) == 0) {
        if (!s->full) {
            oc_err("too many alerts: new ones are ignored", "max=%zu", max);
        }
        s->full = true;
        return false;
    }
    return true;
}

/* ---- rules speak ---- */

static void hear(struct oc_alert_service *s, const struct oc_event *event, bool firing)
{
    const char *id = oc_json_str(event->data, "fingerprint", "");
    if (!oc_name_valid(id)) {
        oc_warn("rule event without a fingerprint", "topic=%s", event->topic);
        return;
    }
    struct oc_alert *a = oc_alerts_find_id(&s->alerts, id);
    if (!a && firing && oc_alert_make_room(s)) {
        a = oc_alerts_add_id(&s->alerts, id);
    }
    if (a) {
        oc_alert_record_update(&s->alerts, a, event->data, firing, oc_time_wall());
        oc_alerts_change(&s->alerts, a);
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

/* Silences may have ended, alerts expired while nobody looked. */
static void look_at_all(struct oc_alert_service *s)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        oc_alerts_change(&s->alerts, a);
        if (a->firing && a->expires_at) { /* what posts it may have been away as long as we were */
            int64_t grace = oc_time_wall() + OC_MINUTE;
            a->expires_at = a->expires_at > grace ? a->expires_at : grace;
            oc_alerts_set_due(&s->alerts, a, a->expires_at);
        }
    }
}

static void on_policies(void *ctx, const struct oc_event *event)
{
    (void)event;
    oc_alert_load_inhibition(ctx);
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
    oc_alerts_init(&s->alerts);
    oc_groups_init(&s->groups, &s->alerts);
    oc_inhibit_init(&s->inhibitor, &s->alerts);
    oc_router_state_init(&s->routing, env->policies);
    s->inhibit_rules = json_array();
    s->news_left = OC_ALERT_NEWS_BURST;
    s->noise = oc_noise_create(s);
    oc_keep_open(s);
    oc_silences_init(&s->silences, env, &s->alerts);
    look_at_all(s);
    if (!env->ephemeral) {
        s->firing = oc_bus_subscribe(env->bus, "rule.firing", on_firing, s);
        s->resolved = oc_bus_subscribe(env->bus, "rule.resolved", on_resolved, s);
        s->loaded = oc_bus_subscribe(env->bus, "policy.loaded", on_policies, s);
    }
    oc_alert_add_ops(s);
    oc_alert_add_care_ops(s);
    oc_alert_add_list_ops(s);
    oc_alert_add_group_ops(s);
    oc_alert_add_silence_ops(s);
    oc_alert_add_channel_ops(s);
    oc_alert_add_escalate_ops(s);
    oc_alert_add_route_ops(s);
    oc_alert_add_import_ops(s);
    oc_alert_add_why_op(s);
    return s;
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
    oc_alert_publish(s, INT64_MAX);
    s->stopped = done;
    s->stopped_ctx = ctx;
    oc_timer_stop(s->commit);
    oc_ingest_finish(s);
    oc_bus_unsubscribe(s->firing);
    oc_bus_unsubscribe(s->resolved);
    oc_bus_unsubscribe(s->loaded);
    s->firing = s->resolved = s->loaded = NULL;

    s->stopping = s->outbox.channels.count + 1;
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        oc_channel_release(s->outbox.channels.items[i], grace_ms, on_channel_gone, s);
    }
    s->outbox.channels.count = 0;
    on_channel_gone(s);
}

void oc_alert_destroy(struct oc_alert_service *s)
{
    if (!s) {
        return;
    }
    OC_ASSERT(s->stopping == 0);
    oc_bus_unsubscribe(s->firing);
    oc_bus_unsubscribe(s->resolved);
    oc_bus_unsubscribe(s->loaded);
    oc_timer_destroy(s->commit);
    oc_ingest_finish(s);
    while (s->news_said < s->news.count) {
        json_decref(s->news.items[s->news_said++].data);
    }
    OC_VEC_FINISH(&s->news);
    oc_keep_close(s);
    oc_outbox_finish(&s->outbox);
    oc_noise_destroy(s->noise);
    oc_silences_finish(&s->silences);
    oc_groups_finish(&s->groups);
    oc_inhibit_finish(&s->inhibitor);
    oc_router_state_finish(&s->routing);
    json_decref(s->inhibit_rules);
    oc_alerts_finish(&s->alerts);
    oc_map_finish(&s->rule_cooldowns, free);
    for (size_t i = 0; i < s->group_by.count; i++) {
        free(s->group_by.items[i]);
    }
    OC_VEC_FINISH(&s->group_by);
    free(s->config_folder);
    oc_view_free(s->view);
    free(s);
}
