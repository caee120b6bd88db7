/* msteams: alerts as adaptive cards of a workflow's webhook. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 * (adaptive cards), https://adaptivecards.io/schemas/adaptive-card.json (version 1.4). */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TEXT_MAX    8000 /* of 28 KB for a whole message */
#define TITLE_MAX   1000
#define FACT_MAX    300
#define FACTS_MAX   12
#define MEMBERS_MAX 20

struct msteams {
    const char *webhook_url, *ca_file; /* options */

    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "webhook_url",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct msteams, webhook_url),
     .help = "the address of the workflow that posts to a channel: whoever has it can post"},
    CHANNEL_CA_FILE(msteams),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct msteams *s = self;
    (void)host;
    if (!channel_is_url(s->webhook_url)) {
        return oc_fail(err, OC_E_CONFIG,
                       "webhook_url: expected the address of a workflow, https://...");
    }
    return channel_start(&s->http, s->ca_file, err);
}

static void stop(void *self)
{
    channel_stop(&((struct msteams *)self)->http);
}

/* ---- the card ---- */

static void add_fact(void *ctx, const char *name, const char *value)
{
    struct text text = {0};
    words_add_markdown(&text, value);
    words_cut(&text, FACT_MAX);
    json_array_append_new(ctx, json_pack("{s:o, s:o}", "title", words_string(name, FACT_MAX),
                                         "value", words_take(&text)));
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n- \xe2\x9c\x85 " : "\n- ");
    words_add_markdown(out, title);
    text_adds(out, *said ? ": " : "");
    words_add_markdown(out, said);
}

static json_t *text_block(struct text *t, const char *size, const char *color)
{
    words_cut(t, size ? TITLE_MAX : TEXT_MAX);
    json_t *block =
        json_pack("{s:s, s:o, s:b}", "type", "TextBlock", "text", words_take(t), "wrap", 1);
    if (size) {
        json_object_set_new(block, "size", json_string(size));
        json_object_set_new(block, "weight", json_string("Bolder"));
        json_object_set_new(block, "color", json_string(color));
    }
    return block;
}

static const char *color_of(const struct message *m)
{
    const char *tone = words_tone(m);
    return strcmp(tone, "critical") == 0  ? "Attention"
           : strcmp(tone, "warning") == 0 ? "Warning"
           : strcmp(tone, "good") == 0    ? "Good"
                                          : "Accent";
}

static json_t *make(const void *self, const struct message *m)
{
    struct text headline = {0}, title = {0}, said = {0};
    json_t *facts = json_array(), *body = json_array();
    (void)self;
    words_headline(m, &headline);
    words_add_markdown(&title, headline.data ? headline.data : "");
    text_finish(&headline);
    words_add_markdown(&said, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\n- and %zu more", more);
    }
    words_facts(m, FACTS_MAX, add_fact, facts);
    json_array_append_new(body, text_block(&title, "Medium", color_of(m)));
    if (said.len > 0) {
        json_array_append_new(body, text_block(&said, NULL, NULL));
    }
    text_finish(&said);
    json_array_append_new(body, json_pack("{s:s, s:o}", "type", "FactSet", "facts", facts));
    json_t *card =
        json_pack("{s:s, s:s, s:s, s:o, s:{s:s}}", "$schema",
                  "http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard",
                  "version", "1.4", "body", body, "msteams", "width", "Full");
    return json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message", "attachments", "contentType",
                     "application/vnd.microsoft.card.adaptive", "contentUrl", "content", card);
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct msteams *s = self;
    struct channel_post post = {.url = s->webhook_url,
                                .auth_hint = "Make the workflow anew and give its address as "
                                             "`webhook_url`."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct msteams),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
