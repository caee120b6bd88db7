/* pagerduty: alerts as events of PagerDuty's Events API v2. SPDX-License-Identifier: MIT
 *
 * The form of an event: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/. */
#include "channel/channel.h"
#include "channel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define SUMMARY_MAX 1024
#define KEY_MAX     255
#define FACT_MAX    512
#define TEXT_MAX    8000 /* of one text; 512 KB for a whole event */
#define FACTS_MAX   50
#define MEMBERS_MAX 50

struct pagerduty {
    const char *routing_key, *api_url, *ca_file; /* options */

    char *url;
    struct channel http;
};

static const struct oc_option options[] = {
    {.name = "routing_key",
     .type = OC_OPT_SECRET,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct pagerduty, routing_key),
     .help = "the integration key of a service, or of an event orchestration"},
    {.name = "api_url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct pagerduty, api_url),
     .choices = "http|https",
     .default_text = "https://events.pagerduty.com",
     .help = "https://events.eu.pagerduty.com in the EU"},
    CHANNEL_CA_FILE(pagerduty),
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct pagerduty *s = self;
    (void)host;
    s->url = channel_join_url(s->api_url, "v2/enqueue");
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
    struct pagerduty *s = self;
    channel_stop(&s->http);
    free(s->url);
}

/* ---- the event ---- */

static void add_fact(void *ctx, const char *name, const char *value)
{
    json_object_set_new(ctx, name, words_string(value, FACT_MAX));
}

static void add_member(void *ctx, const char *title, const char *said, bool resolved)
{
    json_array_append_new(ctx,
                          json_pack("{s:o, s:o, s:b}", "title", words_string(title, FACT_MAX),
                                    "message", words_string(said, FACT_MAX), "resolved", resolved));
}

static json_t *details(const struct message *m)
{
    json_t *json = json_object(), *alerts = json_array();
    words_facts(m, FACTS_MAX, add_fact, json);
    json_object_set_new(json, "message", words_string(m->text, TEXT_MAX));
    size_t more = words_members(m, MEMBERS_MAX, add_member, alerts);
    if (json_array_size(alerts) > 0) {
        json_object_set_new(json, "alerts", alerts);
        json_object_set_new(json, "alerts_left_out", json_integer((json_int_t)more));
    } else {
        json_decref(alerts);
    }
    return json;
}

static const char *severity_of(const struct message *m)
{
    return strcmp(m->severity, "critical") == 0 || strcmp(m->severity, "warning") == 0 ? m->severity
                                                                                       : "info";
}

static void set_if(json_t *json, const char *key, const char *value)
{
    if (*value) {
        json_object_set_new(json, key, words_string(value, KEY_MAX));
    }
}

static json_t *payload(const struct message *m)
{
    struct text summary = {0};
    words_headline(m, &summary);
    words_cut(&summary, SUMMARY_MAX);
    const char *source = *m->entity ? m->entity : *m->host ? m->host : "openclaw";
    json_t *json = json_pack("{s:o, s:o, s:s, s:o}", "summary", words_take(&summary), "source",
                             words_string(source, KEY_MAX), "severity", severity_of(m),
                             "custom_details", details(m));
    const char *category = json_string_value(json_object_get(m->alert, "category"));
    set_if(json, "timestamp", m->at);
    set_if(json, "component", m->entity);
    set_if(json, "group", category ? category : "");
    set_if(json, "class", m->rule);
    return json;
}

static json_t *make(const void *self, const struct message *m)
{
    const struct pagerduty *s = self;
    bool resolved = strcmp(m->event, "resolved") == 0;
    struct text key = {0};
    text_adds(&key, words_dedup_key(m));
    words_cut(&key, KEY_MAX);
    json_t *body = json_pack("{s:s, s:s, s:o}", "routing_key", s->routing_key, "event_action",
                             resolved ? "resolve" : "trigger", "dedup_key", words_take(&key));
    if (!resolved) {
        json_object_set_new(body, "payload", payload(m));
        json_object_set_new(body, "client", json_string("openclaw"));
    }
    return body;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct pagerduty *s = self;
    struct channel_post post = {
        .url = s->url, .incidents_only = true, .auth_hint = "Check `routing_key`."};
    return channel_tell(&s->http, req, out, &post, make, s, err);
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct pagerduty),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
