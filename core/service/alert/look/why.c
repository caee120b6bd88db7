/* Gathering what has a say in whether people are told. SPDX-License-Identifier: MIT */
#include "core/service/alert/look/why.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/group/group.h"

#define EVENTS_READ 2000 /* of all alerts; the newest */
#define EVENTS_TOLD 50   /* of this one */

/* ---- where it comes from ---- */

/* The members of `from` that people ask for. */
static json_t *pick(const json_t *from, const char *const *keys)
{
    json_t *json = json_object();
    for (; *keys; keys++) {
        json_object_set(json, *keys, json_object_get(from, *keys));
    }
    return json;
}

/* The rule as it is in force; of a posted alert what its sender says of itself. */
static json_t *origin_json(const struct oc_alert_service *s, const struct oc_alert *a)
{
    static const char *const keys[] = {"name", "expr", "for", "severity", "file", "line", NULL};
    const char *name = oc_alert_rule(&s->alerts, a);
    json_t *json;
    if (a->posted) {
        json = json_object();
        oc_json_set_str(json, "posted", name);
        oc_json_set_str(json, "generator", oc_alert_text(a, OC_TEXT_GENERATOR));
        return json;
    }
    json_t *rule = oc_ops_ask(s->env->ops, "rules.show", json_pack("{s:s}", "name", name));
    json = rule ? pick(rule, keys) : json_object();
    oc_json_set_str(json, "name", name);
    oc_json_set_bool(json, "in_force", rule != NULL);
    json_decref(rule);
    return json;
}

/* ---- who decided ---- */

/* The statement of the policy that gave the answer: {"policy","file","where","line","text",...}; null without a policy. */
static json_t *decision_json(const struct oc_alert_service *s, const struct oc_alert *a,
                             int64_t now)
{
    json_t *alert = oc_alert_record_json(&s->alerts, a), *channels = json_array();
    json_t *answer = NULL, *why = NULL, *json = NULL;
    struct oc_error err;
    oc_error_init(&err);
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        const struct oc_channel *ch = s->outbox.channels.items[i];
        if (ch->options.enabled) {
            json_t *channel = oc_channel_route_json(ch);
            oc_json_set_bool(channel, "by_levels", json_object_get(ch->config, "levels") != NULL);
            json_array_append_new(channels, channel);
        }
    }
    oc_json_take(alert, "configured_channels", channels);
    if (json_array_size(json_object_get(alert, "channels")) == 0) {
        json_object_del(alert, "channels");
    }
    json_t *args = json_pack("[o, I]", alert, (json_int_t)now);
    if (oc_policy_try(s->env->policies, "route", args, &answer, &why, &err) == OC_OK && why) {
        const json_t *decided = json_object_get(why, "decided");
        json = json_is_object(decided) ? json_deep_copy(decided) : json_object();
        oc_json_set_str(json, "policy", oc_json_str(why, "policy", NULL));
        oc_json_set_str(json, "file", oc_json_str(why, "file", NULL));
    }
    json_decref(args);
    json_decref(answer);
    json_decref(why);
    return json ? json : json_null();
}

/* ---- what keeps it quiet ---- */

static json_t *silences_json(const struct oc_alert_service *s, const struct oc_alert *a,
                             int64_t now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->silences.list.count; i++) {
        const struct oc_silence *silence = s->silences.list.items[i];
        if (oc_silence_holds(&s->silences, silence, a, now)) {
            json_t *json = oc_silence_json(silence);
            oc_json_set_bool(json, "maintenance", oc_starts(silence->comment, "maintenance: "));
            json_array_append_new(list, json);
        }
    }
    return list;
}

static json_t *cooldown_json(const struct oc_alert_service *s, const struct oc_alert *a,
                             int64_t now)
{
    const int64_t span = oc_alert_cooldown(s, a);
    const int64_t until = a->notified_at ? a->notified_at + span : 0;
    char text[32];
    json_t *json = json_object();
    oc_json_set_str(json, "time", oc_duration_format(span, text, sizeof text));
    oc_json_set_time(json, "until", a->firing && !a->announced && until > now ? until : 0);
    return json;
}

/* ---- when it is told again ---- */

static void set_next(json_t *json, int64_t at, const char *reason)
{
    oc_json_set_time(json, "at", at > 0 && at != INT64_MAX ? at : 0);
    oc_json_set_str(json, "reason", reason);
}

/* Of its groups the one that is due first. */
static int64_t group_due(const struct oc_alert_service *s, const struct oc_alert *a)
{
    int64_t due = INT64_MAX;
    for (uint32_t m = oc_groups_first(&s->groups, a); m != OC_GROUP_NONE;) {
        const struct oc_member *member = oc_groups_member(&s->groups, m);
        const struct oc_group *group = oc_groups_at(&s->groups, member->group);
        due = group->heap_at && group->due_at < due ? group->due_at : due;
        m = member->also;
    }
    return due;
}

static void next_of_firing(const struct oc_alert_service *s, const struct oc_alert *a, int64_t now,
                           json_t *json)
{
    const struct oc_notice_times times = {oc_alert_cooldown(s, a), s->options.repeat_interval};
    const int64_t grouped = group_due(s, a);
    int64_t next = INT64_MAX;
    if (oc_groups_first(&s->groups, a) != OC_GROUP_NONE) {
        set_next(json, grouped,
                 grouped == INT64_MAX ? "its group is told when something in it changes"
                                      : "then its group is told, if something in it changed or its "
                                        "repeat_interval is over");
        return;
    }
    const enum oc_notice notice = oc_notice_decide(a, &times, now, &next);
    if (notice == OC_NOTICE_FIRING) {
        set_next(json, now, "now: it is about to be told");
    } else if (next == INT64_MAX) {
        set_next(json, 0, "once is enough: alerts.repeat_interval is 0");
    } else {
        set_next(json, next, a->announced ? "alerts.repeat_interval" : "the cool-down ends");
    }
}

static json_t *next_json(const struct oc_alert_service *s, const struct oc_alert *a, int64_t now)
{
    json_t *json = json_object();
    const struct oc_silence *silence = oc_silences_find(&s->silences, a, now);
    if (!a->firing) {
        set_next(json, 0, a->resolve_due ? "its end is about to be told" : "it is over");
    } else if (silence) {
        set_next(json, silence->ends, "the silence ends");
    } else if (a->inhibited) {
        set_next(json, 0, "when the alerts that keep it quiet are over");
    } else if (oc_alert_acknowledged_at(a)) {
        set_next(json, a->care->acknowledged_until,
                 a->care->acknowledged_until ? "the acknowledgement ends"
                                             : "somebody acknowledged it");
    } else {
        next_of_firing(s, a, now, json);
    }
    return json;
}

/* ---- what happened ---- */

/* The newest last, since this episode began. */
static json_t *history_json(const struct oc_alert_service *s, const char *id, int64_t since)
{
    struct oc_event_query query = {.topic = "alert.*", .from_ms = since - 1, .limit = EVENTS_READ};
    struct oc_error err;
    oc_error_init(&err);
    json_t *events = oc_events_query(s->env->store, &query, &err), *list = json_array(), *event;
    size_t i;
    json_array_foreach(events, i, event)
    {
        json_t *row = oc_alert_history_row(event);
        if (strcmp(oc_json_str(row, "alert", ""), id) == 0 && json_array_size(list) < EVENTS_TOLD) {
            json_array_insert(list, 0, row);
        }
        json_decref(row);
    }
    json_decref(events);
    return list;
}

json_t *oc_why_json(struct oc_alert_service *s, struct oc_alert *a, int64_t now)
{
    char id[OC_ALERT_ID_MAX + 1];
    json_t *json = json_object(), *routing = oc_alert_routing_json(s, a, now, true);
    json_t *steps = a->escalation ? oc_escalation_json(a) : NULL;
    oc_json_take(json, "alert", oc_alert_row(s, a));
    oc_json_take(json, "origin", origin_json(s, a));
    oc_json_take(json, "decided", decision_json(s, a, now));
    oc_json_take(json, "silences", silences_json(s, a, now));
    oc_json_take(json, "cooldown", cooldown_json(s, a, now));
    oc_json_take(json, "next", next_json(s, a, now));
    oc_json_take(json, "escalation", steps ? steps : json_null());
    oc_json_take(json, "history", history_json(s, oc_alert_id(a, id), a->starts_at));
    oc_json_take(json, "routing", routing);
    return json;
}

/* ---- the operation ---- */

struct why_params {
    const char *id;
};

static const struct oc_option why_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct why_params, id),
     .help = "the alert's id, or the first digits of it"},
    {0},
};

static void op_why(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct why_params *p = oc_call_params(call);
    struct oc_alert *a = oc_alert_named(call, s, p->id);
    struct oc_buf text = {0};
    if (a) {
        json_t *json = oc_why_json(s, a, oc_time_wall());
        oc_why_text(json, &text);
        oc_json_set_str(json, "text", text.len ? text.data : "");
        oc_buf_finish(&text);
        oc_call_succeed(call, json);
    }
}

static const struct oc_op why_op = {
    .name = "alert.why",
    .summary = "Say why an alert was told to whom it was, or why it is not",
    .flags = OC_OP_EPHEMERAL,
    .params = why_options,
    .params_size = sizeof(struct why_params),
    .view = "text:text",
    .description =
        "The rule that made it; the route, and the line of the policy, that decide who is "
        "told; silences, maintenance, inhibition, mute times and the cool-down that keep "
        "it quiet; what was sent to whom and when; the steps of its escalation; when it is "
        "told again.",
    .example = "openclaw alert why 5f1c",
    .result =
        "{alert: " OC_ALERT_SHAPE ", origin: {name?: string, expr?: string, for?: any, severity?: "
        "string, file?: string, line?: integer, in_force?: boolean, posted?: string, generator?: "
        "string}, decided: {policy?: string|null, file?: string|null, where?: string, line?: "
        "integer, text?: string, *: any}|null, silences: [{id: string, matchers: [string], "
        "maintenance: boolean, *: any}], cooldown: {time: string, until: time|null}, next: {at: "
        "time|null, reason: string}, escalation: {*: any}|null, history: [{time: time, event: "
        "string, *: any}], routing: {*: any}, text: string}",
    .handler = op_why};

void oc_alert_add_why_op(struct oc_alert_service *s)
{
    oc_ops_add(s->env->ops, &why_op, s);
}
