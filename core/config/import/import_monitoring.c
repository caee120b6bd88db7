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
    {"monitoring.health_check_interval_seconds",
     "every collector has an interval of its own; only the one of the system collector was set",
     "Give the other collectors an `interval` where their default does not fit."},
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

struct kind {
    const char *name;
    const struct oc_import_row *rows;
    const char *address;
    const char *secret, *option, *variable;
};

static const struct kind kinds[] = {
    {"console", console_rows, NULL, NULL, NULL, NULL},
    {"file", file_rows, "path", NULL, NULL, NULL},
    {"webhook", webhook_rows, "url", "secret", "secret", "OPENCLAW_WEBHOOK_SECRET"},
    {"email", email_rows, "host", "smtp_password", "password", "OPENCLAW_SMTP_PASSWORD"},
};

static void import_channel(struct oc_importer *imp, const struct kind *kind, json_t *source)
{
    char *where = oc_asprintf("alerting.channels.%s", kind->name);
    json_t *channel = json_object();
    bool enabled = oc_json_bool(source, "enabled", true);

    json_object_del(source, "enabled");
    oc_json_set_str(channel, "plugin", kind->name);
    oc_import_rows(imp, source, where, kind->rows, channel);
    if (kind->secret) {
        oc_import_secret(imp, source, where, kind->secret, channel, kind->option, kind->variable);
    }
    oc_import_add_channel(imp, where, channel, kind->address, enabled);
    oc_import_rest(imp, where, source);
    free(where);
}

static void import_channels(struct oc_importer *imp)
{
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        char *path = oc_asprintf("alerting.channels.%s", kinds[i].name);
        json_t *source = oc_import_take(imp->source, path);
        if (json_is_object(source)) {
            import_channel(imp, &kinds[i], source);
        } else {
            json_decref(source);
        }
        free(path);
    }
}

/* ---- rules ---- */

static const struct oc_import_row rule_rows[] = {
    {"name", "name", OC_IMPORT_STRING},          {"condition", "expr", OC_IMPORT_STRING},
    {"severity", "severity", OC_IMPORT_STRING},  {"message", "message", OC_IMPORT_STRING},
    {"channels", "channels", OC_IMPORT_STRINGS}, {0},
};

/* Operators as JavaScript spells them, and as Lua does. The longest come first. */
static const char *const operators[][2] = {
    {"===", "=="}, {"!==", "~="}, {"!=", "~="}, {"&&", "and"}, {"||", "or"},
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

static void import_rule(struct oc_importer *imp, const char *where, json_t *source)
{
    json_t *rule = json_object();

    oc_import_rows(imp, source, where, rule_rows, rule);
    const char *name = oc_json_str(rule, "name", ""), *expr = oc_json_str(rule, "expr", NULL);
    if (!oc_name_valid(name) || !expr) {
        oc_import_skip(imp, where, "", "the rule is left out: it needs a name and a condition");
        json_decref(rule);
        json_decref(source);
        return;
    }
    char *lua = lua_expression(expr);
    oc_json_set_str(rule, "expr", lua);
    free(lua);
    json_array_append_new(oc_import_list(imp, "alerts.rules"), rule);
    oc_import_rest(imp, where, source);
}

static void import_rules(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "alerting.rules"), *rule;
    size_t i;

    json_array_foreach(list, i, rule)
    {
        char *where = oc_asprintf("alerting.rules[%zu]", i);
        if (json_is_object(rule)) {
            import_rule(imp, where, json_incref(rule));
        } else {
            oc_import_expect(imp, where, "a group", rule);
        }
        free(where);
    }
    json_decref(list);
}

/* ---- the file ---- */

static void import_interval(struct oc_importer *imp)
{
    static const struct oc_import_row interval[] = {
        {"monitoring.health_check_interval_seconds", "interval", OC_IMPORT_SECONDS},
        {0},
    };
    json_t *given = oc_json_path(imp->source, interval[0].from);
    if (!json_is_number(given)) {
        return;
    }
    json_incref(given);
    json_t *collector = json_object();
    oc_json_set_str(collector, "plugin", "system");
    oc_import_rows(imp, imp->source, "", interval, collector);
    json_array_append_new(oc_import_list(imp, "collectors"), collector);
    oc_import_put(imp, imp->source, interval[0].from, given); /* for the leftovers to explain */
    imp->mapped--;
}

void oc_import_monitoring(struct oc_importer *imp)
{
    oc_import_rows(imp, imp->source, "", rows, imp->out);
    import_interval(imp);
    import_channels(imp);
    import_rules(imp);
    oc_import_leftovers(imp, reasons);
}
