/* Who is told of an alert, and the promise that they are. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/group/flush.h"
#include "core/service/alert/round.h"

void oc_round_post(struct oc_round *r, const char *topic, json_t *data)
{
    struct oc_round_event item = {.topic = topic, .data = data};
    OC_VEC_PUSH(&r->posts, item);
}

static void complain(struct oc_round *r, const struct oc_alert *a, const char *channel,
                     const char *message)
{
    json_t *json = json_object();
    char id[OC_ALERT_ID_MAX + 1];
    oc_json_set_str(json, "alert", oc_alert_id(a, id));
    oc_json_set_str(json, "rule", oc_alert_rule(&r->s->alerts, a));
    oc_json_set_str(json, "channel", channel);
    oc_json_set_str(json, "code", oc_error_name(OC_E_CONFIG));
    oc_json_set_str(json, "message", message);
    oc_round_post(r, "alert.failed", json);
    if (!r->noted) {
        oc_warn("alert routing", "alert=%s channel=%s reason=%s", oc_alert_id(a, id),
                channel ? channel : "", message);
        r->noted = true;
    }
}

static bool somebody_should_hear(const struct oc_outbox *o, const struct oc_alert *a)
{
    for (size_t i = 0; i < o->channels.count; i++) {
        const struct oc_channel *ch = o->channels.items[i];
        if (ch->options.enabled && oc_channel_admits(ch, (enum oc_alert_severity)a->severity)) {
            return true;
        }
    }
    return false;
}

static void report_route(struct oc_round *r, const struct oc_alert *a, const struct oc_route *route)
{
    for (size_t i = 0; i < route->unknown.count; i++) {
        complain(r, a, route->unknown.items[i],
                 "the route policy named a channel that is not configured");
    }
    if (route->note[0] && !r->noted) {
        char id[OC_ALERT_ID_MAX + 1];
        oc_warn("alert routed by levels", "alert=%s reason=%s", oc_alert_id(a, id), route->note);
        r->noted = true;
    }
    if (route->targets.count == 0 && strcmp(route->by, "levels") == 0 &&
        somebody_should_hear(&r->s->outbox, a)) {
        complain(r, a, NULL, "no channel can be used");
    }
}

static json_t *route_json(const struct oc_route *route)
{
    json_t *json = json_object();
    json_t *names = json_array();
    for (size_t i = 0; i < route->targets.count; i++) {
        json_array_append_new(names, json_string(route->targets.items[i].channel->name));
    }
    oc_json_take(json, "channels", names);
    oc_json_set_str(json, "by", route->by);
    if (route->note[0]) {
        oc_json_set_str(json, "note", route->note);
    }
    return json;
}

/* Bits of the channels that there are: theirs are not given to others. */
static uint64_t bits_in_use(const struct oc_round *r)
{
    uint64_t used = 0;
    for (size_t i = 0; i < r->s->outbox.channels.count; i++) {
        int bit = oc_alerts_find_channel(&r->s->alerts, r->s->outbox.channels.items[i]->name);
        used |= bit >= 0 ? UINT64_C(1) << bit : 0;
    }
    return used;
}

static uint64_t bit_of(struct oc_round *r, const char *name)
{
    int bit = oc_alerts_find_channel(&r->s->alerts, name);
    if (bit < 0) {
        bit = oc_alerts_channel_bit(&r->s->alerts, name, bits_in_use(r));
    }
    return bit >= 0 ? UINT64_C(1) << bit : 0;
}

/* Marks the channels that are told of it at once, and alone; how many there are. */
static size_t mark_alone(struct oc_round *r, struct oc_alert *a, const struct oc_route *route)
{
    size_t count = 0;
    for (size_t i = 0; i < route->targets.count; i++) {
        if (!route->targets.items[i].leaf->grouped) {
            a->told |= bit_of(r, route->targets.items[i].channel->name);
            count++;
        }
    }
    a->notifications += count > 0 ? 1 : 0;
    return count;
}

static void promise_alone(struct oc_round *r, const struct oc_alert *a,
                          const struct oc_route *route)
{
    const struct oc_alerts *t = &r->s->alerts;
    char id[OC_ALERT_ID_MAX + 1];
    const struct oc_delivery_subject subject = {
        oc_alert_id(a, id), oc_alert_rule(t, a),
        oc_alert_severity_name((enum oc_alert_severity)a->severity)};
    struct oc_buf text = {0};
    oc_alert_record_put(&text, t, a);
    for (size_t i = 0; i < route->targets.count; i++) {
        if (!route->targets.items[i].leaf->grouped) {
            oc_outbox_promise_text(&r->s->outbox, route->targets.items[i].channel, "firing",
                                   &subject, text.data);
        }
    }
    oc_buf_finish(&text);
}

static void join_groups(struct oc_round *r, struct oc_alert *a, const struct oc_route *route)
{
    for (size_t i = 0; i < route->targets.count; i++) {
        const struct oc_route_target *target = &route->targets.items[i];
        if (target->leaf->grouped) {
            bit_of(r, target->channel->name); /* is there from now on */
            oc_flush_join(r->s, a, target->channel->name, target->leaf, r->router.now);
        }
    }
    a->restored = false;
}

json_t *oc_round_notify_firing(struct oc_round *r, struct oc_alert *a)
{
    struct oc_route route;
    oc_route_find(&r->router, a, &route);
    report_route(r, a, &route);
    a->waiting = false;
    join_groups(r, a, &route);
    size_t alone = mark_alone(r, a, &route);
    if (alone > 0 || !a->waiting) {
        a->notified_at = r->router.now;
    }
    if (!a->waiting) {
        a->announced = true;
        a->unsilenced = false;
    }
    a->dirty = true;
    if (alone > 0) {
        promise_alone(r, a, &route);
    }
    json_t *json = r->publishing ? route_json(&route) : NULL;
    oc_route_finish(&route);
    return json;
}

void oc_round_restore_groups(struct oc_round *r, struct oc_alert *a)
{
    struct oc_route route;
    oc_route_find(&r->router, a, &route);
    for (size_t i = 0; i < route.targets.count; i++) {
        const struct oc_route_target *target = &route.targets.items[i];
        if (target->leaf->grouped && (a->told & bit_of(r, target->channel->name))) {
            oc_flush_join(r->s, a, target->channel->name, target->leaf, r->router.now);
        }
    }
    a->restored = false;
    oc_route_finish(&route);
}

void oc_round_notify_resolved(struct oc_round *r, struct oc_alert *a)
{
    struct oc_outbox *outbox = &r->s->outbox;
    uint64_t grouped = oc_flush_resolve(r->s, a, r->router.now), alone = a->told & ~grouped;
    if (alone) {
        json_t *alert = oc_alert_record_json(&r->s->alerts, a);
        char *text = oc_json_text(alert);
        for (size_t i = 0; i < outbox->channels.count; i++) {
            struct oc_channel *ch = outbox->channels.items[i];
            int bit = oc_alerts_find_channel(&r->s->alerts, ch->name);
            if (bit >= 0 && (alone & (UINT64_C(1) << bit)) && oc_failover_can(ch)) {
                oc_outbox_promise(outbox, ch, "resolved", alert, text);
            }
        }
        free(text);
        json_decref(alert);
    }
    a->resolve_due = oc_groups_first(&r->s->groups, a) != OC_GROUP_NONE;
    a->told &= a->resolve_due ? grouped : UINT64_MAX; /* they have still to be told */
    a->dirty = true;
}
