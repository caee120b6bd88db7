/* The redis collector: reachability, latency and what INFO says. SPDX-License-Identifier: MIT */
#include "info.h"
#include "redis/link.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct redis {
    /* options */
    const char *url, *password;
    int64_t timeout_ms;

    struct oc_redis_address address;
    struct oc_redis_link link; /* kept open between calls */
};

static const struct oc_option options[] = {
    {.name = "url",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct redis, url),
     .default_text = "redis://127.0.0.1:6379",
     .help = "redis://[user[:password]@]host[:port][/db], or unix:/path of a socket"},
    {.name = "password",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct redis, password),
     .help = "the password; goes before the one in the URL"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct redis, timeout_ms),
     .default_text = "5s",
     .min = 10,
     .max = 600000,
     .help = "how long one collection may take, from connecting to the last answer"},
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct redis *r = self;
    (void)host;
    return oc_redis_address_parse(&r->address, r->url, err);
}

static void stop(void *self)
{
    struct redis *r = self;
    oc_redis_finish(&r->link);
    oc_redis_address_finish(&r->address);
}

/* Any answer shows that the server is there, even an error such as LOADING; but not one that keeps
 * us out. */
static bool is_refusal(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR &&
           (oc_redis_class(reply->str) == OC_E_AUTH ||
            strncmp(reply->str, OC_REDIS_FULL, strlen(OC_REDIS_FULL)) == 0);
}

static int32_t ping(struct redis *r, const struct oc_wait *wait, double *latency_ms,
                    struct oc_error *err)
{
    const char *argv[] = {"PING"};
    redisReply *reply;
    double began = oc_monotonic_precise_ms();
    int32_t code = oc_redis_command(&r->link, wait, 1, argv, &reply, err);
    *latency_ms = oc_monotonic_precise_ms() - began;
    if (reply && is_refusal(reply)) {
        code = oc_fail(err, oc_redis_class(reply->str), "PING was refused: %.200s", reply->str);
        oc_redis_close(&r->link);
    }
    if (reply) {
        freeReplyObject(reply);
    }
    return code;
}

/* A kept connection may have been closed by the server in the meantime; that alone is no failure of
 * the server. */
static int32_t reach(struct redis *r, const struct oc_wait *wait, double *latency_ms,
                     struct oc_error *err)
{
    if (!oc_redis_idle(&r->link)) {
        oc_redis_close(&r->link);
    }
    if (r->link.redis) {
        int32_t code = ping(r, wait, latency_ms, err);
        if (code != OC_E_RETRY) {
            return code;
        }
    }
    int32_t code = oc_redis_open(&r->link, &r->address, r->password, wait, err);
    return code == OC_OK ? ping(r, wait, latency_ms, err) : code;
}

static void put_status(const struct oc_redis_facts *f, double latency_ms, struct oc_out *out)
{
    const char *problem = f->loading         ? "the dataset is being loaded; "
                          : f->link_down     ? "the link to the master is down; "
                          : f->save_failed   ? "the last background save failed; "
                          : f->append_failed ? "the append-only file cannot be written; "
                                             : "";
    if (out->code == OC_OK) {
        out->code =
            oc_emit_status(out->sink, "", problem[0] ? OC_STATE_WARNING : OC_STATE_OK,
                           "%sredis %s %s, %llu clients, %.1f MB, %.1f ms", problem, f->version,
                           f->replica ? "replica" : "master", (unsigned long long)f->clients,
                           (double)f->used_bytes / 1048576, latency_ms);
    }
}

static void put_answer(const redisReply *info, double latency_ms, struct oc_out *out)
{
    oc_out_bool(out, "redis.connected", 1);
    oc_out_gauge(out, "redis.latency_ms", latency_ms);
    if (info->type == REDIS_REPLY_STRING) {
        struct oc_redis_facts facts;
        oc_redis_info(info->str, (size_t)info->len, (int64_t)time(NULL), out, &facts);
        put_status(&facts, latency_ms, out);
    } else if (out->code == OC_OK) { /* a user without the right to ask */
        out->code = oc_emit_status(out->sink, "", OC_STATE_WARNING, "answers, but not INFO: %.200s",
                                   info->type == REDIS_REPLY_ERROR ? info->str : "odd answer");
    }
}

/* A server that is away is a finding; credentials that it refuses are an error of the
 * configuration. */
static int32_t report_failure(struct redis *r, int32_t code, struct oc_out *out,
                              struct oc_error *err)
{
    char where[300];
    if (code == OC_E_CANCELLED || code == OC_E_INTERNAL) {
        return code;
    }
    oc_out_bool(out, "redis.connected", 0);
    if (code == OC_E_AUTH || code == OC_E_CONFIG) {
        snprintf(err->hint, sizeof err->hint,
                 "Check `password`, and the user and database in `url`, against the server.");
        return code;
    }
    if (out->code == OC_OK) {
        out->code =
            oc_emit_status(out->sink, "", OC_STATE_CRITICAL, "%s: %s",
                           oc_redis_address_text(&r->address, where, sizeof where), err->message);
    }
    return out->code;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *sink,
                       struct oc_error *err)
{
    struct redis *r = self;
    struct oc_out out = {sink, OC_OK};
    struct oc_wait wait = {req, oc_step_deadline(req, r->timeout_ms)};
    const char *info[] = {"INFO"};
    redisReply *reply = NULL;
    double latency_ms;
    int32_t code = reach(r, &wait, &latency_ms, err);
    if (code == OC_OK) {
        code = oc_redis_command(&r->link, &wait, 1, info, &reply, err);
    }
    if (code != OC_OK) {
        return report_failure(r, code, &out, err);
    }
    put_answer(reply, oc_round(latency_ms, 1000), &out);
    freeReplyObject(reply);
    return out.code;
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct redis),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
