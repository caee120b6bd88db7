/* telegram: alerts as messages of a bot. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://core.telegram.org/bots/api#sendmessage. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TEXT_MAX    3900 /* of 4096 characters after entities are parsed */
#define FACTS_MAX   10
#define MEMBERS_MAX 20

struct telegram {
    const char *token, *chat_id, *api_url, *ca_file; /* options */
    int64_t thread_id;
    int32_t quiet;

    char *url;
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "token",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct telegram, token),
     .help = "what @BotFather gave for the bot"},
    {.name = "chat_id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct telegram, chat_id),
     .help = "the chat: its number, or @name of a public channel"},
    {.name = "thread_id",
     .type = OC_OPT_INT,
     .offset = offsetof(struct telegram, thread_id),
     .default_text = "0",
     .min = 0,
     .max = 9e15,
     .help = "a topic of a forum; 0 = none"},
    {.name = "quiet",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct telegram, quiet),
     .default_text = "true",
     .help = "what is not critical makes no sound"},
    {.name = "api_url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct telegram, api_url),
     .choices = "http|https",
     .default_text = "https://api.telegram.org",
     .help = "a bot API server of your own"},
    CHANNEL_CA_FILE(telegram),
    {0},
};

/* The token is part of the address. */
static bool is_token(const char *s)
{
    return *s &&
           s[strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:_-")] ==
               '\0';
}

static char *url_of(const struct telegram *s)
{
    char *path, *url;
    if (asprintf(&path, "bot%s/sendMessage", s->token) < 0) {
        return NULL;
    }
    url = channel_join_url(s->api_url, path);
    free(path);
    return url;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct telegram *s = self;
    (void)host;
    if (!is_token(s->token)) {
        return oc_fail(err, OC_E_CONFIG, "token: expected what @BotFather gave, 123456:ABC...");
    }
    s->url = url_of(s);
    if (!s->url) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int32_t rc = channel_start(&s->http, s->ca_file, err);
    if (rc != OC_OK) {
        free(s->url); /* the host does not call stop */
        s->url = NULL;
    }
    return rc;
}

static void stop(void *self)
{
    struct telegram *s = self;
    channel_stop(&s->http);
    free(s->url);
}

/* ---- the message ---- */

/* The text is HTML of few tags; line ends are line ends. */
static void add_html(struct text *out, const char *s)
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

static void add_fact(void *ctx, const char *name, const char *value)
{
    struct text *out = ctx;
    text_adds(out, "\n<i>");
    add_html(out, name);
    text_adds(out, "</i>: ");
    add_html(out, value);
}

/* A tag or an entity must not be cut in two: what comes last is left out whole. */
static bool add_whole(struct text *out, struct text *part)
{
    bool fits = !part->failed && out->len + part->len <= TEXT_MAX;
    if (fits && part->len > 0) {
        text_add(out, part->data, part->len);
    }
    text_finish(part);
    return fits;
}

struct members {
    struct text *out;
    size_t left_out;
};

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct members *members = ctx;
    struct text part = {0};
    text_adds(&part, resolved ? "\n\xe2\x9c\x85 " : "\n\xe2\x80\xa2 ");
    add_html(&part, title);
    text_adds(&part, *said ? ": " : "");
    add_html(&part, said);
    members->left_out += !add_whole(members->out, &part);
}

static json_t *body_text(const struct message *m)
{
    struct text out = {0}, headline = {0}, cut = {0}, part = {0};
    struct members members = {&out, 0};
    words_headline(m, &headline);
    words_cut(&headline, 500);
    text_adds(&out, "<b>");
    add_html(&out, headline.data ? headline.data : "");
    text_adds(&out, "</b>");
    text_finish(&headline);
    text_adds(&cut, m->text);
    words_cut(&cut, 1500);
    if (cut.len > 0) {
        text_adds(&part, "\n");
        add_html(&part, cut.data);
        add_whole(&out, &part);
    }
    text_finish(&cut);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &members) + members.left_out;
    if (more > 0) {
        text_addf(&out, "\nand %zu more", more);
    }
    words_facts(m, FACTS_MAX, add_fact, &part);
    add_whole(&out, &part);
    return words_take(&out);
}

static json_t *make(const void *self, const struct message *m)
{
    const struct telegram *s = self;
    bool silent = s->quiet && strcmp(words_tone(m), "critical") != 0;
    json_t *body = json_pack("{s:s, s:o, s:s, s:b, s:{s:b}}", "chat_id", s->chat_id, "text",
                             body_text(m), "parse_mode", "HTML", "disable_notification", silent,
                             "link_preview_options", "is_disabled", 1);
    if (s->thread_id > 0) {
        json_object_set_new(body, "message_thread_id", json_integer(s->thread_id));
    }
    return body;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct telegram *s = self;
    struct channel_post post = {.url = s->url,
                                .wait_path = "parameters.retry_after",
                                .wait_units = 1,
                                .auth_hint = "Check `token`, and that the bot is in the chat."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct telegram),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
