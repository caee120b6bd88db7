/* The cost service on a real store: what collectors tell becomes figures, budgets and alarms. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"

#include <math.h>

#include "core/service/cost/internal.h"
#include "core/store/query.h"

struct fixture {
    struct stage s;
    struct oc_cost *cost;
    double requests, input, output, spend; /* the gateway's counters of one model */
};

static struct fixture f;

/* ---- the gateway ---- */

struct call {
    OC_VEC(struct oc_sample) samples;
};

static void put(struct call *c, const char *name, double value, const char *model,
                const char *agent, const char *label, const char *text)
{
    struct oc_label labels[5];
    uint32_t n = 0;
    labels[n++] = (struct oc_label){{"key", 3}, {"team", 4}};
    if (model) {
        labels[n++] = (struct oc_label){{"model", 5}, {model, strlen(model)}};
    }
    if (agent) {
        labels[n++] = (struct oc_label){{"agent", 5}, {agent, strlen(agent)}};
    }
    if (label) {
        labels[n++] = (struct oc_label){{label, strlen(label)}, {text, strlen(text)}};
    }
    uint32_t kind = model ? OC_KIND_COUNTER : OC_KIND_GAUGE;
    struct oc_series *series = oc_store_series(
        f.s.env.store, "gate", (struct oc_view){name, strlen(name)}, kind, labels, model ? n : 0);
    int64_t at = oc_time_wall();
    oc_store_append(f.s.env.store, series, at, value);
    struct oc_sample sample = {.series = series, .time_ms = at, .value = value};
    OC_VEC_PUSH(&c->samples, sample);
}

static void publish(struct call *c)
{
    struct oc_batch batch = {.instance = "gate",
                             .plugin = "x",
                             .time_ms = oc_time_wall(),
                             .samples = c->samples.items,
                             .sample_count = c->samples.count,
                             .last = true};
    oc_bus_publish_native(f.s.env.bus, "samples", &batch);
    OC_VEC_FINISH(&c->samples);
}

/* One call of the collector: the counters as they are, begun at `since`. */
static void tell_of(const char *model, const char *agent, double since)
{
    struct call c = {0};
    put(&c, "usage.since", since, NULL, NULL, NULL, NULL);
    put(&c, "usage.requests", f.requests, model, agent, "status", "ok");
    put(&c, "usage.tokens", f.input, model, agent, "type", "input");
    put(&c, "usage.tokens", f.output, model, agent, "type", "output");
    put(&c, "usage.spend_dollars", f.spend, model, agent, NULL, NULL);
    put(&c, "usage.tracked", 1, NULL, NULL, NULL, NULL);
    publish(&c);
}

#define TODAY (STAGE_WALL / 1000.0 - 600) /* ten minutes before the stage's clock */

static void tell(void)
{
    tell_of("gpt-4o", "coder", TODAY);
    stage_pass(&f.s, OC_MINUTE);
}

static void use(double requests, double input, double output, double spend)
{
    f.requests += requests;
    f.input += input;
    f.output += output;
    f.spend += spend;
    tell();
}

static void configure(const char *text)
{
    struct oc_config *old = stage_load(&f.s, text);
    oc_cost_configure(f.cost, f.s.config, &f.s.diags);
    oc_config_destroy(old);
}

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    stage_begin(&f.s);
    f.cost = oc_cost_create(&f.s.env);
    configure("");
    return 0;
}

static int teardown(void **state)
{
    char path[128];
    (void)state;
    oc_cost_destroy(f.cost);
    snprintf(path, sizeof path, "%s/prices/openai.json", f.s.home);
    unlink(path);
    snprintf(path, sizeof path, "%s/prices", f.s.home);
    rmdir(path);
    stage_end(&f.s);
    return 0;
}

/* As after a kill: what was not written is gone. */
static void restart(void)
{
    oc_cost_flush(f.cost);
    f.cost->dirty = false;
    oc_cost_destroy(f.cost);
    oc_ops_destroy(f.s.env.ops);
    f.s.env.ops = oc_ops_create(f.s.env.loop, f.s.env.bus);
    f.cost = oc_cost_create(&f.s.env);
    oc_cost_configure(f.cost, f.s.config, &f.s.diags);
}

static void near(double value, double wanted)
{
    if (isnan(value) || fabs(value - wanted) > 1e-9 + fabs(wanted) * 1e-12) {
        fail_msg("%.15g is not %.15g", value, wanted);
    }
}

static double figure(const char *key)
{
    return oc_json_num(stage_ask(&f.s, "cost.summary", NULL), key, NAN);
}

static double value_of(const char *metric)
{
    struct oc_selector sel;
    struct oc_series_list found = {0};
    assert_int_equal(oc_selector_init(&sel, metric, NULL), OC_OK);
    oc_store_select(f.s.env.store, &sel, 1, &found);
    oc_selector_finish(&sel);
    double value = found.list.count ? found.list.items[0]->value : NAN;
    oc_series_list_finish(&found);
    return value;
}

/* ---- figures ---- */

static void what_nobody_told_is_unknown(void **state)
{
    (void)state;
    const json_t *o = stage_ask(&f.s, "cost.summary", NULL);
    assert_string_equal(oc_json_str(o, "state", ""), "unknown");
    assert_true(json_is_null(json_object_get(o, "dollars")));
    assert_true(json_is_null(json_object_get(o, "requests")));
    assert_non_null(strstr(f.s.warning, "unknown"));
    assert_true(
        json_is_null(json_object_get(json_object_get(o, "efficiency"), "cache_saved_dollars")));
    o = stage_ask(&f.s, "cost.forecast", NULL);
    assert_true(json_is_null(json_object_get(o, "forecast_today")));
}

static bool is_null(const json_t *o, const char *key)
{
    return json_is_null(json_object_get(o, key));
}

static void a_budget_that_nobody_told_of_is_used_to_an_unknown_degree(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { agent = \"coder\"; daily_dollars = 10.0; } ); };");
    stage_pass(&f.s, 2 * OC_MINUTE);
    const json_t *o = json_array_get(stage_ask(&f.s, "cost.budget.list", NULL), 0);
    assert_true(is_null(o, "used") && is_null(o, "used_percent") && is_null(o, "remaining"));
    assert_true(is_null(o, "pace_1h") && is_null(o, "pace_6h"));
    assert_string_equal(oc_json_str(o, "state", ""), "unknown");
    assert_non_null(strstr(f.s.warning, "unknown"));
    assert_true(isnan(value_of("cost.budget_state")) && isnan(value_of("cost.day_dollars")));
    o = stage_ask(&f.s, "cost.summary", NULL);
    assert_int_equal(json_array_size(json_object_get(o, "budgets_reached")), 0);
    o = stage_ask(&f.s, "cost.check", "{\"agent\": \"coder\", \"model\": \"gpt-4o\"}");
    assert_true(oc_json_bool(o, "allowed", false) &&
                json_is_null(oc_json_path(o, "remaining.dollars")));
    assert_non_null(strstr(oc_json_str(o, "reason", ""), "unknown"));
    o = stage_ask(&f.s, "cost.check",
                  "{\"agent\": \"coder\", \"model\": \"gpt-4o\", \"output_tokens\": 1e9}");
    assert_false(oc_json_bool(o, "allowed", true)); /* more than all of it */
}

static void what_nobody_told_is_compared_and_exported_with_a_warning(void **state)
{
    (void)state;
    struct call c = {0};
    put(&c, "usage.tracked", 0, NULL, NULL, NULL, NULL); /* a source that could not tell */
    put(&c, "usage.ledger_today_dollars", 7.5, NULL, NULL, NULL, NULL);
    publish(&c);
    const json_t *row = stage_find(stage_ask(&f.s, "cost.reconcile", NULL), "what", "gate");
    assert_true(is_null(row, "ours") && is_null(row, "difference_percent"));
    assert_string_equal(oc_json_str(row, "state", ""), "unknown");
    assert_non_null(strstr(f.s.warning, "unknown"));
    f.s.warning[0] = '\0';
    stage_ask(&f.s, "cost.export", NULL);
    assert_non_null(strstr(f.s.warning, "unknown"));
    f.s.warning[0] = '\0';
    use(0, 0, 0, 0);
    stage_ask(&f.s, "cost.export", NULL);
    assert_string_equal(f.s.warning, "");
}

static void a_model_without_a_price_is_compared_with_nothing(void **state)
{
    (void)state;
    f.input = 1e6;
    f.spend = 2;
    tell_of("nobody-knows-this", "alpha", TODAY);
    const json_t *row =
        stage_find(stage_ask(&f.s, "cost.reconcile", NULL), "what", "nobody-knows-this");
    assert_true(is_null(row, "ours"));
    near(oc_json_num(row, "theirs", 0), 2);
}

static void a_budget_without_a_limit_is_a_finding(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { daily_tokens = 5.0; }, { agent = \"coder\"; } ); };");
    assert_int_equal(f.s.diags.list.count, 1);
    assert_string_equal(f.s.diags.list.items[0].key, "cost.budgets[1]");
}

static void growth_becomes_figures(void **state)
{
    (void)state;
    use(0, 0, 0, 0);
    use(2, 1000, 500, 0.0075);
    use(1, 1000, 0, 0.0025);
    near(figure("requests"), 3);
    near(figure("tokens"), 2500);
    near(figure("dollars"), 0.01);
    near(figure("reported_dollars"), 0.01);
    near(figure("estimated_dollars"), 0);
    const json_t *rows = stage_ask(&f.s, "cost.by", "{\"dimension\": \"agent\"}");
    near(oc_json_num(stage_find(rows, "name", "coder"), "dollars", 0), 0.01);
    rows = stage_ask(&f.s, "cost.by", "{\"dimension\": \"day\", \"period\": \"week\"}");
    near(oc_json_num(stage_find(rows, "name", "2025-11-23"), "requests", 0), 3);
    rows = stage_ask(&f.s, "cost.by", "{\"dimension\": \"key\"}");
    near(oc_json_num(stage_find(rows, "name", "team"), "input_tokens", 0), 2000);
}

static void what_a_source_has_from_before_today_is_left_out(void **state)
{
    (void)state;
    f.requests = 100;
    f.spend = 50;
    tell_of("gpt-4o", "coder", TODAY - 86400);
    near(figure("dollars"), 0);
    stage_pass(&f.s, OC_MINUTE);
    f.spend += 1;
    tell_of("gpt-4o", "coder", TODAY - 86400);
    near(figure("dollars"), 1);
    stage_pass(&f.s, OC_MINUTE);
    tell_of("gpt-4o", "alpha", TODAY - 86400); /* a series that is new began at 0 */
    near(figure("reported_dollars"), 52);
}

static void a_source_that_began_today_counts_from_its_beginning(void **state)
{
    (void)state;
    use(3, 300, 30, 0.5);
    near(figure("dollars"), 0.5);
}

static void counters_that_begin_anew_add_to_what_was(void **state)
{
    (void)state;
    use(10, 1000, 100, 5);
    f.requests = f.input = f.output = f.spend = 0;
    use(2, 200, 20, 1); /* lower than before */
    near(figure("requests"), 12);
    near(figure("dollars"), 6);
    f.requests = f.input = f.output = f.spend = 0;
    f.requests = 5; /* higher than before, but the source says that it began anew */
    f.spend = 2;
    tell_of("gpt-4o", "coder", TODAY + 120);
    near(figure("requests"), 17);
    near(figure("dollars"), 8);
}

static void a_restart_of_ours_counts_nothing_twice_and_loses_nothing(void **state)
{
    (void)state;
    use(10, 1000, 100, 5);
    restart();
    near(figure("dollars"), 5);
    tell(); /* the same again */
    near(figure("dollars"), 5);
    restart();
    use(1, 100, 10, 0.5); /* while we were away */
    near(figure("dollars"), 5.5);
    near(figure("requests"), 11);
}

static void a_model_without_a_charge_is_reckoned_and_one_without_a_price_estimated(void **state)
{
    (void)state;
    f.input = 1e6;
    f.output = 1e6;
    tell_of("MiniMax-M2.7", "alpha", TODAY);
    near(figure("dollars"), 0.5);
    near(figure("estimated_dollars"), 0);
    stage_pass(&f.s, OC_MINUTE);
    tell_of("nobody-knows-this", "alpha", TODAY);
    near(figure("dollars"), 4.5);
    near(figure("estimated_dollars"), 4);
}

static void figures_go_to_the_day_of_the_configured_zone(void **state)
{
    (void)state;
    configure("cost = { time_zone = \"-03:00\"; };"); /* 02:00 UTC is 23:00 of the day before */
    use(1, 0, 0, 1);
    const json_t *o = stage_ask(&f.s, "cost.summary", NULL);
    assert_string_equal(oc_json_str(o, "from", ""), "2025-11-22");
    near(oc_json_num(o, "dollars", 0), 1);
    stage_pass(&f.s, OC_HOUR);
    near(figure("dollars"), 0);
    use(1, 0, 0, 2);
    near(figure("dollars"), 2);
    o = stage_ask(&f.s, "cost.summary", "{\"period\": \"month\"}");
    near(oc_json_num(o, "dollars", 0), 3);
    o = stage_ask(&f.s, "cost.summary", "{\"period\": \"yesterday\"}");
    near(oc_json_num(o, "dollars", 0), 1);
}

static void an_unknown_zone_is_a_finding(void **state)
{
    (void)state;
    configure("cost = { time_zone = \"Mars/Olympus\"; };");
    assert_int_equal(f.s.diags.list.count, 1);
    assert_string_equal(f.s.diags.list.items[0].key, "cost.time_zone");
    use(1, 0, 0, 1);
    near(figure("dollars"), 1);
}

static void old_figures_are_forgotten(void **state)
{
    (void)state;
    configure("cost = { retention = \"31d\"; hourly_retention = \"1d\"; };");
    use(1, 0, 0, 1);
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23T02"));
    stage_pass(&f.s, 3 * OC_DAY);
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
    assert_false(oc_ledger_has(&f.cost->ledger, "2025-11-23T02"));
    stage_pass(&f.s, 40 * OC_DAY);
    assert_false(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
}

/* ---- budgets ---- */

static const json_t *budget(const char *id)
{
    return stage_find(stage_ask(&f.s, "cost.budget.list", NULL), "id", id);
}

static bool allowed(const char *agent)
{
    char params[160];
    snprintf(params, sizeof params,
             "{\"agent\": \"%s\", \"model\": \"gpt-4o\", \"input_tokens\": 1000, "
             "\"output_tokens\": 1000}",
             agent);
    return oc_json_bool(stage_ask(&f.s, "cost.check", params), "allowed", false);
}

static void budgets_are_soft_then_hard(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { agent = \"coder\"; daily_dollars = 10.0; } ); };");
    use(1, 0, 0, 7.9);
    assert_string_equal(oc_json_str(budget("coder/daily/dollars"), "state", ""), "ok");
    near(value_of("cost.budget_state"), 0);
    use(1, 0, 0, 0.1);
    assert_string_equal(oc_json_str(budget("coder/daily/dollars"), "state", ""), "soft");
    near(value_of("cost.budget_state"), 1);
    assert_true(allowed("coder"));
    use(1, 0, 0, 2);
    assert_string_equal(oc_json_str(budget("coder/daily/dollars"), "state", ""), "hard");
    near(value_of("cost.budget_state"), 2);
    near(value_of("cost.budget_used_percent"), 100);
    assert_false(allowed("coder"));
    assert_true(allowed("alpha"));
    stage_pass(&f.s, OC_DAY);
    assert_true(allowed("coder"));
    near(value_of("cost.budget_state"), 0);
}

static void a_call_that_would_exceed_a_budget_is_refused(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { daily_dollars = 1.0; } ); };");
    use(1, 0, 0, 0.99);
    const json_t *o =
        stage_ask(&f.s, "cost.check",
                  "{\"model\": \"gpt-4o\", \"input_tokens\": 1000, \"output_tokens\": 750}");
    assert_true(oc_json_bool(o, "allowed", false)); /* 0.0025 + 0.0075: exactly what is left */
    near(oc_json_num(o, "dollars", 0), 0.01);
    o = stage_ask(&f.s, "cost.check",
                  "{\"model\": \"gpt-4o\", \"input_tokens\": 1000, \"output_tokens\": 800}");
    assert_false(oc_json_bool(o, "allowed", true));
    assert_string_equal(
        oc_json_str(o, "reason", ""),
        "this call would exceed the daily budget of global: 0.99 of 1 dollars are used");
    near(oc_json_num(json_object_get(o, "remaining"), "dollars", 0), 0.01);
    assert_true(json_is_null(oc_json_path(o, "remaining.tokens")));
}

static void budgets_that_are_set_stay_and_stand_over_the_configuration(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { agent = \"coder\"; daily_dollars = 10.0; } ); };");
    stage_ask(&f.s, "cost.budget.set", "{\"agent\": \"coder\", \"limit\": 2}");
    stage_ask(&f.s, "cost.budget.set",
              "{\"limit\": 1000, \"unit\": \"tokens\", \"period\": \"monthly\"}");
    restart();
    near(oc_json_num(budget("coder/daily/dollars"), "limit", 0), 2);
    assert_string_equal(oc_json_str(budget("coder/daily/dollars"), "origin", ""), "set");
    near(oc_json_num(budget("global/monthly/tokens"), "limit", 0), 1000);
    stage_ask(&f.s, "cost.budget.remove", "{\"agent\": \"coder\"}");
    near(oc_json_num(budget("coder/daily/dollars"), "limit", 0), 10);
    assert_int_equal(stage_refused(&f.s, "cost.budget.remove", "{\"agent\": \"coder\"}"),
                     OC_E_CONFLICT);
    assert_int_equal(stage_refused(&f.s, "cost.budget.remove", "{\"agent\": \"nobody\"}"),
                     OC_E_NOT_FOUND);
    assert_int_equal(stage_refused(&f.s, "cost.budget.set", "{\"agent\": \"a/b\", \"limit\": 1}"),
                     OC_E_CONFIG);
    assert_int_equal(stage_refused(&f.s, "cost.budget.set", "{\"limit\": 0}"), OC_E_CONFIG);
}

static void the_defaults_are_the_collectives(void **state)
{
    (void)state;
    configure("cost = { default_budgets = true; budgets = ( { agent = \"coder\"; daily_dollars = "
              "5.0; } ); };");
    near(oc_json_num(budget("global/daily/tokens"), "limit", 0), 5e6);
    near(oc_json_num(budget("steward/daily/tokens"), "limit", 0), 1e6);
    near(oc_json_num(budget("arbiter/daily/dollars"), "limit", 0), 25);
    near(oc_json_num(budget("coder/daily/dollars"), "limit", 0), 5);
    near(oc_json_num(budget("sentinel/daily/tokens"), "soft_percent", 0), 80);
    assert_int_equal(json_array_size(stage_ask(&f.s, "cost.budget.list", NULL)), 25);
}

/* ---- burn rate and forecast ---- */

static void the_forecast_follows_the_rate(void **state)
{
    (void)state;
    /* 02:00: one dollar every half an hour until 08:00 */
    for (int i = 0; i < 12; i++) {
        use(1, 100, 0, 1);
        stage_pass(&f.s, 29 * OC_MINUTE);
    }
    const json_t *o = stage_ask(&f.s, "cost.forecast", NULL);
    near(oc_json_num(o, "spent_today", 0), 12);
    near(oc_json_num(o, "dollars_per_hour_6h", 0), 2);
    near(oc_json_num(o, "dollars_per_hour_1h", 0), 2);
    near(oc_json_num(o, "hours_left_today", 0), 16);
    near(oc_json_num(o, "forecast_today", 0), 12 + 16 * 2);
    near(oc_json_num(o, "days_left_this_month", 0), 7);
    assert_int_equal(oc_json_int(o, "full_days", -1), 0);
    near(oc_json_num(o, "forecast_this_month", 0), 44 * 8); /* no full day: today stands for them */
    stage_pass(&f.s, 16 * OC_HOUR);                         /* midnight */
    stage_pass(&f.s, OC_MINUTE);
    o = stage_ask(&f.s, "cost.forecast", NULL);
    near(oc_json_num(o, "spent_today", 1), 0);
    near(oc_json_num(o, "average_day", 0), 12);
    near(oc_json_num(o, "forecast_this_month", 0), 12 + 6 * 12);
}

static void a_restart_remembers_how_fast_money_burned(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        use(1, 100, 0, 1);
        stage_pass(&f.s, 29 * OC_MINUTE);
    }
    const double before =
        oc_json_num(stage_ask(&f.s, "cost.forecast", NULL), "dollars_per_hour_6h", 0);
    near(before, 4.0 / 6);
    restart();
    near(oc_json_num(stage_ask(&f.s, "cost.forecast", NULL), "dollars_per_hour_6h", 0), before);
}

static void the_pace_of_a_budget_is_against_an_even_one(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { daily_dollars = 24.0; } ); };");
    use(1, 0, 0, 3);
    near(oc_json_num(budget("global/daily/dollars"), "pace_1h", 0), 3);
    near(oc_json_num(budget("global/daily/dollars"), "pace_6h", 0), 0.5);
    near(value_of("cost.budget_pace_1h"), 3);
}

/* ---- sources, reconciliation ---- */

static void figures_that_stay_away_are_noticed(void **state)
{
    (void)state;
    configure("cost = { stale_after = \"5m\"; };");
    use(1, 0, 0, 1);
    near(value_of("cost.tracking_lost"), 0);
    stage_pass(&f.s, 4 * OC_MINUTE);
    near(value_of("cost.tracking_lost"), 0);
    stage_pass(&f.s, 3 * OC_MINUTE);
    near(value_of("cost.tracking_lost"), 1);
    const json_t *o = stage_ask(&f.s, "cost.summary", NULL);
    assert_string_equal(oc_json_str(oc_json_path(o, "sources[0]"), "state", ""), "lost");
    tell();
    near(value_of("cost.tracking_lost"), 0);
}

static void prices_and_charges_are_compared(void **state)
{
    (void)state;
    use(1, 1e6, 0, 2.5); /* gpt-4o: what we would reckon, too */
    const json_t *rows = stage_ask(&f.s, "cost.reconcile", NULL);
    assert_string_equal(oc_json_str(stage_find(rows, "what", "gpt-4o"), "state", ""), "ok");
    near(value_of("cost.reconcile_off"), 0);
    use(1, 1e6, 0, 5);
    rows = stage_ask(&f.s, "cost.reconcile", NULL);
    near(oc_json_num(stage_find(rows, "what", "gpt-4o"), "difference_percent", 0), -100.0 / 3);
    assert_string_equal(oc_json_str(stage_find(rows, "what", "gpt-4o"), "state", ""), "off");
    near(value_of("cost.reconcile_off"), 1);
    assert_string_equal(oc_json_str(stage_find(rows, "what", "gate"), "state", ""), "unknown");
    struct call c = {0};
    put(&c, "usage.ledger_today_dollars", 7.5, NULL, NULL, NULL, NULL);
    publish(&c);
    rows = stage_ask(&f.s, "cost.reconcile", NULL);
    assert_string_equal(oc_json_str(stage_find(rows, "what", "gate"), "state", ""), "ok");
}

/* ---- prices, export ---- */

static void write_table(int version, double input)
{
    char path[128];
    snprintf(path, sizeof path, "%s/new.json", f.s.home);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(
        out,
        "{\"provider\":\"openai\",\"version\":%d,\"last_updated\":\"2026-06-01\",\"currency\":"
        "\"USD\","
        "\"models\":{\"gpt-4o\":{\"input_cost_per_token\":%.9f,\"output_cost_per_token\":0.00001},"
        "\"gpt-6\":{\"input_cost_per_token\":0.00001,\"output_cost_per_token\":0.00002}}}",
        version, input);
    fclose(out);
}

static json_t *update(const char *more)
{
    char params[192];
    snprintf(params, sizeof params, "{\"file\": \"%s/new.json\"%s}", f.s.home, more);
    stage_call(&f.s, "cost.prices.update", params);
    return f.s.code == OC_OK ? f.s.result : NULL;
}

static void prices_are_updated_from_a_file_and_survive(void **state)
{
    char path[128];
    (void)state;
    write_table(2, 0.000005);
    const json_t *o = update(", \"dry_run\": true");
    assert_non_null(o);
    const json_t *changed = stage_find(json_object_get(o, "changes"), "model", "openai/gpt-4o");
    assert_string_equal(oc_json_str(changed, "change", ""), "changed");
    near(oc_json_num(changed, "input_was", 0), 2.5);
    near(oc_json_num(changed, "input", 0), 5);
    assert_non_null(stage_find(json_object_get(o, "changes"), "change", "new"));
    assert_non_null(stage_find(json_object_get(o, "changes"), "change", "gone"));
    assert_int_equal(stage_refused(&f.s, "cost.prices.show", "{\"model\": \"gpt-6\"}"),
                     OC_E_NOT_FOUND);
    assert_non_null(update(""));
    o = stage_ask(&f.s, "cost.prices.show", "{\"model\": \"gpt-6\"}");
    near(oc_json_num(json_array_get(o, 0), "input", 0), 10);
    restart();
    stage_ask(&f.s, "cost.prices.show", "{\"model\": \"openai/gpt-6\"}");
    assert_null(update("")); /* the same version */
    assert_int_equal(f.s.code, OC_E_CONFLICT);
    write_table(1, 0.000003);
    assert_null(update(""));
    assert_non_null(update(", \"force\": true"));
    snprintf(path, sizeof path, "%s/new.json", f.s.home);
    unlink(path);
    assert_null(update(""));
    assert_int_equal(f.s.code, OC_E_NOT_FOUND);
}

static void the_export_is_csv_that_runs_nothing(void **state)
{
    (void)state;
    f.input = 10;
    f.spend = 0.5;
    tell_of("=HYPERLINK(\"x\")", "a,b", TODAY);
    const json_t *o = stage_ask(&f.s, "cost.export", NULL);
    assert_string_equal(
        oc_json_str(o, "text", ""),
        "day,model,provider,agent,key,requests_ok,requests_failed,input_tokens,output_tokens,"
        "cache_read_tokens,cache_write_tokens,reported_dollars,dollars,estimated\r\n"
        "2025-11-23,\"'=HYPERLINK(\"\"x\"\")\",,\"a,b\",team,0,0,10,0,0,0,0.5,0.5,false\r\n");
    o = stage_ask(&f.s, "cost.export", "{\"format\": \"json\", \"from\": \"2025-11-01\"}");
    json_t *row = json_loads(oc_json_str(o, "text", ""), 0, NULL);
    near(oc_json_num(row, "dollars", 0), 0.5);
    json_decref(row);
    assert_int_equal(stage_refused(&f.s, "cost.export", "{\"from\": \"soon\"}"), OC_E_CONFIG);
    assert_int_equal(
        stage_refused(&f.s, "cost.export", "{\"from\": \"2025-12-02\", \"to\": \"2025-12-01\"}"),
        OC_E_CONFIG);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_nobody_told_is_unknown),
        TEST(a_budget_that_nobody_told_of_is_used_to_an_unknown_degree),
        TEST(what_nobody_told_is_compared_and_exported_with_a_warning),
        TEST(a_model_without_a_price_is_compared_with_nothing),
        TEST(a_budget_without_a_limit_is_a_finding),
        TEST(growth_becomes_figures),
        TEST(what_a_source_has_from_before_today_is_left_out),
        TEST(a_source_that_began_today_counts_from_its_beginning),
        TEST(counters_that_begin_anew_add_to_what_was),
        TEST(a_restart_of_ours_counts_nothing_twice_and_loses_nothing),
        TEST(a_model_without_a_charge_is_reckoned_and_one_without_a_price_estimated),
        TEST(figures_go_to_the_day_of_the_configured_zone),
        TEST(an_unknown_zone_is_a_finding),
        TEST(old_figures_are_forgotten),
        TEST(budgets_are_soft_then_hard),
        TEST(a_call_that_would_exceed_a_budget_is_refused),
        TEST(budgets_that_are_set_stay_and_stand_over_the_configuration),
        TEST(the_defaults_are_the_collectives),
        TEST(the_forecast_follows_the_rate),
        TEST(a_restart_remembers_how_fast_money_burned),
        TEST(the_pace_of_a_budget_is_against_an_even_one),
        TEST(figures_that_stay_away_are_noticed),
        TEST(prices_and_charges_are_compared),
        TEST(prices_are_updated_from_a_file_and_survive),
        TEST(the_export_is_csv_that_runs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
