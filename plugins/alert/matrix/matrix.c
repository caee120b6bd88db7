/* matrix: alerts as messages in a room. SPDX-License-Identifier: MIT
 *
 * The form of a message: https://spec.matrix.org/v1.11/client-server-api/#mroommessage-msgtypes; a delivery that is tried again has the same
 * transaction id, so that the room sees it once. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define TEXT_MAX    8000
#define FACTS_MAX   12
#define MEMBERS_MAX 20

struct matrix {
    const char *homeserver, *room, *token, *ca_file; /* options */
    int32_t notice;

    char *authorization;
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "homeserver",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct matrix, homeserver),
     .choices = "http|https",
     .help = "the server of the account that posts"},
    {.name = "room",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct matrix, room),
     .help = "the room's id, \"!abc:example.org\""},
    {.name = "token",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct matrix, token),
     .help = "the access token of the account"},
    {.name = "notice",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct matrix, notice),
     .default_text = "false",
     .help = "post as m.notice, which calls nobody"},
    CHANNEL_CA_FILE(matrix),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct matrix *s = self;
    (void)host;
    if (*s->room != '!') {
        snprintf(err->hint, sizeof err->hint, "Look into the room's settings, under Advanced.");
        return oc_fail(err, OC_E_CONFIG, "room: expected a room's id such as !abc:example.org");
    }
    if (!transfer_header_value(s->token)) {
        return oc_fail(err, OC_E_CONFIG, "token: there are control characters in it");
    }
    if (asprintf(&s->authorization, "Bearer %s", s->token) < 0) {
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
    struct matrix *s = self;
    channel_stop(&s->http);
    free(s->authorization);
}

/* ---- the message: once as text, once as HTML ---- */

struct both {
    struct text plain, html;
};

static void add_fact(void *ctx, const char *name, const char *value)
{
    struct both *b = ctx;
    text_addf(&b->plain, "\n%s: ", name);
    text_add_line(&b->plain, value);
    text_adds(&b->html, "<br><em>");
    text_add_html(&b->html, name);
    text_adds(&b->html, "</em>: ");
    text_add_html(&b->html, value);
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct both *b = ctx;
    text_addf(&b->plain, "\n%s", resolved ? "(resolved) " : "- ");
    text_add_line(&b->plain, title);
    text_adds(&b->plain, *said ? ": " : "");
    text_add_line(&b->plain, said);
    text_adds(&b->html, resolved ? "<br>\xe2\x9c\x85 " : "<br>\xe2\x80\xa2 ");
    text_add_html(&b->html, title);
    text_adds(&b->html, *said ? ": " : "");
    text_add_html(&b->html, said);
}

static json_t *make(const void *self, const struct message *m)
{
    const struct matrix *s = self;
    struct both b = {{0}, {0}};
    words_headline(m, &b.plain);
    text_addf(&b.html, "<strong><font color=\"%s\">", words_color(m));
    text_add_html(&b.html, b.plain.data ? b.plain.data : "");
    text_adds(&b.html, "</font></strong>");
    if (*m->text) {
        text_addf(&b.plain, "\n%s", m->text);
        text_adds(&b.html, "<br>");
        text_add_html(&b.html, m->text);
    }
    size_t more = words_members(m, MEMBERS_MAX, add_member, &b);
    if (more > 0) {
        text_addf(&b.plain, "\nand %zu more", more);
        text_addf(&b.html, "<br>and %zu more", more);
    }
    words_facts(m, FACTS_MAX, add_fact, &b);
    words_cut(&b.plain, TEXT_MAX);
    json_t *body = json_pack("{s:s}", "msgtype", s->notice ? "m.notice" : "m.text");
    if (b.html.len <=
        4 * TEXT_MAX) { /* of 64 KB for an event; a cut tag would be worse than none */
        json_object_set_new(body, "format", json_string("org.matrix.custom.html"));
        json_object_set_new(body, "formatted_body", words_take(&b.html));
    }
    text_finish(&b.html);
    json_object_set_new(body, "body", words_take(&b.plain));
    return body;
}

/* The address of this delivery; owned by the caller. */
static char *url_of(const struct matrix *s, const char *delivery)
{
    char *room = curl_easy_escape(s->http.curl, s->room, 0);
    char *id = curl_easy_escape(s->http.curl, delivery, 0), *url = NULL;
    size_t len = strlen(s->homeserver);
    len -= len > 0 && s->homeserver[len - 1] == '/';
    if (!room || !id ||
        asprintf(&url, "%.*s/_matrix/client/v3/rooms/%s/send/m.room.message/%s", (int)len,
                 s->homeserver, room, id) < 0) {
        url = NULL;
    }
    curl_free(room);
    curl_free(id);
    return url;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct matrix *s = self;
    const struct channel_header headers[] = {{"Authorization", s->authorization}, {0}};
    struct channel_post post = {.method = "PUT",
                                .headers = headers,
                                .wait_path = "retry_after_ms",
                                .wait_units = 1000,
                                .auth_hint = "Check `token`, and that the account is in the room."};
    struct message m;
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    char *url = url_of(s, m.id);
    message_finish(&m);
    post.url = url;
    rc = url ? channel_tell(&s->http, req, out, &post, make, s, err)
             : oc_fail(err, OC_E_INTERNAL, "out of memory");
    free(url);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct matrix),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
