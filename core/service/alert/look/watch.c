/* What changes among the alerts that fire. SPDX-License-Identifier: MIT */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/look/rank.h"
#include "core/service/alert/service.h"

struct oc_alert_watch {
    struct oc_alert_service *s;
    size_t limit, left_out;
    struct oc_map stamps; /* id -> stamp, of those that were told */
};

struct oc_alert_watch *oc_alert_watch_open(struct oc_alert_service *s, size_t limit)
{
    struct oc_alert_watch *w = oc_calloc(1, sizeof *w);
    w->s = s;
    w->limit = limit;
    return w;
}

void oc_alert_watch_close(struct oc_alert_watch *w)
{
    if (w) {
        oc_map_finish(&w->stamps, NULL);
        free(w);
    }
}

size_t oc_alert_watch_left_out(const struct oc_alert_watch *w)
{
    return w->left_out;
}

/* ---- the stamp: what oc_alert_row shows, all of it ---- */

static uint64_t add_text(uint64_t stamp, const char *text)
{
    return text ? oc_hash_bytes(text, strlen(text) + 1, stamp) : stamp + 1;
}

static uint64_t add_body(uint64_t stamp, const struct oc_alerts *t,
                         const struct oc_alert_body *body)
{
    for (uint32_t i = 0; i < body->ref_count; i++) {
        stamp = add_text(stamp, oc_labels_name(&t->labels, body->refs[i].pair));
        stamp = add_text(stamp, oc_labels_pair(&t->labels, body->refs[i].pair)->value);
    }
    return oc_hash_bytes(&body->refs[body->ref_count], body->text_len, stamp);
}

static uint64_t add_care(uint64_t stamp, const struct oc_alert_care *care)
{
    const int64_t times[] = {care->acknowledged_at, care->acknowledged_until, care->assigned_at};
    stamp = oc_hash_bytes(times, sizeof times, stamp);
    stamp = add_text(stamp, care->acknowledged_by);
    stamp = add_text(stamp, care->comment);
    stamp = add_text(stamp, care->assigned_to);
    return add_text(stamp, care->assigned_by);
}

static uint64_t add_escalation(uint64_t stamp, const struct oc_escalation *e)
{
    const int64_t facts[] = {e->since, e->due, e->step, e->raised};
    return oc_hash_bytes(facts, sizeof facts, stamp);
}

static uint64_t add_sources(uint64_t stamp, const struct oc_alert_service *s,
                            const struct oc_alert *a)
{
    const struct oc_alert *sources[OC_ALERT_INHIBITORS_MAX];
    const size_t count = oc_inhibit_find(&s->inhibitor, a, sources, NULL, OC_ALERT_INHIBITORS_MAX);
    for (size_t i = 0; i < count; i++) {
        stamp = oc_hash_bytes(&sources[i]->key, sizeof sources[i]->key, stamp);
    }
    return stamp;
}

/* The names that its bits stand for: they may change while the bits do not. */
static uint64_t add_told(uint64_t stamp, const struct oc_alerts *t, uint64_t told)
{
    for (uint64_t left = told; left; left &= left - 1) {
        stamp = add_text(stamp, t->channels[__builtin_ctzll(left)]);
    }
    return stamp;
}

/* Never NULL. */
static void *stamp_of(const struct oc_alert_service *s, const struct oc_alert *a)
{
    const uint64_t facts[] = {(uint64_t)a->starts_at,
                              (uint64_t)a->ends_at,
                              (uint64_t)a->updated_at,
                              (uint64_t)a->notified_at,
                              a->told,
                              a->notifications,
                              a->severity,
                              a->firing,
                              a->posted,
                              a->inhibited};
    uint64_t stamp = oc_hash_bytes(facts, sizeof facts, 0);
    stamp = add_body(stamp, &s->alerts, a->body);
    stamp = add_told(stamp, &s->alerts, a->told);
    if (a->care) {
        stamp = add_care(stamp, a->care);
    }
    if (oc_escalation_shown(a)) {
        stamp = add_escalation(stamp, oc_escalation_shown(a));
    }
    if (a->silence) {
        stamp = add_text(stamp, oc_alerts_silence_id(&s->alerts, a->silence));
    }
    if (a->inhibited) {
        stamp = add_sources(stamp, s, a);
    }
    return (void *)(uintptr_t)(stamp | 1);
}

/* ---- a look ---- */

/* Those that are told; how many are not. */
static size_t pick(const struct oc_alert_watch *w, struct oc_alert_ranks *ranks, bool sorted)
{
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(&w->s->alerts, &it));) {
        if (a->firing) {
            oc_alert_ranks_add(ranks, a);
        }
    }
    const size_t count = ranks->list.count;
    if (sorted || count > w->limit) {
        oc_alert_ranks_sort(ranks);
    }
    ranks->list.count = count > w->limit ? w->limit : count;
    return count - ranks->list.count;
}

static void take_changed(struct oc_alert_watch *w, const struct oc_alert_ranks *ranks,
                         struct oc_map *now, json_t *changed)
{
    char id[OC_ALERT_ID_MAX + 1];
    for (size_t i = 0; i < ranks->list.count; i++) {
        const struct oc_alert *a = oc_alerts_find(&w->s->alerts, ranks->list.items[i].key);
        void *stamp = stamp_of(w->s, a);
        const char *name = oc_alert_id(a, id);
        if (oc_map_get(&w->stamps, name) != stamp) {
            json_array_append_new(changed, oc_alert_row(w->s, a));
        }
        oc_map_set(now, name, stamp);
    }
}

static void take_removed(const struct oc_map *known, const struct oc_map *now, json_t *removed)
{
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(known, &it, &id, &value);) {
        if (!oc_map_get(now, id)) {
            json_array_append_new(removed, json_string(id));
        }
    }
}

bool oc_alert_watch_look(struct oc_alert_watch *w, json_t *changed, json_t *removed)
{
    struct oc_alert_ranks ranks = {0};
    struct oc_map now = {0};
    const size_t left_out = pick(w, &ranks, false);
    take_changed(w, &ranks, &now, changed);
    take_removed(&w->stamps, &now, removed);
    oc_alert_ranks_finish(&ranks);
    oc_map_finish(&w->stamps, NULL);
    w->stamps = now;
    const bool other = left_out != w->left_out;
    w->left_out = left_out;
    return other || json_array_size(changed) > 0 || json_array_size(removed) > 0;
}

json_t *oc_alert_watch_rows(const struct oc_alert_watch *w)
{
    struct oc_alert_ranks ranks = {0};
    json_t *rows = json_array();
    pick(w, &ranks, true);
    for (size_t i = 0; i < ranks.list.count; i++) {
        const uint64_t key = ranks.list.items[i].key;
        json_array_append_new(rows, oc_alert_row(w->s, oc_alerts_find(&w->s->alerts, key)));
    }
    oc_alert_ranks_finish(&ranks);
    return rows;
}
