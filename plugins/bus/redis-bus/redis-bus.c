/* redis-bus: messages of agents over Redis channels. SPDX-License-Identifier: MIT */
#include "bus.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct oc_option options[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .choices = "redis|unix",
     .offset = offsetof(struct bus, url),
     .default_text = "redis://127.0.0.1:6379",
     .help = "redis://[user[:password]@]host[:port][/db], or unix:/path of a socket"},
    {.name = "password",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct bus, password),
     .help = "the password; goes before the one in the URL"},
    {.name = "channels",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct bus, channels),
     .default_text = "[\"a2a:*\", \"agent:*\", \"global-workspace:broadcast\", \"channel:*\"]",
     .help = "channels to listen to; * and ? match"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct bus, timeout_ms),
     .default_text = "5s",
     .min = 10,
     .max = 60000,
     .help = "how long connecting, or one command, may take"},
    {.name = "history",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct bus, history),
     .help = "keep what is published in the hash A2A:messages:<channel>:<day>"},
    {.name = "history_ttl",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct bus, history_ms),
     .default_text = "7d",
     .min = 60000,
     .max = 31536000000.0,
     .help = "how long such a hash is kept"},
    {0},
};

/* ---- life ---- */

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct bus *b = self;
    (void)host;
    if (b->channels.count == 0) {
        return oc_fail(err, OC_E_CONFIG, "channels: at least one is needed");
    }
    return oc_redis_address_parse(&b->address, b->url, err);
}

static void stop(void *self)
{
    struct bus *b = self;
    oc_redis_finish(&b->link);
    oc_redis_address_finish(&b->address);
}

/* ---- commands ---- */

static int32_t reach(struct bus *b, const struct oc_wait *wait, struct oc_error *err)
{
    if (b->subscribed) {
        return oc_fail(err, OC_E_CONFLICT, "this instance listens; another one has to publish");
    }
    if (b->link.redis && !oc_redis_idle(&b->link)) {
        oc_redis_close(&b->link); /* the server closed it in the meantime */
    }
    return b->link.redis ? OC_OK : oc_redis_open(&b->link, &b->address, b->password, wait, err);
}

/* A server that became a replica keeps its clients; the name of the master points elsewhere by now, or
 * will soon. */
static void leave_replica(struct bus *b)
{
    oc_redis_close(&b->link);
    oc_lookup_forget(&b->link.lookup, b->address.host);
}

/* Runs a command; *number receives what it answers. */
static int32_t run(struct bus *b, const struct oc_wait *wait, int argc, const char **argv,
                   long long *number, struct oc_error *err)
{
    redisReply *reply = NULL;
    int32_t code = oc_redis_command(&b->link, wait, argc, argv, &reply, err);
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        code =
            oc_fail(err, oc_redis_class(reply->str), "%s was refused: %.200s", argv[0], reply->str);
        if (strncmp(reply->str, "READONLY ", strlen("READONLY ")) == 0) {
            leave_replica(b);
        }
    }
    *number = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    if (reply) {
        freeReplyObject(reply);
    }
    return code;
}

static int32_t answer(const struct oc_sink *out, const char *key, long long number)
{
    char text[64];
    const int len = snprintf(text, sizeof text, "{\"%s\":%lld}", key, number);
    return oc_emit_text(out, OC_RECORD_JSON, text, (uint64_t)len);
}

/* ---- bus.publish/1 {"channel","payload","id"} -> {"receivers"}, and "warning" when it was not kept ---- */

static int32_t keep(struct bus *b, const struct oc_wait *wait, const char *channel,
                    const char *payload, const char *id, struct oc_error *err)
{
    char key[512], ttl[24], day[16];
    struct tm tm;
    time_t now = (time_t)(wait->req->time_ms / 1000);
    long long number;
    gmtime_r(&now, &tm);
    strftime(day, sizeof day, "%Y-%m-%d", &tm);
    snprintf(key, sizeof key, "A2A:messages:%s:%s", channel, day);
    snprintf(ttl, sizeof ttl, "%lld", (long long)(b->history_ms / 1000));
    const char *set[] = {"HSET", key, id, payload}, *expire[] = {"EXPIRE", key, ttl};
    int32_t code = run(b, wait, 4, set, &number, err);
    return code == OC_OK ? run(b, wait, 3, expire, &number, err) : code;
}

/* What was published is published: a history that cannot be written is told, and nobody sends twice. */
static int32_t tell_published(const struct oc_sink *out, long long receivers, const char *warning)
{
    if (!warning) {
        return answer(out, "receivers", receivers);
    }
    json_t *o = json_pack("{s:I, s:o}", "receivers", (json_int_t)receivers, "warning",
                          json_sprintf("not kept: %s", warning));
    char *text = json_dumps(o, JSON_COMPACT);
    const int32_t code = text ? oc_emit_text(out, OC_RECORD_JSON, text, (uint64_t)strlen(text))
                              : answer(out, "receivers", receivers);
    free(text);
    json_decref(o);
    return code;
}

static int32_t publish(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct bus *b = self;
    const struct oc_wait wait = {req, oc_step_deadline(req, b->timeout_ms)};
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    const char *channel = json_string_value(json_object_get(params, "channel"));
    const char *payload = json_string_value(json_object_get(params, "payload"));
    const char *id = json_string_value(json_object_get(params, "id"));
    long long receivers = 0;
    int32_t code = OC_OK;
    if (!channel || !payload || !*channel || strlen(channel) > 256) {
        code = oc_fail(err, OC_E_CONFIG, "expected channel and payload");
    }
    code = code == OC_OK ? reach(b, &wait, err) : code;
    if (code == OC_OK) {
        const char *argv[] = {"PUBLISH", channel, payload};
        code = run(b, &wait, 3, argv, &receivers, err);
    }
    if (code == OC_OK) {
        const int32_t kept = b->history && id ? keep(b, &wait, channel, payload, id, err) : OC_OK;
        code = tell_published(out, receivers, kept == OC_OK ? NULL : err->message);
    }
    json_decref(params);
    return code;
}

/* ---- bus.mark/1 {"agents":[..],"ttl"} -> {"marked"}: these agents listen ---- */

static int32_t mark(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    struct bus *b = self;
    const struct oc_wait wait = {req, oc_step_deadline(req, b->timeout_ms)};
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    const json_t *agents = json_object_get(params, "agents"), *agent;
    const json_int_t ttl = json_integer_value(json_object_get(params, "ttl"));
    char key[256], seconds[24];
    long long marked = 0, number;
    size_t i;
    int32_t code = json_is_array(agents) ? OC_OK : oc_fail(err, OC_E_CONFIG, "expected agents");
    code = code == OC_OK ? reach(b, &wait, err) : code;
    snprintf(seconds, sizeof seconds, "%lld", (long long)(ttl > 0 ? ttl : 300));
    json_array_foreach(agents, i, agent)
    {
        const char *name = json_string_value(agent);
        const char *argv[] = {"SET", key, "true", "EX", seconds};
        if (code == OC_OK && name && *name && strlen(name) <= 128) {
            snprintf(key, sizeof key, "agent:%s:subscriber:active", name);
            code = run(b, &wait, 5, argv, &number, err);
            marked++;
        }
    }
    json_decref(params);
    return code == OC_OK ? answer(out, "marked", marked) : code;
}

static const struct oc_method methods[] = {
    {"bus.listen/1", bus_listen}, {"bus.publish/1", publish}, {"bus.mark/1", mark}, {0}};

OC_PLUGIN_ENTRY = {OC_ENTRY_HEAD,      .instance_size = sizeof(struct bus),
                   .options = options, .start = start,
                   .stop = stop,       .methods = methods};
