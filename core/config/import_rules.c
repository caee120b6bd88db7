/* alert-rules.yaml of the original system. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/dump.h"
#include "core/config/importer.h"

static const struct oc_import_row rows[] = {
    {"thresholds.resources.cpuWarning", "thresholds.cpu.warning_percent", OC_IMPORT_NUMBER},
    {"thresholds.resources.cpuCritical", "thresholds.cpu.critical_percent", OC_IMPORT_NUMBER},
    {"thresholds.resources.memoryWarning", "thresholds.memory.warning_percent", OC_IMPORT_NUMBER},
    {"thresholds.resources.memoryCritical", "thresholds.memory.critical_percent", OC_IMPORT_NUMBER},
    {"thresholds.resources.diskWarning", "thresholds.disk.warning_percent", OC_IMPORT_NUMBER},
    {"thresholds.resources.diskCritical", "thresholds.disk.critical_percent", OC_IMPORT_NUMBER},
    {"thresholds.service.responseWarning", "thresholds.response_time.warning_ms", OC_IMPORT_NUMBER},
    {"thresholds.service.responseCritical", "thresholds.response_time.critical_ms",
     OC_IMPORT_NUMBER},
    {"thresholds.service.errorRateWarning", "thresholds.api_rate_limits.error_rate_warning_percent",
     OC_IMPORT_NUMBER},
    {"thresholds.service.errorRateCritical",
     "thresholds.api_rate_limits.error_rate_critical_percent", OC_IMPORT_NUMBER},
    {"thresholds.cron.missedRunWarning", "thresholds.cron.missed_warning", OC_IMPORT_NUMBER},
    {"thresholds.cron.missedRunCritical", "thresholds.cron.missed_critical", OC_IMPORT_NUMBER},
    {"thresholds.cron.durationWarning", "thresholds.cron.duration_warning_seconds",
     OC_IMPORT_NUMBER},
    {"thresholds.cron.durationCritical", "thresholds.cron.duration_critical_seconds",
     OC_IMPORT_NUMBER},
    {"thresholds.agent.heartbeatWarning", "thresholds.agent_health.heartbeat_timeout_seconds",
     OC_IMPORT_NUMBER},
    {0},
};

/* Thresholds that become rules: %s is the number. */
static const struct rule {
    const char *from, *name, *severity, *expr, *message;
} threshold_rules[] = {
    {"thresholds.agent.heartbeatCritical", "agent_heartbeat_critical", "critical",
     "agent.heartbeat_missed > %s",
     "Agent {{agent_id}} has not responded for {{duration}} seconds"},
    {"thresholds.agent.healthWarning", "service_health_warning", "warning",
     "service.health_score < %s", "Service {{service_name}} health degraded to {{health_score}}"},
    {"thresholds.agent.healthCritical", "service_health_critical", "critical",
     "service.health_score < %s", "Service {{service_name}} health degraded to {{health_score}}"},
};

#define NO_FIGURE  "no collector puts out this figure as the original meant it"
#define WRITE_RULE "Write a rule over the samples that you have: see `openclaw metrics list`."

static const struct oc_import_reason reasons[] = {
    {"thresholds.agent.memoryWarning", NO_FIGURE, WRITE_RULE},
    {"thresholds.agent.memoryCritical", NO_FIGURE, WRITE_RULE},
    {"thresholds.agent.taskTimeoutWarning", NO_FIGURE, WRITE_RULE},
    {"thresholds.agent.taskTimeoutCritical", NO_FIGURE, WRITE_RULE},
    {"thresholds.service.uptimeWarning", NO_FIGURE, WRITE_RULE},
    {"thresholds.service.uptimeCritical", NO_FIGURE, WRITE_RULE},
    {"thresholds.resources.networkWarning", "a network has no percentage without its capacity",
     "Write a rule over system.network_rx_bytes_per_second."},
    {"thresholds.resources.networkCritical", "a network has no percentage without its capacity",
     "Write a rule over system.network_rx_bytes_per_second."},
    {"thresholds.langfuse", NO_FIGURE, WRITE_RULE},
    {"thresholds.litellm", NO_FIGURE, WRITE_RULE},
    {"thresholds.sessions", NO_FIGURE, WRITE_RULE},
    {"thresholds.a2a", NO_FIGURE, WRITE_RULE},
    {"thresholds.deliberation", NO_FIGURE, WRITE_RULE},
    {"thresholds.memory", NO_FIGURE, WRITE_RULE},
    {"routing", "which channels an alert goes to is decided by a policy",
     "Write a `route(alert)` policy, or give the channels `levels`."},
    {"escalation", "alerts are not escalated by configuration",
     "See `repeat_interval` of alerts for reminders."},
    {"aggregation", "alerts are not summed up by configuration", ""},
    {0},
};

/* ---- thresholds ---- */

static void import_threshold_rule(struct oc_importer *imp, const struct rule *rule)
{
    json_t *value = oc_import_take(imp->source, rule->from), *out;
    char number[OC_NUMBER_TEXT], expr[128];

    if (!json_is_number(value)) {
        if (value) {
            oc_import_skip(imp, rule->from, "", "the value is not of the expected kind");
        }
        json_decref(value);
        return;
    }
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    } else {
        oc_number_text(json_real_value(value), number);
    }
    snprintf(expr, sizeof expr, "%.*s%s", (int)(strlen(rule->expr) - 2), rule->expr, number);
    out = json_object();
    oc_json_set_str(out, "name", rule->name);
    oc_json_set_str(out, "expr", expr);
    oc_json_set_str(out, "severity", rule->severity);
    oc_json_set_str(out, "message", rule->message);
    json_array_append_new(oc_import_list(imp, "alerts.rules"), out);
    imp->mapped++;
    json_decref(value);
}

/* ---- channels ---- */

static const struct oc_import_row console_rows[] = {
    {"format", "format", OC_IMPORT_STRING},
    {0},
};
static const struct oc_import_row webhook_rows[] = {
    {"url", "url", OC_IMPORT_URL},
    {"method", "method", OC_IMPORT_STRING},
    {"payload", "template", OC_IMPORT_JSON},
    {0},
};
static const struct oc_import_row email_rows[] = {
    {"smtp.host", "host", OC_IMPORT_STRING},
    {"smtp.port", "port", OC_IMPORT_INTEGER},
    {"smtp.auth.user", "user", OC_IMPORT_STRING},
    {"smtp.requireTLS", "tls", OC_IMPORT_TLS},
    {"from", "from", OC_IMPORT_STRING},
    {"to", "to", OC_IMPORT_STRINGS},
    {"cc", "cc", OC_IMPORT_STRINGS},
    {"subject", "subject", OC_IMPORT_SUBJECT},
    {0},
};

/* A secure connection from the first byte on takes the place of STARTTLS. */
static void import_secure(json_t *source, json_t *channel)
{
    json_t *secure = oc_import_take(source, "smtp.secure");
    if (json_is_true(secure)) {
        oc_json_set_str(channel, "tls", "tls");
    }
    json_decref(secure);
}

/* A header such as Authorization is a secret, and headers cannot refer to one. */
static bool is_secret_header(const char *name)
{
    static const char *const words[] = {"auth", "token", "key", "secret", "cookie"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcasestr(name, words[i])) {
            return true;
        }
    }
    return false;
}

static void import_headers(struct oc_importer *imp, const char *where, json_t *source,
                           json_t *channel)
{
    json_t *headers = oc_import_take(source, "headers"), *value, *out = json_object();
    const char *name;

    json_object_foreach(headers, name, value)
    {
        if (is_secret_header(name) || !json_is_string(value) || !oc_config_name_valid(name)) {
            oc_import_skip(imp, where, "", "the header %s was not copied", name);
        } else {
            json_object_set(out, name, value);
        }
    }
    if (json_object_size(out) > 0) {
        oc_import_put(imp, channel, "headers", json_incref(out));
    }
    json_decref(out);
    json_decref(headers);
}

static void drop(json_t *source, const char *path)
{
    json_decref(oc_import_take(source, path));
}

static void import_known_channel(struct oc_importer *imp, const char *where, const char *type,
                                 json_t *source, bool enabled)
{
    json_t *channel = json_object();
    const char *address = NULL, *id = oc_json_str(source, "id", type);

    oc_json_set_str(channel, "plugin", type);
    if (strcmp(id, type) != 0) {
        oc_json_set_str(channel, "name", id);
    }
    if (!strcmp(type, "console")) {
        oc_import_rows(imp, source, where, console_rows, channel);
    } else if (!strcmp(type, "webhook")) {
        address = "url";
        oc_import_rows(imp, source, where, webhook_rows, channel);
        oc_import_secret(imp, source, where, "secret", channel, "secret",
                         "OPENCLAW_WEBHOOK_SECRET");
        import_headers(imp, where, source, channel);
    } else {
        address = "host";
        oc_import_rows(imp, source, where, email_rows, channel);
        import_secure(source, channel);
        oc_import_secret(imp, source, where, "smtp.auth.pass", channel, "password",
                         "OPENCLAW_SMTP_PASSWORD");
    }
    drop(source, "id");
    oc_import_add_channel(imp, where, channel, address, enabled);
    oc_import_rest(imp, where, source);
}

static void import_channel(struct oc_importer *imp, const char *where, json_t *source)
{
    json_t *type = oc_import_take(source, "type");
    bool enabled = oc_json_bool(source, "enabled", true);
    const char *name = json_is_string(type) ? json_string_value(type) : "";

    drop(source, "enabled");
    if (!strcmp(name, "console") || !strcmp(name, "webhook") || !strcmp(name, "email")) {
        import_known_channel(imp, where, name, source, enabled);
    } else {
        oc_import_skip(imp, where, "The webhook channel can post to a relay of your own.",
                       "there is no \"%s\" channel%s", name, enabled ? "" : "; it was off");
        json_decref(source);
    }
    json_decref(type);
}

static void import_channels(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "notifications.channels"), *channel;
    size_t i;

    json_array_foreach(list, i, channel)
    {
        char *where = oc_asprintf("notifications.channels[%zu]", i);
        if (json_is_object(channel)) {
            import_channel(imp, where, json_incref(channel));
        } else {
            oc_import_skip(imp, where, "", "the value is not of the expected kind");
        }
        free(where);
    }
    json_decref(list);
}

/* ---- suppression ---- */

/* "HH:MM" as minutes, -1 when it is none. */
static int minutes_of(const char *text)
{
    int hours, minutes, end = 0;
    bool read = sscanf(text, "%2d:%2d%n", &hours, &minutes, &end) == 2 && !text[end];
    return read && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 ? hours * 60 + minutes
                                                                            : -1;
}

static bool import_window(struct oc_importer *imp, const json_t *slot, size_t i)
{
    int start = minutes_of(oc_json_str(slot, "start", ""));
    int end = minutes_of(oc_json_str(slot, "end", ""));
    const char *day = oc_json_str(slot, "day", NULL), *zone = oc_json_str(slot, "timezone", "UTC");
    char text[32];

    if (start < 0 || end < 0 || start == end || strcmp(zone, "UTC") != 0) {
        return false;
    }
    json_t *window = json_object();
    char *name = oc_asprintf("maintenance-%zu", i + 1);
    oc_json_set_str(window, "name", name);
    oc_json_take(window, "services", json_pack("[s]", "*"));
    if (day) {
        oc_json_take(window, "days", json_pack("[s]", day));
    }
    oc_json_set_str(window, "start", oc_json_str(slot, "start", ""));
    oc_duration_format((end - start + (end < start ? 24 * 60 : 0)) * OC_MINUTE, text, sizeof text);
    oc_json_set_str(window, "duration", text);
    json_array_append_new(oc_import_list(imp, "maintenance"), window);
    imp->mapped++;
    free(name);
    return true;
}

static void import_windows(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const json_t *slot, *schedule = json_object_get(rule, "schedule");
    size_t i;

    json_array_foreach(schedule, i, slot)
    {
        if (!import_window(imp, slot, i)) {
            oc_import_skip(imp, where, "Windows are given in UTC: see `maintenance`.",
                           "the maintenance window cannot be read");
        }
    }
}

static void import_suppression_rule(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const char *name = oc_json_str(rule, "name", "");
    int64_t window = oc_json_int(rule, "window", 0);
    char text[32];

    if (!oc_json_bool(rule, "enabled", true)) {
        oc_import_skip(imp, where, "", "the rule \"%s\" is off", name);
    } else if (!strcmp(name, "duplicate-suppression") && window > 0 && window < 1000000000) {
        oc_duration_format(window * OC_SECOND, text, sizeof text);
        oc_import_put(imp, imp->out, "alerts.cooldown", json_string(text));
    } else if (!strcmp(name, "maintenance-window")) {
        import_windows(imp, where, rule);
    } else {
        oc_import_skip(imp, where, "Write a `route(alert)` policy that sends such alerts nowhere.",
                       "the rule \"%s\" has no counterpart", name);
    }
}

static void import_suppression(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "suppression.rules"), *rule;
    size_t i;

    json_array_foreach(list, i, rule)
    {
        char *where = oc_asprintf("suppression.rules[%zu]", i);
        import_suppression_rule(imp, where, rule);
        free(where);
    }
    json_decref(list);
}

void oc_import_rules(struct oc_importer *imp)
{
    oc_import_rows(imp, imp->source, "", rows, imp->out);
    import_suppression(imp);
    import_channels(imp);
    for (size_t i = 0; i < OC_COUNT(threshold_rules); i++) {
        import_threshold_rule(imp, &threshold_rules[i]);
    }
    oc_import_leftovers(imp, reasons);
}
