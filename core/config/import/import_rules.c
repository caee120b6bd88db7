/* alert-rules.yaml of the original system: its thresholds. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/config/import/import.h"
#include "core/config/import/import_alerting.h"

/* Both keys of a figure: the original writes <metric>Warning and <metric>Critical. */
#define PAIR(from, warning, critical)                                                              \
    {"thresholds." from "Warning", "thresholds." warning, OC_IMPORT_NUMBER},                       \
    {                                                                                              \
        "thresholds." from "Critical", "thresholds." critical, OC_IMPORT_NUMBER                    \
    }

static const struct oc_import_row rows[] = {
    PAIR("agent.heartbeat", "agent_health.heartbeat_warning_seconds",
         "agent_health.heartbeat_timeout_seconds"),
    PAIR("agent.health", "agent_health.score_warning", "agent_health.score_critical"),
    PAIR("agent.healthScore", "agent_health.score_warning", "agent_health.score_critical"),
    PAIR("agent.memory", "agent_health.memory_warning_mb", "agent_health.memory_critical_mb"),
    PAIR("agent.taskTimeout", "agent_health.task_warning_seconds",
         "agent_health.task_critical_seconds"),
    PAIR("service.response", "response_time.warning_ms", "response_time.critical_ms"),
    PAIR("service.responseTime", "response_time.warning_ms", "response_time.critical_ms"),
    PAIR("service.uptime", "service.uptime_warning_percent", "service.uptime_critical_percent"),
    PAIR("service.errorRate", "api_rate_limits.error_rate_warning_percent",
         "api_rate_limits.error_rate_critical_percent"),
    PAIR("resources.cpu", "cpu.warning_percent", "cpu.critical_percent"),
    PAIR("resources.memory", "memory.warning_percent", "memory.critical_percent"),
    PAIR("resources.disk", "disk.warning_percent", "disk.critical_percent"),
    PAIR("resources.network", "network.warning_percent", "network.critical_percent"),
    PAIR("litellm.latency", "litellm.latency_warning_ms", "litellm.latency_critical_ms"),
    PAIR("litellm.tokenRate", "litellm.tokens_per_minute_warning",
         "litellm.tokens_per_minute_critical"),
    PAIR("litellm.cost", "cost.day_warning_dollars", "cost.day_critical_dollars"),
    PAIR("a2a.messageRate", "messages.per_minute_warning", "messages.per_minute_critical"),
    PAIR("a2a.errorRate", "messages.error_rate_warning_percent",
         "messages.error_rate_critical_percent"),
    PAIR("cron.missedRun", "cron.missed_warning", "cron.missed_critical"),
    PAIR("cron.duration", "cron.duration_warning_seconds", "cron.duration_critical_seconds"),
    PAIR("memory.vectorCount", "vectors.count_warning", "vectors.count_critical"),
    PAIR("memory.queryLatency", "vectors.query_warning_ms", "vectors.query_critical_ms"),
    PAIR("memory.indexSize", "vectors.index_warning_bytes", "vectors.index_critical_bytes"),
    {0},
};

/* What nothing on this host can tell, and what to do instead. */
#define BOTH(from, why, hint)                                                                      \
    {"thresholds." from "Warning", why, hint},                                                     \
    {                                                                                              \
        "thresholds." from "Critical", why, hint                                                   \
    }
#define EXEC                                                                                       \
    "Let an exec collector ask for it: its perfdata becomes a sample, and a rule can watch that."

static const struct oc_import_reason reasons[] = {
    {"version", NULL, NULL},
    {"description", NULL, NULL},
    BOTH("langfuse.errorRate", "Langfuse's health page does not count errors", EXEC),
    BOTH("langfuse.traceCount", "Langfuse's health page does not count traces", EXEC),
    BOTH("langfuse.latency", "how long one service may take is an option of its collector",
         "Give the langfuse collector `warning` and `critical`: its health then says so."),
    BOTH("sessions.count", "agents do not tell of their sessions", EXEC),
    BOTH("sessions.duration", "agents do not tell of their sessions",
         "`thresholds.agent_health.task_warning_seconds` watches how long a task goes on."),
    BOTH("a2a.latency", "messages do not say when they were read",
         "`rate(...)` over bridge.received_total shows a bridge that has come to a stop."),
    BOTH("deliberation.duration", "a deadline ends each deliberation; it cannot last longer",
         "Set `governance.operational_timeout`, `tactical_timeout` and `strategic_timeout`."),
    BOTH("deliberation.consensusFailure",
         "a vote that fails ends in a deadlock, of which people are told at once",
         "See `governance.deadlock_step` and the policy quorum.lua."),
    {"routing", "which channels an alert goes to is decided by a policy",
     OC_IMPORT_AS_POLICY "route.lua."},
    {"escalation", "what becomes of an alert that nobody looks after is decided by a policy",
     OC_IMPORT_AS_POLICY "escalate.lua."},
    {0},
};

/* ---- the rate of errors: the original has one of services and one of LiteLLM, and here it is LiteLLM that counts ---- */

static const struct oc_import_row error_rates[] = {
    PAIR("litellm.errorRate", "api_rate_limits.error_rate_warning_percent",
         "api_rate_limits.error_rate_critical_percent"),
    {0},
};

static void import_error_rate(struct oc_importer *imp, const struct oc_import_row *row)
{
    const char *from = row->from, *to = row->to;
    const json_t *other = oc_json_path(imp->out, to);
    json_t *value = oc_import_take(imp->source, from);
    if (json_is_number(value) && other && json_number_value(value) != json_number_value(other)) {
        oc_import_skip(
            imp, from, "Only the figure of `thresholds.service` was taken over.",
            "it differs from thresholds.service%s, and both speak of the model calls that "
            "LiteLLM counts",
            strrchr(from, '.'));
    } else if (json_is_number(value) && !other) {
        oc_import_put(imp, imp->out, to, json_incref(value));
        oc_json_set_str(imp->origins, to, from);
    } else if (value && !json_is_number(value)) {
        oc_import_expect(imp, from, "a number", value);
    } else {
        imp->mapped += value ? 1 : 0;
    }
    json_decref(value);
}

/* As shipped the graver figure is a warning still: monitoring-config.json has it so. Here it is called critical. */
static void raise_error_rate(struct oc_importer *imp)
{
    if (oc_json_path(imp->out, "thresholds.api_rate_limits.error_rate_critical_percent")) {
        json_t *rule = json_object();
        oc_json_set_str(rule, "name", "api_error_rate_high");
        oc_json_set_str(rule, "severity", "critical");
        json_array_append_new(oc_import_list(imp, "alerts.rules"), rule);
    }
}

#define THRESHOLDS "thresholds."

/* Whether "thresholds.agent.memoryWarning" is "agent.memoryWarning" in the group of thresholds. */
static bool is_named(const char *from, const char *name)
{
    return oc_starts(from, THRESHOLDS) && strcmp(from + strlen(THRESHOLDS), name) == 0;
}

const char *oc_import_threshold(const char *name, struct oc_error *err)
{
    static const struct oc_import_row *const tables[] = {rows, error_rates};
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        for (const struct oc_import_row *row = tables[i]; row->from; row++) {
            if (is_named(row->from, name)) {
                return row->to + strlen(THRESHOLDS);
            }
        }
    }
    for (const struct oc_import_reason *reason = reasons; reason->from; reason++) {
        if (is_named(reason->from, name)) {
            oc_error_set(err, OC_E_CONFIG, "%s: %s", name, reason->why);
            oc_error_hint(err, "%s", reason->hint);
        }
    }
    return NULL;
}

void oc_import_rules(struct oc_importer *imp)
{
    imp->known = rows;
    oc_import_rows(imp, imp->source, "", rows, imp->out);
    import_error_rate(imp, &error_rates[0]);
    import_error_rate(imp, &error_rates[1]);
    oc_import_suppression(imp);
    oc_import_aggregation(imp);
    oc_import_channels(imp);
    oc_import_check_thresholds(imp);
    raise_error_rate(imp);
    oc_import_leftovers(imp, reasons);
}
