/* The samples of schedules, which the shipped rules watch. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/service/cron/internal.h"

struct emission {
    struct oc_cron_service *s;
    int64_t at_ms;
    OC_VEC(struct oc_sample) samples;
};

static void put(struct emission *e, const char *name, const char *schedule, double value)
{
    const struct oc_label label = {{"schedule", sizeof "schedule" - 1},
                                   {schedule, strlen(schedule)}};
    struct oc_store *store = e->s->env.store;
    struct oc_series *series = oc_store_series(
        store, OC_OWN_CRON, (struct oc_view){name, strlen(name)}, OC_KIND_GAUGE, &label, 1);
    if (series && oc_store_append(store, series, e->at_ms, value)) {
        struct oc_sample sample = {.series = series, .time_ms = e->at_ms, .value = value};
        OC_VEC_PUSH(&e->samples, sample);
    }
}

static double running_seconds(const struct oc_cron_entry *e)
{
    int64_t longest = 0;
    for (size_t i = 0; i < e->running.count; i++) {
        int64_t ms = oc_time_mono() - e->running.items[i]->began_mono;
        longest = ms > longest ? ms : longest;
    }
    return (double)longest / (double)OC_SECOND;
}

static double missed_runs(const struct oc_cron_entry *e)
{
    bool shown = e->shown > e->missed && oc_time_mono() < e->shown_until;
    return (double)(shown ? e->shown : e->missed);
}

static void publish(struct emission *e)
{
    if (e->samples.count) {
        struct oc_batch batch = {.instance = OC_OWN_CRON,
                                 .plugin = "",
                                 .time_ms = e->at_ms,
                                 .samples = e->samples.items,
                                 .sample_count = e->samples.count};
        oc_bus_publish_native(e->s->env.bus, "samples", &batch);
    }
    OC_VEC_FINISH(&e->samples);
}

/* Samples of one series only go forwards, but for a clock that has been put right. */
static int64_t next_time(struct oc_cron_service *s)
{
    int64_t now = oc_time_wall(), last = s->emitted_at;
    s->emitted_at = now <= last && last - now < OC_HOUR ? last + 1 : now;
    return s->emitted_at;
}

void oc_cron_emit(struct oc_cron_service *s)
{
    struct emission e = {.s = s, .at_ms = next_time(s)};
    for (size_t i = 0; i < s->entries.count; i++) {
        const struct oc_cron_entry *entry = s->entries.items[i];
        bool active = oc_cron_active(entry);
        put(&e, "cron.missed_runs", entry->name, active ? missed_runs(entry) : 0);
        put(&e, "cron.failed_runs", entry->name, active ? (double)entry->failed : 0);
        put(&e, "cron.run_seconds", entry->name, running_seconds(entry));
    }
    s->emitted_ms = oc_time_mono();
    s->changed = false;
    publish(&e);
    if (!s->complete) { /* schedules of an earlier run that are no more */
        s->complete = true;
        oc_bus_publish(
            s->env.bus, "samples.complete",
            json_pack("{s:s, s:I}", "instance", OC_OWN_CRON, "since", (json_int_t)e.at_ms));
    }
}

void oc_cron_emit_gone(const struct oc_cron_entry *entry)
{
    struct emission e = {.s = entry->service, .at_ms = next_time(entry->service)};
    put(&e, "cron.missed_runs", entry->name, 0);
    put(&e, "cron.failed_runs", entry->name, 0);
    put(&e, "cron.run_seconds", entry->name, 0);
    publish(&e);
}
