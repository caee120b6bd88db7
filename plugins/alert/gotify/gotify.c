/* gotify: alerts as messages of a Gotify server. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://gotify.net/api-docs#/message/createMessage. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TITLE_MAX   250
#define TEXT_MAX    8000
#define MEMBERS_MAX 50

struct gotify {
    const char *url, *token, *ca_file; /* options */

    char *post_url;
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct gotify, url),
     .choices = "http|https",
     .help = "the server"},
    {.name = "token",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct gotify, token),
     .help = "the token of an application"},
    CHANNEL_CA_FILE(gotify),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct gotify *s = self;
    (void)host;
    if (!transfer_header_value(s->token)) {
        return oc_fail(err, OC_E_CONFIG, "token: there are control characters in it");
    }
    s->post_url = channel_join_url(s->url, "message");
    if (!s->post_url) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int32_t rc = channel_start(&s->http, s->ca_file, err);
    if (rc != OC_OK) {
        free(s->post_url); /* the host does not call stop */
        s->post_url = NULL;
    }
    return rc;
}

static void stop(void *self)
{
    struct gotify *s = self;
    channel_stop(&s->http);
    free(s->post_url);
}

/* ---- the message ---- */

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n(resolved) " : "\n- ");
    text_add_line(out, title);
    text_adds(out, *said ? ": " : "");
    text_add_line(out, said);
}

/* 0 to 10; clients make a sound from 4 on and come to the front from 8 on. */
static int priority_of(const struct message *m)
{
    const char *tone = words_tone(m);
    return strcmp(tone, "critical") == 0 ? 9 : strcmp(tone, "warning") == 0 ? 6 : 3;
}

static json_t *make(const void *self, const struct message *m)
{
    struct text title = {0}, said = {0};
    (void)self;
    words_headline(m, &title);
    words_cut(&title, TITLE_MAX);
    text_adds(&said, *m->text ? m->text : m->title);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\nand %zu more", more);
    }
    words_cut(&said, TEXT_MAX);
    return json_pack("{s:o, s:o, s:i, s:{s:{s:s}}}", "title", words_take(&title), "message",
                     words_take(&said), "priority", priority_of(m), "extras", "client::display",
                     "contentType", "text/plain");
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct gotify *s = self;
    const struct channel_header headers[] = {{"X-Gotify-Key", s->token}, {0}};
    struct channel_post post = {
        .url = s->post_url,
        .headers = headers,
        .auth_hint = "Check `token`: it is that of an application, not of a client."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct gotify),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
