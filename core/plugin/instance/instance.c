/* One configured use of a plugin, from start to stop. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

/* Instances whose worker never came back: their memory stays for it, and leak checkers are to see
 * that it is known. */
static LIST_HEAD(, oc_instance) given_up = LIST_HEAD_INITIALIZER(given_up);

const char *oc_instance_state_name(enum oc_instance_state state)
{
    static const char *const names[] = {"starting", "ready",   "busy",       "fenced",     "failed",
                                        "stopping", "stopped", "restarting", "quarantined"};
    return (size_t)state < OC_COUNT(names) ? names[state] : "unknown";
}

void oc_instance_set_state(struct oc_instance *i, enum oc_instance_state state, const char *topic)
{
    i->state = state;
    json_t *data = json_object();
    oc_json_set_str(data, "instance", i->name);
    oc_json_set_str(data, "plugin", i->plugin->name);
    oc_json_set_str(data, "message", i->err.message);
    oc_bus_publish(i->plugin->owner->bus, topic, data);
}

/* ---- deadlines ---- */

void oc_instance_arm(struct oc_instance *i)
{
    const int64_t phase = i->phase_until_ms ? i->phase_until_ms : INT64_MAX;
    i->armed_for_ms = oc_calls_earliest(i, phase);
    if (!i->timer) {
        return;
    }
    if (i->armed_for_ms == INT64_MAX) {
        oc_timer_stop(i->timer);
    } else {
        oc_timer_start(i->timer, i->armed_for_ms - oc_time_mono(), 0);
    }
}

static void phase_expired(struct oc_instance *i);

/* The timer is believed rather than the clock: it may fire a moment early, and tests stop the
 * clock. */
static void on_timer(void *ctx)
{
    struct oc_instance *i = ctx;
    const int64_t due = i->armed_for_ms;
    oc_calls_expire(i, due);
    oc_reload_idle(i);
    if (i->phase_until_ms && i->phase_until_ms <= due) {
        phase_expired(i);
    }
    oc_instance_arm(i);
}

/* ---- the end ---- */

static void instance_free(struct oc_instance *i)
{
    oc_timer_destroy(i->timer);
    oc_body_destroy(i->body);
    oc_kept_config_unref(i->config);
    oc_supervision_finish(i);
    oc_plugin_unref(i->plugin);
    free(i->name);
    free(i);
}

static void on_finished(void *ctx)
{
    struct oc_instance *i = ctx;
    const oc_loop_fn done = i->on_destroyed;
    void *done_ctx = i->destroyed_ctx;
    if (i->given_up || i->left_behind) {
        oc_timer_destroy(i->timer);
        i->timer = NULL;
        LIST_INSERT_HEAD(&given_up, i, link);
    } else {
        instance_free(i);
    }
    if (done) {
        done(done_ctx);
    }
}

static void finish(struct oc_instance *i)
{
    i->finishing = true;
    if (!LIST_EMPTY(&i->retiring)) {
        return; /* it goes on in oc_instance_retired */
    }
    i->phase_until_ms = 0;
    oc_instance_set_state(i, OC_INSTANCE_STOPPED, "plugin.stopped");
    oc_loop_post(i->plugin->owner->loop, on_finished, i);
}

void oc_instance_retired(struct oc_instance *i)
{
    if (i->finishing && i->state == OC_INSTANCE_STOPPING) {
        finish(i);
    }
}

static void on_stopped(void *ctx, struct oc_body *b)
{
    struct oc_instance *i = ctx;
    (void)b;
    if (i->state != OC_INSTANCE_STOPPED) { /* else the end of the call that ran was its end */
        finish(i);
    }
}

static void give_up(struct oc_instance *i)
{
    i->phase_until_ms = 0;
    oc_retiring_give_up(i);
    if (i->state == OC_INSTANCE_STOPPED) {
        return;
    }
    oc_calls_give_up(i);
    if (i->body->phase == OC_BODY_NEW || i->body->phase == OC_BODY_ENDED) {
        finish(i);
        return;
    }
    oc_error_set(&i->err, OC_E_TIMEOUT, "given up: the plugin did not return");
    i->given_up = i->body->kind->give_up(i->body);
    if (i->given_up) {
        oc_err("plugin did not stop, its memory is left behind", "instance=%s plugin=%s", i->name,
               i->plugin->name);
        finish(i);
    } else {
        i->phase_until_ms = 0; /* its end is told */
        oc_err("plugin did not stop, its process was killed", "instance=%s plugin=%s", i->name,
               i->plugin->name);
    }
}

/* Nothing runs: the body is stopped, or is at its end already. */
static void stop_body(struct oc_instance *i)
{
    switch (i->body->phase) {
    case OC_BODY_STARTED:
        oc_body_stop(i->body);
        break;
    case OC_BODY_NEW:
    case OC_BODY_ENDED:
        finish(i);
        break;
    case OC_BODY_STARTING:
    case OC_BODY_STOPPING:
        break;
    }
}

void oc_instance_idle(struct oc_instance *i)
{
    if (i->state == OC_INSTANCE_STOPPING && !i->running) {
        stop_body(i);
    } else if (i->state == OC_INSTANCE_BUSY && !i->running && i->body->phase == OC_BODY_STARTED) {
        i->state = OC_INSTANCE_READY; /* not when its process is gone: that is told next */
    }
    oc_calls_begin_next(i);
    oc_reload_idle(i);
    oc_instance_arm(i);
}

/* Who is in no hurry gives up no sooner than the deadlines that the plugin was promised. */
static int64_t own_grace(const struct oc_instance *i)
{
    const int64_t left = i->running ? i->running->until_ms - oc_time_mono() : 0;
    return (left > 0 ? left : 0) + i->plugin->terms.limits.stop_ms;
}

void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    OC_ASSERT(i->state != OC_INSTANCE_STOPPING && i->state != OC_INSTANCE_STOPPED);
    i->on_destroyed = done;
    i->destroyed_ctx = ctx;
    i->state = OC_INSTANCE_STOPPING;
    grace_ms = grace_ms == OC_INSTANCE_GRACE ? own_grace(i) : grace_ms;
    i->phase_until_ms = oc_time_mono() + (grace_ms > 1 ? grace_ms : 1);
    oc_error_init(&i->err);
    oc_reload_cancel(i);
    oc_calls_fail_queued(i, OC_E_CANCELLED, "the instance is being stopped");
    oc_calls_cancel_running(i);
    if (i->body->phase == OC_BODY_STARTING && i->body->kind->start_withdraw(i->body)) {
        i->body->phase = OC_BODY_ENDED; /* start had not begun */
    }
    oc_instance_idle(i);
}

/* ---- the start ---- */

static void start_failed(struct oc_instance *i, const struct oc_error *err)
{
    i->err = *err;
    oc_warn("plugin instance failed to start", "instance=%s plugin=%s reason=%s", i->name,
            i->plugin->name, err->message);
    oc_instance_set_state(i, OC_INSTANCE_FAILED, "plugin.failed");
    oc_calls_fail_queued(i, OC_E_CONFLICT, "the instance failed to start");
}

static void fail_start(struct oc_instance *i, const struct oc_error *err)
{
    if (i->state == OC_INSTANCE_RESTARTING) {
        oc_supervision_start_failed(i, err);
    } else {
        start_failed(i, err);
    }
}

static void on_started(void *ctx, struct oc_body *b, const struct oc_error *err)
{
    struct oc_instance *i = ctx;
    const enum oc_instance_state was = i->state;
    (void)b;
    if (was == OC_INSTANCE_STOPPING) {
        oc_instance_idle(i);
        return;
    }
    i->phase_until_ms = 0;
    if (err) {
        fail_start(i, err);
    } else {
        oc_error_init(&i->err);
        oc_supervision_started(i);
        oc_instance_set_state(i, OC_INSTANCE_READY,
                              was == OC_INSTANCE_FENCED       ? "plugin.unfenced"
                              : was == OC_INSTANCE_RESTARTING ? "plugin.restarted"
                                                              : "plugin.started");
    }
    oc_instance_idle(i);
}

static void start_expired(struct oc_instance *i)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_TIMEOUT, "start did not return within %g s",
                 (double)i->plugin->terms.limits.start_ms / 1000);
    i->phase_until_ms = 0;
    switch (i->body->kind->start_late(i->body)) {
    case OC_LATE_WITHDRAWN:
        i->body->phase = OC_BODY_ENDED;
        oc_error_set(&err, OC_E_TIMEOUT, "no worker was free to start it");
        fail_start(i, &err);
        break;
    case OC_LATE_FENCED:
        i->err = err;
        oc_instance_set_state(i, OC_INSTANCE_FENCED, "plugin.fenced");
        oc_calls_fail_queued(i, OC_E_CONFLICT, "the instance is fenced until its start returns");
        break;
    case OC_LATE_KILLED:
        i->err = err; /* its death is told soon */
        break;
    }
}

/* ---- the death of its process ---- */

static void on_died(void *ctx, struct oc_body *b, const struct oc_body_death *death)
{
    struct oc_instance *i = ctx;
    i->killed = false;
    if (i->state == OC_INSTANCE_STOPPED) {
        return; /* whoever was told of the call's end has destroyed it */
    }
    if (i->state == OC_INSTANCE_STOPPING) {
        oc_instance_idle(i);
        return;
    }
    oc_warn("plugin process ended", "instance=%s plugin=%s pid=%d reason=%s", i->name,
            i->plugin->name, (int)death->pid, death->err.message);
    if (!oc_reload_died(i, death)) {
        oc_supervision_died(i, b, death);
    }
    oc_instance_arm(i);
}

const struct oc_body_events oc_instance_events = {
    .started = on_started, .stopped = on_stopped, .died = on_died};

static void phase_expired(struct oc_instance *i)
{
    if (i->state == OC_INSTANCE_STARTING ||
        (i->state == OC_INSTANCE_RESTARTING && i->body->phase == OC_BODY_STARTING)) {
        start_expired(i);
    } else if (i->state == OC_INSTANCE_RESTARTING) {
        oc_supervision_due(i);
    } else if (i->state == OC_INSTANCE_STOPPING) {
        give_up(i);
    }
}

/* ---- create ---- */

struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err)
{
    struct oc_instance *i = oc_calloc(1, sizeof *i);
    oc_plugin_ref(plugin);
    i->plugin = plugin;
    i->name = oc_strdup(name);
    TAILQ_INIT(&i->queue);
    LIST_INIT(&i->retiring);
    oc_error_init(&i->err);
    oc_supervision_init(i);
    i->config = oc_kept_config_create(config, path, ignore);
    i->body = oc_body_create(i, plugin, i->config->node, path, i->config->ignore,
                             &oc_instance_events, i, diags, err);
    if (!i->body) {
        instance_free(i);
        return NULL;
    }
    i->timer = oc_timer_create(plugin->owner->loop, on_timer, i);
    i->state = OC_INSTANCE_STARTING;
    if (!oc_supervision_holds(i)) {
        i->phase_until_ms = oc_time_mono() + plugin->terms.limits.start_ms;
        oc_body_start(i->body);
    }
    oc_instance_arm(i);
    return i;
}

/* ---- looking at it ---- */

const char *oc_instance_name(const struct oc_instance *i)
{
    return i->name;
}

struct oc_plugin *oc_instance_plugin(const struct oc_instance *i)
{
    return i->plugin;
}

enum oc_instance_state oc_instance_state(const struct oc_instance *i)
{
    return i->state;
}

const struct oc_error *oc_instance_error(const struct oc_instance *i)
{
    return &i->err;
}

json_t *oc_instance_stats(const struct oc_instance *i)
{
    json_t *stats = oc_stats_json(&i->stats);
    oc_json_set_str(stats, "state", oc_instance_state_name(i->state));
    oc_json_set_int(stats, "restarts", (int64_t)i->supervise.restarts);
    oc_json_take(stats, "crashes", json_deep_copy(i->crashes));
    if (i->state == OC_INSTANCE_QUARANTINED && i->err.message[0]) {
        oc_json_set_str(stats, "last_error", i->err.message); /* also when no call was ever made */
    }
    oc_body_stats(i->body, stats);
    return stats;
}
