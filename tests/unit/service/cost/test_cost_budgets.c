/* The cost service: budgets, forecasts, sources, tables of prices, export. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cost/cost_stage.h"

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

static void budgets_that_are_taken_out_of_the_configuration_are_gone(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { agent = \"coder\"; daily_dollars = 10.0; } ); };");
    assert_non_null(budget("coder/daily/dollars"));
    configure("cost = { };");
    assert_null(budget("coder/daily/dollars"));
    configure("");
    assert_null(budget("coder/daily/dollars"));
}

static void budgets_that_are_set_stay_and_stand_over_the_configuration(void **state)
{
    (void)state;
    static const char *const odd[] = {"{\"agent\": \"a\\u0001b\", \"limit\": 1}",
                                      "{\"agent\": \"a\\nb\", \"limit\": 1}",
                                      "{\"agent\": \"a\\u007fb\", \"limit\": 1}"};
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
    assert_int_equal(stage_refused(&f.s, "cost.budget.set", "{\"agent\": \"\", \"limit\": 1}"),
                     OC_E_CONFIG);
    assert_int_equal(
        stage_refused(&f.s, "cost.budget.remove",
                      "{\"agent\": \"\", \"unit\": \"tokens\", \"period\": \"monthly\"}"),
        OC_E_CONFIG);
    near(oc_json_num(budget("global/monthly/tokens"), "limit", 0), 1000);
    for (size_t i = 0; i < OC_COUNT(odd); i++) {
        assert_int_equal(stage_refused(&f.s, "cost.budget.set", odd[i]), OC_E_CONFIG);
    }
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
    tell_of("gpt-4o", "coder", TODAY);
    for (int i = 0; i < 12; i++) { /* 02:00: one dollar every half an hour until 08:00 */
        stage_pass(&f.s, 30 * OC_MINUTE);
        f.spend += 1;
        tell_of("gpt-4o", "coder", TODAY);
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

static void money_burns_on_a_machine_whose_clock_was_never_set(void **state)
{
    (void)state;
    oc_time_fake(30 * OC_MINUTE, oc_time_mono());
    for (int i = 0; i < 3; i++) {
        f.spend += 1;
        tell_of("gpt-4o", "coder", 60);
        stage_pass(&f.s, OC_MINUTE);
    }
    const json_t *o = stage_ask(&f.s, "cost.forecast", NULL);
    near(oc_json_num(o, "dollars_per_hour_1h", 0), 3);
    near(oc_json_num(o, "dollars_per_hour_6h", 0), 0.5);
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

/* ---- what is no more ---- */

static int64_t ended_before; /* what was told before this is over */

static void on_complete(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    ended_before = oc_json_int(event->data, "since", 0);
}

static bool is_over(const char *selector)
{
    struct oc_selector sel;
    struct oc_series_list found = {0};
    assert_int_equal(oc_selector_init(&sel, selector, NULL), OC_OK);
    oc_store_select(f.s.env.store, &sel, 1, &found);
    oc_selector_finish(&sel);
    assert_int_equal(found.list.count, 1);
    bool over = found.list.items[0]->time_ms < ended_before;
    oc_series_list_finish(&found);
    return over;
}

static void what_was_told_of_a_budget_ends_with_it(void **state)
{
    (void)state;
    struct oc_subscription *sub =
        oc_bus_subscribe(f.s.env.bus, "samples.complete", on_complete, NULL);
    configure("cost = { budgets = ( { agent = \"beta\"; daily_dollars = 10.0; } ); };");
    stage_ask(&f.s, "cost.budget.set", "{\"agent\": \"coder\", \"limit\": 0.01}");
    use(1, 0, 0, 1);
    assert_false(is_over("cost.budget_state{agent=\"coder\"}"));
    stage_ask(&f.s, "cost.budget.remove", "{\"agent\": \"coder\"}");
    assert_true(is_over("cost.budget_state{agent=\"coder\"}"));
    assert_true(is_over("cost.budget_pace{agent=\"coder\"}"));
    assert_false(is_over("cost.budget_state{agent=\"beta\"}"));
    configure("cost = { };");
    assert_true(is_over("cost.budget_state{agent=\"beta\"}"));
    assert_false(is_over("cost.day_dollars"));
    oc_bus_unsubscribe(sub);
}

static void sweep(int64_t since)
{
    oc_bus_publish(f.s.env.bus, "collector.swept",
                   json_pack("{s:s, s:I}", "instance", "gate", "since", (json_int_t)since));
}

static void a_source_whose_collector_was_removed_is_not_lost(void **state)
{
    (void)state;
    struct oc_subscription *sub =
        oc_bus_subscribe(f.s.env.bus, "samples.complete", on_complete, NULL);
    use(1, 0, 0, 1);
    sweep(oc_time_wall());
    assert_int_equal(
        json_array_size(json_object_get(stage_ask(&f.s, "cost.summary", NULL), "sources")), 1);
    sweep(INT64_MAX);
    stage_pass(&f.s, OC_HOUR);
    for (int i = 0; i < 2; i++) {
        const json_t *o = stage_ask(&f.s, "cost.summary", NULL);
        assert_int_equal(json_array_size(json_object_get(o, "sources")), 0);
        assert_string_equal(oc_json_str(o, "state", ""), "known"); /* what was spent is */
        assert_true(is_over("cost.tracking_lost"));
        restart();
        stage_pass(&f.s, OC_MINUTE);
    }
    use(1, 0, 0, 2); /* it is back, and nothing is counted twice */
    near(figure("dollars"), 3);
    assert_string_equal(
        oc_json_str(oc_json_path(stage_ask(&f.s, "cost.summary", NULL), "sources[0]"), "state", ""),
        "ok");
    near(value_of("cost.tracking_lost"), 0);
    oc_bus_unsubscribe(sub);
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
    assert_string_equal(f.s.error.message, "expected a date, found soon");
    assert_int_equal(stage_refused(&f.s, "cost.export", "{\"from\": \"0001-01-01\"}"), OC_E_CONFIG);
    assert_string_equal(f.s.error.message, "0001-01-01 is before 1970: nothing was counted then");
    assert_int_equal(
        stage_refused(&f.s, "cost.export", "{\"from\": \"2025-12-02\", \"to\": \"2025-12-01\"}"),
        OC_E_CONFIG);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(budgets_are_soft_then_hard),
        TEST(a_call_that_would_exceed_a_budget_is_refused),
        TEST(budgets_that_are_taken_out_of_the_configuration_are_gone),
        TEST(budgets_that_are_set_stay_and_stand_over_the_configuration),
        TEST(the_defaults_are_the_collectives),
        TEST(the_forecast_follows_the_rate),
        TEST(money_burns_on_a_machine_whose_clock_was_never_set),
        TEST(a_restart_remembers_how_fast_money_burned),
        TEST(the_pace_of_a_budget_is_against_an_even_one),
        TEST(what_was_told_of_a_budget_ends_with_it),
        TEST(a_source_whose_collector_was_removed_is_not_lost),
        TEST(figures_that_stay_away_are_noticed),
        TEST(prices_and_charges_are_compared),
        TEST(prices_are_updated_from_a_file_and_survive),
        TEST(the_export_is_csv_that_runs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
