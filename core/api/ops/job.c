/* One job: its call, its rows, its watchers. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/ops/job_internal.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define PROGRESS_EVERY_MS 250

/* ---- what is remembered ---- */

static void text_unref(struct row_text *t)
{
    if (t && --t->refs == 0) {
        free(t);
    }
}

void oc_job_forget_row(struct oc_jobs *jobs)
{
    json_decref(jobs->last_row);
    text_unref(jobs->last_text);
    jobs->last_row = NULL;
    jobs->last_text = NULL;
}

/* A reference to the row as it is written. */
static struct row_text *text_of(struct oc_jobs *jobs, const json_t *row)
{
    if (jobs && jobs->last_row == row) {
        jobs->last_text->refs++;
        return jobs->last_text;
    }
    struct oc_buf json = {0};
    oc_json_put_wire(&json, row);
    struct row_text *t = oc_alloc(sizeof *t + json.len + 1);
    *t = (struct row_text){.refs = 1, .len = json.len};
    memcpy(t->text, json.data, json.len + 1);
    oc_buf_finish(&json);
    if (jobs) { /* whoever emits a row lets go of it: as long as we hold it, it stays what it is */
        oc_job_forget_row(jobs);
        jobs->last_row = json_incref((json_t *)(uintptr_t)row);
        jobs->last_text = t;
        t->refs++;
    }
    return t;
}

static void row_drop(struct oc_job *job)
{
    struct row *first = job->rows;
    job->rows = first->next;
    if (!job->rows) {
        job->rows_end = &job->rows;
    }
    job->row_count--;
    job->row_bytes -= first->text->len;
    job->rows_lost++;
    text_unref(first->text);
    free(first);
}

/* `text` is taken. */
static void row_add(struct oc_job *job, uint64_t id, struct row_text *text)
{
    struct row *row = oc_alloc(sizeof *row);
    row->next = NULL;
    row->id = id;
    row->text = text;
    *job->rows_end = row;
    job->rows_end = &row->next;
    job->row_count++;
    job->row_bytes += text->len;
    while (job->row_count > 1 &&
           (job->row_count > OC_JOB_ROWS_MAX || job->row_bytes > OC_JOB_BYTES_MAX)) {
        row_drop(job);
    }
}

/* ---- watchers ---- */

struct oc_job_watch {
    struct oc_job *job;
    struct oc_job_watch *next;
    oc_job_fn fn;
    void *ctx;
    bool gone; /* unwatched while the watchers are told: freed after that */
};

static void watches_sweep(struct oc_job *job)
{
    for (struct oc_job_watch **at = &job->watches; *at;) {
        struct oc_job_watch *w = *at;
        if (w->gone) {
            *at = w->next;
            free(w);
        } else {
            at = &w->next;
        }
    }
}

/* A watcher may unwatch itself and release the job meanwhile: whoever calls this looks after it at the end. */
static void tell(struct oc_job *job, const struct oc_job_event *event)
{
    job->telling++;
    for (struct oc_job_watch *w = job->watches; w; w = w->next) {
        if (!w->gone) {
            w->fn(w->ctx, event);
        }
    }
    if (--job->telling == 0) {
        watches_sweep(job);
    }
}

struct oc_job_watch *oc_job_watch(struct oc_job *job, oc_job_fn fn, void *ctx)
{
    struct oc_job_watch *w = oc_calloc(1, sizeof *w);
    w->job = job;
    w->fn = fn;
    w->ctx = ctx;
    w->next = job->watches;
    job->watches = w;
    job->watch_count++;
    return w;
}

void oc_job_unwatch(struct oc_job_watch *w)
{
    if (!w) {
        return;
    }
    struct oc_job *job = w->job;
    OC_ASSERT(!w->gone);
    w->gone = true;
    job->watch_count--;
    job->watched_ms = oc_time_mono();
    if (!job->telling) {
        watches_sweep(job);
        oc_job_look(job);
    }
}

uint64_t oc_job_replay(const struct oc_job *job, uint64_t after, oc_job_fn fn, void *ctx)
{
    bool progressed = job->progress && job->progress_id > after;
    uint64_t lost = 0;
    if (job->rows_lost && job->rows && job->rows->id > after + 1) {
        lost = job->rows_lost;
    }
    for (const struct row *r = job->rows; r; r = r->next) {
        if (progressed && job->progress_id < r->id) {
            fn(ctx, &(struct oc_job_event){job->progress_id, OC_JOB_PROGRESS, job->progress,
                                           strlen(job->progress)});
            progressed = false;
        }
        if (r->id > after) {
            fn(ctx, &(struct oc_job_event){r->id, OC_JOB_ROW, r->text->text, r->text->len});
        }
    }
    if (progressed) {
        fn(ctx, &(struct oc_job_event){job->progress_id, OC_JOB_PROGRESS, job->progress,
                                       strlen(job->progress)});
    }
    if (job->done && job->last_event > after) {
        fn(ctx, &(struct oc_job_event){job->last_event, OC_JOB_DONE, job->answer, job->answer_len});
    }
    return lost;
}

/* ---- what the call tells ---- */

static void on_row(void *ctx, const json_t *row)
{
    struct oc_job *job = ctx;
    struct row_text *text = text_of(job->jobs, row);
    uint64_t id = ++job->last_event;
    text->refs++;
    row_add(job, id, text);
    job->emitting++;
    tell(job, &(struct oc_job_event){id, OC_JOB_ROW, text->text, text->len});
    job->emitting--;
    text_unref(text);
    oc_job_look(job);
}

static void publish_progress(struct oc_job *job, double fraction, const char *text)
{
    int64_t now = oc_time_mono();
    if (!*job->id || (job->published_ms && now - job->published_ms < PROGRESS_EVERY_MS)) {
        return;
    }
    job->published_ms = now;
    json_t *data = oc_job_event_json(job);
    oc_json_set_num(data, "fraction", fraction);
    oc_json_set_str(data, "text", text);
    oc_bus_publish(job->jobs->bus, "job.progress", data);
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct oc_job *job = ctx;
    json_t *data = json_object();
    json_object_set_new(data, "fraction", fraction >= 0 ? json_real(fraction) : json_null());
    oc_json_set_str(data, "text", text);
    free(job->progress);
    job->progress = json_dumps(data, OC_JSON_WIRE);
    json_decref(data);
    job->progress_id = ++job->last_event;
    job->emitting++;
    tell(job, &(struct oc_job_event){job->progress_id, OC_JOB_PROGRESS, job->progress,
                                     strlen(job->progress)});
    publish_progress(job, fraction, text);
    job->emitting--;
    oc_job_look(job);
}

static void on_warning(void *ctx, const char *text)
{
    struct oc_job *job = ctx;
    if (json_array_size(job->warnings) < OC_JOB_ROWS_MAX) {
        json_array_append_new(job->warnings, json_string(text));
    }
}

static json_t *error_json(const struct oc_error *err, const json_t *details)
{
    json_t *o = json_object();
    oc_json_set_str(o, "code", oc_error_name(err->code));
    oc_json_set_str(o, "message", err->message);
    oc_json_set_str(o, "hint", err->hint);
    if (details) {
        json_object_set(o, "details", (json_t *)(uintptr_t)details);
    }
    return o;
}

static void add_rows(const struct oc_job *job, struct oc_buf *out)
{
    oc_buf_addc(out, '[');
    for (const struct row *r = job->rows; r; r = r->next) {
        oc_buf_add(out, r->text->text, r->text->len);
        oc_buf_adds(out, r->next ? "," : "");
    }
    oc_buf_addc(out, ']');
}

/* Made once, when the call ends: what a handler's result points to may be another a moment later. */
static void make_answer(struct oc_job *job, const json_t *result, const struct oc_error *err)
{
    const bool ok = job->code == OC_OK;
    struct oc_buf out = {0};
    oc_buf_adds(&out, ok ? "{\"ok\":true,\"data\":" : "{\"ok\":false,\"data\":");
    oc_json_put_wire(&out, ok ? result : NULL);
    oc_buf_adds(&out, ",\"warnings\":");
    oc_json_put_wire(&out, job->warnings);
    if (!ok) {
        json_t *error = error_json(err, result);
        oc_buf_adds(&out, ",\"error\":");
        oc_json_put_wire(&out, error);
        json_decref(error);
    }
    if (job->row_count) {
        oc_buf_adds(&out, ",\"rows\":");
        add_rows(job, &out);
    }
    oc_buf_addc(&out, '}');
    job->answer_len = out.len;
    job->answer = oc_buf_take(&out);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_job *job = ctx;
    struct oc_error left = {0};
    const bool abandoned = job->abandoned && (code == OC_OK || code == OC_E_CANCELLED);
    if (abandoned) { /* an end like any other to the handler: whoever comes back is told that it was none */
        oc_error_set(&left, OC_E_CANCELLED, "nobody has followed it for a minute");
        oc_error_hint(&left, "Follow it at /api/v1/jobs/ID/events while it runs.");
    }
    job->call = NULL;
    job->done = true;
    job->code = abandoned ? OC_E_CANCELLED : code;
    job->finished_ms = oc_time_wall();
    job->over_ms = oc_time_mono();
    make_answer(job, abandoned ? NULL : result, abandoned ? &left : err);
    uint64_t id = ++job->last_event;
    job->telling++; /* holds it while its own table looks on */
    if (*job->id) {
        oc_jobs_finished(job);
    }
    job->telling--;
    tell(job, &(struct oc_job_event){id, OC_JOB_DONE, job->answer, job->answer_len});
    oc_job_look(job);
}

/* ---- life ---- */

struct oc_job *oc_job_start(struct oc_jobs *jobs, const char *op, json_t *params,
                            const struct oc_actor *actor)
{
    struct oc_job *job = oc_calloc(1, sizeof *job);
    const struct oc_op *known = oc_ops_find(jobs->ops, op);
    job->jobs = jobs;
    job->op = oc_strdup(op);
    job->actor = oc_strdup(actor->name);
    job->streams = known && known->flags & OC_OP_STREAMS;
    job->warnings = json_array();
    job->rows_end = &job->rows;
    job->held = true;
    job->started_ms = oc_time_wall();
    job->watched_ms = oc_time_mono();
    oc_jobs_link(job);
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = job->actor, .role = actor->role},
                                  .on_row = on_row,
                                  .on_progress = on_progress,
                                  .on_warning = on_warning,
                                  .on_done = on_done,
                                  .ctx = job};
    struct oc_call *call = oc_ops_call(jobs->ops, &req);
    job->call = job->done ? NULL : call;
    return job;
}

static void job_free(struct oc_job *job)
{
    if (job->jobs) {
        oc_jobs_unlink(job);
    }
    while (job->rows) {
        row_drop(job);
    }
    while (job->watches) { /* only when the table ends */
        struct oc_job_watch *w = job->watches;
        job->watches = w->next;
        free(w);
    }
    json_decref(job->warnings);
    free(job->op);
    free(job->actor);
    free(job->progress);
    free(job->answer);
    free(job);
}

/* Frees it once nobody needs it: neither the caller, nor the table, nor a watcher, nor the call itself. */
void oc_job_look(struct oc_job *job)
{
    if (!job->held && !*job->id && !job->watch_count && !job->telling && job->done) {
        job_free(job);
    }
}

/* A call whose handler ends it later still has us as its context: the job then outlives its table. */
void oc_job_destroy_now(struct oc_job *job)
{
    struct oc_call *call = job->call;
    job->telling = 1;
    for (struct oc_job_watch *w = job->watches; w; w = w->next) {
        w->gone = true;
    }
    job->held = false;
    job->watch_count = 0;
    job->id[0] = '\0';
    job->call = NULL;
    if (call && !job->cancelled) {
        oc_call_cancel(call);
    }
    oc_jobs_unlink(job);
    job->jobs = NULL;
    job->telling = 0;
    watches_sweep(job);
    oc_job_look(job);
}

/* The call's own end comes through on_done, now or later. A handler is never cancelled from within what it emits: it may
 * free what it is still using. */
static void cancel(struct oc_job *job)
{
    if (!job->call || job->cancelled) {
        return;
    }
    if (job->emitting) {
        job->cancel_soon = true;
        oc_jobs_soon(job->jobs);
        return;
    }
    job->cancelled = true;
    oc_call_cancel(job->call);
}

void oc_job_release(struct oc_job *job)
{
    job->telling++;
    job->held = false;
    if (!*job->id) {
        cancel(job);
    }
    job->telling--;
    oc_job_look(job);
}

void oc_job_cancel(struct oc_job *job)
{
    job->telling++;
    cancel(job);
    job->telling--;
    oc_job_look(job);
}

void oc_job_abandon(struct oc_job *job)
{
    job->abandoned = true;
    oc_job_cancel(job);
}

void oc_job_forget(struct oc_job *job)
{
    job->telling++;
    cancel(job);
    if (*job->id) {
        oc_jobs_out(job);
    }
    job->telling--;
    oc_job_look(job);
}

/* ---- asking ---- */

bool oc_job_is_done(const struct oc_job *job)
{
    return job->done;
}

const char *oc_job_id(const struct oc_job *job)
{
    return job->id;
}

uint64_t oc_job_last_event(const struct oc_job *job)
{
    return job->last_event;
}

int oc_job_code(const struct oc_job *job)
{
    return job->code;
}

const char *oc_job_answer(const struct oc_job *job, size_t *len)
{
    *len = job->answer_len;
    return job->answer;
}

void oc_job_text(const struct oc_job *job, struct oc_buf *out)
{
    json_t *o = oc_job_json(job);
    char *text = json_dumps(o, OC_JSON_WIRE);
    json_decref(o);
    oc_buf_adds(out, text);
    out->len--; /* the closing brace */
    free(text);
    oc_buf_adds(out, ",\"result\":");
    oc_buf_add(out, job->done ? job->answer : "null", job->done ? job->answer_len : 4);
    oc_buf_adds(out, ",\"events\":");
    add_rows(job, out);
    oc_buf_addc(out, '}');
}
