/* GET /metrics: everything that this host knows, for Prometheus. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/api/areas.h"
#include "core/api/prometheus/prometheus.h"
#include "core/api/route_doc.h"
#include "core/base/mem.h"

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"

static void get_metrics(struct oc_http_request *r, void *ctx)
{
    struct oc_api_prometheus *p = ctx;
    struct oc_page page = {.open_metrics = oc_page_wants_open_metrics(oc_http_header(r, "Accept"))};
    oc_family_table_update(&p->table);
    oc_buf_reserve(&page.text, 65536 + p->table.last_id * 96u);
    oc_prometheus_write_process(&page);
    oc_prometheus_write_own(p, &page);
    oc_prometheus_write_meters(&page);
    oc_family_table_write(&p->table, &page);
    oc_page_finish(&page);
    oc_http_set(r, "Cache-Control", "no-store");
    oc_http_set(r, "Vary", "Accept");
    size_t len = page.text.len;
    oc_http_send(r, 200, page.open_metrics ? TYPE_OPEN : TYPE_TEXT, oc_buf_take(&page.text), len);
}

/* Other packages bring other manifests, and these the texts of HELP. */
static void on_packages(void *ctx, const struct oc_event *event)
{
    struct oc_api_prometheus *p = ctx;
    (void)event;
    oc_family_table_finish(&p->table);
}

static const struct oc_route routes[] = {
    {"GET", "/metrics", OC_ROUTE_VIEWER, 0, get_metrics,
     "Every metric in the Prometheus text format or OpenMetrics"},
    {0},
};

static const struct oc_route_doc docs[] = {
    {.method = "GET",
     .pattern = "/metrics",
     .description = "OpenMetrics 1.0 when the header Accept prefers application/openmetrics-text, "
                    "else the text format 0.0.4.",
     .response = "{\"type\": \"string\"}",
     .response_type = "text/plain"},
    {0},
};

static void *create(struct oc_api *api)
{
    struct oc_api_prometheus *p = oc_calloc(1, sizeof *p);
    p->api = api;
    p->table.env = api->env;
    oc_router_add(&api->router, routes, p);
    oc_router_describe(&api->router, docs);
    oc_prometheus_listen(p);
    OC_VEC_PUSH(&p->subscriptions,
                oc_bus_subscribe(api->env->bus, "packages.applied", on_packages, p));
    return p;
}

static void destroy(void *area)
{
    struct oc_api_prometheus *p = area;
    for (size_t i = 0; i < p->subscriptions.count; i++) {
        oc_bus_unsubscribe(p->subscriptions.items[i]);
    }
    OC_VEC_FINISH(&p->subscriptions);
    oc_family_table_finish(&p->table);
    free(p);
}

const struct oc_area oc_area_prometheus = {.name = "metrics", .create = create, .destroy = destroy};
