/* Heartbeats that agents send, kept over a restart. SPDX-License-Identifier: MIT
 *
 * All of an instance's pushes are one document under one key: {"steward": {"at", "status", "task",
 * "model"}, ...}. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY       "heartbeats"
#define STORE_MAX 65536u /* bytes that the host keeps under one key */

static struct agent *find(const struct agent_collector *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->agents[i].name, name) == 0) {
            return &c->agents[i];
        }
    }
    return NULL;
}

static void copy(char text[AGENT_TEXT_MAX], const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));
    snprintf(text, AGENT_TEXT_MAX, "%s", value ? value : "");
}

static struct agent_heartbeat read_beat(const json_t *o, int64_t at_ms)
{
    struct agent_heartbeat beat;
    memset(&beat, 0, sizeof beat);
    const char *status = json_string_value(json_object_get(o, "status"));
    beat.status = agent_status_parse(status ? status : "active", beat.word);
    copy(beat.task, o, "task");
    copy(beat.model, o, "model");
    beat.at_ms = at_ms;
    return beat;
}

/* ---- keep ---- */

static int32_t ignore(void *ctx, const struct oc_record *record)
{
    (void)ctx;
    (void)record;
    return OC_OK;
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

static json_t *kept_beat(const struct agent *a)
{
    return json_pack("{s:I, s:s, s:s, s:s}", "at", (json_int_t)a->last_push_ms, "status",
                     a->last.word, "task", a->last.task, "model", a->last.model);
}

/* A push that cannot be kept still counts while the host runs. */
static void keep(const struct agent_collector *c, const struct oc_request *req)
{
    struct oc_sink sink = {.struct_size = sizeof sink, .emit = ignore};
    json_t *all = json_object();
    for (size_t i = 0; i < c->count; i++) {
        if (c->agents[i].last_push_ms > 0) {
            json_object_set_new(all, c->agents[i].name, kept_beat(&c->agents[i]));
        }
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    int32_t code =
        text && strlen(text) < STORE_MAX
            ? call_host(c, "kv.put", json_pack("{s:s, s:s}", "key", KEY, "value", text), req, &sink)
            : OC_E_PERMANENT;
    free(text);
    if (code != OC_OK && c->owner->log) {
        c->owner->log(c->owner->ctx, OC_LOG_WARN, "a heartbeat is not kept over a restart", NULL);
    }
}

static int32_t take_document(void *ctx, const struct oc_record *r)
{
    json_t **document = ctx;
    if (r->type == OC_RECORD_JSON && r->text.len < 2 * STORE_MAX && !*document) {
        *document = agent_json_parse(r->text.ptr, r->text.len);
    }
    return OC_OK;
}

void agent_restore(struct agent_collector *c, const struct oc_request *req)
{
    json_t *answer = NULL, *all, *beat;
    const char *name;
    struct oc_sink sink = {.struct_size = sizeof sink, .ctx = &answer, .emit = take_document};
    if (c->restored) {
        return;
    }
    c->restored = true;
    if (call_host(c, "kv.get", json_pack("{s:s}", "key", KEY), req, &sink) == OC_OK) {
        const char *text = json_string_value(json_object_get(answer, "value"));
        all = text ? agent_json_parse(text, strlen(text)) : NULL;
        json_object_foreach(all, name, beat)
        {
            struct agent *a = find(c, name);
            int64_t at_ms = json_integer_value(json_object_get(beat, "at"));
            if (a && at_ms > 0 && at_ms <= c->now_ms && !a->heard) {
                struct agent_heartbeat read = read_beat(beat, at_ms);
                agent_heard(a, &read);
                a->last_push_ms = at_ms;
            }
        }
        json_decref(all);
    }
    json_decref(answer);
}

/* ---- agent.heartbeat ---- */

static int32_t unknown_agent(const struct agent_collector *c, const char *name,
                             struct oc_error *err)
{
    size_t n = (size_t)snprintf(err->hint, sizeof err->hint, "The agents are");
    for (size_t i = 0; i < c->count && n < sizeof err->hint; i++) {
        n += (size_t)snprintf(err->hint + n, sizeof err->hint - n, "%s %s", i ? "," : "",
                              c->agents[i].name);
    }
    if (n + 2 < sizeof err->hint) {
        memcpy(err->hint + n, ".", 2);
    }
    return oc_fail(err, OC_E_NOT_FOUND, "no agent is named %.64s", name);
}

static int32_t answer(const struct agent *a, const struct oc_sink *out)
{
    json_t *o = json_pack("{s:s, s:s, s:I}", "agent", a->name, "status", a->last.word, "at",
                          (json_int_t)a->last_push_ms);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    int32_t code = text ? oc_emit_text(out, OC_RECORD_JSON, text, strlen(text)) : OC_E_INTERNAL;
    free(text);
    return code;
}

int32_t agent_push(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err)
{
    struct agent_collector *c = self;
    json_t *params = agent_json_parse(req->params.ptr ? req->params.ptr : "", req->params.len);
    const char *name = json_string_value(json_object_get(params, "agent"));
    struct agent *a = name ? find(c, name) : NULL;
    int32_t code;
    c->now_ms = req->time_ms;
    agent_restore(c, req);
    if (!name) {
        code = oc_fail(err, OC_E_CONFIG, "agent: expected the name of an agent");
    } else if (!a) {
        code = unknown_agent(c, name, err);
    } else {
        struct agent_heartbeat beat = read_beat(params, req->time_ms);
        agent_heard(a, &beat);
        a->pushed = true;
        a->last_push_ms = req->time_ms;
        keep(c, req);
        code = answer(a, out);
    }
    json_decref(params);
    return code;
}
