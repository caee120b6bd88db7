/* Timers of the event loop. SPDX-License-Identifier: MIT */
#include <uv.h>

#include "core/base/mem.h"
#include "core/loop/loop.h"

struct oc_timer {
    uv_timer_t uv;
    oc_loop_fn fn;
    void *ctx;
};

static void on_timer(uv_timer_t *uv)
{
    struct oc_timer *t = uv->data;
    t->fn(t->ctx); /* may destroy t */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct oc_timer *oc_timer_create(struct oc_loop *loop, oc_loop_fn fn, void *ctx)
{
    struct oc_timer *t = oc_calloc(1, sizeof *t);
    OC_ASSERT(!uv_timer_init(oc_loop_uv(loop), &t->uv));
    t->uv.data = t;
    t->fn = fn;
    t->ctx = ctx;
    return t;
}

void oc_timer_start(struct oc_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    /* libuv counts from the time it cached at the start of the turn, which may be long ago by now
     */
    uv_update_time(t->uv.loop);
    OC_ASSERT(!uv_timer_start(&t->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0,
                              repeat_ms > 0 ? (uint64_t)repeat_ms : 0));
}

void oc_timer_stop(struct oc_timer *t)
{
    uv_timer_stop(&t->uv);
}

bool oc_timer_active(const struct oc_timer *t)
{
    return uv_is_active((const uv_handle_t *)&t->uv);
}

void oc_timer_destroy(struct oc_timer *t)
{
    if (t) {
        uv_close((uv_handle_t *)&t->uv, on_closed);
    }
}
