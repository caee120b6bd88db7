/* discord: alerts as embeds of a webhook. SPDX-License-Identifier: MIT
 *
 * The form of a message and its limits: https://discord.com/developers/docs/resources/webhook#execute-webhook. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TITLE_MAX       256
#define DESCRIPTION_MAX 4000
#define NAME_MAX_BYTES  256
#define VALUE_MAX       1000
#define FOOTER_MAX      256
#define EMBED_MAX       5900 /* of 6000 characters for all texts of a message */
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

static int32_t check_roles(const struct discord *s, struct oc_error *err)
{
    const char *const *ids = s->mention_roles.items;
    for (uint64_t i = 0; i < s->mention_roles.count; i++) {
        if (!*ids[i] || ids[i][strspn(ids[i], "0123456789")]) {
            snprintf(err->hint, sizeof err->hint,
                     "With developer mode on, a role's menu has \"Copy Role ID\".");
            return oc_fail(err, OC_E_CONFIG,
                           "mention_roles: expected the number of a role, got %.64s", ids[i]);
        }
    }
    return OC_OK;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct discord *s = self;
    (void)host;
    if (!channel_is_url(s->webhook_url)) {
        return oc_fail(err, OC_E_CONFIG,
                       "webhook_url: expected an address such as "
                       "https://discord.com/api/webhooks/ID/TOKEN");
    }
    int32_t rc = check_roles(s, err);
    return rc == OC_OK ? channel_start(&s->http, s->ca_file, err) : rc;
}

static void stop(void *self)
{
    channel_stop(&((struct discord *)self)->http);
}

/* ---- the message ---- */

struct fields {
    json_t *list;
    size_t room; /* bytes that are left for them; what no longer fits is left out */
};

static void add_field(void *ctx, const char *name, const char *value)
{
    struct fields *f = ctx;
    struct text text = {0};
    words_add_markdown(&text, value);
    words_cut(&text, VALUE_MAX);
    json_t *title = words_string(name, NAME_MAX_BYTES), *said = words_take(&text);
    size_t size = json_string_length(title) + json_string_length(said);
    if (size <= f->room && json_string_length(title) > 0) {
        f->room -= size;
        json_array_append_new(f->list, json_pack("{s:O, s:O, s:b}", "name", title, "value", said,
                                                 "inline", strlen(value) < 40));
    }
    json_decref(title);
    json_decref(said);
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n\xe2\x9c\x85 " : "\n\xe2\x80\xa2 ");
    words_add_markdown(out, title);
    text_adds(out, *said ? ": " : "");
    words_add_markdown(out, said);
}

static json_t *embed(const struct message *m)
{
    struct text title = {0}, said = {0};
    json_t *footer = words_string(words_dedup_key(m), FOOTER_MAX);
    struct fields fields = {.list = json_array()};
    words_headline(m, &title);
    words_cut(&title, TITLE_MAX);
    words_add_markdown(&said, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\nand %zu more", more);
    }
    words_cut(&said, DESCRIPTION_MAX);
    fields.room = EMBED_MAX - title.len - said.len - json_string_length(footer);
    words_facts(m, FACTS_MAX, add_field, &fields);
    json_t *json = json_pack("{s:o, s:o, s:i, s:o, s:{s:o}}", "title", words_take(&title),
                             "description", words_take(&said), "color", words_color_number(m),
                             "fields", fields.list, "footer", "text", footer);
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
