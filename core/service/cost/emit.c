/* The service's own samples, which the shipped rules watch. SPDX-License-Identifier: MIT
 *
 *   cost.day_dollars cost.month_dollars cost.day_tokens{agent?}    cost.agent_day_dollars{agent}
 *   cost.burn_dollars_per_hour{window}  cost.forecast_day_dollars  cost.forecast_month_dollars
 *   cost.budget_state{budget,agent,period,unit}  0 fine, 1 soft, 2 hard; and budget_used_percent, budget_pace_1h, _6h
 *   cost.budget_warning_percent         how far it is used while it is soft, else 0
 *   cost.budget_pace                    the lesser of the last hour's pace and twice that of the last six: a short burst and a
 *                                       slow drift alone are no alarm
 *   cost.tracking_age_seconds{source}   since a source that has told figures told any
 *   cost.reconcile_percent{against="prices"}  how far today's charges are from our prices; cost.reconcile_off: too far. The
 *                                       gateway's books are no alarm: they lag, and may count for others, too (cost.reconcile) */
#include <math.h>
#include <string.h>

#include "core/service/cost/internal.h"

#define RECONCILE_MIN 0.01 /* dollars: below that a difference says nothing */

struct emission {
    struct oc_cost *c;
    int64_t at_ms;
    OC_VEC(struct oc_sample) samples;
};

static struct oc_view view(const char *s)
{
    return (struct oc_view){s, strlen(s)};
}

static void put(struct emission *e, const char *name, double value, const struct oc_label *labels,
                uint32_t count)
{
    struct oc_series *series =
        oc_store_series(e->c->env.store, OC_OWN_COST, view(name), OC_KIND_GAUGE, labels, count);
    if (series && isfinite(value) && oc_store_append(e->c->env.store, series, e->at_ms, value)) {
        struct oc_sample sample = {.series = series, .time_ms = e->at_ms, .value = value};
        OC_VEC_PUSH(&e->samples, sample);
    }
}

static void put_one(struct emission *e, const char *name, double value, const char *label,
                    const char *of)
{
    struct oc_label l = {view(label), view(of)};
    put(e, name, value, &l, 1);
}

static void emit_scopes(struct emission *e)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&e->c->scopes, &it, &name, &value)) {
        const struct oc_cost_scope *s = value;
        if (strcmp(name, OC_COST_GLOBAL) != 0) {
            put_one(e, "cost.agent_day_dollars", s->day_dollars, "agent", name);
            continue;
        }
        put(e, "cost.day_dollars", s->day_dollars, NULL, 0);
        put(e, "cost.day_tokens", s->day_tokens, NULL, 0);
        put(e, "cost.month_dollars", s->before_dollars + s->day_dollars, NULL, 0);
    }
}

static void emit_forecast(struct emission *e)
{
    struct oc_forecast f;
    oc_cost_forecast(e->c, OC_COST_GLOBAL, OC_BUDGET_DOLLARS, &f);
    put(e, "cost.forecast_day_dollars", f.day, NULL, 0);
    put(e, "cost.forecast_month_dollars", f.month, NULL, 0);
    put_one(e, "cost.burn_dollars_per_hour", f.burn_1h, "window", "1h");
    put_one(e, "cost.burn_dollars_per_hour", f.burn_6h, "window", "6h");
}

static void emit_budgets(struct emission *e)
{
    struct oc_cost *c = e->c;
    for (size_t i = 0; i < c->budgets.count; i++) {
        const struct oc_budget *b = &c->budgets.items[i];
        const struct oc_label labels[] = {{view("agent"), view(b->agent)},
                                          {view("budget"), view(b->id)},
                                          {view("period"), view(oc_budget_periods[b->period])},
                                          {view("unit"), view(oc_budget_units[b->unit])}};
        double used = oc_budget_used(c, b) / b->limit * 100;
        double hour = oc_budget_pace(c, b, 1), six = oc_budget_pace(c, b, 6);
        bool soft = oc_budget_state(c, b) == OC_BUDGET_SOFT;
        put(e, "cost.budget_used_percent", used, labels, 4);
        put(e, "cost.budget_warning_percent", soft ? used : 0, labels, 4);
        put(e, "cost.budget_pace_1h", hour, labels, 4);
        put(e, "cost.budget_pace_6h", six, labels, 4);
        put(e, "cost.budget_pace", fmin(hour, six * 2), labels, 4);
        put(e, "cost.budget_state", oc_budget_state(c, b), labels, 4);
    }
}

static void emit_sources(struct emission *e)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&e->c->sources, &it, &name, &value)) {
        const struct oc_cost_source *s = value;
        if (s->tracked_ms && !s->gone) {
            double age = (double)(oc_time_wall() - s->tracked_ms) / 1e3;
            put_one(e, "cost.tracking_age_seconds", age > 0 ? age : 0, "source", name);
            put_one(e, "cost.tracking_lost", age > (double)e->c->options.stale_after / 1e3,
                    "source", name);
        }
    }
}

struct total {
    struct oc_cost *c;
    struct oc_cost_sum sum;
};

static void add_total(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct total *t = ctx;
    (void)day;
    oc_cost_add(t->c, &t->sum, row);
}

static void emit_reconciliation(struct emission *e)
{
    struct total t = {.c = e->c};
    oc_cost_each(e->c, e->c->today, e->c->today, add_total, &t);
    double off = t.sum.compared >= RECONCILE_MIN
                     ? fabs(t.sum.priced - t.sum.compared) / t.sum.compared * 100
                     : 0;
    put_one(e, "cost.reconcile_percent", off, "against", "prices");
    put_one(e, "cost.reconcile_off", off > e->c->options.reconcile_percent, "against", "prices");
}

void oc_cost_emit(struct oc_cost *c, int64_t at_ms)
{
    if (!c->complete && at_ms <= c->emitted_ms) {
        at_ms = c->emitted_ms + 1; /* what is not told now is older than what is */
    }
    struct emission e = {.c = c, .at_ms = at_ms};
    oc_cost_refresh(c);
    if (oc_cost_told(c)) { /* before that nothing is known: no sample says 0 */
        emit_scopes(&e);
        emit_forecast(&e);
        emit_budgets(&e);
        emit_reconciliation(&e);
    }
    emit_sources(&e);
    if (e.samples.count) {
        struct oc_batch batch = {.instance = OC_OWN_COST,
                                 .plugin = "",
                                 .time_ms = at_ms,
                                 .samples = e.samples.items,
                                 .sample_count = e.samples.count};
        oc_bus_publish_native(c->env.bus, "samples", &batch);
    }
    OC_VEC_FINISH(&e.samples);
    c->emitted_ms = at_ms > c->emitted_ms ? at_ms : c->emitted_ms;
    if (!c->complete) { /* agents, budgets and sources that are no more */
        c->complete = true;
        oc_bus_publish(
            c->env.bus, "samples.complete",
            json_pack("{s:s, s:I}", "instance", OC_OWN_COST, "since", (json_int_t)at_ms));
    }
}

void oc_cost_emit_anew(struct oc_cost *c)
{
    if (!c->env.ephemeral) {
        c->complete = false;
        oc_cost_emit(c, oc_time_wall());
    }
}
