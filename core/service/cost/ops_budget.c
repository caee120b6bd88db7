/* The operations over budgets: list, set, remove, and the question whether a call may be made. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cost/internal.h"

#define SPACE       "cost.budget"
#define BUDGETS_MAX 2000

struct params {
    const char *agent, *model, *provider;
    int32_t period, unit;
    double limit, soft, input_tokens, output_tokens;
};
#define AT(member) offsetof(struct params, member)

#define WHICH                                                                                      \
    {.name = "agent",                                                                              \
     .type = OC_OPT_STRING,                                                                        \
     .offset = AT(agent),                                                                          \
     .help = "whose; default: that of everybody together"},                                        \
        {.name = "period",                                                                         \
         .type = OC_OPT_ENUM,                                                                      \
         .offset = AT(period),                                                                     \
         .default_text = "daily",                                                                  \
         .choices = "daily|monthly",                                                               \
         .help = "what the limit is for"},                                                         \
    {                                                                                              \
        .name = "unit", .type = OC_OPT_ENUM, .offset = AT(unit), .default_text = "dollars",        \
        .choices = "dollars|tokens", .help = "what is limited"                                     \
    }

static const struct oc_option set_options[] = {{.name = "limit",
                                                .type = OC_OPT_FLOAT,
                                                .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                .offset = AT(limit),
                                                .min = 0.000001,
                                                .max = 1e15,
                                                .help = "the hard limit"},
                                               WHICH,
                                               {.name = "soft",
                                                .type = OC_OPT_FLOAT,
                                                .offset = AT(soft),
                                                .max = 1,
                                                .help = "share of it that warns; 0 = cost.soft"},
                                               {0}};
static const struct oc_option remove_options[] = {WHICH, {0}};
static const struct oc_option list_options[] = {
    {.name = "agent", .type = OC_OPT_STRING, .offset = AT(agent), .help = "only of this agent"},
    {0}};
static const struct oc_option check_options[] = {
    {.name = "agent",
     .type = OC_OPT_STRING,
     .offset = AT(agent),
     .help = "who calls; default: nobody in particular"},
    {.name = "model",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(model),
     .help = "which model, \"provider/model\" or its name"},
    {.name = "input_tokens",
     .type = OC_OPT_FLOAT,
     .offset = AT(input_tokens),
     .max = 1e12,
     .help = "tokens that will be sent"},
    {.name = "output_tokens",
     .type = OC_OPT_FLOAT,
     .offset = AT(output_tokens),
     .max = 1e12,
     .help = "tokens that may come back at most"},
    {0}};

static const char *agent_of(const struct params *p)
{
    return p->agent ? p->agent : OC_COST_GLOBAL;
}

/* ---- cost.budget.list ---- */

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    json_t *list = json_array();
    for (size_t i = 0; i < c->budgets.count; i++) {
        if (!p->agent || strcmp(c->budgets.items[i].agent, p->agent) == 0) {
            json_array_append_new(list, oc_budget_json(c, &c->budgets.items[i]));
        }
    }
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, list);
}

static const struct oc_op list_op = {
    .name = "cost.budget.list",
    .summary = "List the budgets and how far they are used",
    .flags = OC_OP_EPHEMERAL,
    .params = list_options,
    .params_size = sizeof(struct params),
    .view = "table:agent=Agent,period=Period,unit=Unit,used=Used(figure),limit=Limit,"
            "used_percent=Used %(figure),state=State,pace_1h=Pace 1h(figure),"
            "pace_6h=Pace 6h(figure),origin=Origin",
    .description =
        "The pace is how fast the budget is used: 1 uses it up exactly at the end of its day or "
        "month. What is\nused is null, and the state unknown, while no source has told any "
        "figures.",
    .example = "openclaw cost budget list",
    .result = "[{id: string, agent: string, period: string, unit: string, limit: number, "
              "used: number|null, used_percent: number|null, state: string}]",
    .handler = op_list,
};

/* ---- cost.budget.set, remove ---- */

/* What would not be there when it is shown must not be what two agents differ by. */
static bool is_text(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f) {
            return false;
        }
    }
    return true;
}

/* False, and the call has failed. An empty id is a variable that nobody has set, and not everybody's budget. */
static bool check_agent(struct oc_call *call, const char *agent)
{
    if (*agent && strlen(agent) <= 100 && !strchr(agent, '/') && is_text(agent)) {
        return true;
    }
    oc_call_failf(
        call, OC_E_CONFIG,
        "Write the agent's id, such as coder; leave --agent out for the budget of everybody.",
        *agent ? "not an agent's id: %s" : "the agent's id is empty%s", agent);
    return false;
}

static void tell_changed(struct oc_cost *c, const char *id)
{
    oc_bus_publish(c->env.bus, "budget.changed", json_pack("{s:s}", "budget", id));
}

static void op_set(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    const char *agent = agent_of(p);
    struct oc_error err;
    oc_error_init(&err);
    if (!check_agent(call, agent)) {
        return;
    }
    if (c->budgets.count >= BUDGETS_MAX && !oc_budget_find(c, agent, p->period, p->unit)) {
        oc_call_failf(call, OC_E_CONFLICT, "Remove some with `openclaw cost budget remove`.",
                      "there are %d budgets already", BUDGETS_MAX);
        return;
    }
    char *id =
        oc_asprintf("%s/%s/%s", agent, oc_budget_periods[p->period], oc_budget_units[p->unit]);
    json_t *value = json_object();
    oc_json_set_str(value, "agent", agent);
    oc_json_set_int(value, "period", p->period);
    oc_json_set_int(value, "unit", p->unit);
    oc_json_set_num(value, "limit", p->limit);
    oc_json_set_num(value, "soft", p->soft);
    int code = oc_kv_put(c->env.store, SPACE, id, value, true, &err);
    json_decref(value);
    free(id);
    if (code != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_budgets_load(c);
    if (!c->env.ephemeral) {
        oc_cost_emit(c, oc_time_wall());
    }
    const struct oc_budget *b = oc_budget_find(c, agent, p->period, p->unit);
    tell_changed(c, b->id);
    oc_call_succeed(call, oc_budget_json(c, b));
}

static const struct oc_op set_op = {
    .name = "cost.budget.set",
    .summary = "Set a budget; it holds at once and survives restarts",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
    .params = set_options,
    .params_size = sizeof(struct params),
    .view = "record",
    .example = "openclaw cost budget set 25 --agent coder --period daily --unit dollars",
    .handler = op_set,
};

static void op_remove(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    const struct oc_budget *b = oc_budget_find(c, agent_of(p), p->period, p->unit);
    struct oc_error err;
    oc_error_init(&err);
    if (!check_agent(call, agent_of(p))) {
        return;
    }
    if (!b) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw cost budget list` shows them.",
                      "there is no such budget");
        return;
    }
    if (b->origin != OC_BUDGET_SET) {
        oc_call_failf(
            call, OC_E_CONFLICT,
            "Change the configuration's cost.budgets or default_budgets, or set another limit.",
            "this budget is not one that was set: it comes from the configuration");
        return;
    }
    if (oc_kv_remove(c->env.store, SPACE, b->id, true, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *gone = oc_budget_json(c, b);
    oc_budgets_load(c);
    oc_cost_emit_anew(c);
    tell_changed(c, oc_json_str(gone, "id", ""));
    oc_call_succeed(call, gone);
}

static const struct oc_op remove_op = {
    .name = "cost.budget.remove",
    .summary = "Remove a budget that was set; one of the configuration holds again",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
    .params = remove_options,
    .params_size = sizeof(struct params),
    .view = "record",
    .example = "openclaw cost budget remove --agent coder --period daily --unit dollars",
    .handler = op_remove,
};

/* ---- cost.check ---- */

struct verdict {
    const struct oc_budget *tightest, *refused;
    double share;       /* of the tightest, after the call */
    bool soft, unknown; /* unknown: what is used of the budgets */
    double dollars, tokens;
};

static void judge(struct oc_cost *c, const struct oc_budget *b, struct verdict *v)
{
    double used = oc_budget_used(c, b);
    double wanted = b->unit == OC_BUDGET_TOKENS ? v->tokens : v->dollars;
    double share = (used + wanted) / b->limit;
    v->unknown = v->unknown || isnan(used);
    if ((used >= b->limit || used + wanted > b->limit || wanted > b->limit) && !v->refused) {
        v->refused = b;
    }
    v->soft = v->soft || share >= b->soft;
    if (!v->tightest || share > v->share) {
        v->tightest = b;
        v->share = share;
    }
}

static double smallest_left(struct oc_cost *c, const char *agent, int32_t unit)
{
    double left = NAN;
    for (size_t i = 0; i < c->budgets.count; i++) {
        const struct oc_budget *b = &c->budgets.items[i];
        if (b->unit == unit &&
            (strcmp(b->agent, OC_COST_GLOBAL) == 0 || strcmp(b->agent, agent) == 0)) {
            double used = oc_budget_used(c, b), here = used >= b->limit ? 0 : b->limit - used;
            left = isnan(left) || here < left ? here : left;
        }
    }
    return left;
}

static char *reason_of(struct oc_cost *c, const struct verdict *v)
{
    const struct oc_budget *b = v->refused ? v->refused : v->tightest;
    if (!b) {
        return oc_strdup("no budget applies");
    }
    double used = oc_budget_used(c, b);
    const char *unit = b->unit == OC_BUDGET_TOKENS ? " tokens" : " dollars";
    if (v->refused && used >= b->limit) {
        return oc_asprintf("the %s budget of %s is used up: %.6g of %.6g%s",
                           oc_budget_periods[b->period], b->agent, used, b->limit, unit);
    }
    if (v->refused && v->unknown) {
        return oc_asprintf("this call alone would exceed the %s budget of %s: %.6g%s",
                           oc_budget_periods[b->period], b->agent, b->limit, unit);
    }
    if (v->unknown) {
        return oc_strdup("no budget forbids it by itself; what they are used to is unknown");
    }
    if (v->refused) {
        return oc_asprintf("this call would exceed the %s budget of %s: %.6g of %.6g%s are used",
                           oc_budget_periods[b->period], b->agent, used, b->limit, unit);
    }
    return oc_asprintf("within every budget; the %s budget of %s would be used to %.0f %%",
                       oc_budget_periods[b->period], b->agent, v->share * 100);
}

static void op_check(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    const struct oc_price *price = oc_prices_find(oc_cost_prices(c), NULL, p->model);
    const struct oc_tokens tokens = {.input = p->input_tokens, .output = p->output_tokens};
    struct verdict v = {.dollars = oc_price_of(price, &tokens),
                        .tokens = p->input_tokens + p->output_tokens};
    const char *agent = p->agent ? p->agent : "";
    for (size_t i = 0; i < c->budgets.count; i++) {
        const struct oc_budget *b = &c->budgets.items[i];
        if (strcmp(b->agent, OC_COST_GLOBAL) == 0 || strcmp(b->agent, agent) == 0) {
            judge(c, b, &v);
        }
    }
    char *reason = reason_of(c, &v);
    json_t *o = json_object();
    json_t *remaining = json_object();
    oc_json_set_bool(o, "allowed", !v.refused);
    oc_json_set_str(o, "reason", reason);
    oc_json_set_str(o, "budget", v.refused ? v.refused->id : v.tightest ? v.tightest->id : NULL);
    oc_json_set_bool(o, "soft", v.soft);
    oc_json_set_num(o, "dollars", v.dollars);
    oc_json_set_bool(o, "estimated", !price);
    oc_json_set_num(remaining, "dollars", smallest_left(c, agent, OC_BUDGET_DOLLARS));
    oc_json_set_num(remaining, "tokens", smallest_left(c, agent, OC_BUDGET_TOKENS));
    oc_json_take(o, "remaining", remaining);
    oc_cost_warn_unless_told(call, c);
    oc_call_succeed(call, o);
    free(reason);
}

static const struct oc_op check_op = {
    .name = "cost.check",
    .summary = "Tell whether the budgets allow a call, and what it would cost",
    .flags = OC_OP_EPHEMERAL,
    .params = check_options,
    .params_size = sizeof(struct params),
    .view = "record",
    .description =
        "For whoever routes calls to models: it is refused when a budget that applies is used up, "
        "or "
        "when this\ncall would exceed it. What is remaining is null when no budget limits it, or "
        "while no source has told any figures.",
    .example =
        "openclaw cost check --agent coder --model gpt-4o --input-tokens 8000 --output-tokens 2000",
    .handler = op_check,
};

void oc_cost_add_budgets(struct oc_cost *c)
{
    oc_ops_add(c->env.ops, &list_op, c);
    oc_ops_add(c->env.ops, &set_op, c);
    oc_ops_add(c->env.ops, &remove_op, c);
    oc_ops_add(c->env.ops, &check_op, c);
}
