/* /healthz and /readyz: what a supervisor asks. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

struct probes {
    struct oc_api *api;
    bool leaving;
};

/* The loop runs, or nobody would answer. */
static void get_alive(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    oc_http_send_const(r, 200, OC_HTTP_TYPE_TEXT, "ok\n");
}

/* Why alerts, acks and deliveries cannot be kept; NULL: they can, or nobody keeps any. Owned by the caller. */
static char *find_alert_trouble(const struct oc_env *env)
{
    json_t *rows = oc_ops_ask(env->ops, "alert.doctor", NULL), *row;
    char *found = NULL;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (!found && strcmp(oc_json_str(row, "severity", ""), "error") == 0) {
            found = oc_asprintf("alerts: %s\n", oc_json_str(row, "message", ""));
        }
    }
    json_decref(rows);
    return found;
}

static char *find_trouble(const struct oc_env *env)
{
    struct oc_error why;
    oc_error_init(&why);
    if (!oc_store_healthy(env->store, &why)) {
        return oc_asprintf("store: %s\n", why.message);
    }
    if (!oc_ledger_healthy(env->ledger, &why)) {
        return oc_asprintf("ledger: %s\n", why.message);
    }
    return find_alert_trouble(env);
}

static void get_ready(struct oc_http_request *r, void *ctx)
{
    const struct probes *p = ctx;
    if (p->leaving) {
        oc_http_send_const(r, 503, OC_HTTP_TYPE_TEXT, "the host is stopping\n");
        return;
    }
    char *trouble = find_trouble(p->api->env);
    if (trouble) {
        oc_http_send(r, 503, OC_HTTP_TYPE_TEXT, trouble, strlen(trouble));
    } else {
        oc_http_send_const(r, 200, OC_HTTP_TYPE_TEXT, "ready\n");
    }
}

/* The original's. */
static void get_health(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    json_t *o = json_object();
    oc_json_set_str(o, "status", "ok");
    oc_json_set_time(o, "timestamp", oc_time_wall());
    oc_http_send_json(r, 200, o);
}

static const struct oc_route routes[] = {
    {"GET", "/healthz", OC_ROUTE_PUBLIC, OC_ROUTE_BRIDGE, get_alive, "Whether the host runs"},
    {"GET", "/readyz", OC_ROUTE_PUBLIC, OC_ROUTE_BRIDGE, get_ready,
     "Whether the host can do its work"},
    {"GET", "/health", OC_ROUTE_PUBLIC, OC_ROUTE_BRIDGE, get_health,
     "Whether the host runs, as JSON"},
    {0}};

#define DOWN "{\"503\":{\"description\":\"it cannot; the text says why\"}}"
static const struct oc_route_doc docs[] = {{.method = "GET",
                                            .pattern = "/healthz",
                                            .tag = "probes",
                                            .response = "{\"const\":\"ok\\n\"}",
                                            .response_type = "text/plain"},
                                           {.method = "GET",
                                            .pattern = "/readyz",
                                            .tag = "probes",
                                            .response = "string",
                                            .response_type = "text/plain",
                                            .responses = DOWN},
                                           {.method = "GET",
                                            .pattern = "/health",
                                            .tag = "probes",
                                            .response = "{status: string, timestamp: time}"},
                                           {0}};

static void *create(struct oc_api *api)
{
    struct probes *p = oc_calloc(1, sizeof *p);
    p->api = api;
    oc_router_add(&api->router, routes, p);
    oc_router_describe(&api->router, docs);
    return p;
}

static void stop(void *area)
{
    ((struct probes *)area)->leaving = true;
}

const struct oc_area oc_area_probes = {
    .name = "probes", .create = create, .stop = stop, .destroy = free};
