/* Listening: subscribe once, then tell what comes. SPDX-License-Identifier: MIT */
#include "bus.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 20000 /* of one call: the host has a limit, and the next call goes on */
#define BYTES_MAX   (8u << 20)
#define PAYLOAD_MAX (256u << 10) /* a longer message is not carried */
#define QUIET_MS    15000        /* then the server is asked whether it is there */
#define ANSWER_MS   10000        /* and has so long to answer */
#define LOOK_MS     1000

struct round {
    struct bus *bus;
    const struct oc_sink *out;
    size_t records, bytes;
    int32_t code;
};

/* ---- subscribing ---- */

static int32_t subscribe(struct bus *b, const struct oc_wait *wait, struct oc_error *err)
{
    const char *const *names = b->channels.items;
    int32_t code = OC_OK;
    for (uint64_t i = 0; i < b->channels.count && code == OC_OK; i++) {
        const char *argv[] = {strpbrk(names[i], "*?[") ? "PSUBSCRIBE" : "SUBSCRIBE", names[i]};
        redisReply *reply = NULL;
        code = oc_redis_command(&b->link, wait, 2, argv, &reply, err);
        if (reply && reply->type == REDIS_REPLY_ERROR) {
            code = oc_fail(err, oc_redis_class(reply->str), "%s %s was refused: %.200s", argv[0],
                           argv[1], reply->str);
            oc_redis_close(&b->link);
        }
        if (reply) {
            freeReplyObject(reply);
        }
    }
    return code;
}

static int32_t connect_and_subscribe(struct bus *b, const struct oc_request *req,
                                     struct oc_error *err)
{
    const struct oc_wait wait = {req, oc_step_deadline(req, b->timeout_ms)};
    oc_redis_close(&b->link);
    b->link.string_max = PAYLOAD_MAX; /* a longer one goes by, and the connection stays */
    int32_t code = oc_redis_open(&b->link, &b->address, b->password, &wait, err);
    code = code == OC_OK ? subscribe(b, &wait, err) : code;
    b->subscribed = code == OC_OK;
    b->asked = 0;
    b->heard_ms = oc_monotonic_ms();
    return code;
}

static void tell_listening(struct round *r)
{
    json_t *o = json_pack("{s:I}", "channels", (json_int_t)r->bus->channels.count);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    r->code = oc_emit_event(r->out, "bus.listening", text ? text : "{}");
    free(text);
    oc_flush(r->out);
}

/* ---- what comes ---- */

static const char *text_at(const redisReply *reply, size_t i)
{
    const redisReply *e = i < reply->elements ? reply->element[i] : NULL;
    return e && e->type == REDIS_REPLY_STRING ? e->str : NULL;
}

static void tell_message(struct round *r, const char *channel, const char *payload, size_t len)
{
    json_t *text = len <= PAYLOAD_MAX ? json_stringn(payload, len) : NULL;
    json_t *o = json_object();
    json_object_set_new(o, "channel", json_string(channel));
    if (text) {
        json_object_set_new(o, "payload", text);
    } else {
        json_object_set_new(o, "refused",
                            json_string(len > PAYLOAD_MAX ? "longer than 256 KB" : "not UTF-8"));
    }
    char *record = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (record) {
        r->code = oc_emit_event(r->out, "bus.message", record);
        r->bytes += strlen(record);
        r->records++;
    }
    free(record);
}

/* ["message", channel, payload] or ["pmessage", pattern, channel, payload]; other answers are of our own commands. */
static void take(struct round *r, const redisReply *reply)
{
    const char *kind = reply->type == REDIS_REPLY_ARRAY ? text_at(reply, 0) : NULL;
    const size_t at = kind && strcmp(kind, "pmessage") == 0 ? 2 : 1;
    if (kind && (at == 2 || strcmp(kind, "message") == 0) && text_at(reply, at) &&
        text_at(reply, at + 1)) {
        tell_message(r, text_at(reply, at), reply->element[at + 1]->str,
                     (size_t)reply->element[at + 1]->len);
    }
}

/* A server that is silent is asked; one that then stays silent is gone. */
static int32_t look_after(struct bus *b, const struct oc_wait *wait, struct oc_error *err)
{
    const char *argv[] = {"PING"};
    const int64_t quiet = oc_monotonic_ms() - b->heard_ms;
    if (quiet >= QUIET_MS + ANSWER_MS) {
        oc_redis_close(&b->link);
        return oc_fail(err, OC_E_RETRY, "the server does not answer any more");
    }
    if (quiet >= QUIET_MS && !b->asked) {
        b->asked = 1;
        return oc_redis_send(&b->link, wait, 1, argv, err);
    }
    return OC_OK;
}

/* One message, or a look at the clock. */
static int32_t step(struct round *r, const struct oc_request *req, struct oc_error *err)
{
    struct bus *b = r->bus;
    redisReply *reply;
    const struct oc_wait wait = {req, oc_step_deadline(req, LOOK_MS)};
    int32_t code = oc_redis_read(&b->link, &wait, &reply, err);
    if (code == OC_E_TIMEOUT) {
        oc_flush(r->out);
        return look_after(b, &wait, err);
    }
    if (code == OC_OK) {
        b->heard_ms = oc_monotonic_ms();
        b->asked = 0;
        take(r, reply);
        freeReplyObject(reply);
        code = r->code;
        if (oc_redis_idle(&b->link)) {
            oc_flush(r->out); /* nothing follows at once */
        }
    }
    return code;
}

int32_t bus_listen(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err)
{
    struct bus *b = self;
    struct round r = {.bus = b, .out = out};
    int32_t code = b->link.redis && b->subscribed ? OC_OK : connect_and_subscribe(b, req, err);
    if (code == OC_OK) {
        tell_listening(&r);
        code = r.code;
    }
    while (code == OC_OK && r.records < RECORDS_MAX && r.bytes < BYTES_MAX &&
           oc_left_ms(req->deadline_ms) > 2 * LOOK_MS / 10) {
        code = step(&r, req, err);
    }
    if (code != OC_OK && code != OC_E_CANCELLED) {
        b->subscribed = 0;
    }
    return code;
}
