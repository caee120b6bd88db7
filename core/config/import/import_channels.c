/* alert-rules.yaml of the original system: its channels. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/config/dump.h"
#include "core/config/import/import_alerting.h"

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
static const struct oc_import_row slack_rows[] = {
    {"channel", "channel", OC_IMPORT_STRING},
    {"username", "username", OC_IMPORT_STRING},
    {"iconEmoji", "icon_emoji", OC_IMPORT_STRING},
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

static void import_console(struct oc_importer *imp, const char *where, json_t *source,
                           json_t *channel)
{
    oc_import_rows(imp, source, where, console_rows, channel);
}

static void import_webhook(struct oc_importer *imp, const char *where, json_t *source,
                           json_t *channel)
{
    oc_import_rows(imp, source, where, webhook_rows, channel);
    oc_import_secret(imp, source, where, "secret", channel, "secret", "OPENCLAW_WEBHOOK_SECRET");
    import_headers(imp, where, source, channel);
}

static void import_email(struct oc_importer *imp, const char *where, json_t *source,
                         json_t *channel)
{
    oc_import_rows(imp, source, where, email_rows, channel);
    import_secure(source, channel);
    oc_import_secret(imp, source, where, "smtp.auth.pass", channel, "password",
                     "OPENCLAW_SMTP_PASSWORD");
}

/* Who is called by name: the channel does that when it is critical, and at no other time. */
static void import_slack(struct oc_importer *imp, const char *where, json_t *source,
                         json_t *channel)
{
    json_t *mention = oc_import_take(source, "mentionUsers.critical");
    oc_import_rows(imp, source, where, slack_rows, channel);
    oc_import_secret(imp, source, where, "webhookUrl", channel, "webhook_url", "SLACK_WEBHOOK_URL");
    if (json_is_array(mention)) {
        oc_import_put(imp, channel, "mention", json_incref(mention));
    } else if (mention) {
        char *key = oc_asprintf("%s.mentionUsers.critical", where);
        oc_import_expect(imp, key, "a list of texts", mention);
        free(key);
    }
    json_decref(mention);
}

/* Severities are the same words on both sides; another mapping has no place. */
static void import_pagerduty(struct oc_importer *imp, const char *where, json_t *source,
                             json_t *channel)
{
    json_t *map = oc_import_take(source, "severity"), *value;
    map = map ? map : oc_import_take(source, "severityMap");
    const char *name;
    oc_import_secret(imp, source, where, "routingKey", channel, "routing_key",
                     "PAGERDUTY_ROUTING_KEY");
    json_object_foreach(map, name, value)
    {
        if (!json_is_string(value) || strcmp(name, json_string_value(value)) != 0) {
            oc_import_skip(imp, where, "PagerDuty is told the severity of the alert.",
                           "the severity %s is not called otherwise", name);
        }
    }
    json_decref(map);
}

static const struct kind {
    const char *type;
    void (*import)(struct oc_importer *imp, const char *where, json_t *source, json_t *channel);
    /* what it cannot be without, and what stands for that while it is off */
    const char *address, *variable;
    const char *list, *list_variable;
} kinds[] = {
    {"console", import_console, NULL, NULL, NULL, NULL},
    {"webhook", import_webhook, "url", "$env:OPENCLAW_WEBHOOK_URL", NULL, NULL},
    {"slack", import_slack, "webhook_url", "$env:SLACK_WEBHOOK_URL", NULL, NULL},
    {"email", import_email, "host", "$env:OPENCLAW_SMTP_HOST", "to", "$env:OPENCLAW_ALERT_MAIL"},
    {"pagerduty", import_pagerduty, "routing_key", "$env:PAGERDUTY_ROUTING_KEY", NULL, NULL},
};

static const struct kind *find_kind(const char *type)
{
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* What is not there yet is named by a variable: to turn the channel on, set it and take `enabled` out. */
static void stand_in(struct oc_importer *imp, const char *where, const struct kind *kind,
                     json_t *channel)
{
    const bool address = kind->address && !json_object_get(channel, kind->address);
    const bool list = kind->list && !json_object_get(channel, kind->list);
    if (address) {
        oc_json_set_str(channel, kind->address, kind->variable);
    }
    if (list) {
        oc_json_take(channel, kind->list, json_pack("[s]", kind->list_variable));
    }
    if (address || list) {
        char *hint =
            oc_asprintf("Set %s in the environment of the program and take `enabled = false` out.",
                        (address ? kind->variable : kind->list_variable) + strlen("$env:"));
        oc_import_skip(imp, where, hint, "the channel is off and has no address: it stays off");
        free(hint);
    }
}

static void import_known_channel(struct oc_importer *imp, const char *where,
                                 const struct kind *kind, json_t *source, bool enabled)
{
    json_t *channel = json_object();
    const char *id = oc_json_str(source, "id", kind->type);

    oc_json_set_str(channel, "plugin", kind->type);
    if (strcmp(id, kind->type) != 0) {
        oc_json_set_str(channel, "name", id);
    }
    kind->import(imp, where, source, channel);
    drop(source, "id");
    if (!enabled) {
        stand_in(imp, where, kind, channel);
    }
    oc_import_add_channel(imp, where, channel, kind->address, enabled);
    oc_import_rest(imp, where, source);
}

/* `type` is what the mapping calls it, unless it says itself. Takes source. */
static void import_channel(struct oc_importer *imp, const char *where, const char *type,
                           json_t *source)
{
    json_t *said = oc_import_take(source, "type");
    const bool enabled = oc_json_bool(source, "enabled", true);
    const char *name = json_is_string(said) ? json_string_value(said) : type;
    const struct kind *kind = find_kind(name);

    drop(source, "enabled");
    if (kind) {
        import_known_channel(imp, where, kind, source, enabled);
    } else {
        oc_import_skip(imp, where, "`openclaw plugin list` shows the channels that there are.",
                       "expected type console, webhook, slack, email or pagerduty, not \"%.40s\"%s",
                       name, enabled ? "" : "; it was off");
        json_decref(source);
    }
    json_decref(said);
}

static void import_any(struct oc_importer *imp, const char *where, const char *type,
                       json_t *channel)
{
    if (json_is_object(channel)) {
        import_channel(imp, where, type, json_incref(channel));
    } else {
        oc_import_expect(imp, where, "a group", channel);
    }
}

void oc_import_channels(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "notifications.channels"), *channel;
    const char *name;
    size_t i;

    json_array_foreach(list, i, channel)
    {
        char *where = oc_asprintf("notifications.channels[%zu]", i);
        import_any(imp, where, "", channel);
        free(where);
    }
    json_object_foreach(list, name, channel)
    {
        char *where = oc_asprintf("notifications.channels.%s", name);
        import_any(imp, where, name, channel);
        free(where);
    }
    if (list && !json_is_array(list) && !json_is_object(list)) {
        oc_import_expect(imp, "notifications.channels", "a list", list);
    }
    json_decref(list);
}
