/* opsgenie: alerts as alerts of Opsgenie. SPDX-License-Identifier: MIT
 *
 * The form of a request: https://docs.opsgenie.com/docs/alert-api (create alert, close alert). */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define MESSAGE_MAX     130
#define ALIAS_MAX       512
#define DESCRIPTION_MAX 15000
#define ENTITY_MAX      512
#define SOURCE_MAX      100
#define NOTE_MAX        25000
#define DETAIL_MAX      1000
#define DETAILS_MAX     8000 /* for all names and values */
#define FACTS_MAX       50
#define MEMBERS_MAX     50

struct opsgenie {
    const char *api_key, *api_url, *ca_file; /* options */
    struct oc_list teams, tags;

    char *authorization;
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "api_key",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct opsgenie, api_key),
     .help = "the key of an API integration"},
    {.name = "teams",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct opsgenie, teams),
     .help = "names of teams that are to respond"},
    {.name = "tags",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct opsgenie, tags),
     .help = "tags of every alert"},
    {.name = "api_url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct opsgenie, api_url),
     .choices = "http|https",
     .default_text = "https://api.opsgenie.com",
     .help = "https://api.eu.opsgenie.com in the EU"},
    CHANNEL_CA_FILE(opsgenie),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct opsgenie *s = self;
    (void)host;
    if (!transfer_header_value(s->api_key)) {
        return oc_fail(err, OC_E_CONFIG, "api_key: there are control characters in it");
    }
    if (asprintf(&s->authorization, "GenieKey %s", s->api_key) < 0) {
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
    struct opsgenie *s = self;
    channel_stop(&s->http);
    free(s->authorization);
}

/* ---- the alert ---- */

struct details {
    json_t *json;
    size_t room; /* bytes; what no longer fits is left out */
};

static void add_fact(void *ctx, const char *name, const char *value)
{
    struct details *d = ctx;
    json_t *said = words_string(value, DETAIL_MAX);
    size_t size = strlen(name) + json_string_length(said);
    if (size <= d->room) {
        d->room -= size;
        json_object_set(d->json, name, said);
    }
    json_decref(said);
}

static json_t *source_of(const struct message *m)
{
    return words_string(*m->host ? m->host : "openclaw", SOURCE_MAX);
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    struct text *out = ctx;
    text_adds(out, resolved ? "\n(resolved) " : "\n- ");
    text_add_line(out, title);
    text_adds(out, *said ? ": " : "");
    text_add_line(out, said);
}

static const char *priority_of(const struct message *m)
{
    return strcmp(m->severity, "critical") == 0  ? "P1"
           : strcmp(m->severity, "warning") == 0 ? "P3"
                                                 : "P5";
}

static void set_list(json_t *json, const char *key, const struct oc_list *list, bool teams)
{
    const char *const *items = list->items;
    json_t *array = json_array();
    for (uint64_t i = 0; i < list->count; i++) {
        json_array_append_new(array, teams
                                         ? json_pack("{s:s, s:s}", "name", items[i], "type", "team")
                                         : json_string(items[i]));
    }
    json_object_set_new(json, key, array);
}

static json_t *alias_of(const struct message *m)
{
    struct text alias = {0};
    text_adds(&alias, words_dedup_key(m));
    words_cut(&alias, ALIAS_MAX);
    return words_take(&alias);
}

static json_t *make(const void *self, const struct message *m)
{
    const struct opsgenie *s = self;
    struct text headline = {0}, said = {0};
    struct details details = {json_object(), DETAILS_MAX};
    words_headline(m, &headline);
    words_cut(&headline, MESSAGE_MAX);
    text_adds(&said, m->text);
    size_t more = words_members(m, MEMBERS_MAX, add_member, &said);
    if (more > 0) {
        text_addf(&said, "\nand %zu more", more);
    }
    words_cut(&said, DESCRIPTION_MAX);
    words_facts(m, FACTS_MAX, add_fact, &details);
    json_t *body = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "message", words_take(&headline), "alias",
        alias_of(m), "description", words_take(&said), "details", details.json, "entity",
        words_string(m->entity, ENTITY_MAX), "source", source_of(m), "priority", priority_of(m));
    set_list(body, "responders", &s->teams, true);
    set_list(body, "tags", &s->tags, false);
    return body;
}

static json_t *make_closing(const void *self, const struct message *m)
{
    (void)self;
    return json_pack("{s:o, s:o}", "source", source_of(m), "note", words_string(m->text, NOTE_MAX));
}

/* The address of what has been resolved; owned by the caller. */
static char *closing_url(const struct opsgenie *s, const struct message *m)
{
    json_t *alias = alias_of(m);
    char *escaped = curl_easy_escape(s->http.curl, json_string_value(alias), 0), *path, *url = NULL;
    if (escaped && asprintf(&path, "v2/alerts/%s/close?identifierType=alias", escaped) >= 0) {
        url = channel_join_url(s->api_url, path);
        free(path);
    }
    curl_free(escaped);
    json_decref(alias);
    return url;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct opsgenie *s = self;
    const struct channel_header headers[] = {{"Authorization", s->authorization}, {0}};
    struct channel_post post = {.headers = headers,
                                .incidents_only = true,
                                .auth_hint = "Check `api_key`, and `api_url` for the EU."};
    struct message m;
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    bool resolved = strcmp(m.event, "resolved") == 0;
    char *url = resolved ? closing_url(s, &m) : channel_join_url(s->api_url, "v2/alerts");
    message_finish(&m);
    post.url = url;
    rc = url ? channel_tell(&s->http, req, out, &post, resolved ? make_closing : make, s, err)
             : oc_fail(err, OC_E_INTERNAL, "out of memory");
    free(url);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct opsgenie),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
