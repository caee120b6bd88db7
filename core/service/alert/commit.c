/* One round of the alert service: decide, tell, write, answer. SPDX-License-Identifier: MIT
 *
 * What is promised is put into the frame and handed to the workers, and only then is the frame written and made durable: nobody who is told waits for the
 * disk, and whoever posted is answered when the disk has it. A host that dies between the two has told of an alert that it does not
 * know any more; as its sender was not answered, it is posted again, and told again. The other order would lose no less and tell later.
 * Only alerts that changed or fall due are looked at. Everything that changed since the last round shares one frame of the journal, so that a thousand alerts at
 * once cost about as much as one. When the journal cannot be written, people are told all the same: the
 * round goes on, what was not written stays dirty, and a later round tries again. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/group/flush.h"
#include "core/service/alert/round.h"
#include "core/service/alert/service.h"

#define ROUND_BUDGET 4000 /* us that a round may hold the loop; the rest waits for the next one */
#define ROUND_BUSY                                                                                 \
    1500 /* the same while posts come in: they go first. A list of a thousand is decided in it, and written once */
#define NEWS_BUDGET 2 /* ms that whoever hears of it may take of a round */
#define NEWS_BUSY   1
#define POSTPONE    250 /* ms between two looks at an alert whose channels are behind */
#define ROUND_MAX                                                                                  \
    (30 * OC_SECOND) /* wall time may jump: look at least this often while something is due */

int64_t oc_alert_cooldown(const struct oc_alert_service *s, const struct oc_alert *a)
{
    const int64_t *own = s->rule_cooldowns.count > 0
                             ? oc_map_get(&s->rule_cooldowns, oc_alert_rule(&s->alerts, a))
                             : NULL;
    return own ? *own : s->options.cooldown;
}

/* ---- decide ---- */

static void review_silence(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    const struct oc_silence *silence = NULL;
    if (s->silences.list.count > 0 && (a->firing || a->resolve_due)) {
        silence = oc_silences_find(&s->silences, a, now);
    }
    uint32_t number = silence ? silence->number : 0;
    if (a->silence == number) {
        return;
    }
    if (!silence && a->firing) {
        a->unsilenced = true;
    }
    a->silence = number;
    a->dirty = true;
}

/* In a storm not every alert is an event of its own: the history must not be drowned, nor the loop held. */
static bool may_publish(struct oc_alert_service *s, int64_t now)
{
    double gained = (double)(now - s->news_at) * OC_ALERT_NEWS_RATE / 1000.0;
    if (gained > 0 || gained < -1) {
        s->news_left += gained > 0 ? gained : 0;
        s->news_left = s->news_left < OC_ALERT_NEWS_BURST ? s->news_left : OC_ALERT_NEWS_BURST;
        s->news_at = now;
    }
    if (s->news_left < 1) {
        return false;
    }
    s->news_left -= 1;
    return true;
}

/* `route` (taken) says how it was routed; NULL when nothing was told, or when it is no event of its own. */
static void post_news(struct oc_round *r, struct oc_alert *a, json_t *route)
{
    bool fired = a->news == OC_ALERT_FIRED;
    if (!r->publishing) {
        r->s->unsaid_firing += fired ? 1 : 0;
        r->s->unsaid_resolved += a->news == OC_ALERT_RESOLVED ? 1 : 0;
        a->news = OC_ALERT_NO_NEWS;
        return;
    }
    const char *topic = fired ? "alert.firing" : "alert.resolved";
    a->news = OC_ALERT_NO_NEWS;
    if (route) {
        struct oc_round_event later = {topic, NULL, a->index, route};
        OC_VEC_PUSH(&r->posts, later);
        return;
    }
    json_t *json = oc_alert_record_json(&r->s->alerts, a);
    if (fired) {
        oc_json_set_str(json, "held_by", oc_notice_held_by(a));
    }
    oc_round_post(r, topic, json);
}

int64_t oc_alert_next_look(const struct oc_alert_service *s, const struct oc_alert *a,
                           int64_t notice)
{
    int64_t next = notice;
    if (a->firing && a->expires_at && a->expires_at < next) {
        next = a->expires_at;
    }
    int64_t source = oc_inhibit_until(&s->inhibitor, a);
    next = oc_escalate_next(a, next);
    next = source < next ? source : next;
    if (!a->firing && !a->resolve_due) {
        int64_t kept = a->ends_at + s->options.keep_resolved;
        int64_t cooled = a->notified_at + oc_alert_cooldown(s, a);
        int64_t over = kept > cooled ? kept : cooled; /* then it is forgotten */
        next = over < next ? over : next;
    }
    return next;
}

/* What is to be told, unless the channels are behind. Returns how it was routed, or NULL. */
static json_t *tell(struct oc_round *r, struct oc_alert *a, int64_t *next)
{
    struct oc_notice_times times = {oc_alert_cooldown(r->s, a), r->s->options.repeat_interval};
    json_t *route = NULL;
    enum oc_notice notice = oc_notice_decide(a, &times, r->router.now, next);
    bool grouped = a->waiting || (a->announced && !a->unsilenced && oc_flush_covers(r->s, a));
    if (notice == OC_NOTICE_NONE) {
        /* The end of a silenced alert is told nobody, also not when the silence is over. */
        a->resolve_due = false;
    } else if (notice == OC_NOTICE_FIRING && grouped) {
        *next = INT64_MAX; /* its groups know when */
    } else if (r->behind) {
        *next = r->router.now + POSTPONE + (int64_t)(a->index % 1024);
    } else if (notice == OC_NOTICE_FIRING) {
        route = oc_round_notify_firing(r, a);
        oc_notice_decide(a, &times, r->router.now, next);
        *next = a->waiting ? INT64_MAX : *next;
    } else {
        oc_round_notify_resolved(r, a);
    }
    return route;
}

/* Groups know of alerts what the alerts do not. */
static void review_groups(struct oc_round *r, struct oc_alert *a)
{
    bool told = a->told != 0 && (a->firing ? a->announced : a->resolve_due);
    if (a->restored && told && r->s->groups.past.count > 0) {
        oc_round_restore_groups(r, a);
    }
    if (oc_groups_first(&r->s->groups, a) != OC_GROUP_NONE) {
        oc_flush_settle(r->s, a);
    }
}

static void conclude(struct oc_alert_service *s, struct oc_alert *a, int64_t next)
{
    oc_keep_alert(s, a);
    oc_alerts_set_due(&s->alerts, a, oc_alert_next_look(s, a, next));
}

static void review(struct oc_round *r, struct oc_alert *a)
{
    struct oc_alert_service *s = r->s;
    int64_t next = INT64_MAX;
    review_silence(s, a, r->router.now);
    if (s->inhibitor.rules.count > 0 || a->inhibited) {
        oc_inhibit_review(&s->inhibitor, a, r->router.now);
    }
    r->publishing = a->news != OC_ALERT_NO_NEWS && may_publish(s, r->router.now);
    const bool late = r->late_count < OC_ROUND_LATE_MAX && oc_escalate_may_wait(a);
    if (!late) {
        oc_escalate_review(s, a, r->router.now);
    }
    if (a->news == OC_ALERT_RESOLVED) {
        oc_silences_resolved(&s->silences, a);
    }
    review_groups(r, a);
    json_t *route = tell(r, a, &next);
    if (!a->firing && !a->resolve_due) {
        oc_groups_leave_all(&s->groups, a);
    }
    post_news(r, a, route);
    if (late) { /* it is written when all is known of it */
        r->late[r->late_count++] = (struct oc_round_late){a->index, next};
    } else {
        conclude(s, a, next);
    }
}

/* Those that may wait have been told, unless it is for their groups to do. One that is raised at once is told anew, as the graver one. */
static bool review_late(struct oc_round *r)
{
    struct oc_alert_service *s = r->s;
    bool more = false;
    for (size_t i = 0; i < r->late_count; i++) {
        struct oc_alert *a = oc_alerts_at(&s->alerts, r->late[i].place);
        if (oc_escalate_review(s, a, r->router.now)) {
            if (!a->told) {
                oc_groups_leave_all(&s->groups, a);
                a->waiting = false;
            }
            oc_alerts_change(&s->alerts, a);
            more = true;
        }
        conclude(s, a, r->late[i].next);
    }
    return more;
}

/* ---- what falls due, what changed ---- */

void oc_alert_forget(struct oc_alert_service *s, struct oc_alert *a)
{
    oc_keep_removal(s, a);
    oc_groups_leave_all(&s->groups, a);
    oc_inhibit_forget(&s->inhibitor, a);
    oc_alerts_remove(&s->alerts, a);
}

/* Resolved long ago: neither a cooldown nor a reader needs it any more. */
static bool is_outdated(const struct oc_alert_service *s, const struct oc_alert *a, int64_t now)
{
    return !a->firing && !a->resolve_due && a->ends_at + s->options.keep_resolved <= now &&
           a->notified_at + oc_alert_cooldown(s, a) <= now;
}

static void fall_due(struct oc_round *r, struct oc_alert *a)
{
    struct oc_alert_service *s = r->s;
    int64_t now = r->router.now;
    oc_alerts_set_due(&s->alerts, a, INT64_MAX);
    if (a->firing && a->expires_at && a->expires_at <= now) {
        oc_alert_end(a, a->expires_at);
        a->updated_at = now;
    } else if (is_outdated(s, a, now)) {
        oc_alert_forget(s, a);
        return;
    }
    oc_alerts_change(&s->alerts, a);
}

static bool is_over(const struct oc_round *r, size_t steps)
{
    return steps % 32 == 31 && oc_time_mono_us() >= r->until;
}

static void take_due(struct oc_round *r)
{
    struct oc_alert *a;
    for (size_t i = 0; (a = oc_alerts_due(&r->s->alerts)) && a->due_at <= r->router.now; i++) {
        if (is_over(r, i)) {
            return;
        }
        fall_due(r, a);
    }
}

/* Alerts that keep others quiet must be known before the others are told. True when all of this moment are. */
static bool index_changed(struct oc_round *r)
{
    struct oc_inhibitor *inhibitor = &r->s->inhibitor;
    const struct oc_alerts *t = &r->s->alerts;
    size_t *seen = &inhibitor->seen;
    if (inhibitor->rules.count == 0) {
        *seen = t->changed.count;
        return true;
    }
    for (size_t i = 0; *seen < t->changed.count; i++, (*seen)++) {
        struct oc_alert *a = oc_alerts_at(t, t->changed.items[*seen]);
        if (a->body && a->changed) {
            oc_inhibit_index(inhibitor, a, r->router.now);
        }
        if (is_over(r, i)) {
            return false;
        }
    }
    return true;
}

/* Groups that are due, before what they mark is reviewed and written. True when some are left. */
static bool flush_due(struct oc_round *r)
{
    struct oc_group *group;
    for (size_t i = 0; (group = oc_groups_due(&r->s->groups)) && group->due_at <= r->router.now;
         i++) {
        if (i > 0 && oc_time_mono_us() >= r->until) {
            return true;
        }
        oc_flush(r->s, group, r->router.now);
    }
    return false;
}

/* Returns true when some are left for the next round. */
static bool review_changed(struct oc_round *r)
{
    struct oc_alerts *t = &r->s->alerts;
    size_t i = 0;
    if (!index_changed(r)) {
        return true;
    }
    /* what changes on the way is indexed in the next round */
    for (const size_t seen = r->s->inhibitor.seen; i < seen && !is_over(r, i); i++) {
        struct oc_alert *a = oc_alerts_at(t, t->changed.items[i]);
        if (a->body && a->changed) {
            a->changed = false;
            review(r, a);
        }
        r->behind = r->behind || (i % 64 == 63 && oc_outbox_is_behind(&r->s->outbox));
    }
    t->changed.count -= i;
    r->s->inhibitor.seen -= i;
    if (t->changed.count > 0) {
        memmove(t->changed.items, t->changed.items + i,
                t->changed.count * sizeof *t->changed.items);
    }
    if (t->changed.count == 0 && t->changed.cap > 65536) {
        OC_VEC_FINISH(&t->changed); /* a storm is over */
    }
    return t->changed.count > 0;
}

/* ---- tell ---- */

static void tell_storm(struct oc_round *r)
{
    struct oc_alert_service *s = r->s;
    if (s->unsaid_firing + s->unsaid_resolved > 0 && s->alerts.changed.count == 0) {
        json_t *json = json_object();
        oc_json_set_int(json, "firing", (json_int_t)s->unsaid_firing);
        oc_json_set_int(json, "resolved", (json_int_t)s->unsaid_resolved);
        oc_round_post(r, "alert.storm", json);
        s->unsaid_firing = s->unsaid_resolved = 0;
    }
}

/* Whoever hears an event may change the table: all are made before one is heard. */
static void make_news(struct oc_round *r)
{
    for (size_t i = 0; i < r->posts.count; i++) {
        struct oc_round_event *event = &r->posts.items[i];
        if (!event->data) {
            event->data =
                oc_alert_record_json(&r->s->alerts, oc_alerts_at(&r->s->alerts, event->place));
            oc_json_take(event->data, "route", event->route);
        }
    }
    for (size_t i = 0; i < r->posts.count; i++) {
        const struct oc_alert_said news = {r->posts.items[i].topic, r->posts.items[i].data};
        OC_VEC_PUSH(&r->s->news, news);
    }
    OC_VEC_FINISH(&r->posts);
}

bool oc_alert_publish(struct oc_alert_service *s, int64_t until)
{
    for (size_t i = 0; s->news_said < s->news.count; i++) {
        if (i % 16 == 15 && oc_time_mono() >= until) {
            return true;
        }
        const struct oc_alert_said news = s->news.items[s->news_said++];
        oc_bus_publish(s->env->bus, news.topic, news.data);
    }
    OC_VEC_FINISH(&s->news);
    s->news_said = 0;
    return false;
}

static void wake_at(struct oc_alert_service *s, int64_t now, int64_t next)
{
    if (next != INT64_MAX) {
        int64_t delay = next > now ? next - now : 0;
        oc_alert_wake(s, delay < ROUND_MAX ? delay : ROUND_MAX);
    }
}

void oc_alert_commit(struct oc_alert_service *s)
{
    int64_t now = oc_time_wall();
    const bool busy = s->gathering || s->slices;
    struct oc_round r = {
        .s = s,
        .until = oc_time_mono_us() + (busy ? ROUND_BUSY : ROUND_BUDGET),
        .behind = oc_outbox_is_behind(&s->outbox),
        .router = {.state = &s->routing, .outbox = &s->outbox, .alerts = &s->alerts, .now = now}};
    s->commit_at = INT64_MAX;
    oc_silences_settle(&s->silences, now);
    take_due(&r);
    bool more = review_changed(&r);
    more = flush_due(&r) || more;
    tell_storm(&r);
    oc_noise_round(s, now);
    oc_outbox_hand_over(&s->outbox);
    more = review_late(&r) || more;
    oc_route_ask_sample(&r.router);
    int64_t kept = oc_keep_round(s, now);
    oc_ingest_settle(s);
    make_news(&r);
    more = oc_alert_publish(s, oc_time_mono() + (busy ? NEWS_BUSY : NEWS_BUDGET)) || more;
    oc_noise_publish(s);

    const struct oc_alert *due = oc_alerts_due(&s->alerts);
    wake_at(s, now, more ? now : INT64_MAX);
    wake_at(s, now, kept == INT64_MAX ? INT64_MAX : now + kept);
    const struct oc_group *group = oc_groups_due(&s->groups);
    wake_at(s, now, due ? due->due_at : INT64_MAX);
    wake_at(s, now, group ? group->due_at : INT64_MAX);
    wake_at(s, now, oc_silences_next(&s->silences, now));
    wake_at(s, now, oc_noise_next(s, now));
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
