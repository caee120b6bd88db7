/* The operations over events: the history, and the live stream. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/op/topic.h"
#include "core/service/host/internal.h"

struct list_params {
    const char *topic, *since, *until;
    int64_t limit;
};
static const struct oc_option list_options[] = {
    {.name = "topic",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct list_params, topic),
     .help = "only this topic, or those of a pattern: \"alert.*\", \"*.failed\""},
    {.name = "since",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct list_params, since),
     .default_text = "24h",
     .help = "from when: \"2h\" or \"-2h\", which are two hours ago, a date or a time"},
    {.name = "until",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct list_params, until),
     .default_text = "now",
     .help = "up to when"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct list_params, limit),
     .default_text = "100",
     .min = 1,
     .max = 10000,
     .help = "at most this many, the newest first"},
    {0}};

struct eyes {
    struct oc_host_service *service;
    const struct oc_call *call;
};

static bool may_see(const void *ctx, const char *topic)
{
    const struct eyes *e = ctx;
    return oc_call_actor(e->call)->role >= oc_topic_role(topic, e->service->env.plugins);
}

/* False, and the call has failed: an empty answer would say that nothing has happened. */
static bool check_topic(struct oc_call *call, const char *topic)
{
    if (!topic || oc_call_actor(call)->role >= oc_topic_pattern_role(topic)) {
        return true;
    }
    oc_call_failf(call, OC_E_DENIED, "Ask with the credentials of an admin.",
                  "the topic %s needs the role admin", topic);
    return false;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct list_params *p = oc_call_params(call);
    const struct eyes eyes = {s, call};
    struct oc_event_query q = {
        .topic = p->topic, .limit = (size_t)p->limit, .shows = may_see, .ctx = &eyes};
    int64_t now = oc_time_wall();
    struct oc_error err;
    oc_error_init(&err);
    if (!check_topic(call, p->topic)) {
        return;
    }
    if (oc_time_parse(p->since, now, &q.from_ms) != OC_OK ||
        oc_time_parse(p->until, now, &q.to_ms) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Write a duration such as 2h, or a date such as 2026-11-22.",
                      "--since or --until is not a time");
        return;
    }
    q.to_ms++; /* what happened in this very millisecond is asked for, too */
    json_t *rows = oc_events_query(s->env.store, &q, &err);
    if (rows) {
        oc_call_succeed(call, rows);
    } else {
        oc_call_fail(call, &err);
    }
}

static const struct oc_op list_op = {
    .name = "events.list",
    .summary = "List what happened, newest first",
    .flags = OC_OP_EPHEMERAL,
    .params = list_options,
    .params_size = sizeof(struct list_params),
    .view = "table:time=Time,topic=Topic,data=Data",
    .description = "Who did what and who was refused (audit, access.*, op.*, security.*) is shown "
                   "to admins only.",
    .example = "openclaw events list --topic 'alert.*' --since 2h",
    .result = "[{id: integer, time: time, topic: string, data: any}]",
    .handler = op_list,
};

/* ---- events.watch ---- */

struct watch_params {
    const char *topic;
};
static const struct oc_option watch_options[] = {
    {.name = "topic",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct watch_params, topic),
     .default_text = "*",
     .help = "only this topic, or those of a pattern: \"alert.*\", \"*.failed\""},
    {0}};

struct watch {
    struct oc_host_service *service;
    struct oc_call *call;
    struct oc_subscription *subscription;
};

/* One row for all who watch: whoever writes it down does so once. */
static json_t *row_of(struct oc_host_service *s, const struct oc_event *event)
{
    if (!s->row || s->row_event != event->id) {
        json_decref(s->row);
        s->row = json_object();
        s->row_event = event->id;
        oc_json_set_time(s->row, "time", event->time_ms);
        oc_json_set_str(s->row, "topic", event->topic);
        json_object_set(s->row, "data", event->data);
    }
    return json_incref(s->row);
}

static void watch_event(void *ctx, const struct oc_event *event)
{
    struct watch *w = ctx;
    if (!may_see(&(struct eyes){w->service, w->call}, event->topic)) {
        return;
    }
    oc_call_row(w->call, row_of(w->service, event));
}

static void watch_cancelled(struct oc_call *call, void *ctx)
{
    struct watch *w = ctx;
    oc_bus_unsubscribe(w->subscription);
    free(w);
    oc_call_succeed(call, json_array());
}

static void op_watch(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct watch_params *p = oc_call_params(call);
    if (!check_topic(call, p->topic)) {
        return;
    }
    struct watch *w = oc_calloc(1, sizeof *w);
    w->service = s;
    w->call = call;
    w->subscription = oc_bus_subscribe(s->env.bus, p->topic, watch_event, w);
    oc_call_on_cancel(call, watch_cancelled, w);
}

static const struct oc_op watch_op = {
    .name = "events.watch",
    .summary = "Show events as they happen, until interrupted",
    .flags = OC_OP_STREAMS,
    .params = watch_options,
    .params_size = sizeof(struct watch_params),
    .view = "table:time=Time,topic=Topic,data=Data",
    .example = "openclaw events watch --topic 'plugin.*'",
    .handler = op_watch,
};

void oc_host_add_event_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &list_op, s);
    oc_ops_add(s->env.ops, &watch_op, s);
}
