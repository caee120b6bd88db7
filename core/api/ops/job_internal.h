/* Shared by a job and the table of jobs. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_OPS_JOB_INTERNAL_H
#define OC_API_OPS_JOB_INTERNAL_H

#include "core/api/ops/job.h"

/* A row as JSON: an event that many watch is written once for all of them. */
struct row_text {
    unsigned refs;
    size_t len;
    char text[];
};

struct row {
    struct row *next;
    uint64_t id;
    struct row_text *text;
};

struct oc_job {
    struct oc_jobs *jobs;       /* NULL: the table is gone, the call is not yet */
    struct oc_job *next, *prev; /* all of them, the newest first */
    char id[OC_JOB_ID_LEN + 1]; /* "": not in the table */
    char *op, *actor;
    struct oc_call *call; /* NULL: over, or not yet known */
    struct row *rows, **rows_end;
    size_t row_count, row_bytes;
    uint64_t rows_lost, last_event, progress_id;
    char *progress; /* JSON */
    json_t *warnings;
    char *answer; /* JSON; NULL until it is done */
    size_t answer_len;
    int code;
    bool streams, held, done, cancelled, cancel_soon;
    bool abandoned;    /* cancelled because nobody has watched it */
    unsigned telling;  /* > 0: not freed now */
    unsigned emitting; /* > 0: its handler is at work below us */
    struct oc_job_watch *watches;
    size_t watch_count;
    int64_t started_ms, finished_ms;           /* wall */
    int64_t over_ms, watched_ms, published_ms; /* mono */
};

struct oc_jobs {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_job *first;
    struct oc_timer *timer;          /* sweeps while there is something in the table */
    struct oc_timer *soon;           /* cancels what could not be cancelled at the time */
    size_t running, finished, bytes; /* in the table; bytes of what is finished */
    json_t *last_row;                /* the row that was told last, and how it is written */
    struct row_text *last_text;
};

/* ---- job.c ---- */
void oc_job_look(struct oc_job *job); /* may free it */
void oc_job_cancel(struct oc_job *job);
void oc_job_abandon(struct oc_job *job); /* cancels it, and its answer says why */
void oc_job_destroy_now(struct oc_job *job);
void oc_job_forget_row(struct oc_jobs *jobs); /* the last one */

/* ---- jobs.c ---- */
void oc_jobs_link(struct oc_job *job);
void oc_jobs_unlink(struct oc_job *job);
void oc_jobs_soon(struct oc_jobs *jobs);
void oc_jobs_out(struct oc_job *job);      /* of the table */
void oc_jobs_finished(struct oc_job *job); /* one that is in the table */
/* {"job","op","actor","state"}, for the bus. */
json_t *oc_job_event_json(const struct oc_job *job);

#endif
