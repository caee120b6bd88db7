/* The area of operations: /api/v1/<operation> and the jobs. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/api/areas.h"
#include "core/api/ops/rest.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define BEAT_MS (15 * OC_SECOND)

static const struct oc_route routes[] = {
    {"GET", "/api/v1/{operation...}", OC_ROUTE_VIEWER, 0, oc_rest_get, NULL},
    {"POST", "/api/v1/{operation...}", OC_ROUTE_VIEWER, 0, oc_rest_post, NULL},
    {"*", "/api/v1/{operation...}", OC_ROUTE_VIEWER, OC_ROUTE_NOCSRF, oc_rest_other, NULL},
    {0}};

static void on_revoked(void *ctx, const struct oc_event *event)
{
    oc_sse_end_of(ctx, oc_json_str(event->data, "actor", ""));
}

static void *create(struct oc_api *api)
{
    struct oc_rest *rest = oc_calloc(1, sizeof *rest);
    rest->api = api;
    rest->jobs = oc_jobs_create(api->env->loop, api->env->bus, api->env->ops);
    rest->beat = oc_timer_create(api->env->loop, oc_sse_beat, rest);
    oc_timer_start(rest->beat, BEAT_MS, BEAT_MS);
    rest->revoked = oc_bus_subscribe(api->env->bus, "access.revoked", on_revoked, rest);
    oc_router_add(&api->router, routes, rest);
    oc_router_add(&api->router, oc_rest_index_routes, rest);
    oc_router_add(&api->router, oc_rest_job_routes, rest);
    oc_router_describe(&api->router, oc_rest_docs);
    oc_rest_add_ops(rest);
    return rest;
}

static void stop(void *area)
{
    struct oc_rest *rest = area;
    rest->leaving = true;
    oc_rest_end_waiting(rest);
    oc_sse_end_all(rest);
}

static void destroy(void *area)
{
    struct oc_rest *rest = area;
    stop(rest);
    oc_rest_remove_ops(rest);
    oc_bus_unsubscribe(rest->revoked);
    oc_timer_destroy(rest->beat);
    oc_jobs_destroy(rest->jobs);
    free(rest);
}

const struct oc_area oc_area_ops = {
    .name = "ops", .create = create, .stop = stop, .destroy = destroy};
