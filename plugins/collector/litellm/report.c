/* What the collector says of its endpoints. SPDX-License-Identifier: MIT */
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <openclaw/emit.h>

static int32_t say_http(const struct ask *a, bool up, const struct oc_sink *out)
{
    const struct oc_fetch *f = &a->fetch;
    const struct oc_label label = oc_label("target", ask_names[a->endpoint]);
    uint32_t labels = a->endpoint != EP_READINESS;
    int32_t code = oc_emit_sample(out, "http.up", OC_KIND_BOOL, up, &label, labels);
    if (code == OC_OK && f->probe.outcome == OC_PROBE_OK) {
        code = oc_emit_sample(out, "http.response_ms", OC_KIND_GAUGE,
                              (double)f->probe.times.total / 1000.0, &label, labels);
        if (code == OC_OK) {
            code = oc_emit_sample(out, "http.status_code", OC_KIND_GAUGE, f->response.status,
                                  &label, labels);
        }
    }
    return code;
}

static int32_t say_metrics(const struct ask *a, const struct oc_sink *out)
{
    switch (a->answer) {
    case ANSWER_UNSUPPORTED:
        return oc_emit_status(out, "metrics", OC_STATE_OK, "no metrics here: %s", a->why);
    case ANSWER_REFUSED:
        return oc_emit_status(out, "metrics", a->keyed ? OC_STATE_WARNING : OC_STATE_OK,
                              "no metrics here: %s", a->why);
    case ANSWER_FAILED:
        return oc_emit_status(out, "metrics",
                              a->fetch.probe.outcome == OC_PROBE_SKIPPED ? OC_STATE_UNKNOWN
                                                                         : OC_STATE_CRITICAL,
                              "%s", a->why);
    case ANSWER_OK:
    case ANSWER_NONE:
        break;
    }
    return OC_OK; /* report_page has said it */
}

static int32_t say_state(const struct ask *a, int64_t warning_ms, int64_t critical_ms,
                         const struct oc_sink *out)
{
    const char *target = a->endpoint == EP_READINESS ? "" : ask_names[a->endpoint];
    double took = a->fetch.probe.times.total / 1000.0;
    if (a->answer != ANSWER_OK) {
        bool skipped = a->fetch.probe.outcome == OC_PROBE_SKIPPED;
        return oc_emit_status(out, target, skipped ? OC_STATE_UNKNOWN : OC_STATE_CRITICAL, "%s",
                              a->why);
    }
    int32_t state = critical_ms && took > (double)critical_ms ? OC_STATE_CRITICAL
                    : warning_ms && took > (double)warning_ms ? OC_STATE_WARNING
                                                              : OC_STATE_OK;
    return oc_emit_status(out, target, state,
                          state == OC_STATE_OK ? "%d in %.1f ms" : "slow: %d in %.1f ms",
                          a->fetch.response.status, took);
}

int32_t report_ask(const struct ask *a, int64_t warning_ms, int64_t critical_ms,
                   const struct oc_sink *out)
{
    if (a->endpoint == EP_METRICS) {
        return say_metrics(a, out);
    }
    int32_t code = say_http(a, a->answer == ANSWER_OK, out);
    return code == OC_OK ? say_state(a, warning_ms, critical_ms, out) : code;
}

int32_t report_page(const struct scrape_result *r, const struct oc_fetch *f, bool capped,
                    const struct oc_sink *out)
{
    if (r->page.bad) {
        return oc_emit_status(out, "metrics", OC_STATE_WARNING,
                              "%zu malformed lines, the first is line %zu: %s", r->page.bad,
                              r->page.first_bad, r->page.reason);
    }
    if (r->capped || capped) {
        return oc_emit_status(out, "metrics", OC_STATE_WARNING,
                              "the page has more samples than are taken");
    }
    return oc_emit_status(out, "metrics", OC_STATE_OK, "%zu samples in %.1f ms", r->emitted,
                          f->probe.times.total / 1000.0);
}

int32_t report_latency(const struct latency_set *latency, const struct oc_sink *out)
{
    static const char *const names[3][3] = {
        {"litellm.latency_p50_ms", "litellm.latency_p95_ms", "litellm.latency_p99_ms"},
        {"litellm.api_latency_p50_ms", "litellm.api_latency_p95_ms", "litellm.api_latency_p99_ms"},
        {"litellm.first_token_p50_ms", "litellm.first_token_p95_ms", "litellm.first_token_p99_ms"}};
    static const double quantiles[3] = {0.5, 0.95, 0.99};
    int32_t code = OC_OK;
    for (size_t i = 0; i < latency_count(latency); i++) {
        unsigned family;
        struct oc_view model;
        if (!latency_get(latency, i, &family, &model) || family > 2) {
            continue;
        }
        struct oc_label label = {oc_view("model"), model};
        for (size_t q = 0; q < 3 && code == OC_OK; q++) {
            code =
                oc_emit_sample(out, names[family][q], OC_KIND_GAUGE,
                               latency_of(latency, i, quantiles[q]) * 1000, &label, model.len > 0);
        }
    }
    return code;
}

static json_t *describe_answer(const struct ask *a)
{
    static const char *const answers[] = {"not asked", "ok", "unsupported", "refused", "failed"};
    return a->answer == ANSWER_OK ? json_pack("{s:s}", "state", "ok")
                                  : json_pack("{s:s, s:s, s:s}", "state", "unknown", "reason",
                                              answers[a->answer], "why", a->why);
}

int32_t report_sources(const struct ask *asks, bool tracked, const struct oc_sink *out)
{
    int32_t code = oc_emit_bool(out, "usage.tracked", tracked);
    json_t *sources = json_object();
    for (size_t i = EP_METRICS; i < EP_COUNT && code == OC_OK; i++) {
        const struct oc_label label = oc_label("endpoint", ask_names[i]);
        json_object_set_new(sources, ask_names[i], describe_answer(&asks[i]));
        if (asks[i].answer == ANSWER_OK || asks[i].answer == ANSWER_UNSUPPORTED) {
            code = oc_emit_sample(out, "litellm.supported", OC_KIND_BOOL,
                                  asks[i].answer == ANSWER_OK, &label, 1);
        }
    }
    json_t *detail = json_pack("{s:o}", "usage_sources", sources);
    char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    if (code == OC_OK && text) {
        struct oc_record r = {
            .struct_size = sizeof r, .type = OC_RECORD_JSON, .text = oc_view(text)};
        code = out->emit(out->ctx, &r);
    }
    free(text);
    json_decref(detail);
    return code;
}
