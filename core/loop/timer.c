/* Timers of the event loop. SPDX-License-Identifier: MIT */
#include <uv.h>

#include "core/base/mem.h"
#include "core/loop/loop.h"

/* libuv goes on with timers as long as one is due, so one that starts itself anew without a delay would keep everything else of
 * the loop waiting: each runs once in a turn, and what is due again is posted. */
struct oc_timer {
    uv_timer_t uv;
    struct oc_loop *loop;
    oc_loop_fn fn;
    void *ctx;
    uint64_t turn; /* of the loop in which it ran last */
    bool posted;   /* run_again is to come: the memory stays until then */
    bool again;    /* ... and is to run it */
    bool closed;
};

static void run_again(void *ctx)
{
    struct oc_timer *t = ctx;
    t->posted = false;
    if (t->closed) {
        free(t);
    } else if (t->again && t->turn == oc_loop_turn(t->loop)) {
        t->posted = true; /* the posts of this turn were not over yet */
        oc_loop_post(t->loop, run_again, t);
    } else if (t->again) {
        t->again = false;
        t->turn = oc_loop_turn(t->loop);
        t->fn(t->ctx); /* may destroy t */
    }
}

static void on_timer(uv_timer_t *uv)
{
    struct oc_timer *t = uv->data;
    const uint64_t turn = oc_loop_turn(t->loop);
    if (t->turn != turn) {
        t->turn = turn;
        t->fn(t->ctx); /* may destroy t */
        return;
    }
    t->again = true;
    if (!t->posted) {
        t->posted = true;
        oc_loop_post(t->loop, run_again, t);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct oc_timer *t = handle->data;
    t->closed = true;
    if (!t->posted) {
        free(t);
    }
}

struct oc_timer *oc_timer_create(struct oc_loop *loop, oc_loop_fn fn, void *ctx)
{
    struct oc_timer *t = oc_calloc(1, sizeof *t);
    OC_ASSERT(!uv_timer_init(oc_loop_uv(loop), &t->uv));
    t->uv.data = t;
    t->loop = loop;
    t->fn = fn;
    t->ctx = ctx;
    return t;
}

void oc_timer_start(struct oc_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    /* libuv counts from the time it cached at the start of the turn, which may be long ago by now
     */
    uv_update_time(t->uv.loop);
    t->again = false;
    OC_ASSERT(!uv_timer_start(&t->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0,
                              repeat_ms > 0 ? (uint64_t)repeat_ms : 0));
}

void oc_timer_stop(struct oc_timer *t)
{
    t->again = false;
    uv_timer_stop(&t->uv);
}

bool oc_timer_active(const struct oc_timer *t)
{
    return t->again || uv_is_active((const uv_handle_t *)&t->uv);
}

void oc_timer_destroy(struct oc_timer *t)
{
    if (t) {
        t->again = false;
        uv_close((uv_handle_t *)&t->uv, on_closed);
    }
}
