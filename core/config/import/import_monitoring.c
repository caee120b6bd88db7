/* monitoring-config.json of the original system. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/config/import/importer.h"

static const struct oc_import_row rows[] = {
    {"monitoring.metrics_retention_days", "store.retention", OC_IMPORT_DAYS},
    {"monitoring.alert_cooldown_minutes", "alerts.cooldown", OC_IMPORT_MINUTES},
#define SAME(key)                                                                                  \
    {                                                                                              \
        key, key, OC_IMPORT_NUMBER                                                                 \
    }
#define SUSTAINED(of)                                                                              \
    {                                                                                              \
        of ".sustained_duration_seconds", of ".sustained", OC_IMPORT_SECONDS                       \
    }
    SAME("thresholds.cpu.warning_percent"),
    SAME("thresholds.cpu.critical_percent"),
    SUSTAINED("thresholds.cpu"),
    SAME("thresholds.memory.warning_percent"),
    SAME("thresholds.memory.critical_percent"),
    SUSTAINED("thresholds.memory"),
    SAME("thresholds.disk.warning_percent"),
    SAME("thresholds.disk.critical_percent"),
    SUSTAINED("thresholds.disk"),
    SAME("thresholds.response_time.warning_ms"),
    SAME("thresholds.response_time.critical_ms"),
    SAME("thresholds.response_time.timeout_ms"),
    SAME("thresholds.agent_health.max_consecutive_failures"),
    SAME("thresholds.agent_health.heartbeat_timeout_seconds"),
    SAME("thresholds.agent_health.recovery_attempts"),
    SAME("thresholds.api_rate_limits.requests_per_minute_warning"),
    SAME("thresholds.api_rate_limits.requests_per_minute_critical"),
    SAME("thresholds.api_rate_limits.error_rate_warning_percent"),
    SAME("thresholds.api_rate_limits.error_rate_critical_percent"),
    SAME("thresholds.database.connection_pool_warning_percent"),
    SAME("thresholds.database.connection_pool_critical_percent"),
    SAME("thresholds.database.query_time_warning_ms"),
    SAME("thresholds.database.query_time_critical_ms"),
    SAME("thresholds.redis.memory_warning_percent"),
    SAME("thresholds.redis.memory_critical_percent"),
    SAME("thresholds.redis.connection_timeout_ms"),
#undef SAME
#undef SUSTAINED
    {0},
};

static const struct oc_import_reason reasons[] = {
    {"version", NULL, NULL},
    {"description", NULL, NULL},
    {"dashboard", "this host draws no dashboard",
     "See `openclaw status` and `openclaw metrics query` for the same figures."},
    {0},
};

/* ---- channels ---- */

static const struct oc_import_row console_rows[] = {
    {"levels", "levels", OC_IMPORT_STRINGS},
    {0},
};
static const struct oc_import_row file_rows[] = {
    {"levels", "levels", OC_IMPORT_STRINGS},
    {"path", "path", OC_IMPORT_STRING},
    {"max_size_mb", "max_size", OC_IMPORT_MB},
    {"rotation_count", "keep", OC_IMPORT_INTEGER},
    {0},
};
static const struct oc_import_row webhook_rows[] = {
    {"levels", "levels", OC_IMPORT_STRINGS},
    {"url", "url", OC_IMPORT_URL},
    {"retry_count", "retries", OC_IMPORT_INTEGER},
    {"timeout_ms", "timeout", OC_IMPORT_MS},
    {0},
};
static const struct oc_import_row email_rows[] = {
    {"levels", "levels", OC_IMPORT_STRINGS},    {"smtp_host", "host", OC_IMPORT_STRING},
    {"smtp_port", "port", OC_IMPORT_INTEGER},   {"smtp_user", "user", OC_IMPORT_STRING},
    {"from_address", "from", OC_IMPORT_STRING}, {"recipients", "to", OC_IMPORT_STRINGS},
    {"use_tls", "tls", OC_IMPORT_TLS},          {0},
};

static const struct kind {
    const char *name;
    const struct oc_import_row *rows;
    const char *secret, *option, *variable;
} kinds[] = {
    {"console", console_rows, NULL, NULL, NULL},
    {"file", file_rows, NULL, NULL, NULL},
    {"webhook", webhook_rows, "secret", "secret", "OPENCLAW_WEBHOOK_SECRET"},
    {"email", email_rows, "smtp_password", "password", "OPENCLAW_SMTP_PASSWORD"},
};

/* The last part of the key is the kind. */
static const struct kind *kind_at(const char *where)
{
    const struct kind *kind = kinds;
    while (strcmp(kind->name, strrchr(where, '.') + 1) != 0) {
        kind++;
    }
    return kind;
}

static void import_channel(struct oc_importer *imp, const char *where, json_t *source)
{
    const struct kind *kind = kind_at(where);
    json_t *channel = oc_import_channel(imp, where, kind->name, NULL);
    const bool enabled = oc_import_flag(imp, source, where, "enabled", true);

    oc_import_rows(imp, source, where, kind->rows, channel);
    if (kind->secret) {
        oc_import_secret(imp, source, where, kind->secret, channel, kind->option, kind->variable);
    }
    oc_import_add_channel(imp, where, channel, enabled);
}

static void import_channels(struct oc_importer *imp)
{
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        char *path = oc_asprintf("alerting.channels.%s", kinds[i].name);
        json_t *source = oc_import_take(imp->source, path);
        oc_import_group(imp, path, source, import_channel);
        json_decref(source);
        free(path);
    }
    oc_import_check_channels(imp, "alerting.channels");
}

/* ---- rules ---- */

static const struct oc_import_row rule_rows[] = {
    {"name", "name", OC_IMPORT_STRING},          {"condition", "expr", OC_IMPORT_STRING},
    {"severity", "severity", OC_IMPORT_STRING},  {"message", "message", OC_IMPORT_STRING},
    {"channels", "channels", OC_IMPORT_STRINGS}, {0},
};

/* Operators as JavaScript spells them, and as Lua does. The longest come first. */
static const char *const operators[][2] = {
    {"===", "=="}, {"!==", "~="}, {"!=", "~="}, {"&&", "and"}, {"||", "or"}, {"!", "not"},
};

static const char *const *find_operator(const char *text)
{
    for (size_t i = 0; i < OC_COUNT(operators); i++) {
        if (oc_starts(text, operators[i][0])) {
            return operators[i];
        }
    }
    return NULL;
}

/* Words need the space that signs can do without: "a&&b" is "a and b". */
static const char *add_operator(struct oc_buf *out, const char *const *operator, const char * text)
{
    const char *rest = text + strlen(operator[0]);
    bool word = operator[1][0] >= 'a';

    oc_buf_adds(out, word && out->len && out->data[out->len - 1] != ' ' ? " " : "");
    oc_buf_adds(out, operator[1]);
    oc_buf_adds(out, word && *rest != ' ' ? " " : "");
    return rest;
}

static char *lua_expression(const char *text)
{
    struct oc_buf out = {0};
    char quote = '\0';

    while (*text) {
        const char *const *operator= quote ? NULL : find_operator(text);
        if (operator) {
            text = add_operator(&out, operator, text);
            continue;
        }
        if (*text == '"' || *text == '\'') {
            quote = !quote ? *text : *text == quote ? '\0' : quote;
        }
        oc_buf_addc(&out, *text++);
    }
    return oc_buf_take(&out);
}

static bool has_rule(const struct oc_importer *imp, const char *name)
{
    const json_t *rule;
    size_t i;
    json_array_foreach(oc_json_path(imp->out, "alerts.rules"), i, rule)
    {
        if (strcmp(oc_json_str(rule, "name", ""), name) == 0) {
            return true;
        }
    }
    return false;
}

static void import_rule(struct oc_importer *imp, const char *where, json_t *source)
{
    json_t *rule = json_object();
    const bool enabled = oc_import_flag(imp, source, where, "enabled", true);
    const size_t mapped = imp->mapped;

    oc_import_rows(imp, source, where, rule_rows, rule);
    const char *name = oc_json_str(rule, "name", ""), *expr = oc_json_str(rule, "expr", NULL);
    const char *fault = !oc_name_valid(name) || !expr ? "it needs a name and a condition"
                        : has_rule(imp, name)         ? "another one has its name"
                                                      : NULL;
    if (fault) {
        oc_import_skip(imp, where, "", "the rule is left out: %s", fault);
        imp->mapped = mapped;
        json_decref(rule);
        json_object_clear(source);
        return;
    }
    char *lua = lua_expression(expr);
    oc_json_set_str(rule, "expr", lua);
    free(lua);
    if (!enabled) {
        oc_json_set_bool(rule, "enabled", false);
    }
    json_array_append_new(oc_import_list(imp, "alerts.rules"), rule);
}

/* ---- the file ---- */

/* The original looks at everything at one interval; here every collector has its own. */
static void import_interval(struct oc_importer *imp)
{
    static const struct oc_import_row interval[] = {
        {"monitoring.health_check_interval_seconds", "interval", OC_IMPORT_SECONDS},
        {0},
    };
    json_t *taken = json_object(), *collector;
    size_t i;

    oc_import_rows(imp, imp->source, "", interval, taken);
    if (json_object_size(taken) > 0) {
        json_array_foreach(oc_import_collectors(imp), i, collector)
        {
            json_object_update(collector, taken);
        }
    }
    json_decref(taken);
}

void oc_import_monitoring(struct oc_importer *imp)
{
    oc_import_rows(imp, imp->source, "", rows, imp->out);
    import_interval(imp);
    import_channels(imp);
    oc_import_each(imp, "alerting.rules", import_rule);
    oc_import_check_thresholds(imp);
    oc_import_leftovers(imp, reasons);
}
