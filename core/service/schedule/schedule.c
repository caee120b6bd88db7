/* Runs collectors: their start, the first round, their end. SPDX-License-Identifier: MIT */
#include "core/service/schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/schedule/ops.h"
#include "core/service/schedule/own.h"
#include "core/service/schedule/sweep.h"
#include "core/service/schedule/table.h"

#define OWN "its url is an address that this host itself listens on"

const struct oc_node *oc_wanted_group(const struct wanted *w)
{
    return w->group ? w->group : w->from;
}

void oc_wanted_free(struct wanted *w)
{
    free(w->name);
    free(w->plugin);
    free(w->path);
    oc_node_free(w->group);
    free(w);
}

/* ---- what is of an earlier run ---- */

static const char *const own_names[OWN_COUNT] = {OC_OWN_BRIDGE, OC_OWN_COST, OC_OWN_CRON};

static bool is_wanted(const struct oc_schedule *s, const char *instance)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (strcmp(s->wanted.items[i]->name, instance) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_known(void *ctx, const char *instance)
{
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (strcmp(own_names[i], instance) == 0) {
            return true;
        }
    }
    return is_wanted(ctx, instance);
}

static void sweep_own(struct oc_schedule *s)
{
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (s->own[i].complete && !is_wanted(s, own_names[i])) {
            oc_sweep(&s->env, own_names[i], s->own[i].since_ms);
        }
        s->own[i].complete = false;
    }
}

static void on_complete(void *ctx, const struct oc_event *event)
{
    struct oc_schedule *s = ctx;
    const char *instance = oc_json_str(event->data, "instance", "");
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (strcmp(own_names[i], instance) == 0) {
            s->own[i] = (struct own){.complete = true,
                                     .since_ms = oc_json_int(event->data, "since", INT64_MAX)};
        }
    }
    if (s->first_told && !s->env.ephemeral) {
        sweep_own(s);
    }
}

/* ---- the first round ---- */

static void tell_first_round(struct oc_schedule *s)
{
    if (s->first_told || s->starting) {
        return;
    }
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = s->wanted.items[i];
        if (!w->failed && !w->left_out &&
            (!w->collector || !oc_collector_done_once(w->collector))) {
            return;
        }
    }
    s->first_told = true;
    if (!s->env.ephemeral) {
        /* a collector may have left the file while we were down */
        oc_sweep_strangers(&s->env, is_known, s);
        sweep_own(s);
    }
    oc_bus_publish(s->env.bus, "collect.first",
                   json_pack("{s:I}", "collectors", (json_int_t)s->wanted.count));
}

/* Without a configuration (safe mode, a private daemon that does not collect) there is no round to wait for. */
bool oc_schedule_first_round_over(const struct oc_schedule *s)
{
    return s->first_told || !s->configured;
}

/* Services of the host publish samples of their own, too. */
static bool is_collected(const struct oc_schedule *s, const char *instance)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (s->wanted.items[i]->collector && strcmp(s->wanted.items[i]->name, instance) == 0) {
            return true;
        }
    }
    return false;
}

static void on_batch(void *ctx, const struct oc_event *event)
{
    struct oc_schedule *s = ctx;
    const struct oc_batch *batch = event->native;
    if (!s->sampled && batch->sample_count && is_collected(s, batch->instance)) {
        s->sampled = true;
        /* what start-up time is measured by */
        oc_debug("first samples", "instance=%s", batch->instance);
    }
    if (batch->last) {
        tell_first_round(s);
    }
}

static void on_soft(void *ctx, const struct oc_event *event)
{
    struct oc_schedule *s = ctx;
    const char *name = oc_json_str(event->data, "instance", "");
    for (size_t i = 0; i < s->wanted.count; i++) {
        if (s->wanted.items[i]->collector && strcmp(s->wanted.items[i]->name, name) == 0) {
            oc_collector_retry_soon(s->wanted.items[i]->collector);
        }
    }
}

/* ---- starting and stopping ---- */

void oc_schedule_tell_failed(struct oc_schedule *s, const struct wanted *w)
{
    struct oc_batch batch = {.instance = w->name,
                             .plugin = w->plugin,
                             .time_ms = oc_time_wall(),
                             .last = true,
                             .code = w->error.code,
                             .error = w->error.message};
    oc_bus_publish_native(s->env.bus, "samples", &batch);
}

static void log_diags(const struct oc_diags *diags)
{
    for (size_t i = 0; i < diags->list.count; i++) {
        const struct oc_diag *d = &diags->list.items[i];
        oc_log(d->warning ? OC_LOG_WARN : OC_LOG_ERROR, "configuration",
               "at=%s:%d key=%s problem=%s hint=%s", d->file ? d->file : "", d->line, d->key,
               d->message, d->hint);
    }
}

static void start_one(struct oc_schedule *s, struct wanted *w)
{
    struct oc_diags diags = {0};
    struct oc_arena arena = {0};
    struct collector_options options = {0};
    oc_error_init(&w->error);
    const char *others[] = {"*", NULL};
    oc_bind(oc_collector_options, sizeof *oc_collector_options, oc_wanted_group(w), w->path, others,
            &options, sizeof options, &arena, &diags);
    options.name = w->name;
    w->collector =
        oc_collector_create(&s->env, &options, oc_wanted_group(w), w->path, &diags, &w->error);
    log_diags(&diags);
    if (!w->collector) {
        w->failed = true;
        oc_err("collector disabled", "instance=%s plugin=%s reason=%s", w->name, w->plugin,
               w->error.message);
        oc_schedule_tell_failed(s, w);
    }
    oc_diags_finish(&diags);
    oc_arena_finish(&arena);
}

static void one_stopped(void *ctx)
{
    struct oc_schedule *s = ctx;
    s->stopping--;
    if (!s->stopping && s->stopped) {
        oc_loop_fn fn = s->stopped;
        s->stopped = NULL;
        fn(s->stopped_ctx);
    }
}

/* The listeners may be others than before. */
static void leave_out_own(struct oc_schedule *s)
{
    s->judged = true;
    for (size_t i = 0; i < s->wanted.count; i++) {
        struct wanted *w = s->wanted.items[i];
        w->left_out = oc_own_is_meant(&s->env, w->plugin, oc_wanted_group(w));
        if (w->left_out && w->collector) {
            s->stopping++;
            oc_collector_destroy(w->collector, OC_SCHEDULE_GRACE, one_stopped, s);
            w->collector = NULL;
        }
        if (w->left_out && !s->env.ephemeral) {
            oc_sweep(&s->env, w->name, INT64_MAX);
        }
    }
}

/* False when all have been started that can be. */
static bool start_one_more(struct oc_schedule *s)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        struct wanted *w = s->wanted.items[i];
        const bool unsure = !s->judged && oc_own_is_asked(oc_wanted_group(w));
        if (!w->collector && !w->failed && !w->left_out && !unsure) {
            start_one(s, w);
            return true;
        }
    }
    return false;
}

/* Starts one collector a turn of the loop: the samples of the first are in while the last is still being loaded. */
static void start_next(void *ctx)
{
    struct oc_schedule *s = ctx;
    if (start_one_more(s)) {
        oc_loop_post(s->env.loop, start_next, s);
        return;
    }
    s->starting = false;
    tell_first_round(s);
}

/* By now the API listens where it is to. */
static void start_first(void *ctx)
{
    leave_out_own(ctx);
    start_next(ctx);
}

void oc_schedule_start(struct oc_schedule *s)
{
    s->configured = s->starting = true;
    s->judged = false;
    oc_loop_post(s->env.loop, start_first, s);
}

/* A place may have become ours, or another's. Who waits for start_first has no need of it. */
static void on_listening(void *ctx, const struct oc_event *event)
{
    struct oc_schedule *s = ctx;
    (void)event;
    if (!s->judged) {
        return;
    }
    leave_out_own(s);
    if (!s->starting) {
        s->starting = true;
        start_next(s);
    }
}

void oc_schedule_begin(struct oc_schedule *s)
{
    if (s->starting) {
        start_one_more(s);
    }
}

void oc_schedule_stop_one(struct oc_schedule *s, struct wanted *w, int64_t grace_ms)
{
    if (w->collector) {
        s->stopping++;
        oc_collector_destroy(w->collector, grace_ms, one_stopped, s);
    }
    oc_wanted_free(w);
}

/* ---- queries ---- */

struct oc_bus *oc_schedule_bus(struct oc_schedule *s)
{
    return s->env.bus;
}

struct oc_instance *oc_schedule_find(void *schedule, const char *plugin, const char *name)
{
    struct oc_schedule *s = schedule;
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = s->wanted.items[i];
        if (w->collector && strcmp(w->plugin, plugin) == 0 &&
            (!name || strcmp(w->name, name) == 0)) {
            return oc_collector_instance(w->collector);
        }
    }
    return NULL;
}

void oc_schedule_each(const struct oc_schedule *s,
                      void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                      void *ctx)
{
    for (size_t i = 0; s && i < s->wanted.count; i++) {
        if (s->wanted.items[i]->collector) {
            fn(ctx, "collectors", oc_collector_instance(s->wanted.items[i]->collector));
        }
    }
}

json_t *oc_schedule_json(const struct oc_schedule *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = s->wanted.items[i];
        json_t *o = w->collector ? oc_collector_json(w->collector) : json_object();
        oc_json_set_str(o, "instance", w->name);
        oc_json_set_str(o, "plugin", w->plugin);
        if (w->failed) {
            oc_json_set_str(o, "state", "failed");
            oc_json_set_str(o, "last_error", w->error.message);
            oc_json_set_str(o, "hint", w->error.hint);
        } else if (w->left_out) {
            oc_json_set_str(o, "state", "left_out");
            oc_json_set_str(o, "last_error", OWN);
        } else if (!w->collector) {
            oc_json_set_str(o, "state", "starting");
        }
        json_array_append_new(list, o);
    }
    return list;
}

void oc_schedule_run(struct oc_schedule *s, const char *name, struct oc_map *begun,
                     struct oc_error *err)
{
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = s->wanted.items[i];
        if (w->left_out && name && strcmp(w->name, name) == 0) {
            oc_error_set(err, OC_E_CONFLICT, "%s is left out: " OWN, name);
            oc_error_hint(err, "List it in `collectors` with the `url` where the service is.");
        }
        if (w->collector && (!name || strcmp(w->name, name) == 0) &&
            oc_collector_run(w->collector, err) == OC_OK) {
            oc_map_set(begun, w->name, s);
        }
    }
}

/* ---- life ---- */

struct oc_schedule *oc_schedule_create(const struct oc_env *env)
{
    struct oc_schedule *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->samples = oc_bus_subscribe(env->bus, "samples", on_batch, s);
    s->soft = oc_bus_subscribe(env->bus, "health.soft", on_soft, s);
    s->complete = oc_bus_subscribe(env->bus, "samples.complete", on_complete, s);
    s->listening = oc_bus_subscribe(env->bus, "api.listening", on_listening, s);
    oc_schedule_add_ops(s, env->ops);
    return s;
}

void oc_schedule_stop(struct oc_schedule *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    s->first_told = true;
    s->judged = false; /* nothing is begun any more */
    s->stopped = done;
    s->stopped_ctx = ctx;
    s->stopping++; /* ours, so that `done` runs once and after this function has seen all of them */
    while (s->wanted.count) {
        oc_schedule_stop_one(s, s->wanted.items[--s->wanted.count], grace_ms);
    }
    oc_loop_post(s->env.loop, one_stopped, s);
}

void oc_schedule_destroy(struct oc_schedule *s)
{
    if (!s) {
        return;
    }
    oc_bus_unsubscribe(s->samples);
    oc_bus_unsubscribe(s->soft);
    oc_bus_unsubscribe(s->complete);
    oc_bus_unsubscribe(s->listening);
    OC_VEC_FINISH(&s->wanted);
    free(s);
}
