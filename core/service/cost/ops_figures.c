/* The operations that show figures: summary, by, forecast, reconcile. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/cost/range.h"

enum dimension { BY_MODEL, BY_AGENT, BY_KEY, BY_DAY, BY_PROVIDER };

#define SUM_SHAPE                                                                                  \
    "dollars: number|null, estimated_dollars: number|null, reported_dollars: "                     \
    "number|null, requests: number|null, failed: number|null, tokens: "                            \
    "number|null, input_tokens: number|null, output_tokens: number|null, "                         \
    "cache_read_tokens: number|null, cache_write_tokens: number|null, estimated: "                 \
    "boolean"

static const struct oc_option range_options[] = {OC_COST_RANGE, {0}};
static const struct oc_option by_options[] = {{.name = "dimension",
                                               .type = OC_OPT_ENUM,
                                               .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                               .offset = offsetof(struct oc_cost_params, dimension),
                                               .choices = "model|agent|key|day|provider",
                                               .help = "by what the figures are told apart"},
                                              OC_COST_RANGE,
                                              {0}};
static const struct oc_option agent_options[] = {{.name = "agent",
                                                  .type = OC_OPT_STRING,
                                                  .offset = offsetof(struct oc_cost_params, agent),
                                                  .help = "of one agent; default: of everybody"},
                                                 {0}};

static double per(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static json_t *efficiency(const struct oc_cost_sum *s, bool known)
{
    json_t *o = json_object();
    double tokens = s->v[OC_USAGE_INPUT] + s->v[OC_USAGE_OUTPUT];
    oc_json_set_num(o, "dollars_per_request", per(s->dollars, s->v[OC_USAGE_REQUESTS]));
    oc_json_set_num(o, "dollars_per_million_tokens", per(s->dollars * 1e6, tokens));
    oc_json_set_num(o, "tokens_per_dollar", per(tokens, s->dollars));
    oc_json_set_num(o, "tokens_per_request", per(tokens, s->v[OC_USAGE_REQUESTS]));
    oc_json_set_num(o, "cache_hit_percent",
                    per(s->v[OC_USAGE_CACHE_READ] * 100, s->v[OC_USAGE_INPUT]));
    oc_json_set_num(o, "cache_saved_dollars", known ? s->saved : NAN);
    return o;
}

json_t *oc_cost_sources_json(struct oc_cost *c)
{
    json_t *list = json_array();
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->sources, &it, &name, &value)) {
        const struct oc_cost_source *s = value;
        if (s->gone) {
            continue;
        }
        bool stale = oc_time_wall() - s->tracked_ms > c->options.stale_after;
        json_t *o = json_object();
        oc_json_set_str(o, "source", name);
        oc_json_set_str(o, "state", !s->tracked_ms ? "unknown" : stale ? "lost" : "ok");
        oc_json_set_time(o, "last_figures", s->tracked_ms);
        oc_json_set_time(o, "counters_since", (int64_t)(s->since * 1000));
        oc_json_set_num(o, "ledger_today_dollars", oc_cost_ledger_today(s));
        json_object_set(o, "endpoints", s->endpoints ? s->endpoints : json_null());
        json_array_append_new(list, o);
    }
    return list;
}

bool oc_cost_told(const struct oc_cost *c)
{
    size_t it = 0;
    void *value;
    const char *name;
    bool told = c->ledger.known.count > 0;
    while (oc_map_next(&c->sources, &it, &name, &value)) {
        told = told || ((const struct oc_cost_source *)value)->tracked_ms > 0;
    }
    return told;
}

void oc_cost_warn_unless_told(struct oc_call *call, const struct oc_cost *c)
{
    if (!oc_cost_told(c)) {
        oc_call_warn(call, "no collector has told any figures yet: what was spent is unknown");
    }
    if (c->full) {
        oc_call_warn(call, "there are too many counters of usage to count them all: what was spent "
                           "is more than this");
    }
}

/* ---- cost.summary ---- */

struct adding {
    struct oc_cost *c;
    struct oc_cost_sum sum;
    struct oc_map sums;
    enum dimension dimension;
};

static void add_row(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct adding *a = ctx;
    (void)day;
    oc_cost_add(a->c, &a->sum, row);
}

static void op_summary(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    struct oc_cost_range r;
    struct oc_error err;
    struct adding a = {.c = c};
    oc_error_init(&err);
    if (oc_cost_read_range(c, oc_call_params(call), &r, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_cost_each(c, r.from, r.to, add_row, &a);
    bool known = oc_cost_told(c);
    json_t *o = json_object();
    oc_json_set_str(o, "from", r.from);
    oc_json_set_str(o, "to", r.to);
    oc_json_set_str(o, "time_zone", c->options.time_zone);
    oc_json_set_str(o, "state", known ? "known" : "unknown");
    oc_cost_put_sum(o, &a.sum, known);
    oc_json_take(o, "efficiency", efficiency(&a.sum, known));
    json_t *budgets = json_array();
    for (size_t i = 0; i < c->budgets.count; i++) {
        enum oc_budget_state state = oc_budget_state(c, &c->budgets.items[i]);
        if (state == OC_BUDGET_SOFT || state == OC_BUDGET_HARD) {
            json_array_append_new(budgets, oc_budget_json(c, &c->budgets.items[i]));
        }
    }
    oc_json_take(o, "budgets_reached", budgets);
    oc_json_take(o, "sources", oc_cost_sources_json(c));
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, o);
}

static const struct oc_op summary_op = {
    .name = "cost.summary",
    .summary = "Show what was spent: dollars, tokens, requests, efficiency",
    .flags = OC_OP_EPHEMERAL,
    .params = range_options,
    .params_size = sizeof(struct oc_cost_params),
    .view = "custom:cost",
    .description = "`dollars` is what the gateway charged; where it charged nothing although "
                   "tokens flowed, it is\n"
                   "reckoned by the price tables, and for a model without a price at $1 a million "
                   "input tokens and\n"
                   "$3 a million output tokens (`estimated_dollars`).\n\nWhat no source has told "
                   "is null: unknown, "
                   "never zero.",
    .example = "openclaw cost summary --period month",
    .result = "{from: string, to: string, time_zone: string, state: string, " SUM_SHAPE
              ", efficiency: {*: number|null}, budgets_reached: [any], sources: [{source: "
              "string, state: string, last_figures: time|null, ledger_today_dollars: "
              "number|null}]}",
    .handler = op_summary,
};

/* ---- cost.by ---- */

static void add_group(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct adding *a = ctx;
    const char *const names[] = {row->id.model, row->id.agent, row->id.key, day, row->id.provider};
    const char *name = *names[a->dimension] ? names[a->dimension] : "(none)";
    struct oc_cost_sum *sum = oc_map_get(&a->sums, name);
    if (!sum) {
        sum = oc_calloc(1, sizeof *sum);
        oc_map_set(&a->sums, name, sum);
    }
    oc_cost_add(a->c, sum, row);
    oc_cost_add(a->c, &a->sum, row);
}

static int by_dollars(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    double dx = oc_json_num(x, "dollars", 0), dy = oc_json_num(y, "dollars", 0);
    return dx != dy ? (dx > dy ? -1 : 1)
                    : strcmp(oc_json_str(x, "name", ""), oc_json_str(y, "name", ""));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(oc_json_str(*(json_t *const *)a, "name", ""),
                  oc_json_str(*(json_t *const *)b, "name", ""));
}

static json_t *groups_json(struct adding *a)
{
    OC_VEC(json_t *) rows = {0};
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&a->sums, &it, &name, &value)) {
        const struct oc_cost_sum *sum = value;
        json_t *o = json_object();
        oc_json_set_str(o, "name", name);
        oc_cost_put_sum(o, sum, true);
        oc_json_set_num(o, "share_percent", per(sum->dollars * 100, a->sum.dollars));
        OC_VEC_PUSH(&rows, o);
    }
    if (rows.count) {
        qsort(rows.items, rows.count, sizeof *rows.items,
              a->dimension == BY_DAY ? by_name : by_dollars);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++) {
        json_array_append_new(list, rows.items[i]);
    }
    OC_VEC_FINISH(&rows);
    return list;
}

static void op_by(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct oc_cost_params *p = oc_call_params(call);
    struct oc_cost_range r;
    struct oc_error err;
    struct adding a = {.c = c, .dimension = (enum dimension)p->dimension};
    oc_error_init(&err);
    if (oc_cost_read_range(c, p, &r, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_cost_each(c, r.from, r.to, add_group, &a);
    json_t *list = groups_json(&a);
    oc_map_finish(&a.sums, free);
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, list);
}

static const struct oc_op by_op = {
    .name = "cost.by",
    .summary = "Show what was spent by model, agent, key, day or provider",
    .flags = OC_OP_EPHEMERAL,
    .params = by_options,
    .params_size = sizeof(struct oc_cost_params),
    .view = "table:name=Name,dollars=Dollars,estimated_dollars=Estimated,share_percent=Share %,"
            "requests=Requests,failed=Failed,input_tokens=Input,output_tokens=Output",
    .example = "openclaw cost by agent --period week",
    .result = "[{name: string, share_percent: number|null, " SUM_SHAPE "}]",
    .handler = op_by,
};

/* ---- cost.forecast ---- */

static void op_forecast(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct oc_cost_params *p = oc_call_params(call);
    const char *agent = p->agent ? p->agent : OC_COST_GLOBAL;
    struct oc_forecast f;
    oc_cost_forecast(c, agent, OC_BUDGET_DOLLARS, &f);
    bool known = oc_cost_told(c);
    json_t *o = json_object();
    oc_json_set_str(o, "agent", agent);
    oc_json_set_str(o, "day", c->today);
    oc_cost_put(o, "spent_today", f.spent_day, known);
    oc_cost_put(o, "forecast_today", f.day, known);
    oc_cost_put(o, "spent_this_month", f.spent_month, known);
    oc_cost_put(o, "forecast_this_month", f.month, known);
    oc_cost_put(o, "dollars_per_hour_1h", f.burn_1h, known);
    oc_cost_put(o, "dollars_per_hour_6h", f.burn_6h, known);
    oc_cost_put(o, "average_day", f.average_day, known);
    oc_json_set_int(o, "full_days", f.days);
    oc_json_set_num(o, "hours_left_today", f.hours_left);
    oc_json_set_int(o, "days_left_this_month", f.days_left);
    oc_json_set_str(
        o, "method",
        "today: spent + rate of the last 6 h * hours left; month: spent + rest of today + "
        "days left * average of up to 7 full days");
    json_t *budgets = json_array();
    for (size_t i = 0; i < c->budgets.count; i++) {
        if (!p->agent || strcmp(c->budgets.items[i].agent, agent) == 0) {
            json_array_append_new(budgets, oc_budget_json(c, &c->budgets.items[i]));
        }
    }
    oc_json_take(o, "budgets", budgets);
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, o);
}

static const struct oc_op forecast_op = {
    .name = "cost.forecast",
    .summary = "Show where today and this month will end, and how fast money burns",
    .flags = OC_OP_EPHEMERAL,
    .params = agent_options,
    .params_size = sizeof(struct oc_cost_params),
    .view = "custom:cost",
    .example = "openclaw cost forecast --agent coder",
    .handler = op_forecast,
};

/* ---- cost.reconcile ---- */

static void put_difference(json_t *o, double ours, double theirs, double bound)
{
    double percent = theirs > 0 ? (ours - theirs) / theirs * 100 : NAN;
    oc_json_set_num(o, "difference_percent", percent);
    oc_json_set_str(o, "state", isnan(percent) ? "unknown" : fabs(percent) > bound ? "off" : "ok");
}

static json_t *against_prices(const struct oc_cost *c, const char *model,
                              const struct oc_cost_sum *s)
{
    json_t *o = json_object();
    oc_json_set_str(o, "what", model);
    oc_json_set_str(o, "against", "prices");
    oc_cost_put(o, "ours", s->compared > 0 ? s->priced : s->computed, s->price_known);
    oc_json_set_num(o, "theirs", s->reported_known ? s->v[OC_USAGE_REPORTED] : NAN);
    put_difference(o, s->priced, s->compared, c->options.reconcile_percent);
    return o;
}

/* Whatever the range: of other days a source does not tell its books. */
static json_t *against_books(const struct oc_cost *c, const struct oc_cost_source *s)
{
    const double ours = oc_cost_charged_today(s), theirs = oc_cost_ledger_today(s);
    json_t *o = json_object();
    oc_json_set_str(o, "what", s->name);
    oc_json_set_str(o, "against", "books of today (UTC)");
    oc_json_set_num(o, "ours", ours);
    oc_json_set_num(o, "theirs", theirs);
    put_difference(o, ours, theirs, c->options.reconcile_percent);
    return o;
}

static void op_reconcile(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    struct oc_cost_range r;
    struct oc_error err;
    struct adding a = {.c = c, .dimension = BY_MODEL};
    oc_error_init(&err);
    if (oc_cost_read_range(c, oc_call_params(call), &r, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_cost_each(c, r.from, r.to, add_group, &a);
    json_t *list = json_array();
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&a.sums, &it, &name, &value)) {
        json_array_append_new(list, against_prices(c, name, value));
    }
    oc_map_finish(&a.sums, free);
    it = 0;
    while (oc_map_next(&c->sources, &it, &name, &value)) {
        const struct oc_cost_source *s = value;
        if (!s->gone) {
            json_array_append_new(list, against_books(c, s));
        }
    }
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, list);
}

static const struct oc_op reconcile_op = {
    .name = "cost.reconcile",
    .summary = "Compare tokens at our prices with what the gateway charged, and with its books",
    .flags = OC_OP_EPHEMERAL,
    .params = range_options,
    .params_size = sizeof(struct oc_cost_params),
    .view = "table:what=Model or source,against=Against,ours=Ours(figure),theirs=Theirs(figure),"
            "difference_percent=Difference %(figure),state=State",
    .example = "openclaw cost reconcile --period week",
    .handler = op_reconcile,
};

void oc_cost_add_figures(struct oc_cost *c)
{
    oc_ops_add(c->env.ops, &summary_op, c);
    oc_ops_add(c->env.ops, &by_op, c);
    oc_ops_add(c->env.ops, &forecast_op, c);
    oc_ops_add(c->env.ops, &reconcile_op, c);
}
