/* Calls of operations that outlive a request. SPDX-License-Identifier: MIT  [loop]
 *
 * A job is one call and what came out of it: rows, the latest progress, and at the end the answer as it is sent. Whoever
 * starts one holds it; oc_job_keep gives it an id, puts it into the table, where its owner and admins find it, and tells the
 * bus: job.started, job.progress (at most 4 a second), job.finished, each {"job","op","actor","state",..}.
 *
 * Memory is bounded: of each job the newest 1000 rows or 1 MiB of rows stay, at most 256 run, 64 of one
 * client, and of finished ones the newest
 * 256, 32 MiB, ten minutes. A streaming one that nobody has watched for a minute is cancelled. */
#ifndef OC_API_OPS_JOB_H
#define OC_API_OPS_JOB_H

#include <jansson.h>

#include "core/base/buf.h"
#include "core/loop/bus.h"
#include "core/loop/loop.h"
#include "core/op/op.h"

#define OC_JOB_ROWS_MAX      1000
#define OC_JOB_BYTES_MAX     (1u << 20)
#define OC_JOBS_RUNNING_MAX  256
#define OC_JOBS_OF_ONE_MAX   64
#define OC_JOBS_FINISHED_MAX 256
#define OC_JOBS_BYTES_MAX    (32u << 20)
#define OC_JOBS_KEPT_MS      INT64_C(600000)
#define OC_JOB_UNWATCHED_MS  INT64_C(60000)
#define OC_JOB_ID_LEN        26

struct oc_jobs;
struct oc_job;
struct oc_job_watch;

enum oc_job_event_type { OC_JOB_ROW, OC_JOB_PROGRESS, OC_JOB_DONE };

/* `id` grows within its job, from 1; `data` is one JSON text, borrowed during the call. */
struct oc_job_event {
    uint64_t id;
    enum oc_job_event_type type;
    const char *data;
    size_t len;
};
typedef void (*oc_job_fn)(void *ctx, const struct oc_job_event *event);

struct oc_jobs *oc_jobs_create(struct oc_loop *loop, struct oc_bus *bus, struct oc_ops *ops);
/* Cancels what runs and frees everything; watchers hear nothing any more. NULL is fine. */
void oc_jobs_destroy(struct oc_jobs *jobs);

/* Starts the call; `params` is taken. The caller holds the job until oc_job_keep or oc_job_release. It may be done at once. */
struct oc_job *oc_job_start(struct oc_jobs *jobs, const char *op, json_t *params,
                            const struct oc_actor *actor);
bool oc_job_is_done(const struct oc_job *job);
/* Into the table; false when too many run (the caller still holds it). */
bool oc_job_keep(struct oc_job *job);
/* The caller lets go: a job that still runs is cancelled. */
void oc_job_release(struct oc_job *job);

/* fn hears of every event from now on, until it is unwatched; the job stays as long as somebody watches. */
struct oc_job_watch *oc_job_watch(struct oc_job *job, oc_job_fn fn, void *ctx);
void oc_job_unwatch(struct oc_job_watch *w); /* NULL is fine */
/* Tells fn of what is remembered after event `after` (0: everything), in order. Returns how many rows are lost. */
uint64_t oc_job_replay(const struct oc_job *job, uint64_t after, oc_job_fn fn, void *ctx);

const char *oc_job_id(const struct oc_job *job); /* "" before it is kept */
uint64_t oc_job_last_event(const struct oc_job *job);
/* When done: OC_OK or OC_E_*, and {"ok","data","warnings","error"?,"rows"?} as it is sent. */
int oc_job_code(const struct oc_job *job);
const char *oc_job_answer(const struct oc_job *job, size_t *len);

/* Of those in the table that this actor may see: its own, or all for an admin. NULL when there is none of that id. */
struct oc_job *oc_jobs_find(struct oc_jobs *jobs, const char *id, const struct oc_actor *actor);
/* {"job","op","actor","state":"running"|"succeeded"|"failed"|"cancelled","started","finished","progress","rows"} */
json_t *oc_job_json(const struct oc_job *job);
/* The same with "result" (the answer, or null) and "events" (the rows that are remembered), as text. */
void oc_job_text(const struct oc_job *job, struct oc_buf *out);
json_t *oc_jobs_json(const struct oc_jobs *jobs, const struct oc_actor *actor);
/* Cancels it if it runs, and takes it out of the table. */
void oc_job_forget(struct oc_job *job);
/* Ends what is too old or too much; the table's own timer does it too. */
void oc_jobs_sweep(struct oc_jobs *jobs);
size_t oc_jobs_running(const struct oc_jobs *jobs); /* in the table */

#endif
