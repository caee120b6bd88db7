/* When what has grown between two looks was spent. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cost/cost_stage.h"

#include "core/service/cost/spread.h"

static double of_day(const char *day, const char *key)
{
    const json_t *rows =
        stage_ask(&f.s, "cost.by", "{\"dimension\": \"day\", \"period\": \"week\"}");
    return oc_json_num(stage_find(rows, "name", day), key, NAN);
}

static double of_hour(const char *hour)
{
    double sum = 0;
    const struct oc_bucket *b = oc_ledger_bucket(&f.cost->ledger, hour);
    for (size_t i = 0; i < b->rows.count; i++) {
        sum += oc_cost_dollars(f.cost, b->rows.items[i]);
    }
    return sum;
}

static double forecast(const char *key)
{
    return oc_json_num(stage_ask(&f.s, "cost.forecast", NULL), key, NAN);
}

/* The gateway tells what it has counted since it was asked last, and no time passes. */
static void spend(double requests, double dollars)
{
    f.requests += requests;
    f.spend += dollars;
    tell_of("gpt-4o", "coder", TODAY);
}

static void what_was_spent_while_we_were_down_goes_to_its_days(void **state)
{
    (void)state;
    configure("cost = { budgets = ( { daily_dollars = 20.0; } ); };");
    spend(0, 0);
    restart();
    stage_pass(&f.s, 57 * OC_HOUR); /* from Sunday, 02:00 to Tuesday, 11:00 */
    spend(114, 57);
    near(of_day("2025-11-23", "dollars"), 22);
    near(of_day("2025-11-24", "dollars"), 24);
    near(of_day("2025-11-25", "dollars"), 11);
    assert_true(of_day("2025-11-23", "requests") == 44);
    assert_true(of_day("2025-11-24", "requests") == 48);
    assert_true(of_day("2025-11-25", "requests") == 22);
    near(of_hour("2025-11-23T02"), 1);
    near(of_hour("2025-11-25T10"), 1);
    near(value_of("cost.day_dollars"), 11);
    near(value_of("cost.month_dollars"), 57);
    near(value_of("cost.budget_state"), 0);
    near(forecast("dollars_per_hour_1h"), 1);
    near(forecast("dollars_per_hour_6h"), 1);
}

static void whole_numbers_stay_whole_and_add_up(void **state)
{
    struct oc_cost_spread sp = {0};
    (void)state;
    for (int64_t hours = 1; hours < 80; hours += 13) {
        oc_cost_spread_init(&sp, f.cost, STAGE_WALL - hours * OC_HOUR - 12345, STAGE_WALL + 6789);
        double days = 0, by_hour = 0;
        for (size_t i = 0; i < sp.pieces.count; i++) {
            const double share = oc_cost_spread_share(&sp, 1009, true, &sp.pieces.items[i]);
            assert_true(share >= 0 && share == floor(share));
            *(sp.pieces.items[i].is_day ? &days : &by_hour) += share;
        }
        assert_true(days == 1009 && by_hour == 1009);
        oc_cost_spread_finish(&sp);
    }
}

static void the_hours_of_a_day_add_up_to_it(void **state)
{
    (void)state;
    spend(0, 0);
    stage_pass(&f.s, 31 * OC_HOUR + 17 * OC_MINUTE);
    spend(1, 7.77);
    double sum = 0;
    for (int hour = 0; hour < 24; hour++) {
        char name[OC_ZONE_HOUR];
        snprintf(name, sizeof name, "2025-11-24T%02d", hour);
        sum += of_hour(name);
    }
    near(sum, of_day("2025-11-24", "dollars"));
    near(sum + of_day("2025-11-23", "dollars"), 7.77);
}

static void hours_older_than_they_are_kept_are_not_made(void **state)
{
    (void)state;
    configure("cost = { hourly_retention = \"1d\"; };");
    spend(0, 0);
    stage_pass(&f.s, 3 * OC_DAY);
    spend(1, 3);
    near(of_day("2025-11-24", "dollars"), 1);
    assert_false(oc_ledger_has(&f.cost->ledger, "2025-11-24T12"));
    assert_true(oc_ledger_has(&f.cost->ledger, "2025-11-25T12"));
}

static void a_gateway_that_began_today_has_spent_since_then(void **state)
{
    (void)state;
    f.spend = 9;
    tell_of("gpt-4o", "coder", STAGE_WALL / 1000.0 - 5400); /* 00:30 */
    near(of_hour("2025-11-23T00"), 3);
    near(of_hour("2025-11-23T01"), 6);
    near(forecast("dollars_per_hour_1h"), 6);
}

static void a_gateway_that_began_anew_has_spent_since_then(void **state)
{
    (void)state;
    spend(0, 5);
    stage_pass(&f.s, 2 * OC_HOUR);
    f.spend = 6; /* it was started at 03:00 */
    tell_of("gpt-4o", "coder", STAGE_WALL / 1000.0 + 3600);
    near(of_hour("2025-11-23T02"), 0);
    near(of_hour("2025-11-23T03"), 6);
    near(figure("dollars"), 11);
}

static void a_beginning_that_is_no_time_says_nothing(void **state)
{
    (void)state;
    spend(0, 5);
    stage_pass(&f.s, OC_HOUR);
    f.spend = 6;
    tell_of("gpt-4o", "coder", 1e300);
    tell_of("gpt-4o", "coder", -1e300);
    near(figure("dollars"), 6);
    near(of_hour("2025-11-23T02"), 1);
}

static void a_clock_that_was_set_back_loses_nothing(void **state)
{
    (void)state;
    spend(0, 5);
    oc_time_fake(STAGE_WALL - 2 * OC_HOUR, oc_time_mono());
    spend(0, 1);
    near(of_hour("2025-11-23T00"), 1);
    stage_pass(&f.s, 30 * OC_MINUTE);
    spend(0, 2);
    near(of_hour("2025-11-23T00"), 3);
    near(figure("dollars"), 8);
}

static void the_month_has_what_came_for_yesterday_after_midnight(void **state)
{
    (void)state;
    configure("cost = { time_zone = \"-03:00\"; };"); /* 23:00 of the day before */
    spend(0, 5);
    stage_pass(&f.s, OC_HOUR + OC_MINUTE);
    near(value_of("cost.month_dollars"), 5);
    near(value_of("cost.day_dollars"), 0);
    spend(61, 61);
    near(of_day("2025-11-22", "dollars"), 65);
    near(value_of("cost.day_dollars"), 1);
    near(value_of("cost.month_dollars"), 66);
}

/* Half a dollar every quarter of an hour, until `end`; then a restart. */
static void burns_as_before_a_restart(const char *zone, const char *end)
{
    char text[80];
    int64_t last = 0;
    snprintf(text, sizeof text, "cost = { time_zone = \"%s\"; };", zone);
    configure(text);
    if (f.s.diags.list.count) {
        skip(); /* a machine without zone files */
    }
    assert_int_equal(oc_time_parse(end, 0, &last), OC_OK);
    oc_time_fake(last - 9 * OC_HOUR, oc_time_mono());
    spend(0, 0);
    while (oc_time_wall() < last) {
        stage_pass(&f.s, 15 * OC_MINUTE);
        spend(0, 0.5);
    }
    for (int i = 0; i < 2; i++) {
        near(forecast("dollars_per_hour_6h"), 2);
        near(forecast("dollars_per_hour_1h"), 2);
        restart();
    }
}

static void hours_that_begin_at_a_half_are_recalled(void **state)
{
    (void)state;
    burns_as_before_a_restart("+05:30", "2026-11-22T09:00:00Z");
}

static void an_hour_that_came_twice_is_recalled_once(void **state)
{
    (void)state;
    burns_as_before_a_restart("Europe/Berlin", "2026-10-25T04:15:00Z");
}

static void an_hour_that_was_left_out_is_not_recalled(void **state)
{
    (void)state;
    burns_as_before_a_restart("Europe/Berlin", "2026-03-29T04:15:00Z");
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_spent_while_we_were_down_goes_to_its_days),
        TEST(whole_numbers_stay_whole_and_add_up),
        TEST(the_hours_of_a_day_add_up_to_it),
        TEST(hours_older_than_they_are_kept_are_not_made),
        TEST(a_gateway_that_began_today_has_spent_since_then),
        TEST(a_gateway_that_began_anew_has_spent_since_then),
        TEST(a_beginning_that_is_no_time_says_nothing),
        TEST(a_clock_that_was_set_back_loses_nothing),
        TEST(the_month_has_what_came_for_yesterday_after_midnight),
        TEST(hours_that_begin_at_a_half_are_recalled),
        TEST(an_hour_that_came_twice_is_recalled_once),
        TEST(an_hour_that_was_left_out_is_not_recalled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
