/* Budgets: by agent or for everybody, a day or a month, dollars or tokens. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/cost/internal.h"

#define SPACE "cost.budget" /* what was set with cost.budget.set */

const char *const oc_budget_periods[] = {"daily", "monthly"};
const char *const oc_budget_units[] = {"dollars", "tokens"};
static const char *const origins[] = {"default", "config", "set"};
static const char *const states[] = {"ok", "soft", "hard", "unknown"};

#define AT(member) offsetof(struct oc_budget_option, member)
const struct oc_option oc_budget_options[] = {
    {.name = "agent",
     .type = OC_OPT_STRING,
     .offset = AT(agent),
     .help = "whose; default: that of everybody together"},
    {.name = "daily_dollars",
     .type = OC_OPT_FLOAT,
     .offset = AT(daily_dollars),
     .max = 1e9,
     .help = "dollars a day; 0 = none"},
    {.name = "monthly_dollars",
     .type = OC_OPT_FLOAT,
     .offset = AT(monthly_dollars),
     .max = 1e9,
     .help = "dollars a month; 0 = none"},
    {.name = "daily_tokens",
     .type = OC_OPT_FLOAT,
     .offset = AT(daily_tokens),
     .max = 1e15,
     .help = "tokens a day; 0 = none"},
    {.name = "monthly_tokens",
     .type = OC_OPT_FLOAT,
     .offset = AT(monthly_tokens),
     .max = 1e15,
     .help = "tokens a month; 0 = none"},
    {.name = "soft",
     .type = OC_OPT_FLOAT,
     .offset = AT(soft),
     .max = 1,
     .help = "share of it that warns; 0 = cost.soft"},
    {0}};

/* The collective's own: tokens a day, and dollars a day of each agent's models. */
static const struct oc_budget_option defaults[] = {
    {.daily_tokens = 5e6},
    {.agent = "steward", .daily_tokens = 1e6, .daily_dollars = 20},
    {.agent = "coder", .daily_tokens = 1e6, .daily_dollars = 50},
    {.agent = "arbiter", .daily_tokens = 8e5, .daily_dollars = 25},
    {.agent = "alpha", .daily_tokens = 5e5, .daily_dollars = 15},
    {.agent = "beta", .daily_tokens = 5e5, .daily_dollars = 15},
    {.agent = "charlie", .daily_tokens = 5e5, .daily_dollars = 15},
    {.agent = "dreamer", .daily_tokens = 5e5, .daily_dollars = 15},
    {.agent = "historian", .daily_tokens = 5e5, .daily_dollars = 10},
    {.agent = "empath", .daily_tokens = 4e5, .daily_dollars = 10},
    {.agent = "examiner", .daily_tokens = 3e5, .daily_dollars = 20},
    {.agent = "explorer", .daily_tokens = 3e5, .daily_dollars = 10},
    {.agent = "sentinel", .daily_tokens = 3e5, .daily_dollars = 10},
};

/* ---- the list ---- */

void oc_budgets_finish(struct oc_cost *c)
{
    for (size_t i = 0; i < c->budgets.count; i++) {
        free(c->budgets.items[i].id);
        free(c->budgets.items[i].agent);
    }
    OC_VEC_FINISH(&c->budgets);
}

struct oc_budget *oc_budget_find(struct oc_cost *c, const char *agent, int32_t period, int32_t unit)
{
    for (size_t i = 0; i < c->budgets.count; i++) {
        struct oc_budget *b = &c->budgets.items[i];
        if (b->period == period && b->unit == unit && strcmp(b->agent, agent) == 0) {
            return b;
        }
    }
    return NULL;
}

/* A later origin replaces what an earlier one said. */
static void put(struct oc_cost *c, const char *agent, int32_t period, int32_t unit, double limit,
                double soft, int32_t origin)
{
    agent = agent && *agent ? agent : OC_COST_GLOBAL;
    struct oc_budget *b = oc_budget_find(c, agent, period, unit);
    if (!(limit > 0)) {
        return;
    }
    if (!b) {
        struct oc_budget fresh = {
            .id = oc_asprintf("%s/%s/%s", agent, oc_budget_periods[period], oc_budget_units[unit]),
            .agent = oc_strdup(agent),
            .period = period,
            .unit = unit};
        OC_VEC_PUSH(&c->budgets, fresh);
        b = &c->budgets.items[c->budgets.count - 1];
    }
    b->limit = limit;
    b->soft = soft > 0 ? soft : c->options.soft;
    b->origin = origin;
}

static void put_option(struct oc_cost *c, const struct oc_budget_option *o, int32_t origin)
{
    put(c, o->agent, OC_BUDGET_DAILY, OC_BUDGET_DOLLARS, o->daily_dollars, o->soft, origin);
    put(c, o->agent, OC_BUDGET_MONTHLY, OC_BUDGET_DOLLARS, o->monthly_dollars, o->soft, origin);
    put(c, o->agent, OC_BUDGET_DAILY, OC_BUDGET_TOKENS, o->daily_tokens, o->soft, origin);
    put(c, o->agent, OC_BUDGET_MONTHLY, OC_BUDGET_TOKENS, o->monthly_tokens, o->soft, origin);
}

static int by_id(const void *a, const void *b)
{
    const struct oc_budget *x = a, *y = b;
    bool x_global = strcmp(x->agent, OC_COST_GLOBAL) == 0;
    bool y_global = strcmp(y->agent, OC_COST_GLOBAL) == 0;
    return x_global != y_global ? (x_global ? -1 : 1) : strcmp(x->id, y->id);
}

void oc_budgets_load(struct oc_cost *c)
{
    const struct oc_budget_option *options = c->options.budgets.items;
    oc_budgets_finish(c);
    for (size_t i = 0; c->options.default_budgets && i < OC_COUNT(defaults); i++) {
        put_option(c, &defaults[i], OC_BUDGET_DEFAULT);
    }
    for (uint64_t i = 0; i < c->options.budgets.count; i++) {
        put_option(c, &options[i], OC_BUDGET_CONFIG);
    }
    json_t *all = oc_kv_all(c->env.store, SPACE), *value;
    const char *id;
    json_object_foreach(all, id, value)
    {
        put(c, oc_json_str(value, "agent", ""), oc_json_int(value, "period", 0) != 0,
            oc_json_int(value, "unit", 0) != 0, oc_json_num(value, "limit", 0),
            oc_json_num(value, "soft", 0), OC_BUDGET_SET);
    }
    json_decref(all);
    if (c->budgets.count) {
        qsort(c->budgets.items, c->budgets.count, sizeof *c->budgets.items, by_id);
    }
}

/* ---- how far they are used ---- */

double oc_budget_used(struct oc_cost *c, const struct oc_budget *b)
{
    oc_cost_refresh(c);
    const struct oc_cost_scope *s = oc_cost_scope(c, b->agent);
    double before = !s || b->period == OC_BUDGET_DAILY ? 0
                    : b->unit == OC_BUDGET_TOKENS      ? s->before_tokens
                                                       : s->before_dollars;
    if (!oc_cost_told(c)) {
        return NAN;
    }
    return !s ? 0 : before + (b->unit == OC_BUDGET_TOKENS ? s->day_tokens : s->day_dollars);
}

enum oc_budget_state oc_budget_state(struct oc_cost *c, const struct oc_budget *b)
{
    double used = oc_budget_used(c, b);
    return isnan(used)                  ? OC_BUDGET_UNKNOWN
           : used >= b->limit           ? OC_BUDGET_HARD
           : used >= b->limit * b->soft ? OC_BUDGET_SOFT
                                        : OC_BUDGET_OK;
}

static double hours_of(struct oc_cost *c, const struct oc_budget *b)
{
    char end[OC_ZONE_DAY], first[OC_ZONE_DAY];
    oc_zone_add(c->today, 0, first);
    if (b->period == OC_BUDGET_MONTHLY) {
        memcpy(first + 8, "01", 2);
        oc_zone_next_month(first, end);
    } else {
        oc_zone_add(first, 1, end);
    }
    return (double)(oc_zone_start(&c->zone, end) - oc_zone_start(&c->zone, first)) /
           (double)OC_HOUR;
}

double oc_budget_pace(struct oc_cost *c, const struct oc_budget *b, int hours)
{
    oc_cost_refresh(c);
    double even = b->limit / hours_of(c, b);
    double burn = oc_cost_burn(c, oc_cost_scope(c, b->agent), hours, b->unit);
    return oc_cost_told(c) ? burn / even : NAN;
}

json_t *oc_budget_json(struct oc_cost *c, const struct oc_budget *b)
{
    json_t *o = json_object();
    double used = oc_budget_used(c, b);
    oc_json_set_str(o, "id", b->id);
    oc_json_set_str(o, "agent", b->agent);
    oc_json_set_str(o, "period", oc_budget_periods[b->period]);
    oc_json_set_str(o, "unit", oc_budget_units[b->unit]);
    oc_json_set_num(o, "limit", b->limit);
    oc_json_set_num(o, "used", used);
    oc_json_set_num(o, "remaining", used >= b->limit ? 0 : b->limit - used);
    oc_json_set_num(o, "used_percent", used / b->limit * 100);
    oc_json_set_num(o, "soft_percent", b->soft * 100);
    oc_json_set_str(o, "state", states[oc_budget_state(c, b)]);
    oc_json_set_num(o, "pace_1h", oc_budget_pace(c, b, 1));
    oc_json_set_num(o, "pace_6h", oc_budget_pace(c, b, 6));
    oc_json_set_str(o, "origin", origins[b->origin]);
    return o;
}
