/* What is kept of the agents over a restart of the host. SPDX-License-Identifier: MIT
 *
 * One document of an instance under one key: {"steward": {"since", "heard", "status", "at", "task",
 * "model"}, ...}: since when it is watched, when it was last heard and what it said then; "at" is
 * its last push, and only of agents that push are task and model kept. */
#include "agent.h"

#include <stdlib.h>
#include <string.h>

#define KEY       "heartbeats"
#define STORE_MAX 65536u /* bytes that the host keeps under one key */
#define KEEP_MS   60000  /* polls are heard all the time: not each is worth a write */

static void complain(const struct agent_collector *c, const char *message)
{
    if (c->owner->log) {
        c->owner->log(c->owner->ctx, OC_LOG_WARN, message, NULL);
    }
}

/* Calls an operation of the host with `params` (taken) within the time of `req`. */
static int32_t call_host(const struct agent_collector *c, const char *op, json_t *params,
                         const struct oc_request *req, const struct oc_sink *out)
{
    struct oc_error err = {.struct_size = sizeof err};
    char *text = params ? json_dumps(params, JSON_COMPACT) : NULL;
    struct oc_request inner = {.struct_size = sizeof inner,
                               .params = oc_view(text),
                               .deadline_ms = req->deadline_ms,
                               .time_ms = req->time_ms,
                               .cancel = req->cancel};
    int32_t code = text && c->owner->call ? c->owner->call(c->owner->ctx, op, &inner, out, &err)
                                          : OC_E_UNSUPPORTED;
    free(text);
    json_decref(params);
    return code;
}

/* ---- keep ---- */

static int32_t ignore(void *ctx, const struct oc_record *record)
{
    (void)ctx;
    (void)record;
    return OC_OK;
}

/* A text that is cut within a character is no JSON: it is left out, and the rest stays. */
static json_t *entry(const struct agent *a, bool words)
{
    json_t *o = json_object();
    json_object_set_new(o, "since", json_integer((json_int_t)a->since_ms));
    if (a->heard) {
        json_object_set_new(o, "heard", json_integer((json_int_t)a->last.at_ms));
        json_object_set_new(o, "status", json_string(a->last.word));
    }
    if (a->last_push_ms > 0) {
        json_object_set_new(o, "at", json_integer((json_int_t)a->last_push_ms));
        if (words) {
            json_object_set_new(o, "task", json_string(a->last.task));
            json_object_set_new(o, "model", json_string(a->last.model));
        }
    }
    return o;
}

/* Owned by the caller; NULL when it is too long. */
static char *document(const struct agent_collector *c, bool words)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->count; i++) {
        json_object_set_new(all, c->agents[i].name, entry(&c->agents[i], words));
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (text && strlen(text) >= STORE_MAX) {
        free(text);
        text = NULL;
    }
    return text;
}

void agent_keep(struct agent_collector *c, const struct oc_request *req)
{
    struct oc_sink sink = {.struct_size = sizeof sink, .emit = ignore};
    char *text = document(c, true);
    text = text ? text : document(c, false);
    int32_t code = text ? call_host(c, "kv.put", json_pack("{s:s, s:s}", "key", KEY, "value", text),
                                    req, &sink)
                        : OC_E_PERMANENT;
    free(text);
    c->kept_ms = c->now_ms;
    c->unkept = code != OC_OK;
    if (code != OC_OK) {
        complain(c, "heartbeats are not kept over a restart");
    }
}

void agent_keep_changes(struct agent_collector *c, const struct oc_request *req)
{
    bool due = c->kept_ms == 0 || c->now_ms < c->kept_ms || c->now_ms - c->kept_ms >= KEEP_MS;
    if (c->unkept && due && !OC_CANCELLED(req)) {
        agent_keep(c, req);
    }
}

/* ---- restore ---- */

static int32_t take_document(void *ctx, const struct oc_record *r)
{
    json_t **document = ctx;
    if (r->type == OC_RECORD_JSON && r->text.len < 2 * STORE_MAX && !*document) {
        *document = agent_json_parse(r->text.ptr, r->text.len);
    }
    return OC_OK;
}

/* 0 = there is none. */
static int64_t time_of(const json_t *o, const char *key, int64_t now_ms)
{
    int64_t ms = json_integer_value(json_object_get(o, key));
    return ms <= 0 ? 0 : ms > now_ms ? now_ms : ms;
}

static void restore(struct agent *a, const json_t *o, int64_t now_ms)
{
    int64_t heard_ms = time_of(o, "heard", now_ms);
    int64_t pushed_ms = json_integer_value(json_object_get(o, "at"));
    a->since_ms = time_of(o, "since", now_ms);
    if (pushed_ms > 0 && pushed_ms <= now_ms) {
        a->last_push_ms = pushed_ms;
    }
    if (heard_ms > 0 || a->last_push_ms > 0) {
        struct agent_heartbeat beat = agent_beat_read(o, heard_ms > 0 ? heard_ms : a->last_push_ms);
        agent_heard(a, &beat);
    }
}

void agent_restore(struct agent_collector *c, const struct oc_request *req)
{
    json_t *answer = NULL, *all, *kept;
    const char *name;
    struct oc_sink sink = {.struct_size = sizeof sink, .ctx = &answer, .emit = take_document};
    if (c->restored) {
        return;
    }
    c->restored = true;
    if (call_host(c, "kv.get", json_pack("{s:s}", "key", KEY), req, &sink) == OC_OK) {
        const char *text = json_string_value(json_object_get(answer, "value"));
        all = text ? agent_json_parse(text, strlen(text)) : NULL;
        json_object_foreach(all, name, kept)
        {
            struct agent *a = agent_find(c, name);
            if (a) {
                restore(a, kept, c->now_ms);
            }
        }
        json_decref(all);
    } else {
        complain(c, "what was kept of the heartbeats cannot be read");
    }
    json_decref(answer);
}
