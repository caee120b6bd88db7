/* One configured collector: its instance, its timer, its calls. SPDX-License-Identifier: MIT */
#include "core/service/schedule/collector.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/op/topic.h"
#include "core/service/schedule/schedule.h"
#include "core/service/schedule/sweep.h"

#define EVENT_TEXT_MAX 65536u
#define TOLD_MAX       1000u /* events and log lines of one call: both are kept */
#define SWEEP_AFTER    3     /* good calls: rates need two of them before they are there */

struct collector {
    struct oc_env env;
    char *name, *digest; /* digest: the group as JSON text */
    struct oc_instance *instance;
    struct oc_timer *timer, *retry;
    int64_t interval_ms, deadline_ms, retry_interval_ms;
    int64_t slot;      /* nominal time of the latest slot */
    int64_t call_time; /* nominal time of the call in flight */
    bool running, done_once, leaving;
    int64_t born_ms; /* what was last heard of before this belongs to an older configuration */
    unsigned good;   /* calls that went well, up to SWEEP_AFTER */
    unsigned told;   /* events and log lines of the call in flight */
    uint64_t missed, calls, samples;
    oc_loop_fn destroyed;
    void *destroyed_ctx;
    OC_VEC(struct oc_sample) batch;
    OC_VEC(struct oc_status) statuses;
    OC_VEC(char *) texts; /* NUL-terminated copies behind `statuses` */
};

static char *digest_of(const struct oc_node *group)
{
    json_t *json = oc_node_json(group);
    char *text = oc_json_text(json);
    json_decref(json);
    return text;
}

/* ---- what a call brings ---- */

static const char *keep_text(struct collector *c, struct oc_view v)
{
    char *text = oc_utf8_clean(v.ptr ? v.ptr : "", v.len);
    OC_VEC_PUSH(&c->texts, text);
    return text;
}

static void take_sample(struct collector *c, const struct oc_record *r)
{
    struct oc_series *series =
        oc_store_series(c->env.store, c->name, r->name, r->kind, r->labels, r->label_count);
    int64_t at = r->time_ms ? r->time_ms : c->call_time;
    if (series && oc_store_append(c->env.store, series, at, r->value)) {
        struct oc_sample sample = {.series = series, .time_ms = at, .value = r->value};
        OC_VEC_PUSH(&c->batch, sample);
        c->samples++;
    }
}

static void take_status(struct collector *c, const struct oc_record *r)
{
    struct oc_status status = {
        .target = keep_text(c, r->name), .state = r->state, .text = keep_text(c, r->text)};
    OC_VEC_PUSH(&c->statuses, status);
}

static bool may_tell(struct collector *c)
{
    c->told++;
    if (c->told == TOLD_MAX + 1) {
        oc_warn("plugin tells too much, the rest of this call is left out",
                "instance=%s per_call=%u", c->name, TOLD_MAX);
    }
    return c->told <= TOLD_MAX;
}

/* A plugin speaks only under its own name: "agent" may publish "agent.offline" and nothing of ours. A package can have any name, also
 * "governance"; what was found in a folder of the host belongs to whoever runs it. */
static bool may_publish(const struct oc_plugin *plugin, const char *topic)
{
    const char *name = oc_plugin_name(plugin);
    const size_t n = strlen(name);
    return strncmp(topic, name, n) == 0 && topic[n] == '.' &&
           !(oc_plugin_root(plugin) && oc_topic_of_host(topic));
}

static void take_event(struct collector *c, const struct oc_record *r)
{
    char *topic = oc_strndup(r->name.ptr ? r->name.ptr : "", r->name.len);
    json_t *data =
        r->text.len <= EVENT_TEXT_MAX ? oc_json_parse(r->text.ptr, r->text.len, NULL) : NULL;
    if (json_is_object(data) && may_publish(oc_instance_plugin(c->instance), topic)) {
        oc_json_set_str(data, "instance", c->name);
        oc_bus_publish(c->env.bus, topic, json_incref(data));
    } else {
        oc_warn("event of a plugin left out", "instance=%s topic=%s", c->name, topic);
    }
    json_decref(data);
    free(topic);
}

static void take_detail(struct collector *c, const struct oc_record *r)
{
    json_t *data =
        r->text.len <= EVENT_TEXT_MAX ? oc_json_parse(r->text.ptr, r->text.len, NULL) : NULL;
    if (json_is_object(data)) {
        json_t *event = json_object();
        oc_json_set_str(event, "instance", c->name);
        oc_json_take(event, "detail", data);
        oc_bus_publish(c->env.bus, "collector.detail", event);
    } else {
        json_decref(data);
    }
}

static void take_log(struct collector *c, const struct oc_record *r)
{
    char *text = oc_utf8_clean(r->text.ptr ? r->text.ptr : "", r->text.len);
    int level = r->state >= OC_LOG_ERROR && r->state <= OC_LOG_DEBUG ? r->state : OC_LOG_INFO;
    oc_log(level, "plugin says", "instance=%s text=%s", c->name, text);
    free(text);
}

static void publish(struct collector *c, bool last, int code, const char *error, int64_t took_ms)
{
    if (!last && !c->batch.count && !c->statuses.count) {
        return;
    }
    struct oc_batch batch = {.instance = c->name,
                             .plugin = oc_plugin_name(oc_instance_plugin(c->instance)),
                             .time_ms = c->call_time,
                             .samples = c->batch.items,
                             .sample_count = c->batch.count,
                             .statuses = c->statuses.items,
                             .status_count = c->statuses.count,
                             .last = last,
                             .code = code,
                             .error = error,
                             .took_ms = took_ms};
    oc_bus_publish_native(c->env.bus, "samples", &batch);
    c->batch.count = c->statuses.count = 0;
    for (size_t i = 0; i < c->texts.count; i++) {
        free(c->texts.items[i]);
    }
    c->texts.count = 0;
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct collector *c = ctx;
    if (c->leaving) {
        return; /* what it had has been swept: nothing may come after that */
    }
    for (size_t i = 0; i < count; i++) {
        switch (records[i].type) {
        case OC_RECORD_SAMPLE:
            take_sample(c, &records[i]);
            break;
        case OC_RECORD_STATUS:
            take_status(c, &records[i]);
            break;
        case OC_RECORD_EVENT:
            if (may_tell(c)) {
                take_event(c, &records[i]);
            }
            break;
        case OC_RECORD_JSON:
            if (may_tell(c)) {
                take_detail(c, &records[i]);
            }
            break;
        case OC_RECORD_LOG:
            if (may_tell(c)) {
                take_log(c, &records[i]);
            }
            break;
        default:
            break;
        }
    }
    publish(c, false, OC_OK, NULL, 0);
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct collector *c = ctx;
    c->running = false;
    c->done_once = true;
    if (c->leaving) { /* whoever waits for this call hears that it is over; it is nobody's failure */
        publish(c, true, OC_E_CANCELLED, "the collector is being stopped", took_ms);
        return;
    }
    publish(c, true, code, code == OC_OK ? "" : err->message, took_ms);
    if (code == OC_OK && c->good < SWEEP_AFTER && ++c->good == SWEEP_AFTER) {
        oc_sweep(&c->env, c->name, c->born_ms);
    }
}

/* ---- when it is called ---- */

static int call_at(struct collector *c, int64_t time_ms, struct oc_error *err)
{
    if (c->running) {
        return oc_error_set(err, OC_E_CONFLICT, "%s is still being collected", c->name);
    }
    struct oc_invocation inv = {.method = "collector.collect/1",
                                .timeout_ms = c->deadline_ms,
                                .time_ms = time_ms,
                                .on_records = on_records,
                                .on_done = on_done,
                                .ctx = c};
    int rc = oc_instance_call(c->instance, &inv, NULL, err);
    if (rc == OC_OK) {
        c->running = true;
        c->call_time = time_ms;
        c->told = 0;
        c->calls++;
    }
    return rc;
}

/* The next multiple of the interval; a wall clock that was set back or forth only moves the slots. */
static void arm(struct collector *c)
{
    int64_t now = oc_time_wall();
    int64_t next = (now / c->interval_ms + 1) * c->interval_ms;
    if (next == c->slot) { /* the timer was a little early */
        next += c->interval_ms;
    }
    oc_timer_start(c->timer, next - now, 0);
}

static void tell_unavailable(struct collector *c, const struct oc_error *err)
{
    c->call_time = c->slot;
    c->done_once = true;
    publish(c, true, err->code, err->message, 0);
}

static void on_slot(void *ctx)
{
    struct collector *c = ctx;
    struct oc_error err;
    oc_error_init(&err);
    int64_t now = oc_time_wall();
    c->slot = (now + c->interval_ms / 2) / c->interval_ms * c->interval_ms;
    if (call_at(c, c->slot, &err) != OC_OK) {
        c->missed++;
        if (!c->running) {
            tell_unavailable(c, &err);
        }
    }
    arm(c);
}

static void on_retry(void *ctx)
{
    struct collector *c = ctx;
    call_at(c, oc_time_wall(), NULL);
}

int oc_collector_run(struct collector *c, struct oc_error *err)
{
    return call_at(c, oc_time_wall(), err);
}

void oc_collector_retry_soon(struct collector *c)
{
    if (c->retry_interval_ms && !oc_timer_active(c->retry)) {
        oc_timer_start(c->retry, c->retry_interval_ms, 0);
    }
}

/* ---- life ---- */

static int64_t deadline_of(const struct collector_options *o)
{
    if (o->deadline_ms) {
        return o->deadline_ms;
    }
    int64_t d = o->interval_ms < 10 * OC_SECOND ? 10 * OC_SECOND : o->interval_ms;
    return d > OC_MINUTE ? OC_MINUTE : d;
}

static struct oc_instance *make_instance(const struct oc_env *env,
                                         const struct collector_options *o,
                                         const struct oc_node *group, const char *path,
                                         struct oc_diags *diags, struct oc_error *err)
{
    struct oc_plugin *plugin = oc_plugin_find(env->plugins, o->plugin);
    if (!plugin) {
        oc_error_set(err, OC_E_NOT_FOUND, "no plugin is named %s", o->plugin);
        oc_error_hint(err, "`openclaw plugin list` shows what is there.");
        return NULL;
    }
    if (oc_plugin_load(plugin, err) != OC_OK) {
        return NULL;
    }
    if (!oc_plugin_has_method(plugin, "collector.collect/1")) {
        oc_error_set(err, OC_E_UNSUPPORTED, "plugin %s is not a collector", o->plugin);
        return NULL;
    }
    const char *name = o->name ? o->name : o->plugin;
    return oc_instance_create(plugin, name, group, path, oc_collector_keys, diags, err);
}

struct collector *oc_collector_create(const struct oc_env *env,
                                      const struct collector_options *options,
                                      const struct oc_node *group, const char *path,
                                      struct oc_diags *diags, struct oc_error *err)
{
    struct oc_instance *instance = make_instance(env, options, group, path, diags, err);
    if (!instance) {
        return NULL;
    }
    struct collector *c = oc_calloc(1, sizeof *c);
    c->env = *env;
    c->name = oc_strdup(oc_instance_name(instance));
    c->digest = digest_of(group);
    c->instance = instance;
    c->born_ms = oc_time_wall();
    c->interval_ms = options->interval_ms;
    c->deadline_ms = deadline_of(options);
    c->retry_interval_ms = options->retry_interval_ms;
    c->timer = oc_timer_create(env->loop, on_slot, c);
    c->retry = oc_timer_create(env->loop, on_retry, c);
    struct oc_error busy;
    oc_error_init(&busy);
    c->slot = c->born_ms;
    if (call_at(c, c->born_ms, &busy) != OC_OK) {
        oc_warn("first collection failed", "instance=%s reason=%s", c->name, busy.message);
        tell_unavailable(c, &busy);
    }
    if (!env->ephemeral) {
        arm(c);
    }
    return c;
}

static void gone(void *ctx)
{
    struct collector *c = ctx;
    oc_loop_fn done = c->destroyed;
    void *done_ctx = c->destroyed_ctx;
    OC_VEC_FINISH(&c->batch);
    OC_VEC_FINISH(&c->statuses);
    for (size_t i = 0; i < c->texts.count; i++) {
        free(c->texts.items[i]);
    }
    OC_VEC_FINISH(&c->texts);
    free(c->name);
    free(c->digest);
    free(c);
    if (done) {
        done(done_ctx);
    }
}

void oc_collector_destroy(struct collector *c, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    oc_timer_destroy(c->timer);
    oc_timer_destroy(c->retry);
    c->timer = c->retry = NULL;
    c->leaving = true;
    c->destroyed = done;
    c->destroyed_ctx = ctx;
    oc_instance_destroy(c->instance, grace_ms, gone, c);
}

const char *oc_collector_name(const struct collector *c)
{
    return c->name;
}

struct oc_instance *oc_collector_instance(struct collector *c)
{
    return c->instance;
}

bool oc_collector_same(const struct collector *c, const struct oc_node *group)
{
    char *digest = digest_of(group);
    bool same = strcmp(digest, c->digest) == 0 && !oc_node_has_secret_file(group);
    free(digest);
    return same;
}

bool oc_collector_done_once(const struct collector *c)
{
    return c->done_once;
}

json_t *oc_collector_json(const struct collector *c)
{
    json_t *o = oc_instance_stats(c->instance);
    oc_json_set_str(o, "instance", c->name);
    oc_json_set_str(o, "plugin", oc_plugin_name(oc_instance_plugin(c->instance)));
    oc_json_set_int(o, "interval_ms", c->interval_ms);
    oc_json_set_int(o, "deadline_ms", c->deadline_ms);
    oc_json_set_int(o, "missed_slots", (int64_t)c->missed);
    oc_json_set_int(o, "samples", (int64_t)c->samples);
    return o;
}
