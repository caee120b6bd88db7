/* Supervision of an instance: what follows when the process of its plugin ends. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"
#include "core/plugin/process/crash.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

void oc_supervision_init(struct oc_instance *i)
{
    uint64_t seed;
    oc_random(&seed, sizeof seed);
    oc_supervise_init(&i->supervise, seed);
    i->crashes = json_array();
}

void oc_supervision_finish(struct oc_instance *i)
{
    json_decref(i->crashes);
}

void oc_supervision_started(struct oc_instance *i)
{
    i->failed_in_a_row = 0;
    oc_supervise_running(&i->supervise, oc_time_mono());
}

/* ---- quarantine ---- */

static bool is_isolated(const struct oc_instance *i)
{
    return i->plugin->terms.tier != OC_TIER_INPROC;
}

static void quarantine(struct oc_instance *i, const struct oc_error *why)
{
    i->err = *why;
    i->phase_until_ms = 0;
    oc_err("plugin is in quarantine", "instance=%s plugin=%s reason=%s hint=%s", i->name,
           i->plugin->name, why->message, why->hint);
    oc_instance_set_state(i, OC_INSTANCE_QUARANTINED, "plugin.quarantined");
    i->killed = false;
    struct oc_method_call *c;
    while ((c = TAILQ_FIRST(&i->queue))) { /* nor are those made once more that could be */
        c->replayed = false;
        oc_calls_fail_queued(i, OC_E_CRASHED, "the plugin is in quarantine");
    }
}

bool oc_supervision_holds(struct oc_instance *i)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!is_isolated(i) || !oc_quarantine_check(i->plugin->owner->quarantine, i->plugin->name,
                                                oc_plugin_identity(i->plugin), &err)) {
        return false;
    }
    quarantine(i, &err);
    return true;
}

/* ---- a crash ---- */

static json_t *summary_of(const struct oc_body *b, const struct oc_body_death *death)
{
    const struct oc_manifest *m = b->plugin->manifest;
    const bool idle = strcmp(death->phase, "idle") == 0;
    char *so = m && m->library ? oc_path_join(b->plugin->dir, m->library) : NULL;
    const struct oc_crash crash = {.at_ms = oc_time_wall(),
                                   .uptime_ms = death->uptime_ms,
                                   .wait_status = death->wait_status,
                                   .fault = death->fault,
                                   .library = so,
                                   .last_method = death->method ? death->method
                                                  : idle        ? NULL
                                                                : death->phase,
                                   .tail = death->tail};
    json_t *summary = oc_crash_summary(&crash);
    oc_json_set_bool(summary, "late", death->killed);
    free(so);
    return summary;
}

/* Who was late was ended by us: it is started again more and more slowly, but has not crashed. */
bool oc_supervision_note(struct oc_instance *i, struct oc_body *b,
                         const struct oc_body_death *death)
{
    json_t *summary = summary_of(b, death), *data = json_object();
    const char *message =
        death->killed || !death->pid ? death->err.message : oc_json_str(summary, "message", "");
    oc_error_set(&i->err, OC_E_CRASHED, "%s", message);
    const bool quarantined = !death->killed && death->pid &&
                             oc_quarantine_crashed(i->plugin->owner->quarantine, b->plugin->name,
                                                   oc_plugin_identity(b->plugin), oc_time_mono(),
                                                   oc_time_wall(), message);
    oc_crash_keep(i->crashes, summary);
    oc_json_set_str(data, "instance", i->name);
    oc_json_set_str(data, "plugin", b->plugin->name);
    oc_json_set_str(data, "message", message);
    oc_json_take(data, "crash", summary);
    oc_bus_publish(i->plugin->owner->bus, "plugin.crashed", data);
    return quarantined;
}

void oc_supervision_plan(struct oc_instance *i)
{
    bool spent;
    const int64_t now = oc_time_mono();
    const int64_t wait = oc_supervise_wait(&i->supervise, now, &spent);
    i->state = OC_INSTANCE_RESTARTING;
    i->phase_until_ms = now + wait;
    if (spent) {
        oc_warn("plugin ended too often in an hour, its next start waits",
                "instance=%s plugin=%s wait_ms=%lld", i->name, i->plugin->name, (long long)wait);
    }
}

void oc_supervision_died(struct oc_instance *i, struct oc_body *b,
                         const struct oc_body_death *death)
{
    if (!oc_supervision_note(i, b, death) || !oc_supervision_holds(i)) {
        oc_supervision_plan(i);
        oc_calls_fail_queued(i, OC_E_CRASHED, "the process of the plugin ended");
    }
}

/* ---- the next start ---- */

void oc_supervision_start_failed(struct oc_instance *i, const struct oc_error *err)
{
    i->err = *err;
    oc_warn("plugin did not start again", "instance=%s plugin=%s reason=%s", i->name,
            i->plugin->name, err->message);
    oc_supervision_plan(i);
}

static void start_again(struct oc_instance *i)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_body *b = oc_body_create(i, i->plugin, i->config->node, i->config->path,
                                       i->config->ignore, &oc_instance_events, i, NULL, &err);
    if (!b) {
        oc_supervision_start_failed(i, &err);
        return;
    }
    oc_body_destroy(i->body);
    i->body = b;
    i->phase_until_ms = oc_time_mono() + i->plugin->terms.limits.start_ms;
    oc_body_start(b);
}

void oc_supervision_due(struct oc_instance *i)
{
    i->phase_until_ms = 0;
    if (!oc_supervision_holds(i)) {
        start_again(i);
    }
}

void oc_instance_reset(struct oc_instance *i)
{
    oc_plugin_reset(i->plugin);
    oc_supervise_reset(&i->supervise);
    const bool waits = i->state == OC_INSTANCE_RESTARTING || i->state == OC_INSTANCE_QUARANTINED ||
                       i->state == OC_INSTANCE_FAILED;
    if (waits && !i->reload && (i->body->phase == OC_BODY_ENDED || i->body->phase == OC_BODY_NEW)) {
        i->state = OC_INSTANCE_RESTARTING;
        i->phase_until_ms = oc_time_mono(); /* not from here: the body may be the one that calls */
        oc_instance_arm(i);
    }
}

/* ---- once more ---- */

/* "replay_safe" of the manifest: true, or the methods that do no harm when they are made twice. */
static bool is_replay_safe(const struct oc_plugin *plugin, const char *method)
{
    const json_t *safe = json_object_get(plugin->manifest->json, "replay_safe");
    for (size_t k = 0; k < json_array_size(safe); k++) {
        const char *id = json_string_value(json_array_get(safe, k));
        if (id && strcmp(id, method) == 0) {
            return true;
        }
    }
    return json_is_true(safe);
}

/* Not when the caller has seen records of the first try, nor streams: they cannot be taken back. */
bool oc_supervision_may_replay(const struct oc_method_call *c)
{
    return !c->replayed && !c->internal && !c->cancelled && !c->inv.read && !c->inv.write &&
           c->instance->state != OC_INSTANCE_STOPPING && c->until_ms > oc_time_mono() &&
           !c->delivered && is_replay_safe(c->body->plugin, c->inv.method);
}
