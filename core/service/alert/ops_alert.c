/* Operations over alerts: list, show, ack, unack, history, summary. SPDX-License-Identifier: MIT */
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

/* NULL when the call has been failed. */
static struct oc_alert *named_alert(struct oc_call *call, struct oc_alert_service *s,
                                    const char *id)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_alert *a = oc_alert_find_prefix(s, id, &err);
    if (!a) {
        oc_call_fail(call, &err);
    }
    return a;
}

/* ---- alert.list ---- */

enum list_state { LIST_FIRING, LIST_RESOLVED, LIST_ALL };

struct list_params {
    int32_t state, severity, silenced;
    const char *rule;
};

static const struct oc_option list_options[] = {
    {.name = "state",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct list_params, state),
     .choices = "firing|resolved|all",
     .default_text = "firing",
     .help = "which alerts"},
    {.name = "severity",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct list_params, severity),
     .choices = "any|info|warning|critical",
     .default_text = "any",
     .help = "only this severity"},
    {.name = "rule",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct list_params, rule),
     .help = "only rules of this name; * and ? match"},
    {.name = "silenced",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct list_params, silenced),
     .help = "only silenced alerts"},
    {0},
};

static bool listed(const struct oc_alert *a, const struct list_params *p)
{
    bool state = p->state == LIST_ALL || a->firing == (p->state == LIST_FIRING);
    bool severity = p->severity == 0 || p->severity - 1 == (int32_t)a->severity;
    bool rule = !p->rule || oc_glob(p->rule, oc_alert_record_field(a, "rule"));
    return state && severity && rule && (!p->silenced || a->silenced_by[0]);
}

/* The gravest first, then the newest. */
static int by_gravity(const void *x, const void *y)
{
    const struct oc_alert *a = *(const struct oc_alert *const *)x;
    const struct oc_alert *b = *(const struct oc_alert *const *)y;
    if (a->firing != b->firing) {
        return a->firing ? -1 : 1;
    }
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    if (a->starts_at != b->starts_at) {
        return a->starts_at > b->starts_at ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

/* With the names that dashboards of old know: description, timestamp. */
static json_t *row(const struct oc_alert *a)
{
    json_t *json = oc_alert_record_json(a);
    oc_json_set_str(json, "description", oc_json_str(a->facts, "message", ""));
    oc_json_set_time(json, "timestamp", a->starts_at);
    return json;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct list_params *p = oc_call_params(call);
    OC_VEC(const struct oc_alert *) found = {0};
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        if (listed(value, p)) {
            OC_VEC_PUSH(&found, value);
        }
    }
    if (found.count > 0) {
        qsort(found.items, found.count, sizeof *found.items, by_gravity);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < found.count; i++) {
        json_array_append_new(list, row(found.items[i]));
    }
    OC_VEC_FINISH(&found);
    oc_call_succeed(call, list);
}

/* ---- alert.show ---- */

static void op_show(struct oc_call *call, void *ctx)
{
    const struct id_params *p = oc_call_params(call);
    struct oc_alert *a = named_alert(call, ctx, p->id);
    if (a) {
        oc_call_succeed(call, row(a));
    }
}

/* ---- alert.ack and alert.unack ---- */

struct ack_params {
    const char *id, *comment;
};

static const struct oc_option ack_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct ack_params, id),
     .help = "the alert's id, or the first digits of it"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct ack_params, comment),
     .help = "what others should know"},
    {0},
};

static void publish_ack(struct oc_alert_service *s, const struct oc_alert *a, const char *by)
{
    json_t *json = json_object();
    oc_json_set_str(json, "alert", a->id);
    oc_json_set_str(json, "rule", oc_alert_record_field(a, "rule"));
    oc_json_set_str(json, "severity", oc_alert_severity_name(a->severity));
    oc_json_set_bool(json, "acknowledged", a->acknowledged_at != 0);
    oc_json_set_str(json, "by", by);
    oc_json_set_str(json, "comment", a->comment);
    oc_bus_publish(s->env->bus, "alert.acknowledged", json);
}

/* The word counts only when it is on the disk. `before` is how it was: what is left when that
 * fails. */
static void keep_or_restore(struct oc_call *call, struct oc_alert_service *s, struct oc_alert *a,
                            const json_t *before)
{
    const char *by = oc_call_actor(call)->name;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_alert_save(s, a, &err) == OC_OK) {
        publish_ack(s, a, by);
        oc_alert_wake(s, 0);
        oc_call_succeed(call, row(a));
        return;
    }
    struct oc_alert *old = oc_alert_record_load(before);
    oc_alert_record_unacknowledge(a);
    if (old->acknowledged_at) {
        oc_alert_record_acknowledge(a, old->acknowledged_by, old->comment, old->acknowledged_at);
    }
    oc_alert_record_destroy(old);
    oc_call_fail(call, &err);
}

static void change_ack(struct oc_call *call, struct oc_alert_service *s, struct oc_alert *a,
                       bool acknowledge, const char *comment)
{
    json_t *before = oc_alert_record_save(a);
    if (acknowledge) {
        oc_alert_record_acknowledge(a, oc_call_actor(call)->name, comment, oc_time_wall());
    } else {
        oc_alert_record_unacknowledge(a);
    }
    keep_or_restore(call, s, a, before);
    json_decref(before);
}

static void op_ack(struct oc_call *call, void *ctx)
{
    const struct ack_params *p = oc_call_params(call);
    struct oc_alert *a = named_alert(call, ctx, p->id);
    if (!a) {
        return;
    }
    if (!a->firing) {
        oc_call_failf(call, OC_E_CONFLICT, "Only a firing alert can be acknowledged.",
                      "alert %s is resolved", a->id);
        return;
    }
    change_ack(call, ctx, a, true, p->comment);
}

static void op_unack(struct oc_call *call, void *ctx)
{
    const struct id_params *p = oc_call_params(call);
    struct oc_alert *a = named_alert(call, ctx, p->id);
    if (!a) {
        return;
    }
    if (!a->acknowledged_at) {
        oc_call_failf(call, OC_E_CONFLICT, NULL, "alert %s is not acknowledged", a->id);
        return;
    }
    change_ack(call, ctx, a, false, NULL);
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

static json_t *history_row(const json_t *event)
{
    static const char *const keys[] = {"rule",    "severity", "entity",   "channel",
                                       "message", "delivery", "attempts", "by"};
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
        json_array_append_new(list, history_row(event));
    }
    json_decref(events);
    oc_call_succeed(call, list);
}

/* ---- alert.summary ---- */

static void op_summary(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    int64_t counts[3] = {0}, open[3] = {0}, silenced = 0;
    const char *id;
    void *value;
    for (size_t it = 0; oc_map_next(&s->alerts, &it, &id, &value);) {
        const struct oc_alert *a = value;
        if (!a->firing) {
            continue;
        }
        if (a->silenced_by[0]) {
            silenced++;
            continue;
        }
        counts[a->severity]++;
        open[a->severity] += a->acknowledged_at ? 0 : 1;
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
    oc_call_succeed(call, result);
}

static const struct oc_op ops[] = {
    {.name = "alert.list",
     .summary = "List alerts, the gravest first",
     .flags = OC_OP_EPHEMERAL,
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view = "table:id=ID,severity=Severity,rule=Rule,entity=Target,status=State,starts_at=Since,"
             "message=Message",
     .description = "Shows what fires now. A silenced or acknowledged alert still fires; nobody is "
                    "told of it again.",
     .example = "openclaw alert list --state all --severity critical",
     .handler = op_list},
    {.name = "alert.show",
     .summary = "Show everything about one alert",
     .flags = OC_OP_EPHEMERAL,
     .params = id_option,
     .params_size = sizeof(struct id_params),
     .view = VIEW_ALERT,
     .example = "openclaw alert show 5f1c",
     .handler = op_show},
    {.name = "alert.ack",
     .summary = "Acknowledge a firing alert",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = ack_options,
     .params_size = sizeof(struct ack_params),
     .view = VIEW_ALERT,
     .description = "Says that somebody looks after it: repeats stop until it resolves. If it gets "
                    "graver or fires anew, people are told again.",
     .example = "openclaw alert ack 5f1c --comment 'on it'",
     .handler = op_ack},
    {.name = "alert.unack",
     .summary = "Take back an acknowledgement",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
     .params = id_option,
     .params_size = sizeof(struct id_params),
     .view = VIEW_ALERT,
     .example = "openclaw alert unack 5f1c",
     .handler = op_unack},
    {.name = "alert.history",
     .summary = "Show what happened to alerts, the newest first",
     .flags = OC_OP_EPHEMERAL,
     .params = history_options,
     .params_size = sizeof(struct history_params),
     .view =
         "table:time=Time,event=Event,severity=Severity,rule=Rule,entity=Target,channel=Channel,"
         "message=Message",
     .example = "openclaw alert history --since 2h",
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
