/* One notification of all that is in a group. SPDX-License-Identifier: MIT */
#include "flush.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/inhibit/inhibit.h"
#include "core/service/alert/table/fingerprint.h"

#define POSTPONE 250 /* ms between two looks at a group whose channel is behind */
#define ALERTS_MAX                                                                                 \
    (256u << 10) /* bytes of the list of alerts; the promise has to fit into a record */

/* ---- members ---- */

void oc_flush_join(struct oc_alert_service *s, struct oc_alert *a, const char *channel,
                   const struct oc_leaf *leaf, int64_t now)
{
    struct oc_member *m = oc_groups_join(&s->groups, a, channel, leaf);
    int bit = oc_alerts_find_channel(&s->alerts, channel);
    if (a->restored) { /* what `told` says is from before */
        m->told = bit >= 0 && (a->told & (UINT64_C(1) << bit));
    }
    m->again = m->told && a->unsilenced;
    if (!m->told || m->again) {
        a->waiting = true;
        oc_groups_hurry(&s->groups, m->group,
                        oc_group_next(oc_groups_at(&s->groups, m->group), a->starts_at, now));
    }
}

void oc_flush_settle(struct oc_alert_service *s, struct oc_alert *a)
{
    for (uint32_t at = oc_groups_first(&s->groups, a); at != OC_GROUP_NONE;) {
        const struct oc_member *m = oc_groups_member(&s->groups, at);
        const struct oc_group *group = oc_groups_at(&s->groups, m->group);
        int bit = m->told ? oc_alerts_find_channel(&s->alerts, group->channel) : -1;
        a->told |= bit >= 0 ? UINT64_C(1) << bit : 0;
        a->resolve_due = a->resolve_due || (m->told && !a->firing);
        at = m->also;
    }
}

bool oc_flush_covers(const struct oc_alert_service *s, const struct oc_alert *a)
{
    uint64_t covered = 0;
    for (uint32_t at = oc_groups_first(&s->groups, a); at != OC_GROUP_NONE;) {
        const struct oc_member *m = oc_groups_member(&s->groups, at);
        int bit = oc_alerts_find_channel(&s->alerts, oc_groups_at(&s->groups, m->group)->channel);
        covered |= bit >= 0 ? UINT64_C(1) << bit : 0;
        at = m->also;
    }
    return covered && (a->told & ~covered) == 0;
}

uint64_t oc_flush_resolve(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    uint64_t covered = 0;
    for (uint32_t at = oc_groups_first(&s->groups, a), next; at != OC_GROUP_NONE; at = next) {
        const struct oc_member *m = oc_groups_member(&s->groups, at);
        const struct oc_group *group = oc_groups_at(&s->groups, m->group);
        const uint32_t index = m->group;
        int bit = oc_alerts_find_channel(&s->alerts, group->channel);
        next = m->also;
        covered |= bit >= 0 ? UINT64_C(1) << bit : 0;
        if (m->told && group->leaf->send_resolved) {
            oc_groups_hurry(&s->groups, index, oc_group_next(group, a->ends_at, now));
        } else {
            oc_groups_leave(&s->groups, at);
            oc_groups_end_if_empty(&s->groups, index);
        }
    }
    return covered;
}

json_t *oc_flush_group_json(const struct oc_group *group, size_t firing, size_t resolved)
{
    json_t *json = json_object(), *labels = json_object();
    char key[OC_ALERT_ID_MAX + 1];
    for (size_t i = 0; i < group->label_count; i++) {
        oc_json_set_str(labels, group->labels[i].name, group->labels[i].value);
    }
    oc_json_set_str(json, "key", oc_fingerprint_text(group->hash, key));
    oc_json_set_str(json, "path", group->leaf->path);
    oc_json_take(json, "labels", labels);
    oc_json_set_int(json, "size", (json_int_t)(firing + resolved));
    oc_json_set_int(json, "firing", (json_int_t)firing);
    oc_json_set_int(json, "resolved", (json_int_t)resolved);
    return json;
}

/* ---- one look at a group ---- */

struct flush {
    struct oc_alert_service *s;
    struct oc_group *group;
    int64_t now;
    OC_VEC(uint32_t) firing, resolved; /* members that are told of */
    size_t news, unseen; /* firing ones not told yet; told ones that nobody acknowledged */
    struct oc_alert *gravest;
};

static struct oc_alert *alert_of(const struct flush *f, uint32_t at)
{
    return oc_alerts_at(&f->s->alerts, oc_groups_member(&f->s->groups, at)->alert);
}

static bool is_held(const struct flush *f, struct oc_alert *a)
{
    return a->silence || oc_inhibit_review(&f->s->inhibitor, a, f->now);
}

/* The group has nothing more to do with it. */
static void let_go(struct flush *f, uint32_t at, struct oc_alert *a)
{
    oc_groups_leave(&f->s->groups, at);
    if (!a->firing && oc_groups_first(&f->s->groups, a) == OC_GROUP_NONE) {
        a->resolve_due = false;
        a->dirty = true;
        oc_keep_alert(f->s, a);
        oc_alerts_set_due(&f->s->alerts, a, oc_alert_next_look(f->s, a, INT64_MAX));
    }
}

static void consider_firing(struct flush *f, uint32_t at, struct oc_alert *a)
{
    const struct oc_member *m = oc_groups_member(&f->s->groups, at);
    bool seen = oc_alert_acknowledged_at(a) != 0;
    bool news = !m->told || m->again;
    if (is_held(f, a) || (news && seen && !m->told)) {
        return;
    }
    f->news += news && !seen ? 1 : 0;
    f->unseen += seen ? 0 : 1;
    OC_VEC_PUSH(&f->firing, at);
    f->gravest = !f->gravest || a->severity > f->gravest->severity ? a : f->gravest;
}

static void consider(struct flush *f, uint32_t at)
{
    struct oc_alert *a = alert_of(f, at);
    if (a->firing) {
        consider_firing(f, at, a);
    } else if (oc_groups_member(&f->s->groups, at)->told && !is_held(f, a)) {
        OC_VEC_PUSH(&f->resolved, at);
    } else {
        let_go(f, at, a);
    }
}

static void gather(struct flush *f)
{
    uint32_t next;
    for (uint32_t at = f->group->first; at != OC_GROUP_NONE; at = next) {
        next = oc_groups_member(&f->s->groups, at)->next;
        consider(f, at);
    }
    for (size_t i = 0; f->firing.count == 0 && i < f->resolved.count; i++) {
        struct oc_alert *a = alert_of(f, f->resolved.items[i]);
        f->gravest = !f->gravest || a->severity > f->gravest->severity ? a : f->gravest;
    }
}

/* Alerts of one list as JSON; `severity` OC_ALERT_CRITICAL + 1: all. */
static void add_alerts(const struct flush *f, const uint32_t *members, size_t count, int severity,
                       struct oc_buf *out, size_t *listed)
{
    for (size_t i = 0; i < count && *listed < OC_GROUP_ALERTS_MAX && out->len < ALERTS_MAX; i++) {
        const struct oc_alert *a = alert_of(f, members[i]);
        if (severity <= OC_ALERT_CRITICAL && a->severity != severity) {
            continue;
        }
        json_t *json = oc_alert_record_json(&f->s->alerts, a);
        char *text = oc_json_text(json);
        oc_buf_addf(out, "%s%s", *listed ? "," : "", text);
        (*listed)++;
        free(text);
        json_decref(json);
    }
}

/* Of those that fire; when none does, of those that are over. */
static void count_severities(const struct flush *f, struct oc_flush_counts *counts)
{
    const uint32_t *members = f->firing.count ? f->firing.items : f->resolved.items;
    const size_t count = f->firing.count ? f->firing.count : f->resolved.count;
    for (size_t i = 0; i < count; i++) {
        counts->severity[alert_of(f, members[i])->severity]++;
    }
}

/* {"group","alerts","text"} as text, owned by the caller. */
static char *more_of(const struct flush *f)
{
    struct oc_buf out = {0};
    size_t listed = 0;
    json_t *group = oc_flush_group_json(f->group, f->firing.count, f->resolved.count);
    json_t *words = json_object();
    struct oc_flush_counts counts = {.firing = f->firing.count, .resolved = f->resolved.count};
    count_severities(f, &counts);
    char *text = oc_flush_text(f->group->leaf->text, f->group, &counts);
    oc_json_set_str(words, "text", text);
    oc_json_take(words, "group", group);
    char *head = oc_json_text(words);
    oc_buf_add(&out, head, strlen(head) - 1);
    oc_buf_adds(&out, ",\"alerts\":[");
    for (int severity = OC_ALERT_CRITICAL; severity >= OC_ALERT_INFO; severity--) {
        add_alerts(f, f->firing.items, f->firing.count, severity, &out, &listed);
    }
    add_alerts(f, f->resolved.items, f->resolved.count, OC_ALERT_CRITICAL + 1, &out, &listed);
    oc_buf_adds(&out, "]}");
    free(head);
    free(text);
    json_decref(words);
    return oc_buf_take(&out);
}

/* No group of its has to tell of it any more. */
static bool is_told(const struct oc_groups *g, const struct oc_alert *a)
{
    for (uint32_t at = oc_groups_first(g, a); at != OC_GROUP_NONE;) {
        const struct oc_member *m = oc_groups_member(g, at);
        if (!m->told || m->again) {
            return false;
        }
        at = m->also;
    }
    return true;
}

static void mark_firing(struct flush *f, uint64_t bit, uint32_t at)
{
    struct oc_member *m = oc_groups_member(&f->s->groups, at);
    struct oc_alert *a = oc_alerts_at(&f->s->alerts, m->alert);
    bool news = !m->told || m->again;
    if (!news && (a->told & bit)) {
        return;
    }
    m->told = true;
    m->again = false;
    a->told |= bit;
    if (news) {
        a->notified_at = f->now;
        a->notifications++;
    }
    if (is_told(&f->s->groups, a)) {
        a->waiting = false;
        a->announced = true;
        a->unsilenced = false;
    }
    a->dirty = true;
    oc_keep_alert(f->s, a);
}

static void mark_resolved(struct flush *f, uint64_t bit, uint32_t at)
{
    struct oc_alert *a = alert_of(f, at);
    struct oc_member *m = oc_groups_member(&f->s->groups, at);
    if (m->also != OC_GROUP_NONE || oc_groups_first(&f->s->groups, a) != at) {
        a->told &= ~bit; /* others have still to be told: after a crash this one has not */
        a->dirty = true;
        oc_keep_alert(f->s, a);
    }
    let_go(f, at, a);
}

static void promise(struct flush *f, struct oc_channel *ch)
{
    json_t *alert = oc_alert_record_json(&f->s->alerts, f->gravest);
    char *text = oc_json_text(alert), *more = more_of(f);
    oc_outbox_promise_more(&f->s->outbox, ch, f->firing.count > 0 ? "firing" : "resolved", alert,
                           text, more);
    free(more);
    free(text);
    json_decref(alert);
}

static void tell(struct flush *f, struct oc_channel *ch)
{
    struct oc_alert_service *s = f->s;
    int number = oc_alerts_find_channel(&s->alerts, f->group->channel);
    uint64_t bit = number >= 0 ? UINT64_C(1) << number : 0;
    f->group->flushed_at = f->now;
    for (size_t i = 0; i < f->firing.count; i++) {
        mark_firing(f, bit, f->firing.items[i]);
    }
    promise(f, ch);
    for (size_t i = 0; i < f->resolved.count; i++) {
        mark_resolved(f, bit, f->resolved.items[i]);
    }
    oc_keep_group(s, f->group);
}

/* When nothing happens until then. */
static int64_t next_look(const struct flush *f)
{
    int64_t repeat = f->group->leaf->repeat;
    if (repeat == 0 || f->group->count == 0 || !f->group->flushed_at) {
        return INT64_MAX;
    }
    int64_t next = f->group->flushed_at + repeat;
    return next > f->now ? next : f->now + repeat;
}

void oc_flush(struct oc_alert_service *s, struct oc_group *group, int64_t now)
{
    struct flush f = {.s = s, .group = group, .now = now};
    struct oc_channel *ch = oc_outbox_channel(&s->outbox, group->channel);
    const struct oc_leaf *leaf = group->leaf;
    const uint32_t index = group->index;
    int64_t until = INT64_MAX;
    gather(&f);
    bool due = leaf->repeat > 0 && group->flushed_at && group->flushed_at + leaf->repeat <= now;
    if (f.news == 0 && f.resolved.count == 0 && !(due && f.unseen > 0)) {
        oc_groups_set_due(&s->groups, index, next_look(&f));
    } else if (s->is_muted && s->is_muted(s, leaf, now, &until)) {
        oc_groups_set_due(&s->groups, index, until > now ? until : now + OC_MINUTE);
    } else if (!ch || !oc_failover_can(ch) || oc_outbox_is_behind(&s->outbox)) {
        oc_groups_set_due(&s->groups, index, now + (ch && ch->instance ? POSTPONE : OC_MINUTE));
    } else {
        tell(&f, ch);
        oc_groups_set_due(&s->groups, index, next_look(&f));
    }
    oc_groups_end_if_empty(&s->groups, index);
    OC_VEC_FINISH(&f.firing);
    OC_VEC_FINISH(&f.resolved);
}
