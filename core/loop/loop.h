/* The event loop, its timers and deferred calls, over libuv. SPDX-License-Identifier: MIT
 *
 * One loop thread owns all state of the daemon. Everything here is [loop] except oc_loop_post, which is [any].
 * Timers follow the monotonic clock, so a jump of the wall clock moves none of them. */
#ifndef OC_LOOP_LOOP_H
#define OC_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct oc_loop;
struct oc_timer;
typedef void (*oc_loop_fn)(void *ctx);

struct oc_loop *oc_loop_create(void);
void oc_loop_destroy(struct oc_loop *loop); /* NULL is fine; every timer and stream must be gone */
void oc_loop_run(struct oc_loop *loop);     /* until oc_loop_stop, or nothing is left to wait for */
void oc_loop_stop(struct oc_loop *loop);
/* one turn (tests); false when nothing is left */
bool oc_loop_step(struct oc_loop *loop, bool wait);
/* Counts the turns: in each, files, posts and timers have theirs. */
uint64_t oc_loop_turn(const struct oc_loop *loop);
void *oc_loop_uv(struct oc_loop *loop); /* uv_loop_t *, for the floors that wrap further handles */

/* Runs fn(ctx) on the loop thread soon, in the order posted. [any] */
void oc_loop_post(struct oc_loop *loop, oc_loop_fn fn, void *ctx);

/* not running yet */
struct oc_timer *oc_timer_create(struct oc_loop *loop, oc_loop_fn fn, void *ctx);
/* repeat 0 = once; restarts. One that starts itself anew without a delay goes on in the next turn, behind everything else that is
 * there to do. */
void oc_timer_start(struct oc_timer *t, int64_t delay_ms, int64_t repeat_ms);
void oc_timer_stop(struct oc_timer *t);
bool oc_timer_active(const struct oc_timer *t);
void oc_timer_destroy(struct oc_timer *t); /* NULL is fine; fn never runs after this */

/* Runs fn(ctx) on the loop when `signum` arrives; the last registration for a number wins; NULL removes it. */
void oc_loop_on_signal(struct oc_loop *loop, int signum, oc_loop_fn fn, void *ctx);

#endif
