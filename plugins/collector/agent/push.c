/* Heartbeats that agents send. SPDX-License-Identifier: MIT */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agent *agent_find(const struct agent_collector *c, const char *name)
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

struct agent_heartbeat agent_beat_read(const json_t *o, int64_t at_ms)
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
    struct agent *a = name ? agent_find(c, name) : NULL;
    int32_t code;
    c->now_ms = req->time_ms;
    agent_restore(c, req);
    if (!name) {
        code = oc_fail(err, OC_E_CONFIG, "agent: expected the name of an agent");
    } else if (!a) {
        code = unknown_agent(c, name, err);
    } else {
        struct agent_heartbeat beat = agent_beat_read(params, req->time_ms);
        agent_heard(a, &beat);
        a->pushed = true;
        a->last_push_ms = req->time_ms;
        agent_keep(c, req);
        code = answer(a, out);
    }
    json_decref(params);
    return code;
}
