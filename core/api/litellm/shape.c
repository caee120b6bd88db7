/* The documents of /api/litellm, made of operations. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/litellm/litellm.h"
#include "core/base/mem.h"
#include "core/base/time.h"

/* ---- asking ---- */

static json_t *ask_period(struct oc_ops *ops, const char *op, const char *period,
                          const char *dimension)
{
    json_t *params = json_object();
    oc_json_set_str(params, "period", period);
    if (dimension) {
        oc_json_set_str(params, "dimension", dimension);
    }
    return oc_ops_ask(ops, op, params);
}

/* A copy of a member, null when it is absent. */
static json_t *copy_of(const json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    return v ? json_incref(v) : json_null();
}

static json_t *sources_of(struct oc_ops *ops)
{
    json_t *summary = ask_period(ops, "cost.summary", "today", NULL);
    json_t *sources = json_incref(json_object_get(summary, "sources"));
    json_decref(summary);
    return sources;
}

bool oc_litellm_known(struct oc_ops *ops)
{
    json_t *summary = ask_period(ops, "cost.summary", "today", NULL);
    bool known = strcmp(oc_json_str(summary, "state", ""), "known") == 0;
    json_decref(summary);
    return known;
}

json_t *oc_litellm_health(struct oc_ops *ops, bool *healthy)
{
    json_t *sources = sources_of(ops), *o = json_object();
    const json_t *first = json_array_get(sources, 0);
    const char *state = oc_json_str(first, "state", "");
    *healthy = strcmp(state, "ok") == 0;
    if (*healthy) {
        oc_json_set_str(o, "status", "healthy");
        json_object_set(o, "litellm", (json_t *)(uintptr_t)first);
    } else {
        oc_json_set_str(o, "status", first ? "error" : "not_initialized");
        oc_json_set_str(o, "error",
                        first ? "the collector gets no figures of usage from LiteLLM"
                              : "no collector has told anything of LiteLLM yet");
        json_object_set_new(o, "litellm",
                            first ? json_incref((json_t *)(uintptr_t)first) : json_null());
    }
    json_decref(sources);
    return o;
}

/* ---- spend ---- */

static json_t *dollars_of(struct oc_ops *ops, const char *period)
{
    json_t *summary = ask_period(ops, "cost.summary", period, NULL);
    json_t *dollars = copy_of(summary, "dollars");
    json_decref(summary);
    return dollars;
}

static json_t *spend_of(struct oc_ops *ops, const char *week, const char *month)
{
    json_t *o = json_object();
    oc_json_take(o, "total", dollars_of(ops, "year"));
    oc_json_take(o, "today", dollars_of(ops, "today"));
    oc_json_take(o, week, dollars_of(ops, "week"));
    oc_json_take(o, month, dollars_of(ops, "month"));
    return o;
}

json_t *oc_litellm_spend(struct oc_ops *ops)
{
    json_t *o = json_object();
    oc_json_take(o, "spend", spend_of(ops, "this_week", "this_month"));
    return o;
}

/* [{"model": "gpt-4o", "spend": 1.5}] of this month. */
static json_t *spend_by(struct oc_ops *ops, const char *dimension, const char *name,
                        const char *prefix)
{
    json_t *rows = ask_period(ops, "cost.by", "month", dimension), *list = json_array(), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (*prefix && strcmp(oc_json_str(row, "name", ""), "(none)") == 0) {
            continue; /* calls of no agent have no endpoint of their own */
        }
        json_t *o = json_object();
        char *text = oc_asprintf("%s%s", prefix, oc_json_str(row, "name", ""));
        oc_json_set_str(o, name, text);
        oc_json_take(o, "spend", copy_of(row, "dollars"));
        json_array_append_new(list, o);
        free(text);
    }
    json_decref(rows);
    return list;
}

json_t *oc_litellm_spend_models(struct oc_ops *ops)
{
    json_t *o = json_object();
    oc_json_take(o, "models", spend_by(ops, "model", "model", ""));
    return o;
}

json_t *oc_litellm_spend_endpoints(struct oc_ops *ops)
{
    json_t *o = json_object();
    oc_json_take(o, "endpoints", spend_by(ops, "agent", "endpoint", "agent/"));
    return o;
}

/* ---- usage ---- */

/* {"gpt-4o": 1.5} of today. */
static json_t *cost_by(struct oc_ops *ops, const char *dimension)
{
    json_t *rows = ask_period(ops, "cost.by", "today", dimension), *o = json_object(), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        oc_json_take(o, oc_json_str(row, "name", ""), copy_of(row, "dollars"));
    }
    json_decref(rows);
    return o;
}

static json_t *tokens_of(const json_t *summary)
{
    json_t *o = json_object();
    oc_json_take(o, "total", copy_of(summary, "tokens"));
    oc_json_take(o, "input", copy_of(summary, "input_tokens"));
    oc_json_take(o, "output", copy_of(summary, "output_tokens"));
    return o;
}

static json_t *requests_of(const json_t *summary)
{
    json_t *o = json_object();
    double all = oc_json_num(summary, "requests", NAN),
           failed = oc_json_num(summary, "failed", NAN);
    oc_json_set_num(o, "total", all);
    oc_json_set_num(o, "successful", all - failed);
    oc_json_set_num(o, "failed", failed);
    return o;
}

static json_t *usage_by(struct oc_ops *ops, const char *rows, const char *cost,
                        const char *dimension)
{
    json_t *summary = ask_period(ops, "cost.summary", "today", NULL), *o = json_object();
    oc_json_take(o, rows, ask_period(ops, "cost.by", "today", dimension));
    oc_json_take(o, cost, cost_by(ops, dimension));
    oc_json_take(o, "tokenUsage", tokens_of(summary));
    oc_json_take(o, "requestCount", requests_of(summary));
    json_decref(summary);
    return o;
}

json_t *oc_litellm_models_usage(struct oc_ops *ops)
{
    return usage_by(ops, "models", "costByModel", "model");
}

json_t *oc_litellm_agents_usage(struct oc_ops *ops)
{
    return usage_by(ops, "endpoints", "costByAgent", "agent");
}

/* ---- budgets ---- */

static const char *status_of(const json_t *budget)
{
    const char *state = oc_json_str(budget, "state", "");
    return strcmp(state, "hard") == 0      ? "exceeded"
           : strcmp(state, "soft") == 0    ? "warning"
           : strcmp(state, "unknown") == 0 ? "unknown"
                                           : "healthy";
}

static json_t *budget_alert(const json_t *row)
{
    bool hard = strcmp(status_of(row), "exceeded") == 0;
    json_t *o = json_object();
    char *text = oc_asprintf("budget %s is used to %.1f%%", oc_json_str(row, "id", ""),
                             oc_json_num(row, "used_percent", 0));
    oc_json_set_str(o, "type", hard ? "budget_exceeded" : "budget_warning");
    oc_json_set_str(o, "severity", hard ? "critical" : "warning");
    oc_json_take(o, "budget", copy_of(row, "id"));
    oc_json_set_str(o, "message", text);
    free(text);
    return o;
}

/* Whether `other` has all that `row` has: that of everybody holds those of agents, a month its days. */
static bool is_within(const json_t *row, const json_t *other)
{
    static const char everybody[] = "global"; /* as cost.budget.list says */
    const char *agent = oc_json_str(row, "agent", ""), *whose = oc_json_str(other, "agent", "");
    const bool same = strcmp(agent, whose) == 0;
    return (!same && strcmp(whose, everybody) == 0) ||
           (same && strcmp(oc_json_str(row, "period", ""), "daily") == 0 &&
            strcmp(oc_json_str(other, "period", ""), "monthly") == 0);
}

/* In a sum no dollar is counted twice. */
static bool is_in_sum(const json_t *rows, const json_t *row)
{
    const json_t *other;
    size_t i;
    bool counts = strcmp(oc_json_str(row, "unit", ""), "dollars") == 0;
    json_array_foreach(rows, i, other)
    {
        counts = counts &&
                 (strcmp(oc_json_str(other, "unit", ""), "dollars") != 0 || !is_within(row, other));
    }
    return counts;
}

json_t *oc_litellm_budgets(struct oc_ops *ops)
{
    json_t *rows = oc_ops_ask(ops, "cost.budget.list", NULL), *row;
    json_t *o = json_object(), *list = json_array(), *alerts = json_array();
    double limit = 0, spent = 0;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        json_t *b = json_deep_copy(row);
        oc_json_take(b, "spent", copy_of(row, "used"));
        oc_json_take(b, "maxBudget", copy_of(row, "limit"));
        oc_json_take(b, "utilization", copy_of(row, "used_percent"));
        oc_json_set_str(b, "status", status_of(row));
        json_array_append_new(list, b);
        if (strcmp(status_of(row), "exceeded") == 0 || strcmp(status_of(row), "warning") == 0) {
            json_array_append_new(alerts, budget_alert(row));
        }
        if (is_in_sum(rows, row)) {
            limit += oc_json_num(row, "limit", 0);
            spent += oc_json_num(row, "used", NAN); /* one that is unknown makes the sum so */
        }
    }
    oc_json_take(o, "budgets", list);
    oc_json_take(o, "alerts", alerts);
    oc_json_set_num(o, "totalBudget", limit);
    oc_json_set_num(o, "totalSpent", spent);
    oc_json_set_num(o, "utilizationPercent", limit > 0 ? spent / limit * 100 : NAN);
    json_decref(rows);
    return o;
}

/* ---- everything at once ---- */

/* Seconds, as the original; the series without a model is that of all of them. */
static double quantile(struct oc_ops *ops, const char *name)
{
    json_t *params = json_object(), *row;
    double value = NAN;
    size_t i;
    oc_json_set_str(params, "selector", name);
    json_t *rows = oc_ops_ask(ops, "metrics.list", params);
    json_array_foreach(rows, i, row)
    {
        if (!json_object_get(json_object_get(row, "labels"), "model")) {
            value = oc_json_num(row, "value", NAN) / 1000;
        }
    }
    json_decref(rows);
    return value;
}

static json_t *latency_of(struct oc_ops *ops)
{
    json_t *o = json_object();
    oc_json_set_num(o, "p50", quantile(ops, "litellm.latency_p50_ms"));
    oc_json_set_num(o, "p95", quantile(ops, "litellm.latency_p95_ms"));
    oc_json_set_num(o, "p99", quantile(ops, "litellm.latency_p99_ms"));
    return o;
}

json_t *oc_litellm_metrics(struct oc_ops *ops)
{
    json_t *summary = ask_period(ops, "cost.summary", "today", NULL);
    json_t *o = json_object(), *data = json_object(), *health = json_object();
    bool healthy;
    json_t *state = oc_litellm_health(ops, &healthy);
    const json_t *updated = oc_json_path(state, "litellm.last_figures");
    oc_json_take(health, "status", copy_of(state, "status"));
    oc_json_set_time(health, "timestamp", oc_time_wall());
    oc_json_take(data, "health", health);
    oc_json_take(data, "spend", spend_of(ops, "thisWeek", "thisMonth"));
    oc_json_take(data, "tokens", tokens_of(summary));
    oc_json_take(data, "requests", requests_of(summary));
    oc_json_take(data, "latency", latency_of(ops));
    oc_json_take(data, "costByModel", cost_by(ops, "model"));
    oc_json_take(data, "costByAgent", cost_by(ops, "agent"));
    oc_json_take(data, "budgets", oc_litellm_budgets(ops));
    oc_json_take(data, "collectionTime", updated ? json_deep_copy(updated) : json_null());
    oc_json_take(o, "lastUpdated", updated ? json_deep_copy(updated) : json_null());
    oc_json_take(o, "data", data);
    oc_json_take(o, "error", copy_of(state, "error"));
    json_decref(state);
    json_decref(summary);
    return o;
}

/* ---- text ---- */

static void add_label(struct oc_buf *out, const char *name, const char *value)
{
    oc_buf_addf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n') {
            oc_buf_adds(out, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\') {
            oc_buf_addc(out, '\\');
        }
        oc_buf_addc(out, *value);
    }
    oc_buf_addc(out, '"');
}

void oc_litellm_prometheus(struct oc_ops *ops, struct oc_buf *out)
{
    json_t *params = json_object(), *row, *label;
    const char *name;
    size_t i;
    oc_json_set_str(params, "selector", "litellm_*");
    json_t *rows = oc_ops_ask(ops, "metrics.list", params);
    json_array_foreach(rows, i, row)
    {
        const char *between = "{";
        double value = oc_json_num(row, "value", NAN);
        if (isnan(value)) {
            continue;
        }
        oc_buf_adds(out, oc_json_str(row, "name", ""));
        json_object_foreach(json_object_get(row, "labels"), name, label)
        {
            oc_buf_adds(out, between);
            add_label(out, name, json_string_value(label));
            between = ",";
        }
        oc_buf_addf(out, "%s %.17g\n", *between == ',' ? "}" : "", value);
    }
    json_decref(rows);
}
