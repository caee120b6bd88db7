/* Collector: heartbeats of agents, polled and pushed. SPDX-License-Identifier: MIT */
#include "agent.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENTS_MAX 256u
#define BODY_MAX   (64u << 10)

static const struct oc_option agent_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct agent_options, name),
     .help = "what the agent is called; the target of its status and samples"},
    {.name = "host",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct agent_options, host),
     .help = "where it runs; unset means the host of the instance"},
    {.name = "port",
     .type = OC_OPT_INT,
     .offset = offsetof(struct agent_options, port),
     .max = 65535,
     .help = "its port; unset means that of the agent of this name in the collective"},
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct agent_options, url),
     .choices = "http",
     .help = "the whole address of its health, instead of host, port and path"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "agents",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct agent_collector, configured),
     .item_size = sizeof(struct agent_options),
     .options = agent_options,
     .help = "the agents; unset means the eleven of the collective, steward on 8001 to historian "
             "on 8011"},
    {.name = "host",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct agent_collector, host),
     .default_text = "127.0.0.1",
     .help = "where the agents run"},
    {.name = "path",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct agent_collector, path),
     .default_text = "/health",
     .help = "the path of their health"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct agent_collector, timeout_ms),
     .default_text = "5s",
     .min = 10,
     .max = 600000,
     .help = "how long a poll may take"},
    {.name = "poll",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct agent_collector, poll),
     .default_text = "true",
     .help = "ask the agents; false relies on the heartbeats that they push"},
    {.name = "heartbeat_timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct agent_collector, limits.heartbeat_timeout_ms),
     .default_text = "120s",
     .min = 1000,
     .max = 86400000,
     .help = "an agent is critical when its last heartbeat is older"},
    {.name = "max_failures",
     .type = OC_OPT_INT,
     .offset = offsetof(struct agent_collector, limits.max_failures),
     .default_text = "3",
     .min = 1,
     .max = 1000,
     .help = "an agent is critical after so many polls in a row without an answer"},
    {.name = "recovery_attempts",
     .type = OC_OPT_INT,
     .offset = offsetof(struct agent_collector, limits.recovery_attempts),
     .default_text = "3",
     .min = 0,
     .max = 1000,
     .help = "how many attempts to reach an agent again are told as events"},
    {.name = "details",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct agent_collector, details),
     .default_text = "true",
     .help = "put out task, model and usage of each agent for the health snapshot"},
    {0},
};

/* ---- polls ---- */

static void describe_request(const struct oc_fetch *f, struct oc_request_parts *parts)
{
    (void)f;
    parts->accept = "application/json";
}

static struct oc_tls_context *no_tls(const struct oc_fetch *f, bool foreign, struct oc_error *err)
{
    (void)f;
    (void)foreign;
    oc_fail(err, OC_E_CONFIG, "agents are polled over plain http");
    return NULL;
}

static void judge_poll(struct agent *a)
{
    const struct agent_collector *c = a->collector;
    const struct oc_fetch *f = &a->fetch;
    char reason[sizeof a->reason];
    a->polled_well = f->probe.outcome == OC_PROBE_OK && f->response.status < 400;
    if (a->polled_well) {
        struct agent_heartbeat beat;
        json_decref(a->answer);
        agent_answer_parse(f->body ? f->body : "", f->body_len, c->now_ms, &beat, &a->answer);
        agent_heard(a, &beat);
        a->collector->unkept = true;
        return;
    }
    if (f->probe.outcome == OC_PROBE_OK) {
        snprintf(reason, sizeof reason, "its health answers with status %d", f->response.status);
    } else {
        oc_probe_reason(&f->probe, reason, sizeof reason);
    }
    agent_poll_failed(a, &c->limits, c->now_ms, reason);
}

static void poll_done(struct oc_fetch *f)
{
    struct agent *a = (struct agent *)f;
    struct agent_collector *c = a->collector;
    if (f->probe.outcome == OC_PROBE_CANCELLED) {
        return;
    }
    if (f->probe.outcome !=
        OC_PROBE_SKIPPED) { /* which says something about us and nothing about the agent */
        judge_poll(a);
    }
    agent_report(a, c, &c->out);
    if (c->out.code != OC_OK) {
        oc_prober_abort(&c->prober, c->out.code);
    }
}

static const struct oc_fetch_ops fetch_ops = {
    .describe = describe_request, .tls = no_tls, .done = poll_done};

static int32_t add_agent(struct agent_collector *c, const struct agent_options *o,
                         struct oc_error *err)
{
    struct agent *a = &c->agents[c->count++];
    char url[OC_URL_MAX];
    a->collector = c;
    a->name = o->name;
    a->identity = agent_identity_find(o->name);
    int64_t port = o->port ? o->port : a->identity ? a->identity->port : 0;
    const char *host = o->host ? o->host : c->host;
    if (!o->url && port == 0) {
        return oc_fail(err, OC_E_CONFIG,
                       "agent %.64s: port is needed, because the collective has no such agent",
                       o->name);
    }
    bool v6 = strchr(host, ':') && host[0] != '[';
    snprintf(url, sizeof url, v6 ? "http://[%s]:%d%s" : "http://%s:%d%s", host, (int)port, c->path);
    a->fetch.ops = &fetch_ops;
    a->fetch.want_body = true;
    a->fetch.max_body = BODY_MAX;
    a->fetch.probe.timeout_ms = (uint32_t)c->timeout_ms;
    return oc_fetch_init(&a->fetch, &c->prober, o->url ? o->url : url, err);
}

static int32_t add_agents(struct agent_collector *c, struct oc_error *err)
{
    const struct agent_options *items = c->configured.items;
    size_t count = c->configured.count ? c->configured.count : AGENT_ROSTER_COUNT;
    int32_t code = OC_OK;
    if (count > AGENTS_MAX) {
        return oc_fail(err, OC_E_CONFIG, "more than %u agents", AGENTS_MAX);
    }
    c->agents = calloc(count, sizeof *c->agents);
    if (!c->agents) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < count && code == OC_OK; i++) {
        struct agent_options standard = {.name = agent_roster[i % AGENT_ROSTER_COUNT].name};
        const struct agent_options *o = c->configured.count ? &items[i] : &standard;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(c->agents[k].name, o->name) == 0) {
                return oc_fail(err, OC_E_CONFIG, "two agents are named %.64s", o->name);
            }
        }
        code = add_agent(c, o, err);
    }
    return code;
}

/* ---- life ---- */

static void stop(void *self)
{
    struct agent_collector *c = self;
    for (size_t i = 0; i < c->count; i++) {
        oc_fetch_finish(&c->agents[i].fetch);
        json_decref(c->agents[i].answer);
    }
    free(c->agents);
    c->agents = NULL;
    c->count = 0;
    oc_prober_finish(&c->prober);
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct agent_collector *c = self;
    c->owner = host;
    oc_prober_init(&c->prober, host->plugin_dir, 0);
    int32_t code = add_agents(c, err);
    if (code != OC_OK) {
        stop(c);
    }
    return code;
}

/* Silence is counted from when an agent was first watched. A clock that was set back makes a time
 * of the future, which counts as now. */
static void begin_round(struct agent_collector *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct agent *a = &c->agents[i];
        a->polled_well = false;
        c->unkept |= a->since_ms == 0;
        if (a->since_ms == 0 || a->since_ms > c->now_ms) {
            a->since_ms = c->now_ms;
        }
        if (!a->heard && a->last.at_ms == 0) {
            a->last.at_ms = a->since_ms;
            a->last.status = agent_status_parse("", a->last.word);
        }
        if (a->last.at_ms > c->now_ms) {
            a->last.at_ms = c->now_ms;
            c->unkept = true;
        }
        if (a->last_push_ms > c->now_ms) {
            a->last_push_ms = c->now_ms;
        }
    }
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *sink,
                       struct oc_error *err)
{
    struct agent_collector *c = self;
    c->now_ms = req->time_ms;
    c->out = (struct oc_out){sink, OC_OK};
    agent_restore(c, req);
    begin_round(c);
    if (c->poll) {
        int32_t code = oc_prober_run(&c->prober, &c->agents[0].fetch.probe, c->count,
                                     sizeof *c->agents, req, sink, err);
        agent_keep_changes(c, req);
        return code;
    }
    for (size_t i = 0; i < c->count; i++) {
        agent_report(&c->agents[i], c, &c->out);
    }
    agent_keep_changes(c, req);
    return c->out.code;
}

static const struct oc_method methods[] = {
    {"collector.collect/1", collect}, {"agent.heartbeat/1", agent_push}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct agent_collector),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
