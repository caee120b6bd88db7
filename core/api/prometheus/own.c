/* What the host knows about itself at the moment of the scrape. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "core/service/alert/look/view.h"

#define G OC_PAGE_GAUGE
#define C OC_PAGE_COUNTER

static void write_store(struct oc_api_prometheus *p, struct oc_page *page)
{
    static const struct {
        const char *key, *name;
        enum oc_page_type type;
        const char *help;
    } figures[] = {
        {"series", "openclaw_store_series", G, "Series that the store knows"},
        {"series_max", "openclaw_store_series_limit", G, "Series beyond this number are refused"},
        {"samples", "openclaw_store_samples", G, "Samples that the store keeps"},
        {"bytes", "openclaw_store_size_bytes", G, "Size of the database on the disk"},
        {"appended", "openclaw_store_appended_samples_total", C, "Samples appended to the store"},
        {"dropped", "openclaw_store_dropped_samples_total", C,
         "Samples refused because they were not newer than the last one of their series"},
        {"lost", "openclaw_store_lost_samples_total", C,
         "Samples given up because the disk did not take them"},
    };
    json_t *stats = oc_store_stats(p->api->env->store);
    for (size_t i = 0; i < OC_COUNT(figures); i++) {
        oc_page_single(page, figures[i].name, figures[i].type, figures[i].help,
                       oc_json_num(stats, figures[i].key, 0));
    }
    oc_page_single(page, "openclaw_store_healthy", G, "1 while the store can be written",
                   oc_json_bool(stats, "healthy", false));
    oc_page_single(page, "openclaw_store_flush_duration_seconds", G,
                   "How long the latest flush took", oc_json_num(stats, "flush_took_ms", 0) / 1000);
    json_decref(stats);
}

/* ---- plugins ---- */

static void write_instances(struct oc_page *page, const json_t *rows, const char *key,
                            const char *name, const char *help)
{
    json_t *row;
    size_t i;
    oc_page_family(page, name, C, help);
    json_array_foreach(rows, i, row)
    {
        oc_page_sample(page, name, oc_json_num(row, key, 0), "plugin",
                       oc_json_str(row, "plugin", ""), "instance",
                       oc_json_str(row, "instance", ""));
    }
}

static void write_states(struct oc_page *page, const json_t *rows, const char *name,
                         const char *help)
{
    json_t *counts = json_object(), *row, *count;
    const char *state;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        state = oc_json_str(row, "state", "unknown");
        oc_json_set_int(counts, state, oc_json_int(counts, state, 0) + 1);
    }
    oc_page_family(page, name, G, help);
    json_object_foreach(counts, state, count)
    {
        oc_page_sample(page, name, (double)json_integer_value(count), "state", state, NULL, NULL);
    }
    json_decref(counts);
}

static void write_plugins(struct oc_api_prometheus *p, struct oc_page *page)
{
    json_t *rows = oc_ops_ask(p->api->env->ops, "plugin.instances", NULL);
    write_states(page, rows, "openclaw_plugin_instances", "Instances of plugins, by state");
    write_instances(page, rows, "calls", "openclaw_plugin_calls_total",
                    "Calls of an instance of a plugin");
    write_instances(page, rows, "failures", "openclaw_plugin_failures_total",
                    "Calls of an instance that failed");
    write_instances(page, rows, "timeouts", "openclaw_plugin_timeouts_total",
                    "Calls of an instance that passed their deadline");
    write_instances(page, rows, "restarts", "openclaw_plugin_restarts_total",
                    "Restarts of an instance after a crash");
    json_decref(rows);
}

/* ---- alerts ---- */

static void write_channels(struct oc_api_prometheus *p, struct oc_page *page)
{
    static const char *const results[] = {"sent", "failed", "dropped"};
    json_t *rows = oc_ops_ask(p->api->env->ops, "alert.channels", NULL), *row;
    size_t i;
    oc_page_family(page, "openclaw_notifications_total", C,
                   "Notifications that ended, by channel and result");
    json_array_foreach(rows, i, row)
    {
        for (size_t k = 0; k < OC_COUNT(results); k++) {
            oc_page_sample(page, "openclaw_notifications_total", oc_json_num(row, results[k], 0),
                           "channel", oc_json_str(row, "name", ""), "result", results[k]);
        }
    }
    oc_page_family(page, "openclaw_notifications_queued", G,
                   "Notifications that wait for their channel");
    json_array_foreach(rows, i, row)
    {
        oc_page_sample(page, "openclaw_notifications_queued", oc_json_num(row, "queue", 0),
                       "channel", oc_json_str(row, "name", ""), NULL, NULL);
    }
    json_decref(rows);
}

struct figure {
    const char *value; /* of the label */
    uint64_t count;
};

static void write_figures(struct oc_page *page, const char *name, enum oc_page_type type,
                          const char *help, const char *label, const struct figure *figures,
                          size_t count)
{
    oc_page_family(page, name, type, help);
    for (size_t i = 0; i < count; i++) {
        oc_page_sample(page, name, (double)figures[i].count, label, figures[i].value, NULL, NULL);
    }
}

static void write_alerts(struct oc_api_prometheus *p, struct oc_page *page)
{
    struct oc_alert_counts n = {0};
    oc_alert_view_counts(p->api->outside.alert, &n);
    const struct figure states[] = {{"active", n.active},
                                    {"suppressed", n.suppressed},
                                    {"resolved", n.resolved},
                                    {"acknowledged", n.acknowledged}},
                        severities[] = {{"info", n.firing_by_severity[0]},
                                        {"warning", n.firing_by_severity[1]},
                                        {"critical", n.firing_by_severity[2]}},
                        silences[] = {{"active", n.silences_active},
                                      {"pending", n.silences_pending},
                                      {"expired", n.silences_expired}},
                        received[] = {{"firing", n.received_firing},
                                      {"resolved", n.received_resolved},
                                      {"invalid", n.received_invalid},
                                      {"dropped", n.received_dropped}};
    write_figures(page, "openclaw_alerts", G,
                  "Alerts by state; an acknowledged one is active or suppressed, too", "state",
                  states, OC_COUNT(states));
    write_figures(page, "openclaw_alerts_firing", G, "Alerts that fire, by severity", "severity",
                  severities, OC_COUNT(severities));
    write_figures(page, "openclaw_alerts_received_total", C,
                  "Alerts that were posted to the API, by what they were", "status", received,
                  OC_COUNT(received));
    write_figures(page, "openclaw_silences", G, "Silences by state", "state", silences,
                  OC_COUNT(silences));
    oc_page_single(page, "openclaw_alert_journal_size_bytes", G,
                   "Size of the alerts' journal on the disk", (double)n.journal_bytes);
    oc_page_single(page, "openclaw_alert_journal_syncs_total", C,
                   "Times that the journal was forced to the disk", (double)n.journal_syncs);
    oc_page_single(page, "openclaw_alert_journal_failing", G,
                   "1 while the journal cannot be written", n.journal_failing);
}

void oc_prometheus_write_own(struct oc_api_prometheus *p, struct oc_page *page)
{
    oc_page_family(page, "openclaw_build_info", G, "The running version; always 1");
    oc_page_sample(page, "openclaw_build_info", 1, "version", OC_VERSION, NULL, NULL);
    write_store(p, page);
    write_plugins(p, page);
    write_alerts(p, page);
    write_channels(p, page);
}
