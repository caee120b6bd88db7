/* One agent's samples, status, events and detail. SPDX-License-Identifier: MIT */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- samples and status ---- */

static void put_samples(const struct agent *a, const struct agent_collector *c, int32_t state,
                        struct oc_out *out)
{
    const struct {
        const char *name;
        uint32_t kind;
        double value;
    } samples[] = {
        {"agent.up", OC_KIND_BOOL, a->heard && a->failures == 0 && state != OC_STATE_CRITICAL},
        {"agent.heartbeat_age_seconds", OC_KIND_GAUGE,
         oc_round(agent_age_seconds(a, c->now_ms), 1)},
        {"agent.heartbeat_missed", OC_KIND_GAUGE, oc_round(agent_missed_seconds(a, c->now_ms), 1)},
        {"agent.status_code", OC_KIND_GAUGE, a->last.status},
        {"agent.health_score", OC_KIND_GAUGE, agent_score(a, &c->limits, c->now_ms)},
        {"agent.consecutive_failures", OC_KIND_GAUGE, (double)a->failures},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        oc_out_labelled(out, samples[i].name, samples[i].kind, samples[i].value, "target", a->name);
    }
    if (a->heard && a->failures == 0) {
        const double bytes = agent_memory_bytes(a->answer);
        oc_out_labelled(out, "agent.task_seconds", OC_KIND_GAUGE,
                        oc_round(agent_task_seconds(a, c->now_ms), 1), "target", a->name);
        if (bytes >= 0) {
            oc_out_labelled(out, "agent.memory_bytes", OC_KIND_GAUGE, bytes, "target", a->name);
        }
    }
    if (a->polled_well) {
        oc_out_labelled(out, "agent.response_ms", OC_KIND_GAUGE,
                        (double)a->fetch.probe.times.total / 1000, "target", a->name);
    }
}

static void describe(const struct agent *a, const struct agent_collector *c, char *text,
                     size_t size)
{
    double age = agent_age_seconds(a, c->now_ms);
    if (a->failures > 0) {
        snprintf(text, size, "%s (failure %lld of %lld, last heartbeat %s%.0f s ago)", a->reason,
                 (long long)a->failures, (long long)c->limits.max_failures,
                 a->heard ? "" : "never, watched since ", age);
    } else if (!a->heard) {
        snprintf(text, size, "no heartbeat yet, watched since %.0f s ago", age);
    } else if (age * 1000 > (double)c->limits.heartbeat_timeout_ms) {
        snprintf(text, size, "%s, but its last heartbeat is %.0f s old", a->last.word, age);
    } else {
        snprintf(text, size, "%s%s%.100s%s%.100s", a->last.word, a->last.task[0] ? ": " : "",
                 a->last.task, a->last.model[0] ? ", model " : "", a->last.model);
    }
}

/* ---- events ---- */

static void put_event(const char *topic, json_t *data, struct oc_out *out)
{
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    if (text && out->code == OC_OK) {
        out->code = oc_emit_event(out->sink, topic, text);
    }
    free(text);
    json_decref(data);
}

/* Each further collection is an attempt to reach the agent again; the first few are told. */
static void announce(struct agent *a, const struct agent_collector *c, int32_t state,
                     const char *why, struct oc_out *out)
{
    if (state == OC_STATE_CRITICAL && !a->offline) {
        a->offline = true;
        a->offline_since_ms = c->now_ms;
        a->attempts = 0;
        put_event("agent.offline",
                  json_pack("{s:s, s:s, s:I, s:f}", "agent", a->name, "reason", why, "failures",
                            (json_int_t)a->failures, "heartbeat_age",
                            agent_age_seconds(a, c->now_ms)),
                  out);
    } else if (state == OC_STATE_CRITICAL && a->attempts < c->limits.recovery_attempts) {
        a->attempts++;
        put_event("agent.recovering",
                  json_pack("{s:s, s:I, s:I, s:s}", "agent", a->name, "attempt",
                            (json_int_t)a->attempts, "of", (json_int_t)c->limits.recovery_attempts,
                            "reason", why),
                  out);
    } else if (state != OC_STATE_CRITICAL && a->offline && a->failures == 0) {
        a->offline = false;
        put_event("agent.online",
                  json_pack("{s:s, s:s, s:f, s:I}", "agent", a->name, "status", a->last.word,
                            "offline_seconds", (double)(c->now_ms - a->offline_since_ms) / 1000,
                            "attempts", (json_int_t)a->attempts),
                  out);
    }
}

/* ---- detail ---- */

static json_t *iso_time(int64_t ms)
{
    char text[40];
    struct tm t;
    time_t s = (time_t)(ms / 1000);
    size_t n = gmtime_r(&s, &t) ? strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t) : 0;
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(ms % 1000));
    return json_string(text);
}

static void pass(json_t *detail, const json_t *answer, const char *camel, const char *snake)
{
    json_t *value = json_object_get(answer, camel);
    value = value ? value : json_object_get(answer, snake);
    json_object_set_new(detail, camel, value ? json_deep_copy(value) : json_null());
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

/* The record of an agent as the health API of the collective has always shown it. */
static void put_detail(const struct agent *a, const struct agent_collector *c, const char *why,
                       struct oc_out *out)
{
    bool reached = a->failures == 0 && a->heard;
    json_t *o = json_pack("{s:s, s:s, s:s}", "target", a->name, "id", a->name, "name", a->name);
    if (a->identity) {
        json_object_set_new(o, "role", json_string(a->identity->role));
        json_object_set_new(o, "emoji", json_string(a->identity->emoji));
    }
    json_object_set_new(o, "status", json_string(reached ? a->last.word : "unknown"));
    json_object_set_new(o, "lastHeartbeat", a->heard ? iso_time(a->last.at_ms) : json_null());
    json_object_set_new(o, "heartbeatAge",
                        a->heard ? json_real(oc_round(agent_age_seconds(a, c->now_ms), 1))
                                 : json_null());
    json_object_set_new(o, "currentTask", text_or_null(a->last.task));
    json_object_set_new(o, "model", text_or_null(a->last.model));
    pass(o, a->answer, "tokenUsage", "token_usage");
    pass(o, a->answer, "memoryUsage", "memory_usage");
    pass(o, a->answer, "uptime", "uptime");
    json_object_set_new(o, "error", a->failures > 0 ? json_string(why) : json_null());
    char *text = json_dumps(o, JSON_COMPACT);
    if (text && out->code == OC_OK) {
        out->code = oc_emit_text(out->sink, OC_RECORD_JSON, text, strlen(text));
    }
    free(text);
    json_decref(o);
}

void agent_report(struct agent *a, const struct agent_collector *c, struct oc_out *out)
{
    char why[400];
    int32_t state = agent_state(a, &c->limits, c->now_ms);
    describe(a, c, why, sizeof why);
    put_samples(a, c, state, out);
    if (out->code == OC_OK) {
        out->code = oc_emit_status(out->sink, a->name, state, "%s", why);
    }
    announce(a, c, state, why, out);
    if (c->details) {
        put_detail(a, c, why, out);
    }
    a->pushed = false;
}
