/* ntfy: alerts as notifications on phones and desktops. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://docs.ntfy.sh/publish/#publish-as-json. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TITLE_MAX   250
#define TEXT_MAX    4000 /* bytes; the server makes a file of longer ones */
#define MEMBERS_MAX 20

struct ntfy {
    const char *url, *topic, *token, *ca_file; /* options */

    char *authorization; /* NULL = none */
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "topic",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct ntfy, topic),
     .help = "where it is published; on a public server whoever knows it can read"},
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct ntfy, url),
     .choices = "http|https",
     .default_text = "https://ntfy.sh",
     .help = "the server"},
    {.name = "token",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct ntfy, token),
     .help = "an access token, when the topic is protected"},
    CHANNEL_CA_FILE(ntfy),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct ntfy *s = self;
    (void)host;
    if (s->token && !transfer_header_value(s->token)) {
        return oc_fail(err, OC_E_CONFIG, "token: there are control characters in it");
    }
    if (s->token && *s->token && asprintf(&s->authorization, "Bearer %s", s->token) < 0) {
        s->authorization = NULL;
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int32_t rc = channel_start(&s->http, s->ca_file, err);
    if (rc != OC_OK) {
        free(s->authorization); /* the host does not call stop */
        s->authorization = NULL;
    }
    return rc;
}

static void stop(void *self)
{
    struct ntfy *s = self;
    channel_stop(&s->http);
    free(s->authorization);
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

/* 1 to 5; a phone rings from 4 on. */
static int priority_of(const struct message *m)
{
    const char *tone = words_tone(m);
    return strcmp(tone, "critical") == 0 ? 5 : strcmp(tone, "warning") == 0 ? 4 : 3;
}

/* Names of emojis that the server knows. */
static const char *tag_of(const struct message *m)
{
    const char *tone = words_tone(m);
    return strcmp(tone, "critical") == 0  ? "rotating_light"
           : strcmp(tone, "warning") == 0 ? "warning"
           : strcmp(tone, "good") == 0    ? "white_check_mark"
                                          : "information_source";
}

static json_t *make(const void *self, const struct message *m)
{
    const struct ntfy *s = self;
    struct text title = {0}, said = {0};
    words_headline(m, &title);
    words_cut(&title, TITLE_MAX);
    text_adds(&said, *m->text ? m->text : m->title);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\nand %zu more", more);
    }
    words_cut(&said, TEXT_MAX);
    return json_pack("{s:s, s:o, s:o, s:i, s:[s]}", "topic", s->topic, "title", words_take(&title),
                     "message", words_take(&said), "priority", priority_of(m), "tags", tag_of(m));
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct ntfy *s = self;
    const struct channel_header headers[] = {
        {s->authorization ? "Authorization" : NULL, s->authorization}, {0}};
    struct channel_post post = {
        .url = s->url, .headers = headers, .auth_hint = "Check `token` and `topic`."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct ntfy),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
