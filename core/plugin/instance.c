/* One configured use of a plugin, from start to stop. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

#define START_MS (30 * OC_SECOND)

/* Instances whose worker never came back: their memory stays for it, and leak checkers are to see
 * that it is known. */
static LIST_HEAD(, oc_instance) given_up = LIST_HEAD_INITIALIZER(given_up);

const char *oc_instance_state_name(enum oc_instance_state state)
{
    static const char *const names[] = {"starting", "ready",    "busy",   "fenced",
                                        "failed",   "stopping", "stopped"};
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
    if (i->phase_until_ms && i->phase_until_ms <= due) {
        phase_expired(i);
    }
    oc_instance_arm(i);
}

/* ---- the end ---- */

static void instance_free(struct oc_instance *i)
{
    oc_timer_destroy(i->timer);
    oc_arena_finish(&i->arena);
    free(i->self);
    free(i->name);
    free(i);
}

static void on_finished(void *ctx)
{
    struct oc_instance *i = ctx;
    const oc_loop_fn done = i->on_destroyed;
    void *done_ctx = i->destroyed_ctx;
    if (i->given_up) {
        oc_timer_destroy(i->timer);
        i->timer = NULL;
    } else {
        instance_free(i);
    }
    if (done) {
        done(done_ctx);
    }
}

static void finish(struct oc_instance *i)
{
    i->phase_until_ms = 0;
    oc_instance_set_state(i, OC_INSTANCE_STOPPED, "plugin.stopped");
    oc_loop_post(i->plugin->owner->loop, on_finished, i);
}

static void run_stop(void *ctx)
{
    struct oc_instance *i = ctx;
    i->plugin->entry.stop(i->self);
}

static void on_stopped(void *ctx)
{
    struct oc_instance *i = ctx;
    i->job = NULL;
    i->started = false;
    finish(i);
}

static void on_too_late(void *ctx)
{
    (void)ctx; /* the instance is left as it is, see given_up */
}

static void give_up(struct oc_instance *i)
{
    i->given_up = true;
    atomic_store(&i->host.closed, true);
    LIST_INSERT_HEAD(&given_up, i, link);
    oc_calls_give_up(i);
    if (i->job && !i->job_abandoned && !oc_job_withdraw(i->job)) {
        oc_job_abandon(i->job, on_too_late);
    }
    oc_error_set(&i->err, OC_E_TIMEOUT, "given up: the plugin did not return");
    oc_err("plugin did not stop, its memory is left behind", "instance=%s plugin=%s", i->name,
           i->plugin->name);
    finish(i);
}

void oc_instance_idle(struct oc_instance *i)
{
    if (i->state == OC_INSTANCE_STOPPING && !i->running && !i->job) {
        if (i->started && i->plugin->entry.stop) {
            atomic_store(&i->host.interrupted, false); /* it may want to save something */
            i->job = oc_workers_submit(i->plugin->owner->workers, run_stop, on_stopped, i);
        } else {
            finish(i);
        }
    } else if (i->state == OC_INSTANCE_BUSY && !i->running) {
        i->state = OC_INSTANCE_READY;
    }
    oc_calls_begin_next(i);
    oc_instance_arm(i);
}

void oc_instance_destroy(struct oc_instance *i, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    OC_ASSERT(i->state != OC_INSTANCE_STOPPING && i->state != OC_INSTANCE_STOPPED);
    i->on_destroyed = done;
    i->destroyed_ctx = ctx;
    i->state = OC_INSTANCE_STOPPING;
    i->phase_until_ms = oc_time_mono() + (grace_ms > 1 ? grace_ms : 1);
    oc_error_init(&i->err);
    oc_calls_fail_queued(i, OC_E_CANCELLED, "the instance is being stopped");
    oc_calls_cancel_running(i);
    if (i->job && !i->job_abandoned && oc_job_withdraw(i->job)) {
        i->job = NULL; /* start had not begun */
    }
    oc_instance_idle(i);
}

/* ---- the start ---- */

static void run_start(void *ctx)
{
    struct oc_instance *i = ctx;
    oc_error_init(&i->start_err);
    i->start_code = i->plugin->entry.start
                        ? i->plugin->entry.start(i->self, &i->host.host, &i->start_err)
                        : OC_OK;
}

static void start_failed(struct oc_instance *i, const struct oc_error *err)
{
    i->err = *err;
    oc_warn("plugin instance failed to start", "instance=%s plugin=%s reason=%s", i->name,
            i->plugin->name, err->message);
    oc_instance_set_state(i, OC_INSTANCE_FAILED, "plugin.failed");
    oc_calls_fail_queued(i, OC_E_CONFLICT, "the instance failed to start");
}

static void tidy_start_error(struct oc_instance *i)
{
    struct oc_error *e = &i->start_err;
    char *message = oc_utf8_clean(e->message, strnlen(e->message, sizeof e->message));
    char *hint = oc_utf8_clean(e->hint, strnlen(e->hint, sizeof e->hint));
    oc_error_set(e, i->start_code, "%s", *message ? message : "start failed and did not say why");
    oc_error_hint(e, "%s", hint);
    free(message);
    free(hint);
}

static void on_started(void *ctx)
{
    struct oc_instance *i = ctx;
    const bool late = i->job_abandoned;
    if (i->given_up) {
        return;
    }
    i->job = NULL;
    i->job_abandoned = false;
    i->started = i->start_code == OC_OK;
    if (i->state == OC_INSTANCE_STOPPING) {
        oc_instance_idle(i);
        return;
    }
    i->phase_until_ms = 0;
    if (i->started) {
        oc_error_init(&i->err);
        oc_instance_set_state(i, OC_INSTANCE_READY, late ? "plugin.unfenced" : "plugin.started");
    } else {
        tidy_start_error(i);
        start_failed(i, &i->start_err);
    }
    oc_instance_idle(i);
}

static void start_expired(struct oc_instance *i)
{
    i->phase_until_ms = 0;
    if (oc_job_withdraw(i->job)) {
        struct oc_error err;
        oc_error_init(&err);
        oc_error_set(&err, OC_E_TIMEOUT, "no worker was free to start it");
        i->job = NULL;
        start_failed(i, &err);
        return;
    }
    oc_error_set(&i->err, OC_E_TIMEOUT, "start did not return within 30 s");
    i->job_abandoned = true;
    oc_job_abandon(i->job, on_started);
    oc_instance_set_state(i, OC_INSTANCE_FENCED, "plugin.fenced");
    oc_calls_fail_queued(i, OC_E_CONFLICT, "the instance is fenced until its start returns");
}

static void phase_expired(struct oc_instance *i)
{
    if (i->state == OC_INSTANCE_STARTING) {
        start_expired(i);
    } else if (i->state == OC_INSTANCE_STOPPING) {
        give_up(i);
    }
}

/* ---- create ---- */

static int bind_options(struct oc_instance *i, const struct oc_node *config, const char *path,
                        const char *const *ignore, struct oc_diags *diags, struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    const struct oc_plugin_entry *e = &i->plugin->entry;
    struct oc_diags own = {0};
    struct oc_diags *to = diags ? diags : &own;
    const size_t before = to->list.count;
    const size_t errors =
        oc_bind(e->options ? e->options : none, e->options ? e->option_size : sizeof *none, config,
                path, ignore, i->self, (size_t)e->instance_size, &i->arena, to);
    int code = OC_OK;
    for (size_t k = before; errors > 0 && !code && k < to->list.count; k++) {
        const struct oc_diag *d = &to->list.items[k];
        if (!d->warning) {
            code = oc_error_set(err, OC_E_CONFIG, "%s: %s", d->key ? d->key : path, d->message);
            oc_error_hint(err, "%s", d->hint ? d->hint : "");
        }
    }
    oc_diags_finish(&own);
    return errors > 0 && !code ? oc_error_set(err, OC_E_CONFIG, "%s: wrong options", path) : code;
}

struct oc_instance *oc_instance_create(struct oc_plugin *plugin, const char *name,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err)
{
    if (oc_plugin_load(plugin, err)) {
        return NULL;
    }
    struct oc_instance *i = oc_calloc(1, sizeof *i);
    i->plugin = plugin;
    i->name = oc_strdup(name);
    i->self = oc_calloc(1, plugin->entry.instance_size ? (size_t)plugin->entry.instance_size : 1);
    TAILQ_INIT(&i->queue);
    oc_error_init(&i->err);
    if (bind_options(i, config, path, ignore, diags, err)) {
        instance_free(i);
        return NULL;
    }
    oc_host_side_init(&i->host, i);
    i->timer = oc_timer_create(plugin->owner->loop, on_timer, i);
    i->state = OC_INSTANCE_STARTING;
    i->phase_until_ms = oc_time_mono() + START_MS;
    i->job = oc_workers_submit(plugin->owner->workers, run_start, on_started, i);
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
    return stats;
}
