/* What core/base/meter.h counted, and what is counted here from the bus, on the page. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/json.h"
#include "core/base/meter.h"

/* ---- from the bus ---- */

static struct oc_meter events = {.name = "openclaw_events_total",
                                 .help = "Events on the host's bus, by topic",
                                 .kind = OC_METER_COUNTER,
                                 .labels = {"topic"}};
static struct oc_meter crashes = {.name = "openclaw_plugin_crashes_total",
                                  .help = "Crashes of plugins in processes of their own",
                                  .kind = OC_METER_COUNTER,
                                  .labels = {"plugin", "instance"}};
static struct oc_meter collects = {.name = "openclaw_collector_calls_total",
                                   .help = "Calls of collectors that ended, by result",
                                   .kind = OC_METER_COUNTER,
                                   .labels = {"plugin", "collector", "code"}};
static struct oc_meter took = {.name = "openclaw_collector_duration_seconds",
                               .help = "How long calls of collectors took",
                               .kind = OC_METER_SECONDS,
                               .labels = {"plugin"}};
static struct oc_meter samples = {.name = "openclaw_collector_samples_total",
                                  .help = "Samples that collectors brought",
                                  .kind = OC_METER_COUNTER,
                                  .labels = {"plugin"}};

static struct oc_meter jobs_running = {
    .name = "openclaw_jobs", .help = "Jobs that run", .kind = OC_METER_GAUGE};
static struct oc_meter jobs_ended = {.name = "openclaw_jobs_total",
                                     .help = "Jobs that ended, by how",
                                     .kind = OC_METER_COUNTER,
                                     .labels = {"state"}};
static struct oc_meter requests = {.name = "openclaw_api_requests_total",
                                   .help = "Requests to the API, by route and status",
                                   .kind = OC_METER_COUNTER,
                                   .labels = {"route", "method", "status"}};
static struct oc_meter request_took = {.name = "openclaw_api_request_duration_seconds",
                                       .help = "Time from a request's first line to its last byte",
                                       .kind = OC_METER_SECONDS,
                                       .labels = {"route"}};

static void count_job(const struct oc_event *event)
{
    if (strcmp(event->topic, "job.started") == 0) {
        oc_meter_add(&jobs_running, 1, NULL, NULL, NULL);
    } else if (strcmp(event->topic, "job.finished") == 0) {
        oc_meter_add(&jobs_running, -1, NULL, NULL, NULL);
        oc_meter_add(&jobs_ended, 1, oc_json_str(event->data, "state", ""), NULL, NULL);
    }
}

static void on_request(void *ctx, const struct oc_route *route, unsigned status, int64_t took_us)
{
    char code[16];
    (void)ctx;
    snprintf(code, sizeof code, "%u", status);
    oc_meter_add(&requests, 1, route->pattern, route->method, code);
    oc_meter_observe(&request_took, took_us, route->pattern, NULL, NULL);
}

static void on_event(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    oc_meter_add(&events, 1, event->topic, NULL, NULL);
    if (strcmp(event->topic, "plugin.crashed") == 0) {
        oc_meter_add(&crashes, 1, oc_json_str(event->data, "plugin", ""),
                     oc_json_str(event->data, "instance", ""), NULL);
    }
    count_job(event);
}

static void on_samples(void *ctx, const struct oc_event *event)
{
    const struct oc_batch *batch = event->native;
    (void)ctx;
    if (!*batch->plugin) { /* the sweep's, not a call's */
        return;
    }
    oc_meter_add(&samples, (double)batch->sample_count, batch->plugin, NULL, NULL);
    if (batch->last) {
        oc_meter_add(&collects, 1, batch->plugin, batch->instance, oc_error_name(batch->code));
        oc_meter_observe(&took, batch->took_ms * 1000, batch->plugin, NULL, NULL);
    }
}

void oc_prometheus_listen(struct oc_api_prometheus *p)
{
    struct oc_bus *bus = p->api->env->bus;
    oc_meter_add(&jobs_running, 0, NULL, NULL, NULL); /* shown from the beginning */
    p->api->on_request = on_request;
    OC_VEC_PUSH(&p->subscriptions, oc_bus_subscribe(bus, "*", on_event, p));
    OC_VEC_PUSH(&p->subscriptions, oc_bus_subscribe(bus, "samples", on_samples, p));
}

/* ---- writing ---- */

static void begin(struct oc_page *page, const struct oc_meter *m, const struct oc_meter_cell *cell,
                  const char *suffix)
{
    oc_page_begin(page, m->name, suffix);
    for (size_t i = 0; i < OC_METER_LABELS && m->labels[i]; i++) {
        oc_page_label(page, m->labels[i], cell->values[i]);
    }
}

/* OpenMetrics wants le="1.0" where the text format has le="1". */
static void add_bound(struct oc_page *page, double bound)
{
    struct oc_buf text = {0};
    oc_export_number(&text, bound);
    if (page->open_metrics && !strpbrk(text.data, ".e")) {
        oc_buf_adds(&text, ".0");
    }
    oc_page_label(page, "le", text.data);
    oc_buf_finish(&text);
}

static void write_histogram(struct oc_page *page, const struct oc_meter *m,
                            const struct oc_meter_cell *cell)
{
    uint64_t below = 0;
    for (size_t i = 0; i < OC_METER_BOUNDS; i++) {
        below += cell->buckets[i];
        begin(page, m, cell, "_bucket");
        add_bound(page, oc_meter_bounds[i]);
        oc_page_end(page, (double)below);
    }
    begin(page, m, cell, "_bucket");
    oc_page_label(page, "le", "+Inf");
    oc_page_end(page, (double)cell->count);
    begin(page, m, cell, "_sum");
    oc_page_end(page, cell->value);
    begin(page, m, cell, "_count");
    oc_page_end(page, (double)cell->count);
}

static int by_values(const void *a, const void *b)
{
    const struct oc_meter_cell *const *x = a, *const *y = b;
    int order = 0;
    for (size_t i = 0; i < OC_METER_LABELS && !order && (*x)->values[i]; i++) {
        order = strcmp((*x)->values[i], (*y)->values[i]);
    }
    return order;
}

static void write_meter(struct oc_page *page, struct oc_meter *m)
{
    static const enum oc_page_type types[] = {[OC_METER_COUNTER] = OC_PAGE_COUNTER,
                                              [OC_METER_GAUGE] = OC_PAGE_GAUGE,
                                              [OC_METER_SECONDS] = OC_PAGE_HISTOGRAM};
    OC_VEC(struct oc_meter_cell *) cells = {0};
    void *cell;
    for (size_t it = 0; oc_map_next(&m->cells, &it, NULL, &cell);) {
        OC_VEC_PUSH(&cells, cell);
    }
    if (cells.count > 1) {
        qsort(cells.items, cells.count, sizeof *cells.items, by_values);
    }
    oc_page_family(page, m->name, types[m->kind], m->help);
    for (size_t i = 0; i < cells.count; i++) {
        if (m->kind == OC_METER_SECONDS) {
            write_histogram(page, m, cells.items[i]);
        } else {
            begin(page, m, cells.items[i], "");
            oc_page_end(page, cells.items[i]->value);
        }
    }
    OC_VEC_FINISH(&cells);
}

static int by_name(const void *a, const void *b)
{
    const struct oc_meter *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void oc_prometheus_write_meters(struct oc_page *page)
{
    OC_VEC(struct oc_meter *) meters = {0};
    for (struct oc_meter *m = oc_meters(); m; m = m->next) {
        OC_VEC_PUSH(&meters, m);
    }
    if (meters.count > 1) {
        qsort(meters.items, meters.count, sizeof *meters.items, by_name);
    }
    for (size_t i = 0; i < meters.count; i++) {
        if (!oc_page_has(page, meters.items[i]->name)) {
            write_meter(page, meters.items[i]);
        }
    }
    OC_VEC_FINISH(&meters);
}
