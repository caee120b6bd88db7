/* Bodies on their way out: stopped, waited for and destroyed while their instance goes on. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/lifecycle/reload.h"

struct oc_retiring {
    struct oc_body *body;
    struct oc_instance *instance;
    struct oc_timer *timer;
    struct oc_kept_config *config; /* this and state: what the body may still use */
    struct oc_handed_state *state;
    bool busy; /* a call has not returned */
    bool ending;
    LIST_ENTRY(oc_retiring) link;
};

/* Instances whose retiring bodies were given up keep them; leak checkers are to see that they are known. */
static LIST_HEAD(, oc_retiring) left = LIST_HEAD_INITIALIZER(left);

static void drop(struct oc_retiring *r)
{
    struct oc_instance *i = r->instance;
    LIST_REMOVE(r, link);
    oc_timer_destroy(r->timer);
    r->timer = NULL;
    if (LIST_EMPTY(&i->retiring)) {
        oc_instance_retired(i);
    }
}

/* Posted: the body may be the one that calls. */
static void end(void *ctx)
{
    struct oc_retiring *r = ctx;
    oc_body_destroy(r->body);
    oc_kept_config_unref(r->config);
    oc_handed_state_destroy(r->state);
    drop(r);
    free(r);
}

static void advance(struct oc_retiring *r)
{
    if (r->busy || r->ending) {
        return;
    }
    switch (r->body->phase) {
    case OC_BODY_NEW:
    case OC_BODY_ENDED:
        r->ending = true;
        oc_loop_post(r->instance->plugin->owner->loop, end, r);
        break;
    case OC_BODY_STARTED:
        oc_body_stop(r->body);
        break;
    case OC_BODY_STARTING:
    case OC_BODY_STOPPING:
        break;
    }
}

static void on_started(void *ctx, struct oc_body *b, const struct oc_error *err)
{
    (void)b;
    (void)err;
    advance(ctx);
}

static void on_stopped(void *ctx, struct oc_body *b)
{
    (void)b;
    advance(ctx);
}

static void on_died(void *ctx, struct oc_body *b, const struct oc_body_death *death)
{
    const struct oc_retiring *r = ctx;
    oc_debug("a generation that was let go ended", "instance=%s plugin=%s reason=%s",
             r->instance->name, b->plugin->name, death->err.message);
    advance(ctx);
}

static void on_call_ended(void *ctx, struct oc_method_call *c)
{
    struct oc_retiring *r = ctx;
    (void)c;
    r->busy = false;
    advance(r);
}

static const struct oc_body_events events = {
    .started = on_started, .stopped = on_stopped, .died = on_died};

static void give_up(struct oc_retiring *r)
{
    if (r->ending || !r->body->kind->give_up(r->body)) {
        return; /* its end is told */
    }
    oc_err("a generation did not stop, its memory is left behind", "instance=%s plugin=%s",
           r->instance->name, r->body->plugin->name);
    r->instance->left_behind = true;
    drop(r);
    LIST_INSERT_HEAD(&left, r, link);
}

void oc_retiring_give_up(struct oc_instance *i)
{
    struct oc_retiring *r = LIST_FIRST(&i->retiring), *next;
    for (; r; r = next) {
        next = LIST_NEXT(r, link);
        give_up(r);
    }
}

/* A process is ended; a thread cannot be, so it has all the time that its instance has. */
static void on_timer(void *ctx)
{
    struct oc_retiring *r = ctx;
    if (r->body->plugin->terms.tier != OC_TIER_INPROC) {
        give_up(r);
    }
}

void oc_body_retire(struct oc_body *b, struct oc_method_call *running,
                    struct oc_kept_config *config, struct oc_handed_state *state)
{
    struct oc_retiring *r = oc_calloc(1, sizeof *r);
    r->body = b;
    r->instance = b->instance;
    r->config = config ? oc_kept_config_ref(config) : NULL;
    r->state = state;
    r->busy = running != NULL;
    if (running) {
        running->ended = on_call_ended;
        running->ended_ctx = r;
    }
    r->timer = oc_timer_create(b->plugin->owner->loop, on_timer, r);
    oc_timer_start(r->timer, b->plugin->terms.limits.stop_ms, 0);
    LIST_INSERT_HEAD(&r->instance->retiring, r, link);
    oc_body_set_events(b, &events, r);
    if (b->phase == OC_BODY_STARTING && b->kind->start_withdraw(b)) {
        b->phase = OC_BODY_ENDED; /* start had not begun */
    }
    advance(r);
}
