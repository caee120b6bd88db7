/* What clients of the bridge say: subscribe, unsubscribe, message, history, status, ping. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/bridge/bridge.h"
#include "core/api/guard.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define NAME_MAX_BYTES 256
#define HISTORY_MAX    1000

static json_t *frame_of(const char *type)
{
    json_t *o = json_object();
    oc_json_set_str(o, "type", type);
    return o;
}

/* As the client called it; what is none is left out. */
static void put_id(json_t *frame, const json_t *id)
{
    if (json_is_integer(id) || json_string_length(id) > 0) {
        json_object_set(frame, "id", (json_t *)(uintptr_t)id);
    }
}

static void refuse(struct oc_bridge_client *c, const json_t *id, const char *code,
                   const char *message)
{
    json_t *o = frame_of("error");
    put_id(o, id);
    oc_json_set_str(o, "code", code);
    oc_json_set_str(o, "message", message);
    oc_bridge_answer(c, o);
}

/* ---- subscribe, unsubscribe ---- */

/* "channel": "x", "channels": [..], or "agents": [..], whose channels are a2a:<agent>. Owned by the caller. */
static json_t *names_of(const json_t *frame)
{
    json_t *names = json_array();
    const json_t *list = json_object_get(frame, "channels"), *name;
    const char *one = oc_json_str(frame, "channel", NULL);
    size_t i;
    if (one) {
        json_array_append_new(names, json_string(one));
    }
    json_array_foreach(list, i, name)
    {
        json_array_append(names, (json_t *)(uintptr_t)name);
    }
    json_array_foreach(json_object_get(frame, "agents"), i, name)
    {
        if (json_is_string(name)) {
            json_array_append_new(names, json_sprintf("a2a:%s", json_string_value(name)));
        }
    }
    return names;
}

/* As in message.send: what becomes part of a key has no control characters. */
static bool is_channel(const char *text)
{
    if (!text || !*text || strlen(text) > NAME_MAX_BYTES) {
        return false;
    }
    while ((unsigned char)*text >= ' ' && *text != 0x7f) {
        text++;
    }
    return !*text;
}

static size_t index_of(const struct oc_bridge_client *c, const char *name)
{
    size_t i = 0;
    while (i < c->channels.count && strcmp(c->channels.items[i], name) != 0) {
        i++;
    }
    return i;
}

static void say_subscribed(struct oc_bridge_client *c)
{
    json_t *o = frame_of("subscribed"), *list = json_array();
    for (size_t i = 0; i < c->channels.count; i++) {
        json_array_append_new(list, json_string(c->channels.items[i]));
    }
    oc_json_take(o, "channels", list);
    oc_json_set_bool(o, "all", !c->chose);
    oc_bridge_answer(c, o);
}

static void subscribe(struct oc_bridge_client *c, const json_t *frame)
{
    json_t *names = names_of(frame);
    const json_t *name;
    size_t i;
    if (json_array_size(names) == 0) {
        refuse(c, NULL, "config", "expected channel, channels or agents");
    }
    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);
        if (!is_channel(text)) {
            refuse(c, NULL, "config",
                   "a channel is a string of 1 to 256 bytes without control characters");
        } else if (c->channels.count >= OC_BRIDGE_CHANNELS_MAX) {
            refuse(c, NULL, "config", "too many channels");
            break;
        } else if (index_of(c, text) == c->channels.count) {
            OC_VEC_PUSH(&c->channels, oc_strdup(text));
            c->chose = true;
        }
    }
    json_decref(names);
    say_subscribed(c);
    oc_bridge_mark(c->area, c);
}

static void unsubscribe(struct oc_bridge_client *c, const json_t *frame)
{
    json_t *names = names_of(frame);
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name)
    {
        const size_t at = index_of(c, json_is_string(name) ? json_string_value(name) : "");
        if (at < c->channels.count) {
            free(c->channels.items[at]);
            OC_VEC_REMOVE(&c->channels, at);
        }
    }
    while (json_array_size(names) == 0 && c->channels.count > 0) {
        free(c->channels.items[--c->channels.count]); /* none named: all */
    }
    c->chose = true;
    json_decref(names);
    say_subscribed(c);
}

/* ---- message ---- */

struct oc_bridge_sending {
    struct oc_bridge_client *client; /* NULL: it has left */
    struct oc_bridge_sending *next;
    json_t *id; /* as the client called it; NULL */
};

static void forget(struct oc_bridge_sending *s)
{
    for (struct oc_bridge_sending **at = &s->client->sending; *at; at = &(*at)->next) {
        if (*at == s) {
            *at = s->next;
            s->client->sending_count--;
            return;
        }
    }
}

static void on_sent(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_bridge_sending *s = ctx;
    if (s->client) {
        forget(s);
    }
    if (s->client && code == OC_OK) {
        json_t *o = frame_of("ack");
        json_object_update(o, (json_t *)(uintptr_t)result);
        put_id(o, s->id);
        oc_bridge_answer(s->client, o);
    } else if (s->client) {
        refuse(s->client, s->id, oc_error_name(code), err->message);
    }
    json_decref(s->id);
    free(s);
}

#define TOO_OFTEN "too many requests of this client"

static bool within_rate(const struct oc_bridge_client *c, const char *method)
{
    const bool within = oc_guard_within_rate(c->area->api, &c->who, oc_socket_peer(c->socket));
    if (!within) {
        oc_socket_refused(c->socket, "rate-limited", method, NULL);
    }
    return within;
}

static void send_message(struct oc_bridge_client *c, const json_t *frame)
{
    struct oc_error err;
    const json_t *id = json_object_get(frame, "id");
    oc_error_init(&err);
    if (!within_rate(c, "message")) {
        refuse(c, id, "retry", TOO_OFTEN);
        return;
    }
    json_t *params = oc_bridge_send_params(frame, &err);
    if (!params || c->sending_count >= OC_BRIDGE_SENDING_MAX || c->area->stopping) {
        refuse(c, id, params ? "retry" : "config",
               params ? "too many messages at once" : err.message);
        json_decref(params);
        return;
    }
    struct oc_bridge_sending *s = oc_calloc(1, sizeof *s);
    s->client = c;
    s->id = json_incref((json_t *)(uintptr_t)id);
    s->next = c->sending;
    c->sending = s;
    c->sending_count++;
    const struct oc_call_request req = {
        .op = "message.send",
        .params = params,
        .actor = {.name = c->who.actor[0] ? c->who.actor : "anonymous", .role = c->who.role},
        .on_done = on_sent,
        .ctx = s};
    struct oc_access *access = c->area->api->access;
    oc_access_asking(access, &(struct oc_refusal){.peer = oc_socket_peer(c->socket),
                                                  .actor = req.actor.name,
                                                  .method = "message",
                                                  .path = req.op});
    oc_ops_call(c->area->api->env->ops, &req);
    oc_access_asking(access, NULL);
}

void oc_bridge_sending_leave(struct oc_bridge_client *c)
{
    for (; c->sending; c->sending = c->sending->next) {
        c->sending->client = NULL;
    }
}

/* ---- the rest ---- */

/* Of a frame of history; NULL: nothing is wrong. What would be left out is refused instead. */
static const char *complaint_about(const json_t *frame)
{
    const json_t *limit = json_object_get(frame, "limit"),
                 *channel = json_object_get(frame, "channel");
    if (limit && !json_is_null(limit) &&
        !(json_is_integer(limit) && json_integer_value(limit) > 0)) {
        return "expected `limit`, a whole number above 0";
    }
    return channel && !json_is_null(channel) && !json_is_string(channel)
               ? "expected `channel`, a string"
               : NULL;
}

static void history(struct oc_bridge_client *c, const json_t *frame)
{
    if (!within_rate(c, "history")) {
        refuse(c, json_object_get(frame, "id"), "retry", TOO_OFTEN);
        return;
    }
    const char *complaint = complaint_about(frame);
    if (complaint) {
        refuse(c, json_object_get(frame, "id"), "config", complaint);
        return;
    }
    json_t *params = json_object(), *o = frame_of("history");
    const char *channel = oc_json_str(frame, "channel", NULL);
    const int64_t limit = oc_json_int(frame, "limit", 100);
    if (channel) {
        oc_json_set_str(params, "channel", channel);
    }
    oc_json_set_int(params, "limit", limit > HISTORY_MAX ? HISTORY_MAX : limit);
    json_t *rows = oc_ops_ask(c->area->api->env->ops, "message.list", params);
    oc_json_take(o, "messages", rows ? rows : json_array());
    oc_bridge_answer(c, o);
}

static void pong(struct oc_bridge_client *c)
{
    json_t *o = frame_of("pong");
    oc_json_set_int(o, "timestamp", oc_time_wall());
    oc_bridge_answer(c, o);
}

void oc_bridge_take_frame(struct oc_bridge_client *c, const char *data, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *frame = oc_json_parse_request(data, len, &err);
    const char *type = oc_json_str(frame, "type", "");
    if (!json_is_object(frame)) {
        refuse(c, NULL, "config", frame ? "expected an object with a type" : err.message);
    } else if (strcmp(type, "ping") == 0) {
        pong(c);
    } else if (strcmp(type, "subscribe") == 0) {
        subscribe(c, frame);
    } else if (strcmp(type, "unsubscribe") == 0) {
        unsubscribe(c, frame);
    } else if (strcmp(type, "history") == 0) {
        history(c, frame);
    } else if (strcmp(type, "status") == 0) {
        oc_bridge_answer(c, oc_bridge_status(c->area));
    } else if (strcmp(type, "message") == 0) {
        send_message(c, frame);
    } else {
        refuse(c, json_object_get(frame, "id"), "config",
               "the frame has no type that is known here");
    }
    json_decref(frame);
}
