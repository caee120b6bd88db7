/* Collector: watches the LiteLLM proxy without ever causing a model call. SPDX-License-Identifier: MIT
 *
 * All endpoints are asked at once; one that hangs, refuses or answers nonsense costs itself alone. /health is never asked:
 * it makes a real, billed call to every model. */
#include "ask.h"
#include "exposition/scrape.h"
#include "latency.h"
#include "report.h"
#include "spend.h"
#include "usage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

#define DAY_S 86400

struct litellm {
    struct litellm_options options; /* first: the option table's offsets count from it */
    struct oc_prober prober;
    const struct oc_sink *out;
    struct ask asks[EP_COUNT];
    struct latency_set *latency; /* owned */
    struct agent_names *agents;  /* owned */
    double requests, failed;     /* model calls at the last scrape; requests < 0: there was none */
    int64_t now_ms, slow_ms;     /* of this call; of the last one that asked the slow endpoints */
    char day[11], next[11];      /* UTC, as LiteLLM's own days are */
    double ledger;               /* NaN = not known */
    bool metrics_seen; /* this proxy has shown usage in its metrics: no other source is taken */
    bool tracked;      /* this call brought figures of usage */
};

/* ---- what the fetches ask ---- */

static void describe(const struct oc_fetch *f, struct oc_request_parts *parts)
{
    const struct ask *a = (const struct ask *)f;
    if (a->endpoint >= EP_METRICS) {
        parts->bearer = a->collector->options.master_key;
    }
    if (a->endpoint == EP_METRICS) {
        parts->accept = "text/plain;version=0.0.4,*/*;q=0.1";
    }
}

static struct oc_tls_context *tls(const struct oc_fetch *f, bool foreign, struct oc_error *err)
{
    const struct ask *a = (const struct ask *)f;
    struct oc_tls_options o = {.ca_file = a->collector->options.ca_file, .verify = true};
    (void)foreign;
    return oc_prober_tls(f->probe.prober, &o, err);
}

/* ---- answers ---- */

/* The failed ones of the model calls since the last scrape; nothing when there were none. */
static int32_t emit_error_rate(struct litellm *c, const struct usage *u)
{
    bool known = c->requests >= 0, anew = u->requests < c->requests;
    double all = anew ? u->requests : u->requests - c->requests;
    double bad = anew ? u->failed : u->failed - c->failed;
    c->requests = u->requests;
    c->failed = u->failed;
    return known && all > 0 ? oc_emit_gauge(c->out, "api.error_rate_percent", bad / all * 100)
                            : OC_OK;
}

/* What happened since the last scrape. A page that is not LiteLLM's (a proxy in between answers in its place) says nothing
 * about it: were its absent counts taken for zeros, all that the next page holds would be new. */
static int32_t take_growth(struct litellm *c, const struct usage *u)
{
    double age_ms = (double)c->now_ms - u->since * 1e3;
    bool young = u->since > 0 && age_ms < (double)c->options.window;
    if (!u->seen && !(u->since > 0)) {
        return OC_OK;
    }
    latency_end(c->latency, c->now_ms, c->options.window, young);
    int32_t code = emit_error_rate(c, u);
    return code == OC_OK ? report_latency(c->latency, c->out) : code;
}

static int32_t take_metrics(struct litellm *c, struct ask *a)
{
    struct usage usage = {.latency = c->latency};
    struct scrape_result r;
    struct scrape_options o = c->options.scrape;
    o.watch = usage_watch;
    o.watch_ctx = &usage;
    latency_begin(c->latency);
    scrape_emit(&o, "", a->fetch.body, a->fetch.body_len, NULL, c->out, &r);
    int32_t code = r.code;
    if (code == OC_OK && r.page.lines == 0) {
        ask_set(a, ANSWER_FAILED, "the page is not in the Prometheus text format");
    } else if (code == OC_OK) {
        a->answer = ANSWER_OK;
        c->metrics_seen = c->tracked = true;
        code = usage_emit(&usage, c->agents, c->out);
        code = code == OC_OK ? take_growth(c, &usage) : code;
        code = code == OC_OK ? report_page(&r, &a->fetch, usage.capped, c->out) : code;
    }
    usage_finish(&usage);
    return code;
}

static void expect(struct ask *a, bool found)
{
    if (found) {
        a->answer = ANSWER_OK;
    } else {
        ask_set(a, ANSWER_FAILED, "the answer is not the document that was expected");
    }
}

static void take_day(struct litellm *c, struct ask *a, double spend)
{
    expect(a, isfinite(spend));
    if (isfinite(spend) && !(spend < c->ledger)) {
        c->ledger = spend; /* both sources lag; the further one is nearer */
    }
}

static int32_t take_activity(struct litellm *c, struct ask *a)
{
    const struct oc_fetch *f = &a->fetch;
    enum answer page = c->asks[EP_METRICS].answer;
    bool instead = !c->metrics_seen && (page == ANSWER_UNSUPPORTED || page == ANSWER_REFUSED);
    double sum = spend_activity(f->body, f->body_len, c->day, instead ? c->out : NULL);
    take_day(c, a, sum);
    if (!instead || !isfinite(sum)) {
        return OC_OK;
    }
    c->tracked = true;
    return oc_emit_gauge(c->out, "usage.since", floor((double)c->now_ms / 1e3 / DAY_S) * DAY_S);
}

static int32_t take_figures(struct litellm *c, struct ask *a, const char *spend, const char *budget)
{
    struct spend_figures figures;
    bool found = spend_key(a->fetch.body, a->fetch.body_len, &figures);
    expect(a, found);
    int32_t code = OC_OK;
    if (found && isfinite(figures.spend)) {
        code = oc_emit_gauge(c->out, spend, figures.spend);
    }
    if (found && code == OC_OK && isfinite(figures.max_budget)) {
        code = oc_emit_gauge(c->out, budget, figures.max_budget);
    }
    return code;
}

static int32_t take_body(struct litellm *c, struct ask *a)
{
    const struct oc_fetch *f = &a->fetch;
    double value;
    switch (a->endpoint) {
    case EP_METRICS:
        return take_metrics(c, a);
    case EP_ACTIVITY:
        return OC_OK; /* after the others: whether it counts depends on them */
    case EP_KEY:
        return take_figures(c, a, "litellm.key_spend_dollars", "litellm.key_max_budget_dollars");
    case EP_SPEND:
        return take_figures(c, a, "litellm.spend_dollars", "litellm.max_budget_dollars");
    case EP_LOGS:
        take_day(c, a, spend_of_day(f->body, f->body_len, c->day));
        return OC_OK;
    case EP_MODELS:
        value = spend_models(f->body, f->body_len, c->agents);
        expect(a, isfinite(value));
        return isfinite(value) ? oc_emit_gauge(c->out, "litellm.models", value) : OC_OK;
    case EP_READINESS:
        a->answer = ANSWER_OK;
        value = spend_database(f->body, f->body_len);
        return isfinite(value) ? oc_emit_bool(c->out, "litellm.database", value > 0) : OC_OK;
    case EP_LIVELINESS:
    case EP_COUNT:
        break;
    }
    a->answer = ANSWER_OK;
    return OC_OK;
}

static void done(struct oc_fetch *f)
{
    struct ask *a = (struct ask *)f;
    struct litellm *c = a->collector;
    int32_t code = OC_OK;
    if (f->probe.outcome == OC_PROBE_CANCELLED) {
        return;
    }
    a->keyed = c->options.master_key != NULL;
    bool body = ask_judge(a);
    if (body && a->endpoint == EP_ACTIVITY) {
        code = take_activity(c, a);
    } else if (body) {
        code = take_body(c, a);
    }
    if (code == OC_OK && a->endpoint <= EP_METRICS) {
        code = report_ask(a, c->options.warning, c->options.critical, c->out);
    }
    if (code != OC_OK) {
        oc_prober_abort(f->probe.prober, code);
    }
}

static const struct oc_fetch_ops fetch_ops = {describe, tls, NULL, done};

/* ---- life ---- */

static void stop(void *self)
{
    struct litellm *c = self;
    for (size_t i = 0; i < EP_COUNT; i++) {
        oc_fetch_finish(&c->asks[i].fetch);
    }
    memset(c->asks, 0, sizeof c->asks);
    latency_destroy(c->latency);
    agent_names_destroy(c->agents);
    c->latency = NULL;
    c->agents = NULL;
    oc_prober_finish(&c->prober);
}

static void date_of(int64_t ms, char text[11])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, 11, "%Y-%m-%d", &tm);
}

static int init_asks(struct litellm *c, size_t from, size_t to, struct oc_error *err)
{
    int code = OC_OK;
    for (size_t i = from; i < to && code == OC_OK; i++) {
        oc_fetch_finish(&c->asks[i].fetch);
        code = ask_init(&c->asks[i], c, (enum endpoint)i, &c->prober, &c->options, c->day, c->next,
                        &fetch_ops, err);
    }
    return code;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct litellm *c = self;
    oc_prober_init(&c->prober, host->plugin_dir, 0);
    c->latency = latency_create();
    c->agents = agent_names_create();
    c->slow_ms = -1;
    c->requests = -1;
    date_of(0, c->day);
    date_of(0, c->next);
    int code = c->latency && c->agents ? init_asks(c, 0, EP_COUNT, err)
                                       : oc_fail(err, OC_E_INTERNAL, "out of memory");
    if (code != OC_OK) {
        stop(c);
    }
    return code;
}

/* Whether this call asks the slow endpoints, too; prepares them for today. */
static bool plan(struct litellm *c, int *code, struct oc_error *err)
{
    int64_t since = c->now_ms - c->slow_ms;
    *code = OC_OK;
    if (c->options.spend_interval <= 0 ||
        (c->slow_ms >= 0 && since >= 0 && since < c->options.spend_interval)) {
        return false;
    }
    c->slow_ms = c->now_ms;
    c->ledger = NAN;
    date_of(c->now_ms, c->day);
    date_of(c->now_ms + DAY_S * 1000, c->next);
    *code = init_asks(c, EP_FIRST_SLOW, EP_COUNT, err);
    return true;
}

/* Asks the endpoints [from, to). One that does not even answer about its health is not asked further: a proxy that hangs
 * costs one timeout, not one for each. */
static int run(struct litellm *c, size_t from, size_t to, const struct oc_request *req,
               struct oc_error *err)
{
    bool answers = from == EP_READINESS ||
                   c->asks[EP_READINESS].fetch.probe.outcome == OC_PROBE_OK ||
                   c->asks[EP_LIVELINESS].fetch.probe.outcome == OC_PROBE_OK;
    if (answers) {
        return oc_prober_run(&c->prober, &c->asks[from].fetch.probe, to - from, sizeof c->asks[0],
                             req, c->out, err);
    }
    int32_t code = OC_OK;
    c->slow_ms = -1; /* the slow ones are asked as soon as it answers again */
    for (size_t i = from; i < to && code == OC_OK; i++) {
        ask_set(&c->asks[i], ANSWER_FAILED, "not asked: %s", c->asks[EP_READINESS].why);
        c->asks[i].fetch.probe.outcome = c->asks[EP_READINESS].fetch.probe.outcome;
        if (i == EP_METRICS) {
            code = report_ask(&c->asks[i], 0, 0, c->out);
        }
    }
    return code;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct litellm *c = self;
    int code;
    c->out = out;
    c->now_ms = req->time_ms;
    c->tracked = false;
    bool slow = plan(c, &code, err);
    if (code == OC_OK) {
        code = run(c, EP_READINESS, EP_METRICS, req, err);
    }
    /* What the models are is known before the metrics are read, and the metrics before the activity. */
    if (code == OC_OK && slow) {
        code = run(c, EP_MODELS, EP_KEY, req, err);
    }
    if (code == OC_OK) {
        code = run(c, EP_METRICS, EP_MODELS, req, err);
    }
    if (code == OC_OK && slow) {
        code = run(c, EP_KEY, EP_COUNT, req, err);
    }
    if (code == OC_OK && slow && isfinite(c->ledger)) {
        code = oc_emit_gauge(out, "usage.ledger_today_dollars", c->ledger);
    }
    return code == OC_OK ? report_sources(c->asks, c->tracked, out) : code;
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct litellm),
    .options = litellm_option_table,
    .start = start,
    .stop = stop,
    .methods = methods,
};
