/* Ends what a collector no longer reports. SPDX-License-Identifier: MIT */
#include "core/service/schedule/sweep.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/base/vec.h"

struct sweep {
    const struct oc_env *env;
    const char *instance;
    int64_t since_ms, now_ms;
    OC_VEC(struct oc_sample) gone;
};

static void visit(void *ctx, struct oc_series *series)
{
    struct sweep *s = ctx;
    bool ended = series->time_ms && isnan(series->value);
    if (!series->instance || strcmp(series->instance, s->instance) != 0 ||
        series->time_ms >= s->since_ms || ended) {
        return;
    }
    /* the latest sample may carry the time of a slot that is a moment ahead */
    int64_t at = series->time_ms >= s->now_ms ? series->time_ms + 1 : s->now_ms;
    if (oc_store_append(s->env->store, series, at, NAN)) {
        struct oc_sample sample = {.series = series, .time_ms = at, .value = NAN};
        OC_VEC_PUSH(&s->gone, sample);
    }
}

void oc_sweep(const struct oc_env *env, const char *instance, int64_t since_ms)
{
    struct sweep s = {
        .env = env, .instance = instance, .since_ms = since_ms, .now_ms = oc_time_wall()};
    oc_store_series_each(env->store, visit, &s);
    if (s.gone.count) {
        struct oc_batch batch = {.instance = instance,
                                 .plugin = "",
                                 .time_ms = s.now_ms,
                                 .samples = s.gone.items,
                                 .sample_count = s.gone.count};
        oc_bus_publish_native(env->bus, "samples", &batch);
    }
    OC_VEC_FINISH(&s.gone);
    json_t *event = json_object();
    oc_json_set_str(event, "instance", instance);
    oc_json_set_int(event, "since", since_ms);
    oc_bus_publish(env->bus, "collector.swept", event);
}

struct strangers {
    bool (*known)(void *ctx, const char *instance);
    void *ctx;
    OC_VEC(const char *) found; /* interned: equal names are equal pointers */
};

static void look(void *ctx, struct oc_series *series)
{
    struct strangers *s = ctx;
    if (!series->instance || series->time_ms) { /* heard of in this run: somebody's */
        return;
    }
    for (size_t i = 0; i < s->found.count; i++) {
        if (s->found.items[i] == series->instance) {
            return;
        }
    }
    if (!s->known(s->ctx, series->instance)) {
        OC_VEC_PUSH(&s->found, series->instance);
    }
}

void oc_sweep_strangers(const struct oc_env *env, bool (*known)(void *ctx, const char *instance),
                        void *ctx)
{
    struct strangers s = {.known = known, .ctx = ctx};
    oc_store_series_each(env->store, look, &s);
    for (size_t i = 0; i < s.found.count; i++) {
        oc_sweep(env, s.found.items[i], INT64_MAX);
    }
    OC_VEC_FINISH(&s.found);
}
