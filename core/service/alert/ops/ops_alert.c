/* Operations over alerts: show, history, summary. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"

#define VIEW_ALERT "record"

struct id_params {
    const char *id;
};

static const struct oc_option id_option[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct id_params, id),
     .help = "the alert's id, or the first digits of it"},
    {0},
};

struct oc_alert *oc_alert_named(struct oc_call *call, struct oc_alert_service *s, const char *id)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_alert *a = oc_alert_find_prefix(s, id, &err);
    if (!a) {
        oc_call_fail(call, &err);
    }
    return a;
}

/* ---- a row ---- */

/* Who keeps it quiet; NULL: nobody does. */
static json_t *inhibitors(const struct oc_alert_service *s, const struct oc_alert *a)
{
    const struct oc_alert *sources[OC_ALERT_INHIBITORS_MAX];
    char id[OC_ALERT_ID_MAX + 1];
    size_t count = a->firing && a->inhibited
                       ? oc_inhibit_find(&s->inhibitor, a, sources, NULL, OC_ALERT_INHIBITORS_MAX)
                       : 0;
    json_t *list = count > 0 ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(oc_alert_id(sources[i], id)));
    }
    return list;
}

json_t *oc_alert_row(const struct oc_alert_service *s, const struct oc_alert *a)
{
    json_t *json = oc_alert_record_json(&s->alerts, a);
    oc_json_set_str(json, "description", oc_alert_message(a));
    oc_json_set_time(json, "timestamp", a->starts_at);
    json_t *by = inhibitors(s, a);
    if (by) {
        oc_json_take(json, "inhibited_by", by);
    }
    return json;
}

/* ---- alert.show ---- */

static void op_show(struct oc_call *call, void *ctx)
{
    const struct id_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, ctx, p->id);
    if (a) {
        oc_call_succeed(call, oc_alert_row(ctx, a));
    }
}

/* ---- alert.history ---- */

struct history_params {
    const char *since;
    int64_t limit;
};

static const struct oc_option history_options[] = {
    {.name = "since",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct history_params, since),
     .default_text = "24h",
     .help = "how far back: 2h, 2026-11-22, or a time in RFC 3339"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = offsetof(struct history_params, limit),
     .default_text = "100",
     .min = 1,
     .max = 10000,
     .help = "at most so many entries, the newest"},
    {0},
};

json_t *oc_alert_history_row(const json_t *event)
{
    static const char *const keys[] = {
        "rule", "severity", "entity", "channel",  "message", "delivery", "attempts",    "by", "to",
        "step", "reason",   "from",   "channels", "alerts",  "digest",   "acknowledged"};
    const json_t *data = json_object_get(event, "data");
    const char *topic = oc_json_str(event, "topic", "");
    const char *id = oc_json_str(data, "id", oc_json_str(data, "alert", ""));
    json_t *entry = json_object();
    json_object_set(entry, "time", json_object_get(event, "time"));
    oc_json_set_str(entry, "event", oc_starts(topic, "alert.") ? topic + 6 : topic);
    oc_json_set_str(entry, "alert", id);
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_object_set(entry, keys[i], json_object_get(data, keys[i]));
    }
    return entry;
}

static void op_history(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct history_params *p = oc_call_params(call);
    struct oc_event_query query = {.topic = "alert.*", .limit = (size_t)p->limit};
    struct oc_error err;
    oc_error_init(&err);
    if (oc_time_parse(p->since, oc_time_wall(), &query.from_ms) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG, "Write a duration (2h), a date, or a time in RFC 3339.",
                      "'%.64s' is no time", p->since);
        return;
    }
    json_t *events = oc_events_query(s->env->store, &query, &err);
    if (!events) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *list = json_array();
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        json_array_append_new(list, oc_alert_history_row(event));
    }
    json_decref(events);
    oc_call_succeed(call, list);
}

/* ---- alert.summary ---- */

static void op_summary(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    int64_t counts[3] = {0}, open[3] = {0}, silenced = 0, firing = 0;
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        if (!a->firing) {
            continue;
        }
        firing++;
        if (a->silence != 0) {
            silenced++;
            continue;
        }
        counts[a->severity]++;
        open[a->severity] += oc_alert_acknowledged_at(a) ? 0 : 1;
    }
    json_t *result = json_object();
    json_t *unacknowledged = json_object();
    for (int i = OC_ALERT_INFO; i <= OC_ALERT_CRITICAL; i++) {
        const char *name = oc_alert_severity_name((enum oc_alert_severity)i);
        oc_json_set_int(result, name, counts[i]);
        oc_json_set_int(unacknowledged, name, open[i]);
    }
    oc_json_take(result, "unacknowledged", unacknowledged);
    oc_json_set_int(result, "silenced", silenced);
    oc_json_set_int(result, "firing", firing); /* silenced ones too */
    oc_call_succeed(call, result);
}

static const struct oc_op ops[] = {
    {.name = "alert.show",
     .summary = "Show everything about one alert",
     .flags = OC_OP_EPHEMERAL,
     .params = id_option,
     .params_size = sizeof(struct id_params),
     .view = VIEW_ALERT,
     .example = "openclaw alert show 5f1c",
     .result = OC_ALERT_SHAPE,
     .handler = op_show},
    {.name = "alert.history",
     .summary = "Show what happened to alerts, the newest first",
     .flags = OC_OP_EPHEMERAL,
     .params = history_options,
     .params_size = sizeof(struct history_params),
     .view =
         "table:time=Time,event=Event,severity=Severity,rule=Rule,entity=Target,channel=Channel,"
         "message=Message",
     .example = "openclaw alert history --since 2h",
     .result = "[{time: time, event: string}]",
     .handler = op_history},
    {.name = "alert.summary",
     .summary = "Count firing alerts by severity",
     .flags = OC_OP_EPHEMERAL | OC_OP_INTERNAL,
     .view = VIEW_ALERT,
     .handler = op_summary},
};

void oc_alert_add_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
