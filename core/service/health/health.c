/* Keeps the health of every service that collectors report on. SPDX-License-Identifier: MIT */
#include "core/service/health/health.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/health/table.h"

#define NAME_SIZE    256u
#define SERVICES_MAX 100000u
#define TARGETS_MAX  5000u /* services of one collector */
#define KEEP_EVERY   (30 * OC_SECOND)
#define SCORE_REPEAT (5 * OC_MINUTE) /* a steady score is sampled this often */

static void service_name(char *buf, size_t size, const char *instance, const char *target)
{
    snprintf(buf, size, *target ? "%s/%s" : "%s", instance, target);
}

struct service *oc_health_find(struct oc_health *h, const char *name)
{
    return oc_map_get(&h->services, name);
}

/* ---- services and sources ---- */

static struct source *source_of(struct oc_health *h, const char *instance)
{
    struct source *src = oc_map_get(&h->sources, instance);
    if (!src) {
        src = oc_calloc(1, sizeof *src);
        oc_map_set(&h->sources, instance, src);
    }
    return src;
}

unsigned oc_health_max_attempts(const struct oc_health *h, const char *instance)
{
    const struct source *src = oc_map_get(&h->sources, instance);
    return src && src->max_attempts ? src->max_attempts : (unsigned)h->max_attempts;
}

void oc_health_apply_attempts(struct oc_health *h, const char *instance)
{
    for (size_t i = 0; i < h->order.count; i++) {
        struct service *s = h->order.items[i];
        if (!instance || strcmp(s->instance, instance) == 0) {
            s->check.max_attempts = (uint16_t)oc_health_max_attempts(h, s->instance);
        }
    }
}

/* A collector that invents targets costs a bounded amount of everything that follows a state. */
static bool has_room(const struct oc_health *h, struct source *src, const char *instance)
{
    if (src->services < TARGETS_MAX && h->order.count < SERVICES_MAX) {
        return true;
    }
    if (!src->full) {
        src->full = true;
        oc_warn("too many targets: new ones are ignored", "instance=%s max=%u", instance,
                TARGETS_MAX);
    }
    return false;
}

static struct service *service_create(struct oc_health *h, const struct oc_batch *batch,
                                      const char *target, const char *name)
{
    struct source *src = source_of(h, batch->instance);
    if (*target && !has_room(h, src, batch->instance)) {
        return NULL;
    }
    src->services++;
    struct service *s = oc_calloc(1, sizeof *s);
    s->name = oc_strdup(name);
    s->instance = oc_strdup(batch->instance);
    s->target = oc_strdup(target);
    s->plugin = oc_store_intern(h->env.store, batch->plugin);
    s->response_ms = -1;
    s->score_sent = -1;
    oc_check_init(&s->check, oc_health_max_attempts(h, s->instance));
    oc_health_restore(h, s);
    oc_map_set(&h->services, name, s);
    OC_VEC_PUSH(&h->order, s);
    return s;
}

static void service_free(struct service *s)
{
    free(s->name);
    free(s->instance);
    free(s->target);
    free(s->output);
    json_decref(s->detail);
    free(s);
}

static struct service *service_of(struct oc_health *h, const struct oc_batch *batch,
                                  const char *target)
{
    char name[NAME_SIZE];
    service_name(name, sizeof name, batch->instance, target);
    struct service *s = oc_map_get(&h->services, name);
    return s ? s : service_create(h, batch, target, name);
}

static void set_output(struct service *s, const char *text)
{
    size_t len = strlen(text);
    if (len >= s->output_cap) {
        s->output_cap = len + 16;
        s->output = oc_realloc(s->output, s->output_cap);
    }
    memcpy(s->output, text, len + 1);
}

/* ---- results ---- */

static void tell_changed(struct oc_health *h, const struct service *s, enum oc_check_state from,
                         uint32_t flags)
{
    json_t *e = json_object();
    oc_json_set_str(e, "service", s->name);
    oc_json_set_str(e, "instance", s->instance);
    oc_json_set_str(e, "target", s->target);
    oc_json_set_str(e, "from", oc_check_state_name(from));
    oc_json_set_str(e, "to", oc_check_state_name(s->check.state));
    oc_json_set_bool(e, "hard", (flags & OC_CHECK_HARD) != 0);
    oc_json_set_str(e, "output", s->output);
    oc_json_set_bool(e, "maintenance", s->maintenance);
    oc_json_set_int(e, "at", s->check.checked_ms);
    oc_bus_publish(h->env.bus, "health.changed", e);
}

static void tell_flapping(struct oc_health *h, const struct service *s)
{
    json_t *e = json_object();
    oc_json_set_str(e, "service", s->name);
    oc_json_set_bool(e, "flapping", s->check.flapping);
    oc_json_set_str(e, "state", oc_check_state_name(s->check.state));
    oc_bus_publish(h->env.bus, "health.flapping", e);
}

/* While a service flaps, only the start and the end of it are told. */
static void tell(struct oc_health *h, struct service *s, enum oc_check_state from, uint32_t flags)
{
    if (flags & (OC_CHECK_FLAP_START | OC_CHECK_FLAP_STOP)) {
        tell_flapping(h, s);
    }
    if ((flags & (OC_CHECK_CHANGED | OC_CHECK_HARD)) && !s->check.flapping) {
        tell_changed(h, s, from, flags);
    }
    if (flags & OC_CHECK_HARD) {
        oc_health_keep(h, s);
    }
    if (flags & OC_CHECK_SOFT) {
        json_t *e = json_object();
        oc_json_set_str(e, "instance", s->instance);
        oc_bus_publish(h->env.bus, "health.soft", e);
    }
}

static bool put_sample(struct oc_health *h, const struct service *s, struct oc_series **series,
                       const char *metric, double value, int64_t at_ms)
{
    if (!*series) {
        struct oc_label labels[] = {{{"target", 6}, {s->target, strlen(s->target)}},
                                    {{"service", 7}, {s->name, strlen(s->name)}}};
        struct oc_view name = {metric, strlen(metric)};
        *series = oc_store_series(h->env.store, s->instance, name, OC_KIND_GAUGE,
                                  *s->target ? labels : labels + 1, *s->target ? 2 : 1);
    }
    if (!*series || !oc_store_append(h->env.store, *series, at_ms, value)) {
        return false;
    }
    struct oc_sample sample = {.series = *series, .time_ms = at_ms, .value = value};
    OC_VEC_PUSH(&h->scores, sample);
    return true;
}

/* The score becomes a sample when it moved, while it is below 1, and now and then. */
static void sample_score(struct oc_health *h, struct service *s, int64_t at_ms)
{
    double score = oc_check_score(&s->check);
    if (s->check.state == OC_CHECK_UNREACHABLE ||
        (score >= 1 && s->score_sent >= 1 && at_ms - s->score_sent_ms < SCORE_REPEAT)) {
        return;
    }
    if (put_sample(h, s, &s->score, "service.health_score", score, at_ms)) {
        s->score_sent = score;
        s->score_sent_ms = at_ms;
    }
}

/* How much of the last day it was up: told when it moved and is not 100, at a good result. While a service is away its score speaks
 * for it; the uptime is the verdict on one that is there and was not always. */
static void sample_uptime(struct oc_health *h, struct service *s, int64_t at_ms)
{
    const bool good = s->check.state == OC_CHECK_OK || s->check.state == OC_CHECK_WARNING;
    double percent;
    if (s->check.state == OC_CHECK_UNREACHABLE) {
        return;
    }
    oc_health_day_add(&s->day, good, at_ms);
    if (!good || !oc_health_day_percent(&s->day, at_ms, &percent) || percent == s->uptime_sent ||
        (percent >= 100 && s->uptime_sent <= 0)) {
        return;
    }
    if (put_sample(h, s, &s->uptime, "service.uptime_percent", percent, at_ms)) {
        s->uptime_sent = percent;
    }
}

/* Together, because whoever listens may write to the disk after each batch. */
static void publish_scores(struct oc_health *h, const struct oc_batch *of)
{
    if (h->scores.count > 0) {
        struct oc_batch batch = {.instance = of->instance,
                                 .plugin = "",
                                 .time_ms = of->time_ms,
                                 .samples = h->scores.items,
                                 .sample_count = h->scores.count};
        oc_bus_publish_native(h->env.bus, "samples", &batch);
        h->scores.count = 0;
    }
}

static void result(struct oc_health *h, struct service *s, int32_t state, const char *text,
                   int64_t at_ms)
{
    const char *parent = NULL;
    bool down = state != OC_STATE_OK && oc_health_parent_down(h, s, &parent);
    enum oc_check_state from = s->check.state;
    set_output(s, text);
    uint32_t flags = oc_check_result(&s->check, state, down, at_ms);
    tell(h, s, from, flags);
    sample_score(h, s, at_ms);
    sample_uptime(h, s, at_ms);
}

static void take_response(struct oc_health *h, const struct oc_batch *batch)
{
    for (size_t i = 0; i < batch->sample_count; i++) {
        const struct oc_sample *sample = &batch->samples[i];
        size_t n = strlen(sample->series->name);
        if (sample->series->target && isfinite(sample->value) && n > 12 &&
            strcmp(sample->series->name + n - 12, ".response_ms") == 0) {
            char name[NAME_SIZE];
            service_name(name, sizeof name, batch->instance, sample->series->target);
            struct service *s = oc_health_find(h, name);
            if (s) {
                s->response_ms = llround(sample->value);
            }
        }
    }
}

/* The end of a call. One that failed speaks for the instance; one that reported nothing at all was fine. */
static void call_ended(struct oc_health *h, const struct oc_batch *batch, struct source *src)
{
    struct service *own = oc_map_get(&h->services, batch->instance);
    if (batch->code != OC_OK) {
        own = service_of(h, batch, "");
        if (own) {
            result(h, own, batch->code == OC_E_CONFIG ? OC_STATE_UNKNOWN : OC_STATE_CRITICAL,
                   batch->error, batch->time_ms);
        }
    } else if (src->reported == 0 || (own && own->round != src->round)) {
        own = service_of(h, batch, "");
        if (own) {
            result(h, own, OC_STATE_OK, "collected", batch->time_ms);
        }
    }
    if (own) {
        own->response_ms = batch->took_ms;
    }
    src->round++;
    src->reported = 0;
}

static void on_batch(void *ctx, const struct oc_event *event)
{
    struct oc_health *h = ctx;
    const struct oc_batch *batch = event->native;
    if (!*batch->plugin || batch->code == OC_E_CANCELLED) {
        return; /* our own scores; a call that was ended on purpose says nothing */
    }
    struct source *src = source_of(h, batch->instance);
    for (size_t i = 0; i < batch->status_count; i++) {
        const struct oc_status *status = &batch->statuses[i];
        struct service *s = service_of(h, batch, status->target);
        if (s) {
            s->round = src->round;
            src->reported++;
            result(h, s, status->state, status->text, batch->time_ms);
        }
    }
    take_response(h, batch);
    if (batch->last) {
        call_ended(h, batch, src);
    }
    publish_scores(h, batch);
}

static void on_detail(void *ctx, const struct oc_event *event)
{
    struct oc_health *h = ctx;
    json_t *detail = json_object_get(event->data, "detail");
    char name[NAME_SIZE];
    service_name(name, sizeof name, oc_json_str(event->data, "instance", ""),
                 oc_json_str(detail, "target", ""));
    struct service *s = oc_health_find(h, name);
    if (s) {
        json_decref(s->detail);
        s->detail = json_incref(detail);
    }
}

static void on_swept(void *ctx, const struct oc_event *event)
{
    struct oc_health *h = ctx;
    const char *instance = oc_json_str(event->data, "instance", "");
    int64_t since = oc_json_int(event->data, "since", INT64_MAX);
    struct source *src = source_of(h, instance);
    src->full = false;
    for (size_t i = h->order.count; i-- > 0;) {
        struct service *s = h->order.items[i];
        if (strcmp(s->instance, instance) != 0) {
            continue;
        }
        s->score_sent = -1; /* a score that was steady may have been swept, too */
        if (s->check.checked_ms < since) {
            src->services--;
            OC_VEC_REMOVE(&h->order, i);
            oc_map_remove(&h->services, s->name);
            service_free(s);
        }
    }
    oc_health_forget_kept(h, instance);
    if (since == INT64_MAX) {
        free(oc_map_remove(&h->sources, instance));
    }
}

/* One of the instances of a preset: what its item in the configuration says holds for it. */
static void on_member(void *ctx, const struct oc_event *event)
{
    struct oc_health *h = ctx;
    const char *instance = oc_json_str(event->data, "instance", "");
    const struct source *item = source_of(h, oc_json_str(event->data, "of", ""));
    struct source *member = source_of(h, instance);
    member->max_attempts = item->max_attempts;
    member->parents = item->parents;
    oc_health_apply_attempts(h, instance);
}

json_t *oc_health_service_json(const struct service *s)
{
    json_t *o = json_object();
    oc_json_set_str(o, "service", s->name);
    oc_json_set_str(o, "instance", s->instance);
    oc_json_set_str(o, "target", s->target);
    oc_json_set_str(o, "plugin", s->plugin);
    oc_json_set_str(o, "state", oc_check_state_name(s->check.state));
    oc_json_set_bool(o, "hard", oc_check_is_hard(&s->check));
    oc_json_set_int(o, "attempt", s->check.attempt);
    oc_json_set_int(o, "max_attempts", s->check.max_attempts);
    oc_json_set_bool(o, "flapping", s->check.flapping);
    oc_json_set_bool(o, "maintenance", s->maintenance);
    oc_json_set_num(o, "score", oc_check_score(&s->check));
    oc_json_set_time(o, "since", s->check.since_ms);
    oc_json_set_time(o, "checked", s->check.checked_ms);
    if (s->response_ms >= 0) {
        oc_json_set_int(o, "response_ms", s->response_ms);
    } else {
        json_object_set_new(o, "response_ms", json_null());
    }
    oc_json_set_str(o, "output", s->output ? s->output : "");
    if (s->detail) {
        json_object_set(o, "detail", s->detail);
    }
    return o;
}

struct oc_health *oc_health_create(const struct oc_env *env)
{
    struct oc_health *h = oc_calloc(1, sizeof *h);
    h->env = *env;
    h->max_attempts = 3;
    h->samples = oc_bus_subscribe(env->bus, "samples", on_batch, h);
    h->details = oc_bus_subscribe(env->bus, "collector.detail", on_detail, h);
    h->swept = oc_bus_subscribe(env->bus, "collector.swept", on_swept, h);
    h->members = oc_bus_subscribe(env->bus, "collector.member", on_member, h);
    h->window_timer = oc_timer_create(env->loop, oc_health_windows_check, h);
    h->keep_timer = oc_timer_create(env->loop, oc_health_keep_scores, h);
    if (!env->ephemeral) {
        oc_timer_start(h->keep_timer, KEEP_EVERY, KEEP_EVERY);
    }
    oc_health_add_ops(h, env->ops);
    return h;
}

void oc_health_destroy(struct oc_health *h)
{
    if (!h) {
        return;
    }
    oc_bus_unsubscribe(h->samples);
    oc_bus_unsubscribe(h->details);
    oc_bus_unsubscribe(h->swept);
    oc_bus_unsubscribe(h->members);
    oc_timer_destroy(h->window_timer);
    oc_timer_destroy(h->keep_timer);
    if (!h->env.ephemeral) {
        oc_health_keep_scores(h);
    }
    for (size_t i = 0; i < h->order.count; i++) {
        service_free(h->order.items[i]);
    }
    OC_VEC_FINISH(&h->order);
    OC_VEC_FINISH(&h->scores);
    oc_map_finish(&h->services, NULL);
    oc_map_finish(&h->sources, free);
    OC_VEC_FINISH(&h->dependencies);
    oc_health_windows_finish(h);
    oc_arena_finish(&h->arena);
    free(h);
}
