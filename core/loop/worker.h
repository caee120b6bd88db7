/* Worker threads for calls that may block, with replacement of threads that hang. SPDX-License-Identifier: MIT
 *
 * The pool keeps at most `size` usable threads, started on demand with 256 KiB stacks and all signals blocked. A job
 * that its owner gives up on is *abandoned*: its thread no longer counts, a new one takes its place (up to
 * OC_WORKER_LOST_MAX lost at once, then further jobs wait), and when the job returns after all, `late` runs. */
#ifndef OC_LOOP_WORKER_H
#define OC_LOOP_WORKER_H

#include "core/loop/loop.h"

#define OC_WORKER_LOST_MAX 64

struct oc_workers;
struct oc_job;

struct oc_workers *oc_workers_create(struct oc_loop *loop, unsigned size); /* [loop] */
/* Joins idle threads and waits up to `grace_ms` for running ones; threads still stuck after that are left behind and
 * the count of them is returned: a caller that gets > 0 must leave with _exit. [loop] */
unsigned oc_workers_destroy(struct oc_workers *w, int64_t grace_ms);

/* Queues `run(ctx)` for a worker; then `done(ctx)` runs on the loop. The job handle is valid until `done` or `late` has
 * run. [loop] */
struct oc_job *oc_workers_submit(struct oc_workers *w, void (*run)(void *ctx), oc_loop_fn done,
                                 void *ctx);
/* Takes back a job that has not begun: true, and neither run nor done will be called. False: it has begun. [loop] */
bool oc_job_withdraw(struct oc_job *job);
/* For the few who must wait: when this returns, run has, here if no thread had begun it; done will not be called. [loop] */
void oc_job_join(struct oc_job *job);
/* The owner stops waiting: `done` will not run; `late(ctx)` will, when run has returned. [loop] */
void oc_job_abandon(struct oc_job *job, oc_loop_fn late);

/* Room for so many threads more (or less): for whoever keeps one for good, so that the others keep theirs. [loop] */
void oc_workers_grow(struct oc_workers *w, int threads);

/* threads now stuck in abandoned jobs [loop] */
unsigned oc_workers_lost(const struct oc_workers *w);
/* all threads alive, lost ones included [loop] */
unsigned oc_workers_threads(const struct oc_workers *w);

#endif
