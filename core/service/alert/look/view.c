/* Alerts as data for whoever renders them. SPDX-License-Identifier: MIT */
#include "view.h"

#include <string.h>

#include "core/base/regex.h"
#include "core/base/time.h"
#include "core/service/alert/look/view_internal.h"
#include "core/service/alert/service.h"
#include "core/service/alert/table/select.h"

#define DEFAULT_END (5 * OC_MINUTE) /* a rule's alert names no end */

void oc_alert_query_init(struct oc_alert_query *q)
{
    *q = (struct oc_alert_query){
        .active = true, .silenced = true, .inhibited = true, .unprocessed = true};
}

/* ---- one alert ---- */

static void add_label(struct oc_view_scratch *v, const char *name, const char *value)
{
    size_t at = v->label_count;
    while (at > 0 && strcmp(v->labels[at - 1].name, name) > 0) {
        at--;
    }
    if (v->label_count == OC_VIEW_PAIRS_MAX ||
        (at > 0 && strcmp(v->labels[at - 1].name, name) == 0)) {
        return; /* the rule's own fact was first */
    }
    memmove(&v->labels[at + 1], &v->labels[at], (v->label_count - at) * sizeof *v->labels);
    v->labels[at] = (struct oc_alert_pair){name, value};
    v->label_count++;
}

/* Facts of the rule first: where a label has the same name, the fact is what matchers see. */
static void fill_labels(struct oc_view_scratch *v, const struct oc_alerts *t,
                        const struct oc_alert *a)
{
    v->label_count = 0;
    for (int own = 1; own >= 0; own--) {
        for (uint32_t i = 0; i < a->body->ref_count; i++) {
            uint32_t pair = a->body->refs[i].pair;
            if (((pair & OC_LABEL_OWN) != 0) == own) {
                add_label(v, oc_labels_name(&t->labels, pair),
                          oc_labels_pair(&t->labels, pair)->value);
            }
        }
    }
}

static void add_annotation(struct oc_view_scratch *v, const char *name, const char *value)
{
    if (v->annotation_count < OC_VIEW_PAIRS_MAX) {
        v->annotations[v->annotation_count++] = (struct oc_alert_pair){name, value};
    }
}

static void fill_annotations(struct oc_view_scratch *v, const struct oc_alert *a)
{
    struct oc_alert_text_item item;
    v->annotation_count = 0;
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == OC_TEXT_ANNOTATION) {
            add_annotation(v, item.name, item.value);
        } else if (item.kind == OC_TEXT_MESSAGE && !*oc_alert_annotation(a, "summary")) {
            add_annotation(v, "summary", item.value);
        }
    }
}

static void fill_silences(struct oc_view_scratch *v, const struct oc_alert_service *s,
                          const struct oc_alert *a, int64_t now)
{
    v->silence_count = 0;
    for (size_t i = 0; a->firing && i < s->silences.list.count; i++) {
        const struct oc_silence *silence = s->silences.list.items[i];
        if (v->silence_count < OC_VIEW_SILENCES_MAX &&
            oc_silence_holds(&s->silences, silence, a, now)) {
            v->silences[v->silence_count++] = silence->id;
        }
    }
}

static void fill_sources(struct oc_view_scratch *v, const struct oc_alert_service *s,
                         const struct oc_alert *a)
{
    const struct oc_alert *sources[OC_VIEW_SOURCES_MAX];
    v->source_count =
        a->firing ? oc_inhibit_find(&s->inhibitor, a, sources, NULL, OC_VIEW_SOURCES_MAX) : 0;
    for (size_t i = 0; i < v->source_count; i++) {
        v->sources[i] = oc_alert_id(sources[i], v->source_ids[i]);
    }
}

static struct oc_view_scratch *scratch_of(struct oc_alert_service *s)
{
    if (!s->view) {
        s->view = oc_calloc(1, sizeof *s->view);
    }
    return s->view;
}

const char *const *oc_view_receivers_of(struct oc_alert_service *s, const struct oc_alert *a,
                                        size_t *count)
{
    struct oc_view_scratch *v = scratch_of(s);
    oc_view_fill_receivers(v, s, a);
    *count = v->receiver_count;
    return v->receivers;
}

void oc_alert_view_get(struct oc_alert_service *s, const struct oc_alert *alert,
                       struct oc_alert_view *view)
{
    struct oc_view_scratch *v = scratch_of(s);
    int64_t now = oc_time_wall();
    fill_labels(v, &s->alerts, alert);
    fill_annotations(v, alert);
    oc_view_fill_receivers(v, s, alert);
    fill_silences(v, s, alert, now);
    fill_sources(v, s, alert);
    int64_t ends = alert->expires_at ? alert->expires_at : now + DEFAULT_END;
    *view = (struct oc_alert_view){
        .id = oc_alert_id(alert, v->id),
        .labels = v->labels,
        .annotations = v->annotations,
        .label_count = v->label_count,
        .annotation_count = v->annotation_count,
        .generator = oc_alert_text(alert, OC_TEXT_GENERATOR),
        .starts_at = alert->starts_at,
        .ends_at = alert->firing ? ends : alert->ends_at,
        .updated_at = alert->updated_at,
        .state = v->silence_count + v->source_count > 0 ? OC_ALERT_VIEW_SUPPRESSED
                 : alert->changed                       ? OC_ALERT_VIEW_UNPROCESSED
                                                        : OC_ALERT_VIEW_ACTIVE,
        .firing = alert->firing,
        .silenced_by = v->silences,
        .silenced_by_count = v->silence_count,
        .inhibited_by = v->sources,
        .inhibited_by_count = v->source_count,
        .receivers = v->receivers,
        .receiver_count = v->receiver_count,
        .acknowledged_by = alert->care ? alert->care->acknowledged_by : NULL,
        .assigned_to = alert->care ? alert->care->assigned_to : NULL,
    };
}

/* ---- many ---- */

static bool admits_state(const struct oc_alert_query *q, const struct oc_alert *a,
                         const struct oc_alert_view *view)
{
    if (!a->firing) {
        return q->resolved;
    }
    switch (view->state) {
    case OC_ALERT_VIEW_SUPPRESSED:
        return (q->silenced || view->silenced_by_count == 0) &&
               (q->inhibited || view->inhibited_by_count == 0);
    case OC_ALERT_VIEW_UNPROCESSED:
        return q->unprocessed;
    case OC_ALERT_VIEW_ACTIVE:
        return q->active;
    }
    return false;
}

bool oc_view_admits_receiver(struct oc_regex *receiver, const char *name)
{
    return !receiver || oc_regex_match(receiver, name, strlen(name));
}

static bool has_receiver(struct oc_regex *receiver, const struct oc_alert_view *view)
{
    bool has = !receiver;
    for (size_t i = 0; !has && i < view->receiver_count; i++) {
        has = oc_view_admits_receiver(receiver, view->receivers[i]);
    }
    return has;
}

int oc_view_receiver(const struct oc_alert_query *q, struct oc_regex **receiver,
                     struct oc_error *err)
{
    *receiver = NULL;
    if (!q->receiver || !*q->receiver) {
        return OC_OK;
    }
    *receiver = oc_regex_create(q->receiver, err);
    return *receiver ? OC_OK : OC_E_CONFIG;
}

bool oc_view_admits(const struct oc_alert_query *q, struct oc_regex *receiver,
                    const struct oc_alert *a, const struct oc_alert_view *view)
{
    return admits_state(q, a, view) && has_receiver(receiver, view);
}

void oc_alert_view_receivers(struct oc_alert_service *s, void (*fn)(void *ctx, const char *name),
                             void *ctx)
{
    size_t told = 0;
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        if (s->outbox.channels.items[i]->options.enabled) {
            fn(ctx, s->outbox.channels.items[i]->name);
            told++;
        }
    }
    if (told == 0) {
        fn(ctx, OC_RECEIVER_NONE);
    }
}

/* ---- figures ---- */

static void count_alerts(const struct oc_alert_service *s, struct oc_alert_counts *c)
{
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        c->resolved += a->firing ? 0 : 1;
        bool quiet = a->silence || a->inhibited;
        c->suppressed += a->firing && quiet ? 1 : 0;
        c->active += a->firing && !quiet ? 1 : 0;
        c->firing_by_severity[a->severity] += a->firing ? 1 : 0;
        c->acknowledged += a->firing && oc_alert_acknowledged_at(a) ? 1 : 0;
    }
}

void oc_alert_view_counts(const struct oc_alert_service *s, struct oc_alert_counts *counts)
{
    int64_t now = oc_time_wall();
    *counts = (struct oc_alert_counts){.silences_expired = s->silences.expired.count,
                                       .received_firing = s->received_firing,
                                       .received_resolved = s->received_resolved,
                                       .received_invalid = s->received_invalid,
                                       .received_dropped = s->received_dropped,
                                       .notifications = s->outbox.sent,
                                       .notifications_failed = s->outbox.failed,
                                       .journal_failing = s->failing};
    count_alerts(s, counts);
    for (size_t i = 0; i < s->silences.list.count; i++) {
        bool active = oc_silence_state(s->silences.list.items[i], now) == OC_SILENCE_ACTIVE;
        counts->silences_active += active ? 1 : 0;
        counts->silences_pending += active ? 0 : 1;
    }
    if (s->journal) {
        counts->journal_bytes = oc_journal_bytes(s->journal);
        counts->journal_syncs = oc_journal_syncs(s->journal);
        counts->journal_segments = oc_journal_segments(s->journal);
    }
}
