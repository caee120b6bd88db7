/* Routing of one alert. SPDX-License-Identifier: MIT */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"

#define ANSWER_MAX 64 /* names looked at */

static json_t *question(const struct oc_router *router, const struct oc_alert *alert)
{
    const struct oc_outbox *outbox = router->outbox;
    json_t *subject = oc_alert_record_json(router->alerts, alert);
    json_t *configured = json_array();
    for (size_t i = 0; i < outbox->channels.count; i++) {
        const struct oc_channel *ch = outbox->channels.items[i];
        if (ch->options.enabled) {
            json_array_append_new(configured, oc_channel_route_json(ch));
        }
    }
    oc_json_take(subject, "configured_channels", configured);
    return json_pack("[oI]", subject, (json_int_t)router->now);
}

static void add_channel(struct oc_route *route, struct oc_channel *ch)
{
    for (size_t i = 0; i < route->channels.count; i++) {
        if (route->channels.items[i] == ch) {
            return;
        }
    }
    if (oc_channel_usable(ch)) {
        OC_VEC_PUSH(&route->channels, ch);
    }
}

/* True when the answer is one to go by. */
static bool take_answer(struct oc_route *route, const struct oc_outbox *outbox,
                        const json_t *answer)
{
    /* An empty Lua table may arrive as an object: nobody is to be told. */
    if (!json_is_array(answer) && !(json_is_object(answer) && json_object_size(answer) == 0)) {
        snprintf(route->note, sizeof route->note, "the route policy gave no list of channels");
        return false;
    }
    for (size_t i = 0; i < json_array_size(answer) && i < ANSWER_MAX; i++) {
        const char *name = json_string_value(json_array_get(answer, i));
        struct oc_channel *ch = name ? oc_outbox_channel(outbox, name) : NULL;
        if (ch) {
            add_channel(route, ch);
        } else {
            OC_VEC_PUSH(&route->unknown, oc_strdup(name ? name : "(not a string)"));
        }
    }
    if (json_array_size(answer) > 0 && route->channels.count == 0) {
        snprintf(route->note, sizeof route->note,
                 "no channel that the route policy named can be used");
        return false;
    }
    return true;
}

static bool ask_policy(struct oc_router *router, const struct oc_alert *alert,
                       struct oc_route *route)
{
    struct oc_error err;
    json_t *answer = NULL;
    json_t *args = question(router, alert);
    oc_error_init(&err);
    int rc = oc_policy_ask(router->outbox->env->policies, "route", args, &answer, NULL, &err);
    json_decref(args);
    if (rc == OC_E_NOT_FOUND) {
        return false; /* nobody wrote one: not worth a note */
    }
    if (rc != OC_OK) {
        snprintf(route->note, sizeof route->note, "the route policy failed: %.200s", err.message);
        if (rc == OC_E_TIMEOUT) {
            oc_copy(router->failure, sizeof router->failure, route->note);
        }
        return false;
    }
    bool good = take_answer(route, router->outbox, answer);
    json_decref(answer);
    return good;
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
            add_channel(route, ch);
        }
    }
}

void oc_route_finish(struct oc_route *route)
{
    for (size_t i = 0; i < route->unknown.count; i++) {
        free(route->unknown.items[i]);
    }
    OC_VEC_FINISH(&route->unknown);
    OC_VEC_FINISH(&route->channels);
}
