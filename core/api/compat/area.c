/* The area of the original's paths. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/compat/compat.h"
#include "core/base/json.h"
#include "core/base/matchtext.h"
#include "core/base/mem.h"

#define DISMISSED     "dismissed" /* what such a silence says */
#define DISMISSED_FOR "24h"

/* ---- health ---- */

static void send_unknown(struct oc_http_request *r)
{
    oc_http_send_errorf(r, 500, OC_E_INTERNAL, NULL, "health does not answer");
}

static void get_health(struct oc_http_request *r, void *ctx)
{
    const struct oc_compat *c = ctx;
    struct oc_http_blob *blob = oc_health_cache_get(c->cache);
    if (!blob) {
        send_unknown(r);
    } else {
        oc_http_send_blob(r, 200, blob);
    }
}

static void send_part(struct oc_http_request *r, void *ctx, const char *part)
{
    const struct oc_compat *c = ctx;
    json_t *snapshot = oc_ops_ask(c->api->env->ops, "health.snapshot", NULL);
    json_t *value = json_object_get(snapshot, part);
    if (value) {
        oc_http_send_json(r, 200, json_incref(value));
    } else {
        send_unknown(r);
    }
    json_decref(snapshot);
}

#define PART(name)                                                                                 \
    static void get_##name(struct oc_http_request *r, void *ctx)                                   \
    {                                                                                              \
        send_part(r, ctx, #name);                                                                  \
    }
PART(agents)
PART(services)
PART(resources)
PART(summary)

static void get_metrics(struct oc_http_request *r, void *ctx)
{
    const struct oc_compat *c = ctx;
    json_t *snapshot = oc_ops_ask(c->api->env->ops, "health.snapshot", NULL);
    if (snapshot) {
        oc_http_send_json(r, 200, oc_compat_up(snapshot));
    } else {
        send_unknown(r);
    }
    json_decref(snapshot);
}

/* ---- alerts ---- */

static json_t *alert_done(const json_t *result)
{
    json_t *o = json_object(), *alert = json_copy((json_t *)(uintptr_t)result);
    oc_compat_alert(alert);
    oc_json_set_bool(o, "success", true);
    oc_json_take(o, "alert", alert);
    return o;
}

static void acknowledge(struct oc_http_request *r, void *ctx)
{
    json_t *params = json_object();
    (void)ctx;
    oc_json_set_str(params, "id", oc_http_param(r, 0));
    oc_compat_call(r, "alert.ack", params, alert_done);
}

static json_t *dismissed(const json_t *result)
{
    json_t *o = json_object();
    oc_json_set_bool(o, "success", true);
    json_object_set(o, "silence", (json_t *)(uintptr_t)result);
    return o;
}

static void add_matcher(json_t *matchers, const char *name, const char *value)
{
    if (value && *value) {
        char *text = oc_match_equal(name, value);
        json_array_append_new(matchers, json_string(text));
        free(text);
    }
}

/* A silence of exactly this alert. */
static json_t *silence_of(const json_t *alert)
{
    static const char *const own[] = {"alertname", "instance", "target"};
    json_t *params = json_object(), *matchers = json_array();
    const char *name;
    json_t *value;
    add_matcher(matchers, own[0], oc_json_str(alert, "rule", NULL));
    for (size_t i = 1; i < OC_COUNT(own); i++) {
        add_matcher(matchers, own[i], oc_json_str(alert, own[i], NULL));
    }
    json_object_foreach(json_object_get(alert, "labels"), name, value)
    {
        bool known = false;
        for (size_t i = 0; i < OC_COUNT(own); i++) {
            known = known || strcmp(own[i], name) == 0;
        }
        if (!known) {
            add_matcher(matchers, name, json_string_value(value));
        }
    }
    oc_json_take(params, "matchers", matchers);
    oc_json_set_str(params, "for", DISMISSED_FOR);
    oc_json_set_str(params, "comment", DISMISSED);
    return params;
}

/* The silence that dismissed it before and still holds, so that doing it twice changes nothing; owned, NULL: there is none. */
static json_t *standing(struct oc_ops *ops, const json_t *alert)
{
    const char *id = oc_json_str(alert, "silenced_by", "");
    json_t *all = *id ? oc_ops_ask(ops, "alert.silences", NULL) : NULL, *row, *found = NULL;
    size_t i;
    json_array_foreach(all, i, row)
    {
        if (strcmp(oc_json_str(row, "id", ""), id) == 0 &&
            strcmp(oc_json_str(row, "comment", ""), DISMISSED) == 0) {
            found = json_incref(row);
        }
    }
    json_decref(all);
    return found;
}

static void dismiss(struct oc_http_request *r, void *ctx)
{
    const struct oc_compat *c = ctx;
    json_t *params = json_object();
    oc_json_set_str(params, "id", oc_http_param(r, 0));
    json_t *alert = oc_ops_ask(c->api->env->ops, "alert.show", json_incref(params));
    json_t *silence = alert ? standing(c->api->env->ops, alert) : NULL;
    if (silence) {
        oc_http_send_json(r, 200, dismissed(silence));
    } else if (alert) {
        oc_compat_call(r, "alert.silence", silence_of(alert), dismissed);
    } else { /* it says why there is none */
        oc_compat_call(r, "alert.show", json_incref(params), NULL);
    }
    json_decref(silence);
    json_decref(alert);
    json_decref(params);
}

/* ---- the area ---- */

static const struct oc_route routes[] = {
    {"GET", "/api/health", OC_ROUTE_VIEWER, 0, get_health,
     "Health of everything: agents, services, resources, alerts, summary"},
    {"GET", "/api/health/agents", OC_ROUTE_VIEWER, 0, get_agents, "The agents"},
    {"GET", "/api/health/services", OC_ROUTE_VIEWER, 0, get_services, "The services"},
    {"GET", "/api/health/resources", OC_ROUTE_VIEWER, 0, get_resources,
     "Processor, memory, disks, network, containers"},
    {"GET", "/api/health/alerts", OC_ROUTE_VIEWER, 0, oc_compat_get_alerts, "The alerts that fire"},
    {"GET", "/api/health/summary", OC_ROUTE_VIEWER, 0, get_summary,
     "Counts and the overall status"},
    {"GET", "/api/alerts", OC_ROUTE_VIEWER, 0, oc_compat_get_alerts, "The alerts that fire"},
    {"POST", "/api/alerts/{id}/acknowledge", OC_ROUTE_OPERATOR, 0, acknowledge,
     "Acknowledge an alert"},
    {"POST", "/api/alerts/{id}/dismiss", OC_ROUTE_OPERATOR, 0, dismiss,
     "Dismiss an alert: it is silenced for a day"},
    {"GET", "/api/metrics", OC_ROUTE_VIEWER, 0, get_metrics,
     "What is up, as Prometheus answers the query `up`"},
    {"GET", "/api/config", OC_ROUTE_VIEWER, 0, oc_compat_get_config,
     "The configuration in force, secrets hidden"},
    {"POST", "/api/config/alerts", OC_ROUTE_ADMIN, 0, oc_compat_post_thresholds,
     "Set thresholds, in the configuration file and in force"},
    {0}};

static void *create(struct oc_api *api)
{
    struct oc_compat *c = oc_calloc(1, sizeof *c);
    c->api = api;
    c->cache = oc_health_cache_create(api->env);
    oc_router_add(&api->router, routes, c);
    oc_router_describe(&api->router, oc_compat_docs);
    return c;
}

static void destroy(void *area)
{
    struct oc_compat *c = area;
    oc_health_cache_destroy(c->cache);
    free(c);
}

const struct oc_area oc_area_compat = {.name = "compat", .create = create, .destroy = destroy};
