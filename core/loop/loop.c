/* The event loop over libuv. SPDX-License-Identifier: MIT */
#include "core/loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/vec.h"

#define CLOSE_TURNS   1000 /* turns that handles get to finish closing before the loop goes ... */
#define CLOSE_AT_ONCE 16   /* ... of which so many without a pause */

struct post {
    oc_loop_fn fn;
    void *ctx;
};

struct post_queue {
    OC_VEC(struct post);
};

struct signal_watch {
    uv_signal_t uv; /* freed in its close callback, with the struct */
    oc_loop_fn fn;
    void *ctx;
};

struct signal_list {
    OC_VEC(struct signal_watch *);
};

struct oc_loop {
    uv_loop_t uv;
    uv_async_t wake; /* not counted as something to wait for */
    bool stop;
    uint64_t turn;
    struct signal_list signals;
    pthread_mutex_t lock;
    struct post_queue posted; /* guarded by lock */
};

static void free_data(uv_handle_t *handle)
{
    free(handle->data);
}

/* Runs what has been posted up to now; what these post in turn waits for the next round. */
static bool run_posted(struct oc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct post_queue batch = loop->posted;
    loop->posted = (struct post_queue){0};
    pthread_mutex_unlock(&loop->lock);

    for (size_t i = 0; i < batch.count; i++) {
        batch.items[i].fn(batch.items[i].ctx);
    }
    bool any = batch.count > 0;
    OC_VEC_FINISH(&batch);
    return any;
}

static bool has_posted(struct oc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool any = loop->posted.count > 0;
    pthread_mutex_unlock(&loop->lock);
    return any;
}

static void on_wake(uv_async_t *wake)
{
    run_posted(wake->data);
}

struct oc_loop *oc_loop_create(void)
{
    struct oc_loop *loop = oc_calloc(1, sizeof *loop);
    OC_ASSERT(!uv_loop_init(&loop->uv));
    OC_ASSERT(!uv_async_init(&loop->uv, &loop->wake, on_wake));
    uv_unref((uv_handle_t *)&loop->wake);
    loop->wake.data = loop;
    pthread_mutex_init(&loop->lock, NULL);
    signal(SIGPIPE,
           SIG_IGN); /* a peer that went away is an error code, not the end of the process */
    return loop;
}

void oc_loop_destroy(struct oc_loop *loop)
{
    if (!loop) {
        return;
    }
    run_posted(loop);
    for (size_t i = 0; i < loop->signals.count; i++) {
        uv_close((uv_handle_t *)&loop->signals.items[i]->uv, free_data);
    }
    uv_close((uv_handle_t *)&loop->wake, NULL);
    int rc = UV_EBUSY;
    for (int i = 0; i < CLOSE_TURNS && rc == UV_EBUSY; i++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        rc = uv_loop_close(&loop->uv);
        if (rc == UV_EBUSY && i >= CLOSE_AT_ONCE) {
            usleep(1000); /* a child that was killed is yet to be reaped */
        }
    }
    OC_ASSERT(rc == 0); /* somebody left a timer or a stream open */
    OC_VEC_FINISH(&loop->signals);
    OC_VEC_FINISH(&loop->posted);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

bool oc_loop_step(struct oc_loop *loop, bool wait)
{
    loop->turn++;
    bool ran = run_posted(loop);
    int alive = uv_run(&loop->uv, wait && !ran ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    return alive || has_posted(loop);
}

void oc_loop_run(struct oc_loop *loop)
{
    while (!loop->stop && oc_loop_step(loop, true)) {
    }
    loop->stop = false; /* reset here, so that a stop before the run counts */
}

void oc_loop_stop(struct oc_loop *loop)
{
    loop->stop = true;
}

uint64_t oc_loop_turn(const struct oc_loop *loop)
{
    return loop->turn;
}

void *oc_loop_uv(struct oc_loop *loop)
{
    return &loop->uv;
}

void oc_loop_post(struct oc_loop *loop, oc_loop_fn fn, void *ctx)
{
    struct post post = {fn, ctx};
    pthread_mutex_lock(&loop->lock);
    OC_VEC_PUSH(&loop->posted, post);
    if (loop->posted.count == 1) {
        uv_async_send(&loop->wake);
    }
    pthread_mutex_unlock(&loop->lock);
}

static void on_signal(uv_signal_t *uv, int signum)
{
    struct signal_watch *watch = uv->data;
    (void)signum;
    watch->fn(watch->ctx);
}

static void remove_signal(struct oc_loop *loop, int signum)
{
    for (size_t i = 0; i < loop->signals.count; i++) {
        struct signal_watch *watch = loop->signals.items[i];
        if (watch->uv.signum == signum) {
            OC_VEC_REMOVE(&loop->signals, i);
            uv_close((uv_handle_t *)&watch->uv, free_data);
            return;
        }
    }
}

void oc_loop_on_signal(struct oc_loop *loop, int signum, oc_loop_fn fn, void *ctx)
{
    remove_signal(loop, signum);
    if (!fn) {
        return;
    }
    struct signal_watch *watch = oc_calloc(1, sizeof *watch);
    OC_ASSERT(!uv_signal_init(&loop->uv, &watch->uv));
    watch->uv.data = watch;
    watch->fn = fn;
    watch->ctx = ctx;
    OC_ASSERT(!uv_signal_start(&watch->uv, on_signal, signum));
    uv_unref((uv_handle_t *)&watch->uv);
    OC_VEC_PUSH(&loop->signals, watch);
}
