/* A new generation takes the place of the one that runs, or does not. SPDX-License-Identifier: MIT */
#include "core/plugin/lifecycle/reload.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define PROBE_MS (5 * OC_SECOND)

static const char *phase_name(enum oc_reload_phase phase)
{
    static const char *const names[] = {"start",     "probe", "drain", "hand-over",
                                        "hand-over", "watch", "watch", "watch"};
    return names[phase];
}

static bool is_before_switch(const struct oc_reload *r)
{
    return r->phase < OC_RELOAD_WATCH;
}

bool oc_reload_holds(const struct oc_instance *i)
{
    return i->reload && i->reload->phase >= OC_RELOAD_DRAIN && i->reload->phase != OC_RELOAD_WATCH;
}

static void reload_free(struct oc_reload *r)
{
    oc_timer_destroy(r->timer);
    oc_kept_config_unref(r->config);
    oc_kept_config_unref(r->old_config);
    oc_plugin_unref(r->plugin);
    oc_plugin_unref(r->old_plugin);
    oc_handed_state_destroy(r->state);
    json_decref(r->from);
    json_decref(r->to);
    free(r);
}

/* Takes the receipt. The last thing that is done: whoever is told may do anything to the instance. */
void oc_reload_tell(struct oc_bus *bus, const char *topic, json_t *receipt, oc_reload_fn done,
                    void *ctx)
{
    json_incref(receipt);
    oc_bus_publish(bus, topic, receipt);
    if (done) {
        done(ctx, receipt);
    }
    json_decref(receipt);
}

/* The body that did not, or does not, take over. Its state goes with it: it may still be reading. */
static void let_go(struct oc_reload *r)
{
    if (r->body) {
        struct oc_kept_config *config = r->config ? r->config : r->instance->config;
        oc_body_retire(r->body, r->call, config, r->call ? r->state : NULL);
        r->state = r->call ? NULL : r->state;
        r->body = NULL;
        r->call = NULL;
    }
}

/* The reload is over, and the body that the instance has goes on. Takes the reload. */
void oc_reload_resume(struct oc_reload *r)
{
    struct oc_instance *i = r->instance;
    const bool ended = r->old_ended;
    let_go(r);
    i->reload = NULL;
    reload_free(r);
    if (i->state == OC_INSTANCE_STOPPING) {
        return;
    }
    if (ended && (i->state == OC_INSTANCE_RESTARTING || i->state == OC_INSTANCE_STARTING)) {
        oc_supervision_plan(i);
    } else if (i->state == OC_INSTANCE_STARTING) { /* it was held for the one that did not come */
        i->state = i->running ? OC_INSTANCE_FENCED : OC_INSTANCE_READY;
    }
    oc_instance_idle(i);
}

static void end_without_switch(struct oc_reload *r, const char *message)
{
    struct oc_bus *bus = r->plugin->owner->bus;
    const oc_reload_fn done = r->done;
    void *ctx = r->ctx;
    json_t *receipt = oc_reload_receipt(r, false, phase_name(r->phase), false, message);
    oc_warn("reload failed, the old generation goes on", "instance=%s plugin=%s phase=%s reason=%s",
            r->instance->name, r->plugin->name, phase_name(r->phase), message);
    oc_reload_resume(r);
    oc_reload_tell(bus, "plugin.reloaded", receipt, done, ctx);
}

/* ---- the switch ---- */

/* The body takes the instance over; what it was until now is let go. */
void oc_reload_install(struct oc_reload *r, struct oc_plugin *plugin)
{
    struct oc_instance *i = r->instance;
    struct oc_plugin *was = i->plugin;
    struct oc_method_call *late = i->running;
    const bool told = i->state == OC_INSTANCE_READY || i->state == OC_INSTANCE_BUSY;
    i->running = NULL;
    oc_body_retire(i->body, late, i->config, NULL);
    i->body = r->body;
    r->body = NULL;
    oc_body_set_events(i->body, &oc_instance_events, i);
    oc_plugin_ref(plugin);
    i->plugin = plugin;
    oc_plugin_unref(was);
    oc_error_init(&i->err);
    i->killed = false;
    i->phase_until_ms = 0;
    oc_supervise_reset(&i->supervise);
    oc_supervision_started(i);
    i->state = OC_INSTANCE_READY;
    if (!told) {
        oc_instance_set_state(i, OC_INSTANCE_READY, "plugin.started");
    }
}

/* The new generation stays, whatever it does from here on. */
static void end_watch(struct oc_reload *r, const char *message)
{
    struct oc_bus *bus = r->plugin->owner->bus;
    json_t *receipt = oc_reload_receipt(r, true, "watch", false, message);
    r->instance->reload = NULL;
    reload_free(r);
    oc_reload_tell(bus, "plugin.reloaded", receipt, NULL, NULL);
}

static void switch_over(struct oc_reload *r, const char *message)
{
    struct oc_instance *i = r->instance;
    const oc_reload_fn done = r->done;
    void *ctx = r->ctx;
    r->old_was_clean = i->failed_in_a_row == 0;
    oc_reload_install(r, r->plugin);
    if (r->config) {
        r->old_config = i->config;
        i->config = r->config;
        r->config = NULL;
    }
    r->switched_ms = oc_time_mono() - r->begun_ms;
    json_t *receipt = oc_reload_receipt(r, true, "switched", false, message);
    oc_info("plugin reloaded", "instance=%s plugin=%s generation=%lld", i->name, i->plugin->name,
            (long long)i->body->generation);
    r->phase = OC_RELOAD_WATCH;
    if (r->watch_ms > 0 && !r->old_ended) {
        oc_timer_start(r->timer, r->watch_ms, 0);
    } else {
        i->reload = NULL;
        reload_free(r);
    }
    oc_instance_idle(i);
    oc_reload_tell(i->plugin->owner->bus, "plugin.reloaded", receipt, done, ctx);
}

/* ---- hand-over ---- */

static void on_loaded(void *ctx, struct oc_method_call *c)
{
    struct oc_reload *r = ctx;
    char message[600];
    oc_timer_stop(r->timer);
    r->call = NULL;
    if (c->code) {
        snprintf(message, sizeof message, "state.load/1: %s", c->err.message);
        end_without_switch(r, message);
    } else {
        switch_over(r, NULL);
    }
}

void oc_reload_load_state(struct oc_reload *r, void (*loaded)(void *ctx, struct oc_method_call *c))
{
    const int64_t limit = r->body->plugin->terms.limits.call_ms;
    struct oc_invocation inv = {.timeout_ms = limit};
    oc_handed_state_invoke(r->state, &inv);
    oc_timer_start(r->timer, limit, 0);
    r->call = oc_call_private(r->body, &inv, loaded, r);
}

/* The calls of the instance have it as their context: the reload may be gone when they end. */
static void on_state(void *ctx, const struct oc_record *records, size_t count)
{
    const struct oc_instance *i = ctx;
    if (i->reload && i->reload->phase == OC_RELOAD_SAVE) {
        oc_handed_state_take(i->reload->state, records, count);
    }
}

static void on_saved(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    const struct oc_instance *i = ctx;
    struct oc_reload *r = i->reload;
    struct oc_error why = *err;
    (void)took_ms;
    if (!r || r->phase != OC_RELOAD_SAVE) {
        return;
    }
    if (code == OC_E_CRASHED) {
        r->old_ended = true;
        switch_over(r, "the old generation crashed when it was to save its state");
        return;
    }
    if (!code) {
        code = oc_handed_state_check(r->state, &why);
    }
    if (code) {
        end_without_switch(r, why.message);
        return;
    }
    r->phase = OC_RELOAD_LOAD;
    oc_reload_load_state(r, on_loaded);
}

static void on_drained(struct oc_reload *r)
{
    struct oc_instance *i = r->instance;
    r->drained_ms = oc_time_mono() - r->drain_ms;
    const bool saves = !r->old_ended && oc_plugin_has_method(i->plugin, "state.save/1");
    if (!saves || !oc_plugin_has_method(r->plugin, "state.load/1")) {
        switch_over(r, r->old_ended ? "the old generation did not run"
                       : saves      ? "the new generation has no state.load/1: it starts afresh"
                                    : NULL);
        return;
    }
    const struct oc_invocation inv = {.method = "state.save/1",
                                      .timeout_ms = i->plugin->terms.limits.call_ms,
                                      .on_records = on_state,
                                      .on_done = on_saved,
                                      .ctx = i};
    r->phase = OC_RELOAD_SAVE;
    r->state = oc_calloc(1, sizeof *r->state);
    oc_calls_begin_internal(i, &inv);
}

/* ---- start, probe, drain ---- */

void oc_reload_idle(struct oc_instance *i)
{
    struct oc_reload *r = i->reload;
    if (!r || r->phase != OC_RELOAD_DRAIN) {
        return;
    }
    if (r->old_ended || (i->state == OC_INSTANCE_READY && !i->running)) {
        on_drained(r);
    } else if (i->state == OC_INSTANCE_FENCED && !i->killed) {
        end_without_switch(r, "the running call did not end within its deadline");
    }
}

static void drain(struct oc_reload *r)
{
    r->phase = OC_RELOAD_DRAIN;
    r->drain_ms = oc_time_mono();
    oc_reload_idle(r->instance);
}

static void on_probed(void *ctx, struct oc_method_call *c)
{
    struct oc_reload *r = ctx;
    oc_timer_stop(r->timer);
    r->call = NULL;
    if (c->code && c->code != OC_E_UNSUPPORTED) {
        end_without_switch(r, c->err.message);
    } else {
        drain(r);
    }
}

/* Only what says that it is a probe is called before the switch: collecting, sending or deploying twice is no test. */
static void probe(struct oc_reload *r)
{
    if (!oc_plugin_has_method(r->plugin, "health.probe/1")) {
        drain(r);
        return;
    }
    const int64_t limit = r->plugin->terms.limits.call_ms;
    const struct oc_invocation inv = {.method = "health.probe/1",
                                      .timeout_ms = limit < PROBE_MS ? limit : PROBE_MS};
    r->phase = OC_RELOAD_PROBE;
    oc_timer_start(r->timer, inv.timeout_ms, 0);
    r->call = oc_call_private(r->body, &inv, on_probed, r);
}

/* ---- what happens to the two bodies ---- */

bool oc_reload_died(struct oc_instance *i, const struct oc_body_death *death)
{
    struct oc_reload *r = i->reload;
    char why[600];
    if (!r) {
        return false;
    }
    oc_supervision_note(i, i->body, death);
    oc_copy(why, sizeof why, i->err.message);
    r->old_ended = true;
    i->state = OC_INSTANCE_STARTING; /* calls wait for the one that takes over */
    i->phase_until_ms = 0;
    if (r->phase == OC_RELOAD_WATCH) {
        oc_reload_go_back(r, why);
    } else if (r->phase == OC_RELOAD_DRAIN) {
        oc_reload_idle(i);
    }
    return true;
}

static void on_started(void *ctx, struct oc_body *b, const struct oc_error *err)
{
    struct oc_reload *r = ctx;
    (void)b;
    oc_timer_stop(r->timer);
    if (r->phase == OC_RELOAD_BACK && err) {
        oc_reload_end_back(r, false, err->message);
    } else if (r->phase == OC_RELOAD_BACK) {
        oc_reload_back_started(r);
    } else if (err) {
        end_without_switch(r, err->message);
    } else {
        probe(r);
    }
}

static void on_stopped(void *ctx, struct oc_body *b)
{
    (void)ctx;
    (void)b; /* nobody stops it while it is the reload's */
}

static void on_died(void *ctx, struct oc_body *b, const struct oc_body_death *death)
{
    struct oc_reload *r = ctx;
    (void)b;
    if (is_before_switch(r)) {
        end_without_switch(r, death->err.message);
    } else {
        oc_reload_end_back(r, false, death->err.message);
    }
}

const struct oc_body_events oc_reload_events = {
    .started = on_started, .stopped = on_stopped, .died = on_died};

/* ---- time ---- */

static void on_late(struct oc_reload *r)
{
    char message[128];
    enum oc_body_late late = OC_LATE_WITHDRAWN;
    snprintf(message, sizeof message, "the new generation was not ready in time (%s)",
             phase_name(r->phase));
    if (r->call && oc_call_private_late(r->call, &late)) {
        r->call = NULL;
    } else if (!r->call && r->body->kind->start_late(r->body) == OC_LATE_WITHDRAWN) {
        r->body->phase = OC_BODY_ENDED;
    }
    if (is_before_switch(r)) {
        end_without_switch(r, message);
    } else {
        oc_reload_end_back(r, false, message);
    }
}

static void on_timer(void *ctx)
{
    struct oc_reload *r = ctx;
    if (r->phase == OC_RELOAD_WATCH) {
        end_watch(r, NULL);
    } else {
        on_late(r);
    }
}

/* ---- from outside ---- */

void oc_reload_cancel(struct oc_instance *i)
{
    if (i->reload && i->reload->phase == OC_RELOAD_WATCH) {
        end_watch(i->reload, "the instance is being stopped");
    } else if (i->reload && is_before_switch(i->reload)) {
        end_without_switch(i->reload, "the instance is being stopped");
    } else if (i->reload) {
        oc_reload_end_back(i->reload, false, "the instance is being stopped");
    }
}

static int check(const struct oc_instance *i, struct oc_plugin *plugin, struct oc_error *err)
{
    if (i->reload) {
        return oc_error_set(err, OC_E_CONFLICT, "%s is being reloaded already", i->name);
    }
    const bool ended = i->body->phase == OC_BODY_ENDED || i->body->phase == OC_BODY_NEW;
    const bool runs = i->state == OC_INSTANCE_READY || i->state == OC_INSTANCE_BUSY;
    const bool waits = i->state == OC_INSTANCE_FAILED || i->state == OC_INSTANCE_RESTARTING ||
                       i->state == OC_INSTANCE_QUARANTINED;
    if (!runs && !(waits && ended)) {
        oc_error_set(err, OC_E_CONFLICT, "%s is %s", i->name, oc_instance_state_name(i->state));
        oc_error_hint(err, "Try again when it is ready.");
        return OC_E_CONFLICT;
    }
    return plugin->terms.tier == OC_TIER_INPROC
               ? OC_OK
               : oc_quarantine_check(plugin->owner->quarantine, plugin->name,
                                     oc_plugin_identity(plugin), err);
}

int oc_instance_reload(struct oc_instance *i, struct oc_plugin *plugin,
                       const struct oc_node *config, int64_t watch_ms, oc_reload_fn done, void *ctx,
                       struct oc_error *err)
{
    if (i->reload && i->reload->phase == OC_RELOAD_WATCH) {
        end_watch(i->reload, "the next reload begins");
    }
    plugin = oc_plugin_refresh(plugin ? plugin : i->plugin);
    const int code = check(i, plugin, err);
    if (code) {
        return code;
    }
    struct oc_reload *r = oc_calloc(1, sizeof *r);
    *r = (struct oc_reload){.instance = i,
                            .plugin = plugin,
                            .old_plugin = i->plugin,
                            .watch_ms = watch_ms,
                            .begun_ms = oc_time_mono(),
                            .done = done,
                            .ctx = ctx};
    oc_plugin_ref(plugin);
    oc_plugin_ref(i->plugin);
    r->old_ended = i->body->phase != OC_BODY_STARTED;
    r->config = config ? oc_kept_config_create(config, i->config->path, i->config->ignore) : NULL;
    const struct oc_kept_config *c = r->config ? r->config : i->config;
    r->body =
        oc_body_create(i, plugin, c->node, c->path, c->ignore, &oc_reload_events, r, NULL, err);
    if (!r->body) {
        reload_free(r);
        return err ? err->code : OC_E_CONFIG;
    }
    r->from = oc_reload_side(i->plugin, i->body->generation);
    r->to = oc_reload_side(plugin, r->body->generation);
    r->timer = oc_timer_create(plugin->owner->loop, on_timer, r);
    i->reload = r;
    if (r->old_ended) {
        i->phase_until_ms = 0; /* no restart meanwhile */
    }
    oc_timer_start(r->timer, plugin->terms.limits.start_ms, 0);
    oc_body_start(r->body);
    return OC_OK;
}
