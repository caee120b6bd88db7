/* The routes of Alertmanager's API v2. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/api/areas.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

static void get_ok(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    oc_http_send_const(r, 200, OC_HTTP_TYPE_TEXT, "OK");
}

static void not_found(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    oc_am_invalid(r, 404, 404, "path %s was not found", oc_http_path(r));
}

#define READ(path, handler, say)                                                                   \
    {                                                                                              \
        "GET", path, OC_ROUTE_VIEWER, 0, handler, say                                              \
    }
#define WRITE(method, path, handler, say)                                                          \
    {                                                                                              \
        method, path, OC_ROUTE_OPERATOR, 0, handler, say                                           \
    }
#define PROBE(path, say)                                                                           \
    {                                                                                              \
        "GET", path, OC_ROUTE_PUBLIC, 0, get_ok, say                                               \
    }
/* SAY(text) is the text where the paths are in the OpenAPI document, and NULL where they are there already. */
#define ROUTES(prefix, SAY)                                                                        \
    READ(prefix "/api/v2/status", oc_am_get_status, SAY("Version and configuration")),             \
        READ(prefix "/api/v2/receivers", oc_am_get_receivers, SAY("The channels")),                \
        READ(prefix "/api/v2/alerts", oc_am_get_alerts, SAY("The alerts that fire")),              \
        WRITE("POST", prefix "/api/v2/alerts", oc_am_post_alerts, SAY("Take alerts in")),          \
        READ(prefix "/api/v2/alerts/groups", oc_am_get_groups,                                     \
             SAY("Alerts by group and channel")),                                                  \
        READ(prefix "/api/v2/silences", oc_am_get_silences, SAY("The silences")),                  \
        WRITE("POST", prefix "/api/v2/silences", oc_am_post_silence,                               \
              SAY("Make or change a silence")),                                                    \
        READ(prefix "/api/v2/silence/{id}", oc_am_get_silence, SAY("Show a silence")),             \
        WRITE("DELETE", prefix "/api/v2/silence/{id}", oc_am_delete_silence,                       \
              SAY("End a silence")),                                                               \
        READ(prefix "/api/v2/{rest...}", not_found, NULL),                                         \
        PROBE(prefix "/-/healthy", SAY("The host runs")),                                          \
        PROBE(prefix "/-/ready", SAY("The host takes alerts"))
#define SAID(text)   text
#define UNSAID(text) NULL

static const struct oc_route routes[] = {ROUTES("", SAID), ROUTES("/alertmanager", UNSAID), {0}};

static void *create(struct oc_api *api)
{
    struct oc_alertmanager *am = oc_calloc(1, sizeof *am);
    am->api = api;
    am->alert = api->outside.alert;
    am->started_ms = oc_time_wall();
    oc_router_add(&api->router, routes, am);
    oc_router_describe(&api->router, oc_am_docs);
    return am;
}

const struct oc_area oc_area_alertmanager = {
    .name = "alertmanager", .create = create, .destroy = free};
