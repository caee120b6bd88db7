/* Routing of one alert. SPDX-License-Identifier: MIT */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/table/table.h"

#define ANSWER_MAX 64 /* names and leaves looked at */

/* ---- what routing keeps ---- */

void oc_router_state_init(struct oc_router_state *state, struct oc_policies *policies)
{
    memset(state, 0, sizeof *state);
    state->policies = policies;
    state->question = oc_question_create(policies, "route");
    state->channels = oc_kept_create(json_array());
}

void oc_router_state_finish(struct oc_router_state *state)
{
    oc_question_destroy(state->question);
    oc_kept_destroy(state->channels);
    oc_route_memo_finish(&state->memo);
    oc_leaves_finish(&state->leaves);
}

void oc_router_state_set_channels(struct oc_router_state *state, const struct oc_outbox *outbox)
{
    json_t *configured = json_array();
    for (size_t i = 0; i < outbox->channels.count; i++) {
        const struct oc_channel *ch = outbox->channels.items[i];
        if (ch->options.enabled) {
            json_t *json = oc_channel_route_json(ch);
            oc_json_set_bool(json, "by_levels", json_object_get(ch->config, "levels") != NULL);
            json_array_append_new(configured, json);
        }
    }
    oc_kept_set(state->channels, configured);
    state->version++;
}

/* ---- the question ---- */

struct asking {
    struct oc_router *router;
    const struct oc_alert *alert;
    struct oc_route *route;
    struct oc_route_answer *memo; /* where the answer is noted down, or NULL */
};

static void say_time(struct oc_args *args, const char *key, int64_t at)
{
    if (at) {
        oc_args_set_int(args, key, at);
    }
}

static void say_labels(struct oc_args *args, const struct oc_alerts *t, const struct oc_alert *a)
{
    oc_args_key(args, "labels");
    oc_args_object(args, a->body->ref_count);
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t pair = a->body->refs[i].pair;
        if (!(pair & OC_LABEL_OWN)) {
            oc_args_set_str(args, oc_labels_name(&t->labels, pair),
                            oc_labels_pair(&t->labels, pair)->value);
        }
    }
    oc_args_end(args);
}

static void say_fact(struct oc_args *args, const char *key, const char *value)
{
    if (*value) {
        oc_args_set_str(args, key, value);
    }
}

/* Annotations, and the channels that the rule wants. */
static void say_texts(struct oc_args *args, const struct oc_alert *a)
{
    struct oc_alert_text_item item;
    bool wishes = false;
    oc_args_key(args, "annotations");
    oc_args_object(args, 2);
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        wishes = wishes || item.kind == OC_TEXT_CHANNEL;
        if (item.kind == OC_TEXT_ANNOTATION) {
            oc_args_set_str(args, item.name, item.value);
        }
    }
    oc_args_end(args);
    if (!wishes) {
        return;
    }
    oc_args_key(args, "channels");
    oc_args_list(args, 4);
    for (size_t at = 0; oc_alert_text_next(a, &at, &item);) {
        if (item.kind == OC_TEXT_CHANNEL) {
            oc_args_str(args, item.value);
        }
    }
    oc_args_end(args);
}

/* As etc/policies/route.lua says. */
static void say(struct oc_args *args, void *ctx)
{
    const struct asking *asking = ctx;
    const struct oc_alerts *t = asking->router->alerts;
    const struct oc_alert *a = asking->alert;
    char id[OC_ALERT_ID_MAX + 1];
    oc_args_object(args, 20);
    oc_args_set_str(args, "id", oc_alert_id(a, id));
    oc_args_set_str(args, "severity", oc_alert_severity_name((enum oc_alert_severity)a->severity));
    oc_args_set_str(args, "state", a->firing ? "firing" : "resolved");
    oc_args_set_str(args, "rule", oc_alert_rule(t, a));
    say_fact(args, "category", oc_alert_record_field(t, a, "category"));
    say_fact(args, "instance", oc_alert_record_field(t, a, "instance"));
    say_fact(args, "target", oc_alert_record_field(t, a, "target"));
    say_fact(args, "metric", oc_alert_text(a, OC_TEXT_METRIC));
    say_fact(args, "message", oc_alert_message(a));
    const char *value = oc_alert_text(a, OC_TEXT_VALUE);
    if (*value) {
        char *end;
        double number = strtod(value, &end);
        if (!*end) {
            oc_args_set_number(args, "value", number);
        }
    }
    say_labels(args, t, a);
    say_texts(args, a);
    say_time(args, "starts_at", a->starts_at);
    oc_args_set_int(args, "notifications", a->notifications);
    oc_args_key(args, "configured_channels");
    oc_args_kept(args, asking->router->state->channels);
    oc_args_end(args);
    oc_args_integer(args, asking->router->now);
}

/* ---- the answer ---- */

static void add_channel(const struct oc_router *router, struct oc_route *route,
                        struct oc_channel *ch, const struct oc_leaf *leaf)
{
    for (size_t i = 0; i < route->targets.count; i++) {
        const struct oc_route_target *other = &route->targets.items[i];
        bool plain = !other->leaf->grouped && !leaf->grouped;
        if (other->channel == ch && (plain || other->leaf == leaf)) {
            return;
        }
    }
    if (router->any ? ch->options.enabled != 0 : oc_failover_can(ch)) {
        struct oc_route_target target = {ch, leaf};
        OC_VEC_PUSH(&route->targets, target);
    }
}

static void take_name(const struct asking *asking, const char *name, const struct oc_leaf *leaf)
{
    if (asking->memo && !asking->memo->key) {
        const struct oc_route_word word = {name ? oc_strdup(name) : NULL, leaf};
        OC_VEC_PUSH(&asking->memo->words, word);
    }
    struct oc_channel *ch = name ? oc_outbox_channel(asking->router->outbox, name) : NULL;
    if (ch) {
        add_channel(asking->router, asking->route, ch, leaf);
    } else {
        OC_VEC_PUSH(&asking->route->unknown, oc_strdup(name ? name : "(not a string)"));
    }
}

static size_t take_leaf(const struct asking *asking, const struct oc_answer *item)
{
    struct oc_leaves *leaves = &asking->router->state->leaves;
    struct oc_answer channels, name;
    size_t count = 0;
    if (!oc_answer_get(item, "channels", &channels)) {
        return 0;
    }
    const struct oc_leaf *leaf = oc_leaves_get(leaves, item);
    for (; count < ANSWER_MAX && oc_answer_at(&channels, count, &name); count++) {
        take_name(asking, oc_answer_str(&name, NULL), leaf);
        oc_answer_end(&name);
    }
    oc_answer_end(&channels);
    return count;
}

/* The answer is not gone by. In a trial that is no trouble of the policy. */
static int refuse(const struct asking *asking, const char *why, struct oc_error *err)
{
    snprintf(asking->route->note, sizeof asking->route->note, "%s", why);
    return asking->router->any ? OC_OK : oc_error_set(err, OC_E_CONFIG, "%s", why);
}

static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    const struct asking *asking = ctx;
    struct oc_answer item;
    size_t names = 0;
    if (oc_answer_type(answer) != OC_ANSWER_TABLE) {
        return refuse(asking, "the route policy gave no list of channels", err);
    }
    for (size_t i = 0; i < ANSWER_MAX && oc_answer_at(answer, i, &item); i++) {
        if (oc_answer_type(&item) == OC_ANSWER_TABLE) {
            names += take_leaf(asking, &item);
        } else {
            take_name(asking, oc_answer_str(&item, NULL),
                      oc_leaves_get(&asking->router->state->leaves, NULL));
            names++;
        }
        oc_answer_end(&item);
    }
    if (names > 0 && asking->route->targets.count == 0) {
        return refuse(asking, "no channel that the route policy named can be used", err);
    }
    return OC_OK;
}

/* ---- asking ---- */

static struct oc_route_answer *memo_place(struct oc_router *router, const struct oc_alert *alert)
{
    struct oc_router_state *state = router->state;
    if (router->any) {
        return NULL; /* somebody wants to know what the policy says */
    }
    oc_route_memo_begin(&state->memo, state->question, oc_policies_generation(state->policies),
                        state->version, router->now);
    return oc_route_memo_place(&state->memo, router->alerts, alert);
}

/* False when the answer of before is not known, or none to go by now. */
static bool is_remembered(const struct asking *asking)
{
    const struct oc_route_answer *memo = asking->memo;
    struct oc_route *route = asking->route;
    if (!memo || !memo->key) {
        return false;
    }
    for (size_t i = 0; i < memo->words.count; i++) {
        take_name(asking, memo->words.items[i].name, memo->words.items[i].leaf);
    }
    if (memo->words.count > 0 && route->targets.count == 0) {
        oc_route_finish(route);
        return false;
    }
    if (!asking->router->sample && oc_question_is_sampled(asking->router->state->question)) {
        asking->router->sample = asking->alert;
    }
    return true;
}

static void remember(const struct asking *asking, bool good)
{
    struct oc_route_answer *memo = asking->memo;
    if (memo && !memo->key && good) {
        oc_route_memo_keep(&asking->router->state->memo, memo);
    } else if (memo && !memo->key) {
        oc_route_memo_forget(memo);
    }
}

static int ignore(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    (void)answer, (void)ctx, (void)err;
    return OC_OK;
}

void oc_route_ask_sample(struct oc_router *router)
{
    struct asking asking = {.router = router, .alert = router->sample};
    struct oc_error err;
    oc_error_init(&err);
    if (router->sample && router->sample->body) {
        oc_question_ask(router->state->question, say, ignore, &asking, &err);
    }
    router->sample = NULL;
}

/* True when the answer is one to go by. */
static bool ask_policy(struct oc_router *router, const struct oc_alert *alert,
                       struct oc_route *route)
{
    struct asking asking = {router, alert, route, NULL};
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_question_heard(router->state->question)) {
        return false; /* nobody wrote one: not worth a note */
    }
    asking.memo = memo_place(router, alert);
    if (is_remembered(&asking)) {
        return true;
    }
    int rc = (router->any ? oc_question_try : oc_question_ask)(router->state->question, say, hear,
                                                               &asking, &err);
    remember(&asking, rc == OC_OK && !route->note[0]);
    if (rc == OC_OK || route->note[0]) {
        return rc == OC_OK && !route->note[0];
    }
    route->targets.count = 0; /* it may have failed half-way */
    snprintf(route->note, sizeof route->note, "the route policy failed: %.200s", err.message);
    if (rc == OC_E_TIMEOUT) {
        oc_copy(router->failure, sizeof router->failure, route->note);
    }
    return false;
}

void oc_route_find(struct oc_router *router, const struct oc_alert *alert, struct oc_route *route)
{
    const struct oc_outbox *outbox = router->outbox;
    memset(route, 0, sizeof *route);
    oc_copy(route->note, sizeof route->note, router->failure);
    route->by = "policy";
    if (outbox->channels.count == 0) {
        route->by = "levels"; /* there is nobody to choose from */
        return;
    }
    if (!router->failure[0] && ask_policy(router, alert, route)) {
        return;
    }
    route->by = "levels";
    for (size_t i = 0; i < outbox->channels.count; i++) {
        struct oc_channel *ch = outbox->channels.items[i];
        if (oc_channel_admits(ch, (enum oc_alert_severity)alert->severity)) {
            add_channel(router, route, ch, oc_leaves_get(&router->state->leaves, NULL));
        }
    }
}

void oc_route_finish(struct oc_route *route)
{
    for (size_t i = 0; i < route->unknown.count; i++) {
        free(route->unknown.items[i]);
    }
    OC_VEC_FINISH(&route->unknown);
    OC_VEC_FINISH(&route->targets);
}
