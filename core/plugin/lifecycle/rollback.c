/* The old generation comes back when the new one fails while it is watched. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/lifecycle/reload.h"

void oc_reload_end_back(struct oc_reload *r, bool ok, const char *message)
{
    struct oc_bus *bus = r->plugin->owner->bus;
    json_t *receipt = oc_reload_receipt(r, ok, "watch", true, message);
    oc_reload_resume(r);
    json_incref(receipt);
    oc_reload_tell(bus, "plugin.rolled_back", receipt, NULL, NULL);
    oc_reload_tell(bus, "plugin.reloaded", receipt, NULL, NULL);
}

static void switch_back(struct oc_reload *r)
{
    struct oc_instance *i = r->instance;
    const uint64_t generation = r->body->generation;
    oc_reload_install(r, r->old_plugin);
    r->old_ended = false;
    if (r->old_config) {
        oc_kept_config_unref(i->config);
        i->config = r->old_config;
        r->old_config = NULL;
    }
    json_decref(r->from);
    r->from = r->to;
    r->to = oc_reload_side(i->plugin, generation);
    oc_reload_end_back(r, true, r->why);
}

static void on_back_loaded(void *ctx, struct oc_method_call *c)
{
    struct oc_reload *r = ctx;
    oc_timer_stop(r->timer);
    r->call = NULL;
    if (c->code) {
        oc_warn("the old generation did not take its state back", "instance=%s reason=%s",
                r->instance->name, c->err.message);
    }
    switch_back(r);
}

void oc_reload_back_started(struct oc_reload *r)
{
    if (r->state && r->state->json && oc_plugin_has_method(r->old_plugin, "state.load/1")) {
        r->phase = OC_RELOAD_BACK_LOAD;
        oc_reload_load_state(r, on_back_loaded);
    } else {
        switch_back(r);
    }
}

void oc_reload_go_back(struct oc_reload *r, const char *why)
{
    struct oc_instance *i = r->instance;
    const struct oc_kept_config *config = r->old_config ? r->old_config : i->config;
    struct oc_error err;
    oc_error_init(&err);
    oc_copy(r->why, sizeof r->why, why);
    oc_warn("the new generation fails, the old one is brought back",
            "instance=%s plugin=%s reason=%s", i->name, i->plugin->name, why);
    if (i->state == OC_INSTANCE_FENCED || r->old_ended) {
        i->state = OC_INSTANCE_STARTING; /* calls wait for it */
    }
    r->phase = OC_RELOAD_BACK;
    if (r->old_plugin->terms.tier != OC_TIER_INPROC && !oc_plugin_is_as_read(r->old_plugin)) {
        oc_reload_end_back(r, false, "the files of the old generation are not there any more");
        return;
    }
    r->body = oc_body_create(i, r->old_plugin, config->node, config->path, config->ignore,
                             &oc_reload_events, r, NULL, &err);
    if (!r->body) {
        oc_reload_end_back(r, false, err.message);
        return;
    }
    oc_timer_start(r->timer, r->old_plugin->terms.limits.start_ms, 0);
    oc_body_start(r->body);
}

void oc_reload_noted(struct oc_instance *i, int code)
{
    struct oc_reload *r = i->reload;
    char why[400];
    if (code == OC_E_CANCELLED) {
        return;
    }
    i->failed_in_a_row = code ? i->failed_in_a_row + 1 : 0;
    if (r && r->phase == OC_RELOAD_WATCH && r->old_was_clean &&
        i->failed_in_a_row >= OC_RELOAD_FAILURES) {
        snprintf(why, sizeof why, "%u calls in a row failed: %s", OC_RELOAD_FAILURES,
                 i->stats.last_error);
        oc_reload_go_back(r, why);
    }
}

/* A thread is left to itself; a process is killed, and it goes on when its death is told. */
void oc_reload_fenced(struct oc_instance *i)
{
    if (i->reload && i->reload->phase == OC_RELOAD_WATCH && i->killed) {
        i->state = OC_INSTANCE_STARTING; /* calls wait */
    } else if (i->reload && i->reload->phase == OC_RELOAD_WATCH) {
        oc_reload_go_back(i->reload, i->err.message);
    }
}
