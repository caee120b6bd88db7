/* mattermost: alerts as messages of an incoming webhook. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://developers.mattermost.com/integrate/webhooks/incoming/ and .../reference/message-attachments/. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TEXT_MAX    8000 /* of 16383 characters */
#define FOOTER_MAX  300
#define FACTS_MAX   12
#define MEMBERS_MAX 20

struct mattermost {
    const char *webhook_url, *channel, *username, *icon_url, *ca_file; /* options */
    struct oc_list mention;

    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "webhook_url",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct mattermost, webhook_url),
     .help = "the address of the incoming webhook: whoever has it can post"},
    {.name = "channel",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct mattermost, channel),
     .help = "another channel than the webhook's, \"town-square\""},
    {.name = "username",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct mattermost, username),
     .default_text = "OpenClaw Monitor",
     .help = "the name that messages are from, where the server allows it"},
    {.name = "icon_url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct mattermost, icon_url),
     .choices = "http|https",
     .help = "the picture beside the name, where the server allows it"},
    {.name = "mention",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct mattermost, mention),
     .default_text = "[\"@channel\"]",
     .help = "who is called by name when it is critical: @channel, @here, @name"},
    CHANNEL_CA_FILE(mattermost),
    {0},
};

static int32_t check_mentions(const struct mattermost *s, struct oc_error *err)
{
    const char *const *who = s->mention.items;
    for (uint64_t i = 0; i < s->mention.count; i++) {
        if (who[i][0] != '@' || !who[i][1] || who[i][strcspn(who[i], " \t\r\n")]) {
            return oc_fail(err, OC_E_CONFIG,
                           "mention: expected @channel, @here or @name, got %.64s", who[i]);
        }
    }
    return OC_OK;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct mattermost *s = self;
    (void)host;
    if (!channel_is_url(s->webhook_url)) {
        return oc_fail(err, OC_E_CONFIG,
                       "webhook_url: expected an address such as https://chat.example/hooks/...");
    }
    int32_t rc = check_mentions(s, err);
    return rc == OC_OK ? channel_start(&s->http, s->ca_file, err) : rc;
}

static void stop(void *self)
{
    channel_stop(&((struct mattermost *)self)->http);
}

/* ---- the message ---- */

static void add_field(void *ctx, const char *name, const char *value)
{
    struct text text = {0};
    words_add_markdown(&text, value);
    words_cut(&text, TEXT_MAX / 10);
    json_array_append_new(ctx, json_pack("{s:s, s:o, s:b}", "title", name, "value",
                                         words_take(&text), "short", strlen(value) < 40));
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n- :white_check_mark: " : "\n- ");
    words_add_markdown(out, title);
    text_adds(out, *said ? ": " : "");
    words_add_markdown(out, said);
}

static json_t *body_text(const struct message *m)
{
    struct text out = {0};
    words_add_markdown(&out, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &out);
    if (more > 0) {
        text_addf(&out, "\n- and %zu more", more);
    }
    words_cut(&out, TEXT_MAX);
    return words_take(&out);
}

static json_t *make(const void *self, const struct message *m)
{
    const struct mattermost *s = self;
    const char *const *who = s->mention.items;
    struct text headline = {0}, said = {0}, plain = {0};
    json_t *fields = json_array();
    bool urgent = strcmp(words_tone(m), "critical") == 0 && strcmp(m->event, "firing") == 0;
    for (uint64_t i = 0; urgent && i < s->mention.count; i++) {
        text_addf(&said, "%s ", who[i]);
    }
    words_headline(m, &headline);
    text_adds(&plain, headline.data ? headline.data : "");
    words_add_markdown(&said, plain.data ? plain.data : "");
    words_cut(&plain, TEXT_MAX);
    text_finish(&headline);
    words_cut(&said, TEXT_MAX);
    words_facts(m, FACTS_MAX, add_field, fields);
    json_t *attachment = json_pack("{s:o, s:s, s:o, s:o, s:o}", "fallback", words_take(&plain),
                                   "color", words_color(m), "text", body_text(m), "fields", fields,
                                   "footer", words_string(words_dedup_key(m), FOOTER_MAX));
    json_t *body = json_pack("{s:o, s:[o]}", "text", words_take(&said), "attachments", attachment);
    const struct {
        const char *key, *value;
    } more[] = {{"channel", s->channel}, {"username", s->username}, {"icon_url", s->icon_url}};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        if (more[i].value && *more[i].value) {
            json_object_set_new(body, more[i].key, json_string(more[i].value));
        }
    }
    return body;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct mattermost *s = self;
    struct channel_post post = {.url = s->webhook_url,
                                .auth_hint = "Make a new incoming webhook and give its address as "
                                             "`webhook_url`."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct mattermost),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
