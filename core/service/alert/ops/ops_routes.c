/* The operations alert.routes.show and alert.routes.test. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/service/alert/group/flush.h"
#include "core/service/alert/route/routes_check.h"
#include "core/service/alert/route/routes_text.h"
#include "core/service/alert/service.h"

#define TEST_KEY UINT64_C(0x6f635f7465737421) /* of the alert that is not one */

/* ---- what the policy says of its tree ---- */

/* routes(alert); NULL when no policy has such a hook, or it fails. Owned by the caller. */
static json_t *ask_routes(const struct oc_alert_service *s, json_t *alert)
{
    struct oc_error err;
    json_t *answer = NULL, *args = json_array();
    oc_error_init(&err);
    json_array_append_new(args, alert ? alert : json_null());
    oc_policy_try(s->env->policies, "routes", args, &answer, NULL, &err);
    json_decref(args);
    return answer;
}

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    struct oc_buf text = {0};
    json_t *tree = ask_routes(s, NULL), *result = json_object(), *warnings = json_array();
    oc_routes_text_tree(tree, &text);
    if (text.len == 0) {
        oc_buf_adds(&text, "no policy has a tree of routes");
    }
    oc_routes_warn_tree(s, tree, warnings);
    oc_routes_text_warnings(warnings, &text);
    oc_json_take(result, "tree", tree ? tree : json_null());
    oc_json_take(result, "warnings", warnings);
    oc_json_set_str(result, "text", text.data);
    oc_buf_finish(&text);
    oc_call_succeed(call, result);
}

/* ---- alert.routes.test ---- */

struct test_params {
    struct oc_list labels;
    const char *at;
};

static const struct oc_option test_options[] = {
    {.name = "label",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct test_params, labels),
     .help = "a label of the alert, NAME=VALUE; severity and category count as facts of it"},
    {.name = "at",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct test_params, at),
     .help = "when it would fire, as 2026-01-31T22:00:00Z; now by default"},
    {0},
};

struct trial {
    struct oc_alert_service *s;
    struct oc_alert *alert;
    int64_t at;
    struct oc_route route;
    bool real; /* the alert is one, and not made for the trial */
};

/* An alert that is in the table for the time of the trial, and in nobody's list. */
static int make_alert(struct trial *t, const struct oc_list *labels, struct oc_error *err)
{
    const char *const *items = labels->items;
    struct oc_label_ref refs[OC_INGEST_LABELS_MAX];
    struct oc_labels *pairs = &t->s->alerts.labels;
    if (labels->count == 0 || labels->count > OC_INGEST_LABELS_MAX) {
        oc_error_set(err, OC_E_CONFIG, "%s labels", labels->count ? "too many" : "there are no");
        return oc_error_hint(err, "Write --label severity=critical, once for each label."),
               OC_E_CONFIG;
    }
    for (size_t i = 0; i < labels->count; i++) {
        const char *equal = strchr(items[i], '=');
        if (!equal || equal == items[i] || !equal[1]) {
            oc_error_set(err, OC_E_CONFIG, "'%.100s' is no label", items[i]);
            oc_error_hint(err, "Write NAME=VALUE.");
            return OC_E_CONFIG;
        }
    }
    t->alert = oc_alerts_add(&t->s->alerts, TEST_KEY);
    for (size_t i = 0; i < labels->count; i++) {
        const char *equal = strchr(items[i], '=');
        refs[i] =
            (struct oc_label_ref){oc_labels_intern(pairs, items[i], (size_t)(equal - items[i]),
                                                   equal + 1, strlen(equal + 1)),
                                  0};
        oc_labels_hold(pairs, refs[i].pair);
    }
    oc_alert_set_body(&t->s->alerts, t->alert, refs, labels->count, "", 0);
    for (size_t i = 0; i < labels->count; i++) {
        oc_labels_release(pairs, refs[i].pair);
    }
    t->alert->posted = true;
    t->alert->firing = true;
    t->alert->starts_at = t->at;
    t->alert->severity = (uint8_t)oc_alert_severity_guess(
        oc_alert_record_field(&t->s->alerts, t->alert, "severity"));
    return OC_OK;
}

static json_t *ms_json(int64_t ms)
{
    char text[32];
    oc_duration_format(ms, text, sizeof text);
    return json_string(text);
}

static json_t *target_json(const struct trial *t, const struct oc_route_target *target, bool *muted)
{
    const struct oc_leaf *leaf = target->leaf;
    json_t *json = json_object();
    int64_t until = INT64_MAX;
    *muted = t->s->is_muted && t->s->is_muted(t->s, leaf, t->at, &until);
    oc_json_set_str(json, "channel", target->channel->name);
    oc_json_set_str(json, "path", leaf->path);
    oc_json_set_bool(json, "grouped", leaf->grouped);
    if (leaf->grouped) {
        oc_json_take(json, "group",
                     oc_groups_describe(&t->s->alerts, t->alert, target->channel->name, leaf));
        oc_json_take(json, "group_wait", ms_json(leaf->wait));
        oc_json_take(json, "group_interval", ms_json(leaf->interval));
    }
    oc_json_take(json, "repeat_interval", ms_json(leaf->repeat));
    oc_json_set_bool(json, "muted", *muted);
    oc_json_set_time(json, "muted_until", *muted && until != INT64_MAX ? until : 0);
    return json;
}

static json_t *silences_json(const struct trial *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->s->silences.list.count; i++) {
        const struct oc_silence *silence = t->s->silences.list.items[i];
        if (oc_silence_holds(&t->s->silences, silence, t->alert, t->at)) {
            json_array_append_new(list, json_string(silence->id));
        }
    }
    return list;
}

static json_t *inhibition_json(const struct trial *t)
{
    const struct oc_alert *sources[16];
    const struct oc_inhibit_rule *rules[16];
    char id[OC_ALERT_ID_MAX + 1];
    json_t *list = json_array();
    if (!t->real) {
        oc_inhibit_wake(&t->s->inhibitor, t->alert, t->at);
        oc_inhibit_forget(&t->s->inhibitor, t->alert); /* it keeps nobody quiet: it is not there */
    }
    size_t count = oc_inhibit_find(&t->s->inhibitor, t->alert, sources, rules, 16);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "rule", rules[i]->name, "alert",
                                              oc_alert_id(sources[i], id)));
    }
    return list;
}

static bool is_target(const struct oc_route *route, const struct oc_channel *ch)
{
    for (size_t i = 0; i < route->targets.count; i++) {
        if (route->targets.items[i].channel == ch) {
            return true;
        }
    }
    return false;
}

/* Channels that hear nothing, and why. */
static json_t *others_json(const struct trial *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->s->outbox.channels.count; i++) {
        const struct oc_channel *ch = t->s->outbox.channels.items[i];
        const char *why = "no route that was taken names it";
        if (is_target(&t->route, ch)) {
            continue;
        }
        if (!ch->options.enabled) {
            why = "it is disabled";
        } else if (!oc_channel_admits(ch, (enum oc_alert_severity)t->alert->severity)) {
            why = "its levels do not admit the severity";
        }
        json_array_append_new(list, json_pack("{s:s, s:s}", "channel", ch->name, "reason", why));
    }
    return list;
}

/* The alert as the policy sees it, for its explanation. */
static json_t *subject_json(const struct trial *t)
{
    json_t *json = oc_alert_record_json(&t->s->alerts, t->alert);
    oc_json_set_bool(json, "firing", true);
    return json;
}

static json_t *trial_json(struct trial *t)
{
    json_t *result = json_object(), *told = json_array(), *targets = json_array();
    json_t *warnings = json_array();
    json_t *silenced = silences_json(t), *inhibited = inhibition_json(t);
    json_t *routes = ask_routes(t->s, subject_json(t));
    bool quiet = json_array_size(silenced) > 0 || json_array_size(inhibited) > 0;
    for (size_t i = 0; i < t->route.targets.count; i++) {
        bool muted;
        json_array_append_new(targets, target_json(t, &t->route.targets.items[i], &muted));
        if (!quiet && !muted) {
            json_array_append_new(told, json_string(t->route.targets.items[i].channel->name));
        }
    }
    if (!t->real) {
        oc_routes_warn_severity(t->s, t->alert, warnings);
    }
    oc_routes_warn_route(t->s, &t->route, warnings);
    oc_json_take(result, "told", told);
    oc_json_take(result, "warnings", warnings);
    oc_json_take(result, "targets", targets);
    oc_json_take(result, "others", others_json(t));
    oc_json_take(result, "silenced_by", silenced);
    oc_json_take(result, "inhibited_by", inhibited);
    oc_json_set_str(result, "by", t->route.by);
    oc_json_set_str(result, "note", t->route.note[0] ? t->route.note : NULL);
    oc_json_set_time(result, "at", t->at);
    oc_json_take(result, "routes", json_is_array(routes) ? json_incref(routes) : json_array());
    json_decref(routes);
    return result;
}

json_t *oc_alert_routing_json(struct oc_alert_service *s, struct oc_alert *alert, int64_t at,
                              bool real)
{
    struct trial t = {.s = s, .alert = alert, .at = at, .real = real};
    struct oc_router router = {
        .state = &s->routing, .outbox = &s->outbox, .alerts = &s->alerts, .now = at, .any = true};
    oc_route_find(&router, alert, &t.route);
    json_t *result = trial_json(&t);
    oc_route_finish(&t.route);
    return result;
}

static int read_time(const char *text, int64_t *at, struct oc_error *err)
{
    const int64_t now = oc_time_wall();
    *at = now;
    if (text && oc_time_parse(text, now, at) != OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "'%.64s' is no time", text);
        oc_error_hint(err, "Write it as 2026-01-31T22:00:00Z.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static void op_test(struct oc_call *call, void *ctx)
{
    const struct test_params *p = oc_call_params(call);
    struct trial t = {.s = ctx};
    struct oc_error err;
    struct oc_buf text = {0};
    oc_error_init(&err);
    if (read_time(p->at, &t.at, &err) != OC_OK || make_alert(&t, &p->labels, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *result = oc_alert_routing_json(t.s, t.alert, t.at, false);
    oc_alerts_remove(&t.s->alerts, t.alert);
    oc_routes_text_test(result, &text);
    oc_json_set_str(result, "text", text.data);
    oc_buf_finish(&text);
    oc_call_succeed(call, result);
}

static const struct oc_op ops[] = {
    {.name = "alert.routes.show",
     .summary = "Show the tree of routes by which alerts find their channels",
     .flags = OC_OP_EPHEMERAL,
     .view = "text:text",
     .example = "openclaw alert routes show",
     .result = "{tree: any, warnings: [string], text: string}",
     .handler = op_show},
    {.name = "alert.routes.test",
     .summary = "Say who would be told of an alert with these labels, and why nobody else",
     .flags = OC_OP_EPHEMERAL,
     .params = test_options,
     .params_size = sizeof(struct test_params),
     .view = "text:text",
     .description =
         "Silences and inhibition are those of now; routes, mute times and silences that begin "
         "later are judged at --at. Nothing is sent.",
     .example = "openclaw alert routes test --label severity=critical --label category=agent",
     .result =
         "{told: [string], targets: [{channel: string, path: string, grouped: boolean, group?: "
         "{key: string, labels: {*: string}}, group_wait?: string, group_interval?: string, "
         "repeat_interval: string, muted: boolean, muted_until: time|null}], others: [{channel: "
         "string, reason: string}], silenced_by: [string], inhibited_by: [{rule: string, alert: "
         "string}], by: string, note: string|null, warnings: [string], at: time, routes: [any], "
         "text: string}",
     .handler = op_test},
};

void oc_alert_add_route_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
