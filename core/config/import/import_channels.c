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
    {"payload", "template", OC_IMPORT_TEMPLATE},
    {0},
};
static const struct oc_import_row slack_rows[] = {
    {"channel", "channel", OC_IMPORT_STRING},
    {"username", "username", OC_IMPORT_STRING},
    {"iconEmoji", "icon_emoji", OC_IMPORT_STRING},
    {"mentionUsers.critical", "mention", OC_IMPORT_STRINGS},
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
static void import_secure(struct oc_importer *imp, const char *where, json_t *source,
                          json_t *channel)
{
    if (oc_import_flag(imp, source, where, "smtp.secure", false)) {
        oc_json_set_str(channel, "tls", "tls");
    }
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
    json_t *headers = oc_import_group_at(imp, source, where, "headers"), *value,
           *out = json_object();
    const char *name;

    json_object_foreach(headers, name, value)
    {
        if (is_secret_header(name) || !json_is_string(value) || !oc_config_name_valid(name)) {
            oc_import_note(imp, where, "", "the header %s was not copied", name);
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
    import_secure(imp, where, source, channel);
    oc_import_secret(imp, source, where, "smtp.auth.pass", channel, "password",
                     "OPENCLAW_SMTP_PASSWORD");
}

/* Who is called by name: the channel does that when it is critical, and at no other time. An empty
 * list is nobody, where our default is somebody. */
static void import_slack(struct oc_importer *imp, const char *where, json_t *source,
                         json_t *channel)
{
    const json_t *mention = oc_json_path(source, "mentionUsers.critical");
    if (json_is_array(mention) && json_array_size(mention) == 0) {
        oc_import_put(imp, channel, "mention", json_array());
    }
    oc_import_rows(imp, source, where, slack_rows, channel);
    oc_import_secret(imp, source, where, "webhookUrl", channel, "webhook_url", "SLACK_WEBHOOK_URL");
}

/* Severities are the same words on both sides; another mapping has no place. */
static void import_pagerduty(struct oc_importer *imp, const char *where, json_t *source,
                             json_t *channel)
{
    json_t *map = oc_import_group_at(imp, source, where, "severity"), *value;
    map = map ? map : oc_import_group_at(imp, source, where, "severityMap");
    const char *name;
    oc_import_secret(imp, source, where, "routingKey", channel, "routing_key",
                     "PAGERDUTY_ROUTING_KEY");
    json_object_foreach(map, name, value)
    {
        if (!json_is_string(value) || strcmp(name, json_string_value(value)) != 0) {
            oc_import_note(imp, where, "PagerDuty is told the severity of the alert.",
                           "the severity %s is not called otherwise", name);
        }
    }
    json_decref(map);
}

static const struct kind {
    const char *type;
    void (*import)(struct oc_importer *imp, const char *where, json_t *source, json_t *channel);
} kinds[] = {
    {"console", import_console}, {"webhook", import_webhook},     {"slack", import_slack},
    {"email", import_email},     {"pagerduty", import_pagerduty},
};

static const struct kind *find_kind(const char *type)
{
    for (size_t i = 0; type && i < OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void refuse(struct oc_importer *imp, const char *where, const json_t *type, bool enabled)
{
    char *found = type ? oc_json_text(type) : oc_strdup("\"\"");
    oc_import_skip(imp, where, "`openclaw plugin list` shows the channels that there are.",
                   "expected type console, webhook, slack, email or pagerduty, not %.42s%s", found,
                   enabled ? "" : "; it was off");
    free(found);
}

static void import_channel(struct oc_importer *imp, const char *where, json_t *source)
{
    json_t *type = oc_import_take(source, "type");
    json_t *id = oc_import_text_at(imp, source, where, "id");
    const bool enabled = oc_import_flag(imp, source, where, "enabled", true);
    const struct kind *kind = find_kind(json_string_value(type));

    if (kind) {
        json_t *channel = oc_import_channel(imp, where, kind->type, json_string_value(id));
        kind->import(imp, where, source, channel);
        oc_import_add_channel(imp, where, channel, enabled);
    } else {
        refuse(imp, where, type, enabled);
        json_object_clear(source);
    }
    json_decref(id);
    json_decref(type);
}

/* The key of a mapping is the channel's name, and its type unless it says that itself. */
static void import_named(struct oc_importer *imp, const char *name, json_t *source)
{
    char *where = oc_asprintf("notifications.channels.%s", name);
    if (json_is_object(source)) {
        json_t *said = json_pack("{s:s,s:s}", "id", name, "type", name);
        json_object_update_missing(source, said);
        json_decref(said);
        oc_import_group(imp, where, source, import_channel);
    } else {
        oc_import_expect(imp, where, "a group", source);
    }
    free(where);
}

void oc_import_channels(struct oc_importer *imp)
{
    static const char path[] = "notifications.channels";
    json_t *mapping = oc_json_path(imp->source, path), *channel;
    const char *name;

    if (json_is_object(mapping)) {
        json_object_foreach(mapping, name, channel)
        {
            import_named(imp, name, channel);
        }
        json_object_clear(mapping);
    } else {
        oc_import_each(imp, path, import_channel);
    }
    oc_import_check_channels(imp, path);
}
