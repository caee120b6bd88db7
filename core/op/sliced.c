/* Long answers of operations, made in slices between which the host does other things. SPDX-License-Identifier: MIT */
#include "core/op/sliced.h"

#include "core/base/time.h"

#define SLICE_MS 4

static void finish(struct oc_sliced *s)
{
    struct oc_call *call = s->call;
    struct oc_error err;
    oc_error_init(&err);
    json_t *answer = s->answer(s, &err);
    oc_timer_destroy(s->timer);
    s->destroy(s);
    oc_call_on_cancel(call, NULL, NULL);
    if (answer) {
        oc_call_succeed(call, answer);
    } else {
        oc_call_fail(call, &err);
    }
}

static void on_turn(void *ctx)
{
    struct oc_sliced *s = ctx;
    if (s->work(s, oc_time_mono() + SLICE_MS)) {
        finish(s);
    } else {
        oc_timer_start(s->timer, 0, 0);
    }
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct oc_sliced *s = ctx;
    oc_timer_destroy(s->timer);
    s->destroy(s);
    oc_call_failf(call, OC_E_CANCELLED, NULL, "%s was cancelled", oc_call_op(call)->name);
}

void oc_sliced_run(struct oc_sliced *s, struct oc_loop *loop, struct oc_call *call)
{
    s->call = call;
    s->timer = NULL;
    if (s->work(s, oc_call_is_at_once(call) ? INT64_MAX : oc_time_mono() + SLICE_MS)) {
        finish(s);
        return;
    }
    s->timer = oc_timer_create(loop, on_turn, s);
    oc_call_on_cancel(call, on_cancel, s);
    oc_timer_start(s->timer, 0, 0);
}
