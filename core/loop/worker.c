/* Worker threads that can be given up on. SPDX-License-Identifier: MIT
 *
 * Not libuv's pool: it has a fixed size, so four hung calls would stop every other one. */
#include "core/loop/worker.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>
#include <uv.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/thread.h"

#define STACK_SIZE (256u << 10)

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_RETURNED };

/* `state` and `abandoned` are guarded by the pool's lock; the rest is set before a worker sees the
 * job. */
struct oc_job {
    struct oc_workers *pool;
    void (*run)(void *ctx);
    oc_loop_fn done; /* `late` once abandoned */
    void *ctx;
    enum job_state state;
    bool abandoned;
    TAILQ_ENTRY(oc_job) link;
};

struct worker {
    pthread_t id;
    struct oc_workers *pool;
    bool exited; /* guarded by the pool's lock */
    TAILQ_ENTRY(worker) link;
};

TAILQ_HEAD(job_list, oc_job);
TAILQ_HEAD(worker_list, worker);

struct oc_workers {
    uv_async_t
        *wake; /* counted as something to wait for while jobs are outstanding; freed when closed */
    unsigned size;
    size_t outstanding; /* submitted, neither withdrawn nor reported; [loop] */
    pthread_mutex_t lock;
    pthread_cond_t work, back, exit;
    /* guarded by lock: */
    struct job_list queued, returned;
    struct worker_list workers; /* the exited ones are still to be joined */
    size_t waiting;             /* length of queued */
    unsigned alive, idle, lost;
    bool closing;
};

/* Lost threads do not count against the size, but only so many of them are forgiven. */
static unsigned usable(const struct oc_workers *w)
{
    return w->alive - (w->lost < OC_WORKER_LOST_MAX ? w->lost : OC_WORKER_LOST_MAX);
}

static void work_on(struct oc_workers *w, struct oc_job *job)
{
    TAILQ_REMOVE(&w->queued, job, link);
    w->waiting--;
    job->state = JOB_RUNNING;
    w->lost += job->abandoned;
    pthread_mutex_unlock(&w->lock);
    job->run(job->ctx);
    pthread_mutex_lock(&w->lock);
    w->lost -= job->abandoned;
    job->state = JOB_RETURNED;
    TAILQ_INSERT_TAIL(&w->returned, job, link);
    pthread_cond_broadcast(&w->back);
    if (!w->closing) { /* afterwards `wake` may be gone */
        uv_async_send(w->wake);
    }
}

static void *worker_main(void *arg)
{
    struct worker *self = arg;
    struct oc_workers *w = self->pool;

    pthread_mutex_lock(&w->lock);
    while (!w->closing && usable(w) <= w->size) {
        struct oc_job *job = TAILQ_FIRST(&w->queued);
        if (job) {
            work_on(w, job);
        } else {
            w->idle++;
            pthread_cond_wait(&w->work, &w->lock);
            w->idle--;
        }
    }
    w->alive--;
    self->exited = true;
    pthread_cond_signal(&w->exit);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static int start_worker(struct oc_workers *w)
{
    struct worker *worker = oc_calloc(1, sizeof *worker);
    worker->pool = w;
    int rc = oc_thread_start(&worker->id, STACK_SIZE, worker_main, worker);
    if (rc) {
        free(worker);
        return rc;
    }
    TAILQ_INSERT_TAIL(&w->workers, worker, link);
    w->alive++;
    return 0;
}

/* Starts what the queue needs and the size allows. The queue is compared with the idle threads
 * because those that were woken already may not have taken their job yet. Called with the lock
 * held. */
static void start_workers(struct oc_workers *w)
{
    size_t wanted = w->waiting > w->idle ? w->waiting - w->idle : 0;
    for (; wanted > 0 && usable(w) < w->size; wanted--) {
        int rc = start_worker(w);
        if (rc) { /* the job waits for a thread that exists, or for the next attempt */
            oc_warn("cannot start a worker thread", "threads=%u error=%s", w->alive, strerror(rc));
            return;
        }
    }
}

/* Moves the workers that have exited to `gone`. Called with the lock held. */
static void collect_exited(struct oc_workers *w, struct worker_list *gone)
{
    struct worker *worker = TAILQ_FIRST(&w->workers), *next;
    for (; worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (worker->exited) {
            TAILQ_REMOVE(&w->workers, worker, link);
            TAILQ_INSERT_TAIL(gone, worker, link);
        }
    }
}

static void join_all(struct worker_list *gone)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(gone))) {
        TAILQ_REMOVE(gone, worker, link);
        pthread_join(worker->id, NULL);
        free(worker);
    }
}

/* Nobody will join the workers that are still busy. Called with the lock held. */
static void leave_behind(struct oc_workers *w)
{
    struct worker *worker;
    TAILQ_FOREACH(worker, &w->workers, link)
    {
        pthread_detach(worker->id);
    }
}

/* Counts the jobs for which the loop has to stay. */
static void set_outstanding(struct oc_workers *w, size_t count)
{
    w->outstanding = count;
    if (count) {
        uv_ref((uv_handle_t *)w->wake);
    } else {
        uv_unref((uv_handle_t *)w->wake);
    }
}

static struct oc_job *next_returned(struct oc_workers *w)
{
    pthread_mutex_lock(&w->lock);
    struct oc_job *job = TAILQ_FIRST(&w->returned);
    if (job) {
        TAILQ_REMOVE(&w->returned, job, link);
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void report_returned(struct oc_workers *w)
{
    struct oc_job *job;
    while ((job = next_returned(w))) {
        set_outstanding(w, w->outstanding - 1);
        if (job->done) {
            job->done(job->ctx);
        }
        free(job);
    }
}

static void on_wake(uv_async_t *wake)
{
    struct oc_workers *w = wake->data;
    struct worker_list gone = TAILQ_HEAD_INITIALIZER(gone);

    report_returned(w);
    pthread_mutex_lock(&w->lock);
    collect_exited(w, &gone);
    start_workers(w);
    pthread_mutex_unlock(&w->lock);
    join_all(&gone);
}

static void free_wake(uv_handle_t *handle)
{
    free(handle);
}

struct oc_workers *oc_workers_create(struct oc_loop *loop, unsigned size)
{
    struct oc_workers *w = oc_calloc(1, sizeof *w);
    pthread_condattr_t monotonic;

    OC_ASSERT(size > 0);
    w->size = size;
    TAILQ_INIT(&w->queued);
    TAILQ_INIT(&w->returned);
    TAILQ_INIT(&w->workers);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->back, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->exit, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->wake = oc_calloc(1, sizeof *w->wake);
    OC_ASSERT(!uv_async_init(oc_loop_uv(loop), w->wake, on_wake));
    w->wake->data = w;
    uv_unref((uv_handle_t *)w->wake);
    return w;
}

/* Jobs that have not begun are dropped: neither run nor done is called. */
static void drop_queued(struct oc_workers *w)
{
    struct oc_job *job;
    while ((job = TAILQ_FIRST(&w->queued))) {
        TAILQ_REMOVE(&w->queued, job, link);
        free(job);
    }
    w->waiting = 0;
}

unsigned oc_workers_destroy(struct oc_workers *w, int64_t grace_ms)
{
    struct worker_list gone = TAILQ_HEAD_INITIALIZER(gone);
    struct timespec deadline;

    if (!w) {
        return 0;
    }
    oc_time_deadline(grace_ms, &deadline);
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    drop_queued(w);
    pthread_cond_broadcast(&w->work);
    while (w->alive && !pthread_cond_timedwait(&w->exit, &w->lock, &deadline)) {
    }
    unsigned stuck = w->alive;
    collect_exited(w, &gone);
    leave_behind(w);
    pthread_mutex_unlock(&w->lock);

    join_all(&gone);
    report_returned(w);
    uv_close((uv_handle_t *)w->wake, free_wake);
    if (!stuck) { /* else they still use it */
        pthread_cond_destroy(&w->work);
        pthread_cond_destroy(&w->back);
        pthread_cond_destroy(&w->exit);
        pthread_mutex_destroy(&w->lock);
        free(w);
    }
    return stuck;
}

struct oc_job *oc_workers_submit(struct oc_workers *w, void (*run)(void *ctx), oc_loop_fn done,
                                 void *ctx)
{
    struct oc_job *job = oc_calloc(1, sizeof *job);
    job->pool = w;
    job->run = run;
    job->done = done;
    job->ctx = ctx;
    set_outstanding(w, w->outstanding + 1);
    pthread_mutex_lock(&w->lock);
    TAILQ_INSERT_TAIL(&w->queued, job, link);
    w->waiting++;
    start_workers(w);
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->work); /* not before: who wakes wants the lock */
    return job;
}

bool oc_job_withdraw(struct oc_job *job)
{
    struct oc_workers *w = job->pool;

    pthread_mutex_lock(&w->lock);
    bool queued = job->state == JOB_QUEUED;
    if (queued) {
        TAILQ_REMOVE(&w->queued, job, link);
        w->waiting--;
    }
    pthread_mutex_unlock(&w->lock);
    if (queued) {
        free(job);
        set_outstanding(w, w->outstanding - 1);
    }
    return queued;
}

void oc_job_join(struct oc_job *job)
{
    struct oc_workers *w = job->pool;
    void (*const run)(void *ctx) = job->run;
    void *const ctx = job->ctx;

    if (oc_job_withdraw(job)) {
        run(ctx);
        return;
    }
    pthread_mutex_lock(&w->lock);
    OC_ASSERT(!job->abandoned);
    while (job->state != JOB_RETURNED) {
        pthread_cond_wait(&w->back, &w->lock);
    }
    TAILQ_REMOVE(&w->returned, job, link);
    pthread_mutex_unlock(&w->lock);
    free(job);
    set_outstanding(w, w->outstanding - 1);
}

void oc_job_abandon(struct oc_job *job, oc_loop_fn late)
{
    struct oc_workers *w = job->pool;

    pthread_mutex_lock(&w->lock);
    OC_ASSERT(!job->abandoned);
    job->done = late;
    job->abandoned = true;
    if (job->state == JOB_RUNNING) {
        w->lost++;
        start_workers(w);
    }
    pthread_mutex_unlock(&w->lock);
}

void oc_workers_grow(struct oc_workers *w, int threads)
{
    pthread_mutex_lock(&w->lock);
    OC_ASSERT((int)w->size + threads > 0);
    w->size = (unsigned)((int)w->size + threads);
    pthread_cond_broadcast(&w->work); /* one too many leaves */
    pthread_mutex_unlock(&w->lock);
}

unsigned oc_workers_lost(const struct oc_workers *w)
{
    struct oc_workers *pool = (struct oc_workers *)(uintptr_t)w; /* only its lock changes */
    pthread_mutex_lock(&pool->lock);
    unsigned lost = pool->lost;
    pthread_mutex_unlock(&pool->lock);
    return lost;
}

unsigned oc_workers_threads(const struct oc_workers *w)
{
    struct oc_workers *pool = (struct oc_workers *)(uintptr_t)w;
    pthread_mutex_lock(&pool->lock);
    unsigned alive = pool->alive;
    pthread_mutex_unlock(&pool->lock);
    return alive;
}
