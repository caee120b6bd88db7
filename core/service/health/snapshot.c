/* The snapshot: health of everything in the shape of the original API, with what we add. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/health/resources.h"
#include "core/service/health/table.h"

/* The manifest's key "snapshot" says where a plugin's services belong: "agents", "services" (default), "resources". */
static const char *section_of(struct oc_health *h, const struct service *s)
{
    struct oc_plugin *plugin = oc_plugin_find(h->env.plugins, s->plugin);
    const struct oc_manifest *m = plugin ? oc_plugin_manifest(plugin) : NULL;
    return m ? oc_json_str(m->json, "snapshot", "services") : "services";
}

static const char *original_status(const struct oc_check *c)
{
    switch (c->state) {
    case OC_CHECK_OK:
        return "healthy";
    case OC_CHECK_WARNING:
        return "degraded";
    case OC_CHECK_CRITICAL:
        return "error";
    case OC_CHECK_UNKNOWN:
    case OC_CHECK_UNREACHABLE:
    case OC_CHECK_PENDING:
        break;
    }
    return "unknown";
}

static json_t *error_of(const struct service *s)
{
    return s->check.state == OC_CHECK_OK || s->check.state == OC_CHECK_PENDING || !s->output
               ? json_null()
               : json_string(s->output);
}

static json_t *service_entry(const struct service *s)
{
    json_t *o = json_object();
    oc_json_set_str(o, "id", s->name);
    oc_json_set_str(o, "name", s->name);
    oc_json_set_str(o, "type", s->plugin);
    oc_json_set_str(o, "status", original_status(&s->check));
    json_object_set_new(o, "responseTime",
                        s->response_ms >= 0 ? json_integer(s->response_ms) : json_null());
    json_object_set_new(o, "uptime", json_null());
    json_object_set_new(o, "details", s->detail ? json_incref(s->detail) : json_object());
    json_object_set_new(o, "error", error_of(s));
    oc_json_set_str(o, "state", oc_check_state_name(s->check.state));
    return o;
}

static json_t *agent_entry(const struct service *s)
{
    json_t *o = json_object();
    const char *id = *s->target ? s->target : s->name;
    oc_json_set_str(o, "id", id);
    oc_json_set_str(o, "name", id);
    oc_json_set_str(o, "status", s->check.state == OC_CHECK_OK ? "active" : "unknown");
    json_object_set_new(o, "error", error_of(s));
    if (s->detail) {
        json_object_update(o, s->detail);
        json_object_del(o, "target");
    }
    return o;
}

/* ---- alerts and the overall status ---- */

/* Of a storm the gravest: a snapshot is made every few minutes, and asked for by whoever looks. */
static json_t *firing(struct oc_health *h)
{
    json_t *params = json_object();
    oc_json_set_int(params, "limit", OC_HEALTH_ALERTS_MAX);
    json_t *alerts = oc_ops_ask(h->env.ops, "alert.list", params);
    return alerts ? alerts : json_array();
}

struct counts {
    int64_t agents, healthy_agents, services, healthy_services;
};

static struct counts count(struct oc_health *h)
{
    struct counts n = {0};
    for (size_t i = 0; i < h->order.count; i++) {
        const struct service *s = h->order.items[i];
        const char *section = section_of(h, s);
        if (strcmp(section, "agents") == 0) {
            n.agents += *s->target ? 1 : 0;
            n.healthy_agents += *s->target && s->check.state == OC_CHECK_OK ? 1 : 0;
        } else if (strcmp(section, "services") == 0) {
            n.services++;
            n.healthy_services += s->check.state == OC_CHECK_OK ? 1 : 0;
        }
    }
    return n;
}

/* As the original: alerts decide; without any, all agents and services must be well. */
static const char *overall(const struct counts *n, int64_t critical, int64_t warning)
{
    if (critical > 0) {
        return "critical";
    }
    if (warning > 0) {
        return "warning";
    }
    return n->healthy_agents == n->agents && n->healthy_services == n->services ? "healthy"
                                                                                : "degraded";
}

static void set_usage(json_t *summary, const char *key, const json_t *resources, const char *path)
{
    json_t *value = oc_json_path(resources, path);
    json_object_set_new(summary, key, value ? json_incref(value) : json_null());
}

/* {"total": 23, "ok": 22, "critical": 1} of everything that is checked. */
static json_t *count_checks(const struct oc_health *h)
{
    json_t *counts = json_object();
    oc_json_set_int(counts, "total", (int64_t)h->order.count);
    for (size_t i = 0; i < h->order.count; i++) {
        const char *state = oc_check_state_name(h->order.items[i]->check.state);
        oc_json_set_int(counts, state, oc_json_int(counts, state, 0) + 1);
    }
    return counts;
}

static json_t *summarize(struct oc_health *h, const json_t *resources)
{
    struct counts n = count(h);
    json_t *alerts = oc_ops_ask(h->env.ops, "alert.summary", NULL);
    int64_t critical = oc_json_int(alerts, "critical", 0),
            warning = oc_json_int(alerts, "warning", 0), firing = oc_json_int(alerts, "firing", 0);
    json_decref(alerts);
    json_t *o = json_object();
    oc_json_set_str(o, "overallStatus", overall(&n, critical, warning));
    oc_json_set_int(o, "healthyAgents", n.healthy_agents);
    oc_json_set_int(o, "totalAgents", n.agents);
    oc_json_set_int(o, "healthyServices", n.healthy_services);
    oc_json_set_int(o, "totalServices", n.services);
    oc_json_take(o, "checks", count_checks(h));
    oc_json_set_int(o, "criticalAlerts", critical);
    oc_json_set_int(o, "warningAlerts", warning);
    oc_json_set_int(o, "totalAlerts", firing);
    set_usage(o, "cpuUsage", resources, "cpu.system.usage");
    set_usage(o, "memoryUsage", resources, "memory.system.usage");
    set_usage(o, "diskUsage", resources, "disk.system.usage");
    return o;
}

json_t *oc_health_summary(struct oc_health *h)
{
    json_t *resources = oc_health_resources(h->env.store);
    json_t *summary = summarize(h, resources);
    json_decref(resources);
    return summary;
}

static bool wanted(const struct service *s, const char *only)
{
    return !only || oc_glob(only, s->name) || strcmp(only, s->instance) == 0 ||
           strcmp(only, s->target) == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct service *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static json_t *snapshot(struct oc_health *h, const char *only, bool with_alerts)
{
    if (h->order.count) { /* targets first report in any order; people look for names */
        qsort(h->order.items, h->order.count, sizeof(struct service *), by_name);
    }
    json_t *agents = json_array(), *services = json_array(), *checks = json_array();
    for (size_t i = 0; i < h->order.count; i++) {
        const struct service *s = h->order.items[i];
        if (!wanted(s, only)) {
            continue;
        }
        const char *section = section_of(h, s);
        json_array_append_new(checks, oc_health_service_json(s));
        if (strcmp(section, "agents") == 0 && *s->target) {
            json_array_append_new(agents, agent_entry(s));
        } else if (strcmp(section, "services") == 0) {
            json_array_append_new(services, service_entry(s));
        }
    }
    json_t *resources = oc_health_resources(h->env.store);
    json_t *o = json_object();
    oc_json_set_time(o, "timestamp", oc_time_wall());
    oc_json_take(o, "agents", agents);
    oc_json_take(o, "services", services);
    json_object_set(o, "resources", resources);
    oc_json_take(o, "alerts", with_alerts ? firing(h) : json_array());
    oc_json_take(o, "summary", summarize(h, resources));
    oc_json_take(o, "checks", checks);
    json_decref(resources);
    return o;
}

json_t *oc_health_snapshot(struct oc_health *h, const char *only)
{
    return snapshot(h, only, true);
}

json_t *oc_health_snapshot_bare(struct oc_health *h)
{
    return snapshot(h, NULL, false);
}
