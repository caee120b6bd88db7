/* Posted alerts into the table, durably before the answer. SPDX-License-Identifier: MIT */
#include "ingest.h"

#include <stdio.h>
#include <string.h>

#include "core/base/time.h"
#include "core/service/alert/intake/post.h"
#include "core/service/alert/service.h"

#define REFUSALS_NAMED 5
#define SHORT          32768 /* bytes that are taken at once */
#define SLICE_MS       2 /* that a longer list may hold the loop; then everything else has its turn */

/* Memory that every batch uses anew. */
struct oc_ingest_scratch {
    struct oc_post_alert alert;
    struct oc_buf texts;
};

struct oc_intake {
    struct oc_alert_service *s;
    struct oc_ingest_scratch *scratch;
    int64_t now;
    struct oc_ingest_result result;
    oc_ingest_fn done;
    void *ctx;
    struct oc_post post;
    size_t len, count;
    char *body;             /* of one that is taken in slices; owned */
    struct oc_intake *next; /* that waits behind it */
};

/* ---- one alert ---- */

static void gather_texts(struct oc_ingest_scratch *scratch)
{
    const struct oc_post_alert *alert = &scratch->alert;
    oc_buf_clear(&scratch->texts);
    for (size_t i = 0; i < alert->annotation_count; i++) {
        const struct oc_post_pair *p = &alert->annotations[i];
        oc_alert_text_add(&scratch->texts, OC_TEXT_ANNOTATION, p->name.ptr, p->name.len,
                          p->value.ptr, p->value.len);
    }
    if (alert->generator.len > 0) {
        oc_alert_text_add(&scratch->texts, OC_TEXT_GENERATOR, "", 0, alert->generator.ptr,
                          alert->generator.len);
    }
}

static void set_labels(struct oc_alerts *t, struct oc_alert *a,
                       const struct oc_ingest_scratch *scratch)
{
    struct oc_label_ref refs[OC_INGEST_LABELS_MAX];
    const struct oc_post_alert *alert = &scratch->alert;
    for (size_t i = 0; i < alert->label_count; i++) {
        const struct oc_post_pair *p = &alert->labels[i];
        refs[i].pair =
            oc_labels_intern(&t->labels, p->name.ptr, p->name.len, p->value.ptr, p->value.len);
        refs[i].at = 0;
    }
    oc_alert_set_body(t, a, refs, alert->label_count, scratch->texts.data, scratch->texts.len);
    const char *severity = oc_alert_label(t, a, "severity");
    a->severity = (uint8_t)(severity ? oc_alert_severity_guess(severity) : OC_ALERT_WARNING);
}

static int64_t start_of(const struct oc_intake *in)
{
    const struct oc_post_alert *alert = &in->scratch->alert;
    int64_t starts = alert->starts_at;
    if (!starts) {
        starts = alert->ends_at && alert->ends_at < in->now ? alert->ends_at : in->now;
    }
    return starts < in->now ? starts : in->now;
}

/* A firing alert is posted again: the earlier start holds, and the later end unless it was only our own time-out. */
static void prolong(const struct oc_intake *in, struct oc_alert *a, int64_t expires, bool timeout)
{
    int64_t starts = start_of(in);
    if (starts < a->starts_at) {
        a->starts_at = starts;
        a->touched = true;
    }
    if (expires > a->expires_at || a->timeout) {
        a->touched = a->touched || a->expires_at != expires;
        a->expires_at = expires;
        a->timeout = timeout;
    }
    a->updated_at = in->now;
    if (a->heap_at && a->expires_at < a->due_at) {
        oc_alerts_set_due(&in->s->alerts, a, a->expires_at);
    }
}

static void fire(struct oc_intake *in, struct oc_alert *a, bool other)
{
    const struct oc_post_alert *alert = &in->scratch->alert;
    bool timeout = alert->ends_at == 0, was = a->firing;
    int64_t expires = timeout ? in->now + in->s->options.resolve_timeout : alert->ends_at;
    if (!was) {
        oc_alert_begin(a, start_of(in));
    }
    prolong(in, a, expires, timeout);
    a->dirty = a->dirty || other;
    if (!was || other) {
        oc_alerts_change(&in->s->alerts, a);
    }
    in->s->received_firing++;
}

static void resolve(struct oc_intake *in, struct oc_alert *a)
{
    int64_t ends = in->scratch->alert.ends_at;
    if (a->firing) {
        oc_alert_end(a, ends > a->starts_at ? ends : a->starts_at);
        oc_alerts_change(&in->s->alerts, a);
    } else if (ends > a->ends_at) {
        a->ends_at = ends;
        a->touched = true;
    }
    a->updated_at = in->now;
    in->s->received_resolved++;
}

static void refuse(struct oc_intake *in, const char *why, enum oc_ingest_reason reason)
{
    struct oc_error *err = &in->result.error;
    in->result.reason = in->result.refused ? in->result.reason : reason;
    size_t len = strlen(err->message);
    in->result.refused++;
    if (in->result.refused > REFUSALS_NAMED) {
        return;
    }
    if (err->code == OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "%s", why);
        oc_error_hint(err, "The other alerts of the list were taken.");
    } else {
        snprintf(err->message + len, sizeof err->message - len, "; %s", why);
    }
}

static void take(struct oc_intake *in)
{
    struct oc_alert_service *s = in->s;
    const struct oc_post_alert *alert = &in->scratch->alert;
    struct oc_alert *a = oc_alerts_find(&s->alerts, alert->fingerprint);
    bool over = alert->ends_at && alert->ends_at <= in->now, fresh = !a, other = false;
    if (fresh && over) {
        s->received_resolved++; /* of something that we never heard of */
        in->result.taken++;
        return;
    }
    if (fresh && !oc_alert_make_room(s)) {
        s->received_dropped++;
        in->result.code = OC_E_RETRY;
        refuse(in, "there are too many alerts", OC_INGEST_INVALID);
        return;
    }
    gather_texts(in->scratch);
    if (fresh) {
        a = oc_alerts_add(&s->alerts, alert->fingerprint);
        oc_alerts_set_posted(&s->alerts, a, true);
        set_labels(&s->alerts, a, in->scratch);
    } else {
        other = oc_alert_set_texts(a, in->scratch->texts.data, in->scratch->texts.len);
    }
    if (over) {
        resolve(in, a);
    } else {
        fire(in, a, other);
    }
    if (a->changed) {
        oc_keep_later(s, a);
    } else {
        oc_keep_alert(s, a);
    }
    in->result.taken++;
}

/* ---- one batch ---- */

/* Without an end it would end before it starts. */
static void judge_start(struct oc_intake *in)
{
    struct oc_post_alert *alert = &in->scratch->alert;
    if (!alert->wrong && !alert->ends_at &&
        alert->starts_at > in->now + in->s->options.resolve_timeout) {
        alert->wrong = "start time must be before end time";
        alert->reason = OC_INGEST_INVALID;
    }
}

static void judge_end(struct oc_intake *in)
{
    const struct oc_scan *scan = &in->post.scan;
    if (scan->wrong) {
        in->s->received_invalid++;
        in->result.refused++;
        in->result.reason = in->len > 0 ? OC_INGEST_MALFORMED : OC_INGEST_INCOMPLETE;
        oc_error_set(&in->result.error, OC_E_CONFIG, "byte %zu: %s",
                     (size_t)(scan->at - scan->begin), scan->wrong);
        oc_error_hint(
            &in->result.error,
            "Post a JSON array of {labels, annotations, startsAt, endsAt, generatorURL}.");
    } else if (in->count == OC_INGEST_ALERTS_MAX && oc_post_next(&in->post, &in->scratch->alert)) {
        refuse(in, "more than 100000 alerts in one list", OC_INGEST_INVALID);
    }
}

/* False when it is time for something else; goes on where it was. */
static bool take_until(struct oc_intake *in, int64_t until)
{
    while (in->count < OC_INGEST_ALERTS_MAX && oc_post_next(&in->post, &in->scratch->alert)) {
        in->count++;
        judge_start(in);
        if (in->scratch->alert.wrong) {
            in->s->received_invalid++;
            refuse(in, in->scratch->alert.wrong, in->scratch->alert.reason);
        } else {
            take(in);
        }
        if (in->count % 32 == 0 && oc_time_mono() >= until) {
            return false;
        }
    }
    judge_end(in);
    oc_post_finish(&in->post);
    return true;
}

static void conclude(struct oc_intake *in)
{
    if (in->result.code == OC_OK && in->result.refused > 0) {
        in->result.code = OC_E_CONFIG;
    }
}

/* A result is long for the sake of its words, most have none. */
static struct oc_ingest_result *refusal_of(const struct oc_ingest_result *result)
{
    return result->code == OC_OK ? NULL : oc_memdup(result, sizeof *result);
}

/* All of it is in the table: it is answered once that is on the disk. */
static void gather(struct oc_intake *in)
{
    struct oc_alert_service *s = in->s;
    conclude(in);
    const struct oc_ingest_batch batch = {in->done, in->ctx, refusal_of(&in->result),
                                          in->result.taken};
    if (!s->gathering) {
        s->gathering = oc_calloc(1, sizeof *s->gathering);
        s->gathering->service = s;
    }
    OC_VEC_PUSH(&s->gathering->batches, batch);
    oc_alert_wake(s, 0);
}

/* The first of those that are taken in slices. */
static void advance(struct oc_alert_service *s, int64_t until)
{
    struct oc_intake *in = s->slices;
    if (take_until(in, until)) {
        s->slices = in->next;
        gather(in);
        free(in->body);
        free(in);
    }
}

static void on_slice(void *ctx)
{
    struct oc_alert_service *s = ctx;
    advance(s, oc_time_mono() + SLICE_MS);
    if (s->slices) {
        oc_timer_start(s->slice, 0, 0);
    }
}

static void take_in_slices(const struct oc_intake *given, const char *body)
{
    struct oc_alert_service *s = given->s;
    struct oc_intake *in = oc_memdup(given, sizeof *given), **at = &s->slices;
    while (*at) {
        at = &(*at)->next;
    }
    *at = in;
    in->body = oc_memdup(body, in->len); /* the request may end before */
    oc_post_init(&in->post, in->body, in->len);
    s->slice = s->slice ? s->slice : oc_timer_create(s->env->loop, on_slice, s);
    if (s->slices == in) {
        on_slice(s);
    }
}

void oc_alert_ingest(struct oc_alert_service *s, const char *body, size_t len, oc_ingest_fn done,
                     void *ctx)
{
    if (!s->ingest) {
        s->ingest = oc_calloc(1, sizeof *s->ingest);
    }
    struct oc_intake in = {
        .s = s, .scratch = s->ingest, .now = oc_time_wall(), .done = done, .ctx = ctx, .len = len};
    oc_error_init(&in.result.error);
    if (len > SHORT && len <= OC_INGEST_BODY_MAX) {
        take_in_slices(&in, body);
        return;
    }
    if (len > OC_INGEST_BODY_MAX) {
        oc_error_set(&in.result.error, OC_E_CONFIG, "a list of more than %u bytes",
                     OC_INGEST_BODY_MAX);
        in.result.refused = 1;
    } else {
        oc_post_init(&in.post, body, len);
        take_until(&in, INT64_MAX);
    }
    gather(&in);
}

/* ---- the answer ---- */

static void answer_one(const struct oc_ingest_batch *batch, int code)
{
    struct oc_ingest_result result = {.taken = batch->taken};
    oc_error_init(&result.error);
    if (batch->refused) {
        result = *batch->refused;
    }
    if (code != OC_OK) {
        result.code = OC_E_RETRY;
        oc_error_set(&result.error, OC_E_RETRY, "the alerts were taken, but could not be written");
        oc_error_hint(&result.error, "Post them again in a while.");
    }
    batch->done(batch->ctx, &result);
    free(batch->refused);
}

static void answer(struct oc_ingest_group *group, int code)
{
    for (size_t i = 0; i < group->batches.count; i++) {
        answer_one(&group->batches.items[i], code);
    }
    OC_VEC_FINISH(&group->batches);
    free(group);
}

static void on_synced(void *ctx, int code)
{
    struct oc_ingest_group *group = ctx, **at = &group->service->syncing;
    while (*at != group) {
        at = &(*at)->next;
    }
    *at = group->next;
    if (code != OC_OK) {
        oc_alert_wake(group->service, 0); /* it is said, and tried again, also when nobody posts */
    }
    answer(group, code);
}

void oc_ingest_settle(struct oc_alert_service *s)
{
    struct oc_ingest_group *group = s->gathering;
    if (!group) {
        return;
    }
    s->gathering = NULL;
    if (!s->journal || (s->failing && !s->cleaning)) {
        answer(group, s->journal || s->unopened.code != OC_OK ? OC_E_RETRY : OC_OK);
        return;
    }
    group->next = s->syncing;
    s->syncing = group;
    oc_journal_sync(s->journal, on_synced, group);
}

void oc_ingest_finish(struct oc_alert_service *s)
{
    while (s->slices) {
        advance(s, INT64_MAX);
    }
    oc_timer_destroy(s->slice);
    s->slice = NULL;
    oc_keep_late(s);
    if (s->journal) {
        oc_journal_flush(s->journal, NULL);
    }
    oc_ingest_settle(s);
    if (s->journal) {
        oc_journal_commit(s->journal, NULL);
    }
    if (s->ingest) {
        oc_buf_finish(&s->ingest->texts);
    }
    OC_FREE(s->ingest);
}
