/* slack: alerts as messages of an incoming webhook. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://api.slack.com/messaging/webhooks and .../reference/messaging/attachments. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TEXT_MAX    3000 /* bytes of one text; Slack cuts at 4000 characters */
#define FOOTER_MAX  300
#define FACTS_MAX   10
#define MEMBERS_MAX 20

struct slack {
    const char *webhook_url, *channel, *username, *icon_emoji, *ca_file; /* options */
    struct oc_list mention;

    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "webhook_url",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct slack, webhook_url),
     .help = "the address of the incoming webhook: whoever has it can post"},
    {.name = "channel",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct slack, channel),
     .help = "\"#openclaw-alerts\"; webhooks of newer apps are bound to one channel and ignore it"},
    {.name = "username",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct slack, username),
     .default_text = "OpenClaw Monitor",
     .help = "the name that messages are from"},
    {.name = "icon_emoji",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct slack, icon_emoji),
     .default_text = ":robot_face:",
     .help = "the picture beside the name"},
    {.name = "mention",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct slack, mention),
     .default_text = "[\"@channel\"]",
     .help = "who is called by name when it is critical: @channel, @here, or ids (U..., S...)"},
    CHANNEL_CA_FILE(slack),
    {0},
};

/* "@here", or the id of a user (U, W) or of a group (S). */
static bool is_mention(const char *s)
{
    if (*s == '@') {
        return strcmp(s, "@channel") == 0 || strcmp(s, "@here") == 0 || strcmp(s, "@everyone") == 0;
    }
    return *s && strchr("SUW", *s) && s[1] &&
           s[strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static int32_t check_mentions(const struct slack *s, struct oc_error *err)
{
    const char *const *who = s->mention.items;
    for (uint64_t i = 0; i < s->mention.count; i++) {
        if (!is_mention(who[i])) {
            snprintf(err->hint, sizeof err->hint,
                     "A profile's menu in Slack has \"Copy member ID\".");
            return oc_fail(
                err, OC_E_CONFIG,
                "mention: expected @channel, @here or an id such as U012AB3CD, got %.64s", who[i]);
        }
    }
    return OC_OK;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct slack *s = self;
    (void)host;
    if (!channel_is_url(s->webhook_url)) {
        return oc_fail(err, OC_E_CONFIG,
                       "webhook_url: expected an address such as "
                       "https://hooks.slack.com/services/...");
    }
    int32_t rc = check_mentions(s, err);
    return rc == OC_OK ? channel_start(&s->http, s->ca_file, err) : rc;
}

static void stop(void *self)
{
    channel_stop(&((struct slack *)self)->http);
}

/* ---- the message ---- */

/* Slack's own three entities; all else is text. */
static void add_escaped(struct text *out, const char *s)
{
    for (; *s; s++) {
        const char *entity = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : NULL;
        if (entity) {
            text_adds(out, entity);
        } else {
            text_add(out, s, 1);
        }
    }
}

/* As words_cut, and no entity is cut in two. */
static void cut(struct text *t, size_t max)
{
    bool longer = t->len > max;
    words_cut(t, max);
    for (size_t back = 4; longer && back < 8 && back <= t->len; back++) { /* of "&amp" and "..." */
        size_t at = t->len - back;
        if (t->data[at] == '&' && !memchr(t->data + at, ';', back)) {
            t->len = at;
            text_adds(t, "...");
            return;
        }
    }
}

/* "@channel" -> "<!channel>", "S012" -> "<!subteam^S012>", "U012" -> "<@U012>". */
static void add_mentions(const struct slack *s, struct text *out)
{
    const char *const *who = s->mention.items;
    for (uint64_t i = 0; i < s->mention.count; i++) {
        const char *name = who[i];
        text_adds(out, *name == '@' ? "<!" : *name == 'S' ? "<!subteam^" : "<@");
        text_adds(out, *name == '@' ? name + 1 : name);
        text_adds(out, "> ");
    }
}

static void add_field(void *ctx, const char *name, const char *value)
{
    struct text text = {0};
    add_escaped(&text, value);
    cut(&text, TEXT_MAX / 10);
    json_array_append_new(ctx, json_pack("{s:s, s:o, s:b}", "title", name, "value",
                                         words_take(&text), "short", strlen(value) < 40));
}

static void add_member(void *ctx, const char *title, const char *text, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n:white_check_mark: " : "\n• ");
    add_escaped(out, title);
    text_adds(out, *text ? ": " : "");
    add_escaped(out, text);
}

static json_t *body_text(const struct message *m)
{
    struct text out = {0};
    add_escaped(&out, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &out);
    if (more > 0) {
        text_addf(&out, "\nand %zu more", more);
    }
    cut(&out, TEXT_MAX);
    return words_take(&out);
}

static json_t *make(const void *self, const struct message *m)
{
    const struct slack *s = self;
    struct text headline = {0}, said = {0};
    json_t *fields = json_array();
    words_headline(m, &headline);
    if (strcmp(words_tone(m), "critical") == 0 && strcmp(m->event, "firing") == 0) {
        add_mentions(s, &said);
    }
    add_escaped(&said, headline.data ? headline.data : "");
    text_finish(&headline);
    cut(&said, TEXT_MAX);
    words_facts(m, FACTS_MAX, add_field, fields);
    json_t *attachment =
        json_pack("{s:s, s:o, s:o, s:o}", "color", words_color(m), "text", body_text(m), "fields",
                  fields, "footer", words_string(words_dedup_key(m), FOOTER_MAX));
    json_t *body = json_pack("{s:o, s:[o]}", "text", words_take(&said), "attachments", attachment);
    const struct {
        const char *key, *value;
    } more[] = {{"channel", s->channel}, {"username", s->username}, {"icon_emoji", s->icon_emoji}};
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
    struct slack *s = self;
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
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct slack),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
