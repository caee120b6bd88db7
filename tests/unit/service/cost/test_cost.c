/* The cost service: figures, days, prices of models. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cost/cost_stage.h"

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

static void two_budgets_of_the_same_kind_are_a_finding(void **state)
{
    (void)state;
    configure(
        "cost = { budgets = ( { agent = \"a\"; daily_dollars = 5.0; }, { daily_dollars = 1.0; },"
        " { agent = \"a\"; monthly_dollars = 6.0; }, { agent = \"b\"; daily_dollars = 5.0; } ); "
        "};");
    assert_int_equal(f.s.diags.list.count, 0);
    configure("cost = { budgets = (\n{ agent = \"a\"; daily_dollars = 5.0; },\n"
              "{ agent = \"a\"; daily_dollars = 6.0; daily_tokens = 7.0; } ); };");
    assert_int_equal(f.s.diags.list.count, 1);
    assert_string_equal(f.s.diags.list.items[0].key, "cost.budgets[1]");
    assert_int_equal(f.s.diags.list.items[0].line, 3);
    assert_non_null(strstr(f.s.diags.list.items[0].message, "a has a limit of this kind already"));
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
    stage_pass(&f.s, 59 * OC_MINUTE);
    near(figure("dollars"), 0);
    tell();
    use(1, 0, 0, 2);
    near(figure("dollars"), 2);
    o = stage_ask(&f.s, "cost.summary", "{\"period\": \"month\"}");
    near(oc_json_num(o, "dollars", 0), 3);
    o = stage_ask(&f.s, "cost.summary", "{\"period\": \"yesterday\"}");
    near(oc_json_num(o, "dollars", 0), 1);
    o = stage_ask(&f.s, "cost.summary", "{\"from\": \"2025-11-22\"}");
    near(oc_json_num(o, "dollars", 0), 3);
    assert_int_equal(
        stage_refused(&f.s, "cost.summary", "{\"period\": \"month\", \"from\": \"2025-11-22\"}"),
        OC_E_CONFIG);
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
    tell();
    use(1, 0, 0, 1);
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23T02"));
    stage_pass(&f.s, 3 * OC_DAY);
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
    assert_false(oc_ledger_has(&f.cost->ledger, "2025-11-23T02"));
    stage_pass(&f.s, 40 * OC_DAY);
    assert_false(oc_ledger_has(&f.cost->ledger, "2025-11-23"));
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
        TEST(two_budgets_of_the_same_kind_are_a_finding),
        TEST(growth_becomes_figures),
        TEST(what_a_source_has_from_before_today_is_left_out),
        TEST(a_source_that_began_today_counts_from_its_beginning),
        TEST(counters_that_begin_anew_add_to_what_was),
        TEST(a_restart_of_ours_counts_nothing_twice_and_loses_nothing),
        TEST(a_model_without_a_charge_is_reckoned_and_one_without_a_price_estimated),
        TEST(figures_go_to_the_day_of_the_configured_zone),
        TEST(an_unknown_zone_is_a_finding),
        TEST(old_figures_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
