/* /api/litellm: the original's paths with true figures. SPDX-License-Identifier: MIT
 *
 * The shapes are those of the original's router; the figures are the cost service's and the stored samples'. What is not known
 * is null, never zero. */
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/litellm/litellm.h"
#include "core/api/route_doc.h"
#include "core/base/mem.h"

struct litellm {
    struct oc_api *api;
};

static struct oc_ops *ops_of(void *ctx)
{
    return ((struct litellm *)ctx)->api->env->ops;
}

/* ---- handlers ---- */

static void get_health(struct oc_http_request *r, void *ctx)
{
    bool healthy;
    json_t *o = oc_litellm_health(ops_of(ctx), &healthy);
    oc_http_send_json(r, healthy ? 200 : 503, o);
}

static void send_unknown(struct oc_http_request *r)
{
    json_t *o = json_object();
    oc_json_set_str(o, "error", "no collector has told any figures of LiteLLM yet");
    oc_http_send_json(r, 503, o);
}

/* 503 as the original, while no source has told figures. */
static void send(struct oc_http_request *r, void *ctx, json_t *(*make)(struct oc_ops *ops))
{
    if (oc_litellm_known(ops_of(ctx))) {
        oc_http_send_json(r, 200, make(ops_of(ctx)));
    } else {
        send_unknown(r);
    }
}

#define ROUTE(name)                                                                                \
    static void get_##name(struct oc_http_request *r, void *ctx)                                   \
    {                                                                                              \
        send(r, ctx, oc_litellm_##name);                                                           \
    }
ROUTE(metrics)
ROUTE(spend)
ROUTE(spend_models)
ROUTE(spend_endpoints)
ROUTE(budgets)
ROUTE(models_usage)
ROUTE(agents_usage)

static void get_prometheus(struct oc_http_request *r, void *ctx)
{
    struct oc_buf text = {0};
    oc_litellm_prometheus(ops_of(ctx), &text);
    size_t len = text.len;
    if (!len) {
        send_unknown(r);
        return;
    }
    oc_http_send(r, 200, "text/plain; version=0.0.4; charset=utf-8", oc_buf_take(&text), len);
}

static const struct oc_route routes[] = {
    {"GET", "/api/litellm/health", OC_ROUTE_VIEWER, 0, get_health,
     "Whether LiteLLM is watched and well"},
    {"GET", "/api/litellm/metrics", OC_ROUTE_VIEWER, 0, get_metrics,
     "Spend, tokens, requests, latency"},
    {"GET", "/api/litellm/spend", OC_ROUTE_VIEWER, 0, get_spend, "What was spent"},
    {"GET", "/api/litellm/spend/models", OC_ROUTE_VIEWER, 0, get_spend_models,
     "What was spent by model"},
    {"GET", "/api/litellm/spend/endpoints", OC_ROUTE_VIEWER, 0, get_spend_endpoints,
     "What was spent by virtual model"},
    {"GET", "/api/litellm/budgets", OC_ROUTE_VIEWER, 0, get_budgets,
     "Budgets and how far they are used"},
    {"GET", "/api/litellm/models/usage", OC_ROUTE_VIEWER, 0, get_models_usage, "Usage by model"},
    {"GET", "/api/litellm/agents/usage", OC_ROUTE_VIEWER, 0, get_agents_usage, "Usage by agent"},
    {"GET", "/api/litellm/prometheus", OC_ROUTE_VIEWER, 0, get_prometheus,
     "LiteLLM's own samples in the Prometheus text format"},
    {0}};

#define LATER  "{\"503\":{\"description\":\"no figures of LiteLLM have been told yet\"}}"
#define NUMBER "number|null"
#define SPEND(week, month)                                                                         \
    "{total: " NUMBER ", today: " NUMBER ", " week ": " NUMBER ", " month ": " NUMBER "}"
#define TOKENS   "{total: " NUMBER ", input: " NUMBER ", output: " NUMBER "}"
#define REQUESTS "{total: " NUMBER ", successful: " NUMBER ", failed: " NUMBER "}"
#define BUDGETS                                                                                    \
    "{budgets: [any], alerts: [{type: string, severity: string, budget: any, message: string}], "  \
    "totalBudget: " NUMBER ", totalSpent: " NUMBER ", utilizationPercent: " NUMBER "}"
#define USAGE(rows, cost)                                                                          \
    "{" rows ": [any], " cost ": {*: " NUMBER "}, tokenUsage: " TOKENS ", requestCount: " REQUESTS \
    "}"
#define DOC(path, shape)                                                                           \
    {                                                                                              \
        .method = "GET", .pattern = path, .response = shape, .responses = LATER                    \
    }
static const struct oc_route_doc docs[] = {
    DOC("/api/litellm/health", "{status: string, litellm: any, error?: string}"),
    DOC("/api/litellm/metrics",
        "{lastUpdated: time|null, error: string|null, data: {health: {status: string, "
        "timestamp: time}, spend: " SPEND(
            "thisWeek", "thisMonth") ", tokens: " TOKENS ", requests: " REQUESTS
                                     ", latency: {p50: " NUMBER ", p95: " NUMBER ", p99: " NUMBER
                                     "}, costByModel: {*: " NUMBER "}, costByAgent: {*: " NUMBER
                                     "}, budgets: " BUDGETS ", collectionTime: time|null}}"),
    DOC("/api/litellm/spend", "{spend: " SPEND("this_week", "this_month") "}"),
    DOC("/api/litellm/spend/models", "{models: [{model: string, spend: " NUMBER "}]}"),
    DOC("/api/litellm/spend/endpoints", "{endpoints: [{endpoint: string, spend: " NUMBER "}]}"),
    DOC("/api/litellm/budgets", BUDGETS),
    DOC("/api/litellm/models/usage", USAGE("models", "costByModel")),
    DOC("/api/litellm/agents/usage", USAGE("endpoints", "costByAgent")),
    {.method = "GET",
     .pattern = "/api/litellm/prometheus",
     .response = "string",
     .response_type = "text/plain",
     .responses = LATER},
    {0}};

static void *create(struct oc_api *api)
{
    struct litellm *l = oc_calloc(1, sizeof *l);
    l->api = api;
    oc_router_add(&api->router, routes, l);
    oc_router_describe(&api->router, docs);
    return l;
}

const struct oc_area oc_area_litellm = {.name = "litellm", .create = create, .destroy = free};
