/* The parts of the cost service: zones, prices, CSV. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/service/cost/internal.h"

/* ---- days ---- */

static struct oc_zone zone;

static void set(const char *name)
{
    struct oc_error err;
    oc_error_init(&err);
    oc_zone_finish(&zone);
    if (oc_zone_init(&zone, name, &err) != OC_OK) {
        skip(); /* a machine without zone files */
    }
}

static int64_t at(const char *time)
{
    int64_t ms = 0;
    assert_int_equal(oc_time_parse(time, 0, &ms), OC_OK);
    return ms;
}

static void is_day(const char *time, const char *wanted)
{
    char day[OC_ZONE_DAY];
    assert_string_equal(oc_zone_day(&zone, at(time), day), wanted);
}

static double hours_of(const char *day)
{
    char next[OC_ZONE_DAY];
    oc_zone_add(day, 1, next);
    return (double)(oc_zone_start(&zone, next) - oc_zone_start(&zone, day)) / (double)OC_HOUR;
}

static void days_of_utc_begin_at_midnight(void **state)
{
    (void)state;
    set("UTC");
    is_day("2026-11-22T00:00:00Z", "2026-11-22");
    is_day("2026-11-21T23:59:59.999Z", "2026-11-21");
    assert_true(oc_zone_start(&zone, "2026-11-22") == at("2026-11-22T00:00:00Z"));
    assert_true(oc_zone_start(&zone, "2026-02-30") == -1);
    assert_true(oc_zone_start(&zone, "soon") == -1);
}

static void days_of_a_fixed_offset_begin_there(void **state)
{
    (void)state;
    set("+05:30");
    is_day("2026-11-21T18:30:00Z", "2026-11-22");
    is_day("2026-11-21T18:29:59Z", "2026-11-21");
    set("-03:00");
    is_day("2026-11-22T02:59:59Z", "2026-11-21");
    assert_true(oc_zone_start(&zone, "2026-11-22") == at("2026-11-22T03:00:00Z"));
}

static void days_on_which_the_clocks_change_have_23_and_25_hours(void **state)
{
    (void)state;
    set("Europe/Berlin");
    is_day("2026-07-01T22:00:00Z", "2026-07-02");
    is_day("2026-12-01T22:59:59Z", "2026-12-01");
    assert_true(oc_zone_start(&zone, "2026-03-29") == at("2026-03-28T23:00:00Z"));
    assert_true(hours_of("2026-03-29") == 23);
    assert_true(hours_of("2026-10-25") == 25);
    assert_true(hours_of("2026-10-26") == 24);
    set("America/New_York");
    assert_true(hours_of("2026-03-08") == 23);
    assert_true(hours_of("2026-11-01") == 25);
    set("Australia/Lord_Howe"); /* half an hour, and summer at the turn of the year */
    assert_true(hours_of("2026-10-04") == 23.5);
    assert_true(hours_of("2026-04-05") == 24.5);
}

static void a_day_without_a_midnight_begins_at_its_first_moment(void **state)
{
    (void)state;
    set("America/Havana"); /* clocks go from 00:00 to 01:00 */
    assert_true(oc_zone_start(&zone, "2026-03-08") == at("2026-03-08T05:00:00Z"));
    assert_true(hours_of("2026-03-08") == 23);
    set("Pacific/Apia"); /* 2011-12-30 was left out */
    assert_true(hours_of("2011-12-29") == 24);
}

static void hour_ends(const char *time, const char *wanted)
{
    assert_true(oc_zone_hour_end(&zone, at(time)) == at(wanted));
}

static void hours_end_where_the_next_one_begins_also_when_the_clocks_change(void **state)
{
    (void)state;
    set("UTC");
    hour_ends("2026-11-22T13:00:00Z", "2026-11-22T14:00:00Z");
    hour_ends("2026-11-22T13:59:59.999Z", "2026-11-22T14:00:00Z");
    hour_ends("1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z");
    set("+05:30");
    hour_ends("2026-11-22T13:00:00Z", "2026-11-22T13:30:00Z");
    hour_ends("2026-11-22T13:30:00Z", "2026-11-22T14:30:00Z");
    set("Europe/Berlin");
    hour_ends("2026-10-25T00:10:00Z", "2026-10-25T02:00:00Z"); /* two o'clock comes twice */
    hour_ends("2026-10-25T01:10:00Z", "2026-10-25T02:00:00Z");
    hour_ends("2026-03-29T00:10:00Z", "2026-03-29T01:00:00Z");
    set("Australia/Lord_Howe"); /* from 02:00 back to 01:30, and from 02:00 on to 02:30 */
    hour_ends("2026-04-04T14:10:00Z", "2026-04-04T15:30:00Z");
    hour_ends("2026-10-03T15:10:00Z", "2026-10-03T15:30:00Z");
    hour_ends("2026-10-03T15:40:00Z", "2026-10-03T16:00:00Z");
    set("America/St_Johns"); /* until 2011 the clocks changed at a minute past midnight */
    hour_ends("2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z");
    hour_ends("2010-11-07T02:31:00Z", "2010-11-07T03:30:00Z");
}

static void the_years_to_come_follow_the_rule(void **state)
{
    (void)state;
    set("Europe/Berlin");
    assert_true(hours_of("2050-03-27") == 23);
    assert_true(hours_of("2050-10-30") == 25);
    is_day("2050-07-01T22:00:00Z", "2050-07-02");
    set("Australia/Sydney");
    assert_true(hours_of("2050-04-03") == 25);
    assert_true(hours_of("2050-10-02") == 23);
}

static void months_are_counted_by_the_calendar(void **state)
{
    char out[OC_ZONE_DAY];
    (void)state;
    assert_string_equal(oc_zone_next_month("2026-12-31", out), "2027-01-01");
    assert_string_equal(oc_zone_next_month("2026-01-31", out), "2026-02-01");
    assert_string_equal(oc_zone_add("2028-02-28", 1, out), "2028-02-29");
    assert_string_equal(oc_zone_add("2026-03-01", -1, out), "2026-02-28");
}

static void bad_zones_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "+99:00", "+", "utc "};
    static const char cut[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff";
    struct oc_zone z;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        oc_error_init(&err);
        if (oc_zone_init(&z, bad[i], &err) == OC_OK) {
            fail_msg("%s is a zone", bad[i]);
        }
    }
    assert_int_equal(oc_zone_parse(&z, cut, sizeof cut, NULL), OC_E_CONFIG);
    assert_int_equal(oc_zone_parse(&z, "x", 1, NULL), OC_E_CONFIG);
}

/* ---- prices ---- */

static struct oc_prices prices;

static void costs(const char *provider, const char *model, double input, double output)
{
    const struct oc_price *p = oc_prices_find(&prices, provider, model);
    if (!p || fabs(p->input * 1e6 - input) > 1e-9 || fabs(p->output * 1e6 - output) > 1e-9) {
        fail_msg("%s: %g / %g", model, p ? p->input * 1e6 : -1, p ? p->output * 1e6 : -1);
    }
}

static void the_shipped_prices_are_those_of_the_tables(void **state)
{
    (void)state;
    assert_int_equal(prices.tables.count, 8);
    costs("anthropic", "claude-3-5-sonnet", 3, 15);
    costs("openai", "gpt-4o", 2.5, 10);
    costs("openai", "o3-mini", 1.1, 4.4);
    costs("azure", "gpt-35-turbo", 0.5, 1.5);
    costs("google", "gemini-1.5-pro", 1.25, 5);
    costs("xai", "grok-beta", 5, 25);
    costs("ollama", "mixtral", 0, 0);
    costs("minimax", "MiniMax-M2.7", 0.1, 0.4);
    costs("zai", "glm-5-1", 1.4, 4.4);
}

static void a_model_is_found_by_provider_then_in_another_case_then_anywhere(void **state)
{
    (void)state;
    costs("openai", "MiniMax-M2.7", 0.1, 0.4); /* behind an OpenAI-like address */
    costs(NULL, "minimax/MINIMAX-m2.7", 0.1, 0.4);
    costs(NULL, "GPT-4O", 2.5, 10);
    costs("azure", "gpt-4o", 2.5, 10);
    costs("nobody", "openai/gpt-4o", 2.5, 10);
    assert_null(oc_prices_find(&prices, "openai", "nobody-knows-this"));
    assert_null(oc_prices_find(&prices, NULL, ""));
}

static void cached_tokens_have_their_own_price(void **state)
{
    const struct oc_price *p = oc_prices_find(&prices, "anthropic", "claude-3-5-sonnet");
    const struct oc_tokens t = {.input = 1e6, .output = 1e5, .cache_read = 6e5, .cache_write = 1e5};
    (void)state;
    assert_true(fabs(oc_price_of(p, &t) - (0.3 * 3 + 0.1 * 15 + 0.6 * 0.3 + 0.1 * 3.75)) < 1e-9);
    assert_true(fabs(oc_price_saved(p, 6e5) - 0.6 * 2.7) < 1e-9);
    assert_true(fabs(oc_price_of(NULL, &t) - (1 + 0.3)) < 1e-9); /* the estimate */
    const struct oc_price *m = oc_prices_find(&prices, "minimax", "MiniMax-M2.7");
    assert_true(fabs(oc_price_of(m, &t) - (0.1 + 0.04)) <
                1e-9); /* no price of its own: the input's */
}

static const char *refused(const char *json)
{
    static struct oc_error err;
    json_t *doc = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(doc);
    oc_error_init(&err);
    struct oc_price_table *t = oc_price_table_parse(doc, &err);
    json_decref(doc);
    assert_null(t);
    assert_int_equal(err.code, OC_E_CONFIG);
    return err.message;
}

/* What would be passed over in a table that is to be taken. */
static const char *passed_over(const char *json)
{
    static struct oc_error err;
    json_t *doc = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(doc);
    oc_error_init(&err);
    oc_price_table_check(doc, &err);
    json_decref(doc);
    return err.message;
}

#define FILE_WITH(version, currency, models)                                                       \
    "{\"provider\":\"p\",\"version\":" version                                                     \
    ",\"last_updated\":\"2026-01-01\",\"currency\":\"" currency "\",\"models\":" models "}"

static void a_member_that_no_price_table_has_is_refused(void **state)
{
    (void)state;
    assert_string_equal(passed_over("{\"x\":1,\"provider\":\"p\"}"),
                        "x: no price table has this member");
    assert_string_equal(
        passed_over(FILE_WITH("1", "USD", "{\"m\":{\"input_cost_per_token\":0,\"bogus\":1}}")),
        "models.m.bogus: no price table has this member");
    assert_string_equal(
        passed_over(FILE_WITH("1", "USD", "{\"m\":{\"input_cost_per_token\":0,\"max_tokens\":1}}")),
        "");
    assert_string_equal(passed_over("[]"), ""); /* and then it is no table at all */
}

static void a_wrong_price_file_is_refused_with_its_mistake(void **state)
{
    (void)state;
    assert_string_equal(refused("[]"), "expected a JSON object");
    assert_string_equal(refused("{}"), "provider: expected a name such as \"openai\"");
    assert_string_equal(refused("{\"provider\":\"../x\"}"),
                        "provider: expected a name such as \"openai\"");
    assert_string_equal(refused(FILE_WITH("0", "USD", "{}")),
                        "version: expected a whole number from 1");
    assert_string_equal(refused(FILE_WITH("1", "EUR", "{}")), "currency: expected \"USD\"");
    assert_string_equal(refused(FILE_WITH("1", "USD", "{}")),
                        "models: expected an object with 1 to 4096 models");
    assert_string_equal(
        refused(FILE_WITH("1", "USD",
                          "{\"m\":{\"input_cost_per_token\":2.5,\"output_cost_per_token\":0}}")),
        "models.m.input_cost_per_token: expected dollars per token, 0 to 1");
    assert_string_equal(refused(FILE_WITH("1", "USD", "{\"m\":{\"input_cost_per_token\":0}}")),
                        "models.m.output_cost_per_token: expected dollars per token, 0 to 1");
    assert_string_equal(
        refused(FILE_WITH("1", "USD",
                          "{\"m\":{\"input_cost_per_token\":0,\"output_cost_per_token\":0,"
                          "\"cache_read_cost_per_token\":\"x\"}}")),
        "models.m.cache_read_cost_per_token: expected dollars per token, 0 to 1");
}

static int setup(void **state)
{
    (void)state;
    oc_prices_load(&prices, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_prices_finish(&prices);
    oc_zone_finish(&zone);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_utc_begin_at_midnight),
        cmocka_unit_test(days_of_a_fixed_offset_begin_there),
        cmocka_unit_test(days_on_which_the_clocks_change_have_23_and_25_hours),
        cmocka_unit_test(a_day_without_a_midnight_begins_at_its_first_moment),
        cmocka_unit_test(hours_end_where_the_next_one_begins_also_when_the_clocks_change),
        cmocka_unit_test(the_years_to_come_follow_the_rule),
        cmocka_unit_test(months_are_counted_by_the_calendar),
        cmocka_unit_test(bad_zones_are_refused),
        cmocka_unit_test(the_shipped_prices_are_those_of_the_tables),
        cmocka_unit_test(a_model_is_found_by_provider_then_in_another_case_then_anywhere),
        cmocka_unit_test(cached_tokens_have_their_own_price),
        cmocka_unit_test(a_member_that_no_price_table_has_is_refused),
        cmocka_unit_test(a_wrong_price_file_is_refused_with_its_mistake),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
