/* One round of the alert service: decide, write, tell, send. SPDX-License-Identifier: MIT
 *
 * Everything that changed since the last round shares one transaction, so that a thousand alerts at
 * once cost about as much as one. When the store cannot write, people are told all the same: the
 * round goes on, what was not written stays dirty, and the next round tries again. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/alert/route.h"
#include "core/service/alert/service.h"

#define ROUND_MAX                                                                                  \
    (30 * OC_SECOND) /* wall time may jump: look at least this often while something is due */

struct post {
    const char *topic;
    json_t *data;
};

struct round {
    struct oc_alert_service *s;
    struct oc_router router;
    int64_t next; /* when to look again */
    size_t changed;
    OC_VEC(struct post) posts; /* events; published when no table is being walked any more */
    bool noted;                /* the log has this round's routing trouble */
};

static void post(struct round *r, const char *topic, json_t *data)
{
    struct post item = {topic, data};
    OC_VEC_PUSH(&r->posts, item);
}

static int64_t cooldown_of(const struct oc_alert_service *s, const struct oc_alert *a)
{
    const int64_t *own = oc_map_get(&s->rule_cooldowns, oc_alert_record_field(a, "rule"));
    return own ? *own : s->options.cooldown;
}

/* ---- decide ---- */

static void review_silence(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    const struct oc_silence *silence = NULL;
    if (a->firing || a->resolve_due) {
        silence = oc_silences_find(&s->silences, a, now);
    }
    const char *id = silence ? silence->id : "";
    if (strcmp(a->silenced_by, id) == 0) {
        return;
    }
    if (!silence && a->firing) {
        a->unsilenced = true;
    }
    memcpy(a->silenced_by, id, strlen(id) + 1);
    a->dirty = true;
}

static void complain(struct round *r, const struct oc_alert *a, const char *channel,
                     const char *message)
{
    json_t *json = json_object();
    oc_json_set_str(json, "alert", a->id);
    oc_json_set_str(json, "rule", oc_alert_record_field(a, "rule"));
    oc_json_set_str(json, "channel", channel);
    oc_json_set_str(json, "code", oc_error_name(OC_E_CONFIG));
    oc_json_set_str(json, "message", message);
    post(r, "alert.failed", json);
    if (!r->noted) {
        oc_warn("alert routing", "alert=%s channel=%s reason=%s", a->id, channel ? channel : "",
                message);
        r->noted = true;
    }
}

static bool somebody_should_hear(const struct oc_outbox *o, const struct oc_alert *a)
{
    for (size_t i = 0; i < o->channels.count; i++) {
        const struct oc_channel *ch = o->channels.items[i];
        if (ch->options.enabled && oc_channel_admits(ch, a->severity)) {
            return true;
        }
    }
    return false;
}

static void report_route(struct round *r, const struct oc_alert *a, const struct oc_route *route)
{
    for (size_t i = 0; i < route->unknown.count; i++) {
        complain(r, a, route->unknown.items[i],
                 "the route policy named a channel that is not configured");
    }
    if (route->note[0] && !r->noted) {
        oc_warn("alert routed by levels", "alert=%s reason=%s", a->id, route->note);
        r->noted = true;
    }
    if (route->channels.count == 0 && strcmp(route->by, "levels") == 0 &&
        somebody_should_hear(&r->s->outbox, a)) {
        complain(r, a, NULL, "no channel can be used");
    }
}

static json_t *route_json(const struct oc_route *route)
{
    json_t *json = json_object();
    json_t *names = json_array();
    for (size_t i = 0; i < route->channels.count; i++) {
        json_array_append_new(names, json_string(route->channels.items[i]->name));
    }
    oc_json_take(json, "channels", names);
    oc_json_set_str(json, "by", route->by);
    if (route->note[0]) {
        oc_json_set_str(json, "note", route->note);
    }
    return json;
}

static void remember_channel(struct oc_alert *a, const char *name)
{
    size_t i;
    json_t *known;
    json_array_foreach(a->told, i, known)
    {
        if (strcmp(json_string_value(known), name) == 0) {
            return;
        }
    }
    json_array_append_new(a->told, json_string(name));
}

/* Returns how it was routed; owned by the caller. */
static json_t *notify_firing(struct round *r, struct oc_alert *a)
{
    struct oc_route route;
    oc_route_find(&r->router, a, &route);
    report_route(r, a, &route);
    for (size_t i = 0; i < route.channels.count; i++) {
        remember_channel(a, route.channels.items[i]->name);
    }
    a->announced = true;
    a->unsilenced = false;
    a->notified_at = r->router.now;
    a->notifications += route.channels.count > 0 ? 1 : 0;
    a->dirty = true;

    json_t *alert = oc_alert_record_json(a);
    for (size_t i = 0; i < route.channels.count; i++) {
        oc_outbox_promise(&r->s->outbox, route.channels.items[i], "firing", alert);
    }
    json_decref(alert);
    json_t *json = route_json(&route);
    oc_route_finish(&route);
    return json;
}

static void notify_resolved(struct round *r, struct oc_alert *a)
{
    json_t *alert = oc_alert_record_json(a);
    size_t i;
    json_t *name;
    json_array_foreach(a->told, i, name)
    {
        struct oc_channel *ch = oc_outbox_channel(&r->s->outbox, json_string_value(name));
        if (ch && oc_channel_usable(ch)) {
            oc_outbox_promise(&r->s->outbox, ch, "resolved", alert);
        }
    }
    json_decref(alert);
    a->resolve_due = false;
    a->dirty = true;
}

/* `route` (taken) says how it was routed; NULL when nothing was told. */
static void post_news(struct round *r, struct oc_alert *a, json_t *route)
{
    bool fired = a->news == OC_ALERT_FIRED;
    if (a->news == OC_ALERT_NO_NEWS) {
        json_decref(route);
        return;
    }
    json_t *json = oc_alert_record_json(a);
    if (route) {
        oc_json_take(json, "route", route);
    } else if (fired) {
        oc_json_set_str(json, "held_by", oc_notice_held_by(a));
    }
    a->news = OC_ALERT_NO_NEWS;
    post(r, fired ? "alert.firing" : "alert.resolved", json);
}

static void review(struct round *r, struct oc_alert *a)
{
    struct oc_alert_service *s = r->s;
    struct oc_notice_times times = {cooldown_of(s, a), s->options.repeat_interval};
    int64_t next = INT64_MAX;
    json_t *route = NULL;

    if (a->dirty || s->all_silences_changed) {
        review_silence(s, a, r->router.now);
    }
    switch (oc_notice_decide(a, &times, r->router.now, &next)) {
    case OC_NOTICE_FIRING:
        route = notify_firing(r, a);
        oc_notice_decide(a, &times, r->router.now, &next);
        break;
    case OC_NOTICE_RESOLVED:
        notify_resolved(r, a);
        break;
    case OC_NOTICE_NONE:
        /* The end of a silenced alert is told nobody, also not when the silence is over. */
        a->resolve_due = false;
        break;
    }
    r->next = next < r->next ? next : r->next;
    r->changed += a->dirty ? 1 : 0;
    post_news(r, a, route);
}

/* Resolved long ago: neither a cooldown nor a reader needs it any more. */
static bool outdated(const struct oc_alert_service *s, const struct oc_alert *a, int64_t now)
{
    return !a->firing && !a->resolve_due && a->ends_at + s->options.keep_resolved <= now &&
           a->notified_at + cooldown_of(s, a) <= now;
}

static void forget_outdated(struct oc_alert_service *s, int64_t now)
{
    OC_VEC(struct oc_alert *) old = {0};
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        if (outdated(s, value, now)) {
            OC_VEC_PUSH(&old, value);
        }
    }
    for (size_t i = 0; i < old.count; i++) {
        OC_VEC_PUSH(&s->forgotten, oc_strdup(old.items[i]->id));
        oc_map_remove(&s->alerts, old.items[i]->id);
        oc_alert_record_destroy(old.items[i]);
    }
    OC_VEC_FINISH(&old);
}

static void decide(struct round *r)
{
    struct oc_alert_service *s = r->s;
    const char *id;
    void *value;
    if (oc_silences_expire(&s->silences, r->router.now) > 0) {
        s->all_silences_changed = true;
    }
    forget_outdated(s, r->router.now);
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        review(r, value);
    }
    s->all_silences_changed = false;
    int64_t silence_end = oc_silences_next(&s->silences, r->router.now);
    r->next = silence_end < r->next ? silence_end : r->next;
}

/* ---- write ---- */

static void put_alert(struct oc_alert_service *s, const struct oc_alert *a)
{
    json_t *json = oc_alert_record_save(a);
    oc_kv_put(s->env->store, "alert", a->id, json, true, NULL);
    json_decref(json);
}

static int write_all(struct oc_alert_service *s, struct oc_error *err)
{
    const char *id;
    void *value;
    oc_store_begin(s->env->store);
    for (size_t i = 0; i < s->forgotten.count; i++) {
        oc_kv_remove(s->env->store, "alert", s->forgotten.items[i], true, NULL);
    }
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        const struct oc_alert *a = value;
        if (a->dirty) {
            put_alert(s, a);
        }
    }
    oc_outbox_write(&s->outbox);
    return oc_store_end(s->env->store, err);
}

static void mark_written(struct oc_alert_service *s)
{
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        ((struct oc_alert *)value)->dirty = false;
    }
    for (size_t i = 0; i < s->forgotten.count; i++) {
        free(s->forgotten.items[i]);
    }
    s->forgotten.count = 0;
}

static bool write_round(struct round *r)
{
    struct oc_alert_service *s = r->s;
    struct oc_error err;
    if (r->changed == 0 && s->forgotten.count == 0 && !oc_outbox_pending(&s->outbox)) {
        return true;
    }
    oc_error_init(&err);
    bool written = write_all(s, &err) == OC_OK;
    if (written) {
        mark_written(s);
    } else if (!s->store_failing) {
        oc_warn("alerts are sent but cannot be stored", "reason=%s", err.message);
    }
    if (written && s->store_failing) {
        oc_info("alerts are stored again", NULL);
    }
    s->store_failing = !written;
    return written;
}

/* ---- tell ---- */

static void publish(struct round *r)
{
    for (size_t i = 0; i < r->posts.count; i++) {
        oc_bus_publish(r->s->env->bus, r->posts.items[i].topic, r->posts.items[i].data);
    }
    OC_VEC_FINISH(&r->posts);
}

void oc_alert_commit(struct oc_alert_service *s)
{
    int64_t now = oc_time_wall();
    struct round r = {.s = s, .next = INT64_MAX, .router = {.outbox = &s->outbox, .now = now}};

    s->commit_at = INT64_MAX;
    decide(&r);
    bool written = write_round(&r);
    publish(&r);
    oc_outbox_release(&s->outbox, written);

    if (s->store_failing) {
        oc_alert_wake(s, ROUND_MAX);
    }
    if (r.next != INT64_MAX) {
        oc_alert_wake(s, r.next - now < ROUND_MAX ? r.next - now : ROUND_MAX);
    }
}

void oc_alert_wake(struct oc_alert_service *s, int64_t delay_ms)
{
    int64_t at = oc_time_wall() + delay_ms;
    if (s->env->ephemeral || s->stopped) {
        return;
    }
    if (oc_timer_active(s->commit) && s->commit_at <= at) {
        return;
    }
    s->commit_at = at;
    oc_timer_start(s->commit, delay_ms, 0);
}
