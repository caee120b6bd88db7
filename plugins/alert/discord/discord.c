/* discord: alerts as embeds of a webhook. SPDX-License-Identifier: MIT
 *
 * The form of a message and its limits: https://discord.com/developers/docs/resources/webhook#execute-webhook. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TITLE_MAX       256
#define DESCRIPTION_MAX 4000
#define VALUE_MAX       1000
#define FACTS_MAX       20
#define MEMBERS_MAX     20

struct discord {
    const char *webhook_url, *username, *ca_file; /* options */
    struct oc_list mention_roles;

    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "webhook_url",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct discord, webhook_url),
     .help = "the address of the webhook: whoever has it can post"},
    {.name = "username",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct discord, username),
     .default_text = "OpenClaw Monitor",
     .help = "the name that messages are from"},
    {.name = "mention_roles",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct discord, mention_roles),
     .help = "ids of roles that are called when it is critical"},
    CHANNEL_CA_FILE(discord),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct discord *s = self;
    (void)host;
    if (!channel_is_url(s->webhook_url)) {
        return oc_fail(err, OC_E_CONFIG,
                       "webhook_url: expected an address such as "
                       "https://discord.com/api/webhooks/ID/TOKEN");
    }
    return channel_start(&s->http, s->ca_file, err);
}

static void stop(void *self)
{
    channel_stop(&((struct discord *)self)->http);
}

/* ---- the message ---- */

static void add_field(void *ctx, const char *name, const char *value)
{
    struct text text = {0};
    text_adds(&text, value);
    words_cut(&text, VALUE_MAX);
    json_array_append_new(ctx, json_pack("{s:s, s:o, s:b}", "name", name, "value",
                                         words_take(&text), "inline", strlen(value) < 40));
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n\xe2\x9c\x85 " : "\n\xe2\x80\xa2 ");
    text_add_line(out, title);
    text_adds(out, *said ? ": " : "");
    text_add_line(out, said);
}

static json_t *embed(const struct message *m)
{
    struct text title = {0}, said = {0};
    json_t *fields = json_array();
    words_headline(m, &title);
    words_cut(&title, TITLE_MAX);
    text_adds(&said, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\nand %zu more", more);
    }
    words_cut(&said, DESCRIPTION_MAX);
    words_facts(m, FACTS_MAX, add_field, fields);
    json_t *json = json_pack("{s:o, s:o, s:i, s:o, s:{s:s}}", "title", words_take(&title),
                             "description", words_take(&said), "color", words_color_number(m),
                             "fields", fields, "footer", "text", words_dedup_key(m));
    if (*m->at) {
        json_object_set_new(json, "timestamp", json_string(m->at));
    }
    return json;
}

/* Only the roles that were configured can be called: nothing in an alert's text can. */
static json_t *make(const void *self, const struct message *m)
{
    const struct discord *s = self;
    const char *const *ids = s->mention_roles.items;
    struct text call = {0};
    json_t *roles = json_array();
    bool urgent = strcmp(words_tone(m), "critical") == 0 && strcmp(m->event, "firing") == 0;
    for (uint64_t i = 0; urgent && i < s->mention_roles.count; i++) {
        text_addf(&call, "<@&%s> ", ids[i]);
        json_array_append_new(roles, json_string(ids[i]));
    }
    json_t *body = json_pack("{s:o, s:[o], s:{s:[], s:o}}", "content", words_take(&call), "embeds",
                             embed(m), "allowed_mentions", "parse", "roles", roles);
    if (*s->username) {
        json_object_set_new(body, "username", json_string(s->username));
    }
    return body;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct discord *s = self;
    struct channel_post post = {.url = s->webhook_url,
                                .wait_path = "retry_after",
                                .wait_units = 1,
                                .auth_hint = "Make a new webhook and give its address as "
                                             "`webhook_url`."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct discord),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
