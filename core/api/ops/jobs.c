/* The table of jobs. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/ops/job_internal.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/crypto.h"

#define SWEEP_MS (10 * OC_SECOND)

static void on_sweep(void *ctx)
{
    oc_jobs_sweep(ctx);
}

static void on_soon(void *ctx)
{
    struct oc_jobs *jobs = ctx;
    struct oc_job *job = jobs->first;
    while (job) {
        bool due = job->cancel_soon;
        struct oc_job *next = job->next;
        job->cancel_soon = false;
        if (due) {
            oc_job_cancel(job);
            next = jobs->first; /* others may have gone with it */
        }
        job = next;
    }
}

void oc_jobs_soon(struct oc_jobs *jobs)
{
    oc_timer_start(jobs->soon, 0, 0);
}

struct oc_jobs *oc_jobs_create(struct oc_loop *loop, struct oc_bus *bus, struct oc_ops *ops)
{
    struct oc_jobs *jobs = oc_calloc(1, sizeof *jobs);
    jobs->loop = loop;
    jobs->bus = bus;
    jobs->ops = ops;
    jobs->timer = oc_timer_create(loop, on_sweep, jobs);
    jobs->soon = oc_timer_create(loop, on_soon, jobs);
    return jobs;
}

void oc_jobs_destroy(struct oc_jobs *jobs)
{
    if (!jobs) {
        return;
    }
    while (jobs->first) {
        oc_job_destroy_now(jobs->first);
    }
    oc_job_forget_row(jobs);
    oc_timer_destroy(jobs->timer);
    oc_timer_destroy(jobs->soon);
    free(jobs);
}

void oc_jobs_link(struct oc_job *job)
{
    struct oc_jobs *jobs = job->jobs;
    job->next = jobs->first;
    if (jobs->first) {
        jobs->first->prev = job;
    }
    jobs->first = job;
}

void oc_jobs_unlink(struct oc_job *job)
{
    struct oc_jobs *jobs = job->jobs;
    if (job->prev) {
        job->prev->next = job->next;
    } else {
        jobs->first = job->next;
    }
    if (job->next) {
        job->next->prev = job->prev;
    }
}

/* ---- in and out of the table ---- */

/* 128 random bits, in the letters and digits of base 32. */
static void make_id(char id[OC_JOB_ID_LEN + 1])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char bytes[OC_JOB_ID_LEN];
    oc_random(bytes, sizeof bytes);
    for (size_t i = 0; i < OC_JOB_ID_LEN; i++) {
        id[i] = digits[bytes[i] & 31];
    }
    id[OC_JOB_ID_LEN] = '\0';
}

static size_t running_of(const struct oc_jobs *jobs, const char *actor)
{
    size_t n = 0;
    for (const struct oc_job *j = jobs->first; j; j = j->next) {
        n += *j->id && !j->done && strcmp(j->actor, actor) == 0;
    }
    return n;
}

/* Nobody takes all the places: those of others stay free. What is left to itself makes room without waiting for the timer. */
static bool has_room(struct oc_jobs *jobs, const char *actor)
{
    if (jobs->running >= OC_JOBS_RUNNING_MAX || running_of(jobs, actor) >= OC_JOBS_OF_ONE_MAX) {
        oc_jobs_sweep(jobs);
    }
    return jobs->running < OC_JOBS_RUNNING_MAX && running_of(jobs, actor) < OC_JOBS_OF_ONE_MAX;
}

static size_t kept_bytes(const struct oc_job *job)
{
    return job->answer_len + job->row_bytes;
}

bool oc_job_keep(struct oc_job *job)
{
    struct oc_jobs *jobs = job->jobs;
    if (!job->done && !has_room(jobs, job->actor)) {
        return false;
    }
    make_id(job->id);
    job->held = false;
    job->watched_ms = oc_time_mono();
    if (job->done) {
        jobs->finished++;
        jobs->bytes += kept_bytes(job);
    } else {
        jobs->running++;
    }
    if (!oc_timer_active(jobs->timer)) {
        oc_timer_start(jobs->timer, SWEEP_MS, SWEEP_MS);
    }
    oc_bus_publish(jobs->bus, "job.started", oc_job_event_json(job));
    return true;
}

void oc_jobs_out(struct oc_job *job)
{
    struct oc_jobs *jobs = job->jobs;
    if (job->done) {
        jobs->finished--;
        jobs->bytes -= kept_bytes(job);
    } else {
        jobs->running--;
    }
    job->id[0] = '\0';
}

void oc_jobs_finished(struct oc_job *job)
{
    struct oc_jobs *jobs = job->jobs;
    json_t *data = oc_job_event_json(job);
    jobs->running--;
    jobs->finished++;
    jobs->bytes += kept_bytes(job);
    oc_json_set_bool(data, "ok", job->code == OC_OK);
    oc_json_set_str(data, "code", oc_error_name(job->code));
    oc_json_set_int(data, "took_ms", job->finished_ms - job->started_ms);
    oc_bus_publish(jobs->bus, "job.finished", data);
    oc_jobs_sweep(jobs);
}

/* ---- limits ---- */

static struct oc_job *oldest_finished(const struct oc_jobs *jobs)
{
    struct oc_job *oldest = NULL;
    for (struct oc_job *j = jobs->first; j; j = j->next) {
        if (*j->id && j->done && (!oldest || j->over_ms <= oldest->over_ms)) {
            oldest = j;
        }
    }
    return oldest;
}

static struct oc_job *unwatched(const struct oc_jobs *jobs, int64_t now)
{
    for (struct oc_job *j = jobs->first; j; j = j->next) {
        if (*j->id && !j->done && !j->cancelled && j->streams && !j->watch_count &&
            now - j->watched_ms >= OC_JOB_UNWATCHED_MS) {
            return j;
        }
    }
    return NULL;
}

void oc_jobs_sweep(struct oc_jobs *jobs)
{
    int64_t now = oc_time_mono();
    struct oc_job *job;
    while ((job = unwatched(jobs, now))) {
        oc_job_abandon(job);
    }
    while ((job = oldest_finished(jobs)) &&
           (jobs->finished > OC_JOBS_FINISHED_MAX ||
            (jobs->bytes > OC_JOBS_BYTES_MAX && jobs->finished > 1) ||
            now - job->over_ms >= OC_JOBS_KEPT_MS)) {
        oc_job_forget(job);
    }
    if (jobs->running == 0 && jobs->finished == 0) {
        oc_timer_stop(jobs->timer);
    }
}

size_t oc_jobs_running(const struct oc_jobs *jobs)
{
    return jobs->running;
}

/* ---- asking ---- */

static bool may_see(const struct oc_job *job, const struct oc_actor *actor)
{
    return *job->id && (actor->role == OC_ROLE_ADMIN || strcmp(job->actor, actor->name) == 0);
}

struct oc_job *oc_jobs_find(struct oc_jobs *jobs, const char *id, const struct oc_actor *actor)
{
    for (struct oc_job *j = jobs->first; j; j = j->next) {
        if (may_see(j, actor) && strcmp(j->id, id) == 0) {
            return j;
        }
    }
    return NULL;
}

static const char *state_name(const struct oc_job *job)
{
    if (!job->done) {
        return "running";
    }
    return job->cancelled || job->code == OC_E_CANCELLED ? "cancelled"
           : job->code == OC_OK                          ? "succeeded"
                                                         : "failed";
}

json_t *oc_job_event_json(const struct oc_job *job)
{
    json_t *o = json_object();
    oc_json_set_str(o, "job", job->id);
    oc_json_set_str(o, "op", job->op);
    oc_json_set_str(o, "actor", job->actor);
    oc_json_set_str(o, "state", state_name(job));
    return o;
}

json_t *oc_job_json(const struct oc_job *job)
{
    json_t *o = oc_job_event_json(job);
    oc_json_set_time(o, "started", job->started_ms);
    oc_json_set_time(o, "finished", job->finished_ms);
    json_object_set_new(o, "progress",
                        job->progress ? json_loads(job->progress, 0, NULL) : json_null());
    oc_json_set_int(o, "rows", (int64_t)(job->row_count + job->rows_lost));
    return o;
}

json_t *oc_jobs_json(const struct oc_jobs *jobs, const struct oc_actor *actor)
{
    json_t *rows = json_array();
    for (const struct oc_job *j = jobs->first; j; j = j->next) {
        if (may_see(j, actor)) {
            json_array_append_new(rows, oc_job_json(j));
        }
    }
    return rows;
}
