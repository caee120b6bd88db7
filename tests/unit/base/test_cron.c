/* Tests of core/base/cron.c and cron_text.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/cron.h"

static struct oc_cron parse(const char *text)
{
    struct oc_cron c;
    struct oc_error err = {0};
    if (oc_cron_parse(text, &c, &err) != OC_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return c;
}

static void assert_refused(const char *text, const char *message)
{
    struct oc_cron c;
    struct oc_error err = {0};
    assert_int_equal(oc_cron_parse(text, &c, &err), OC_E_CONFIG);
    assert_string_equal(err.message, message);
}

static void assert_same(const char *a, const char *b)
{
    struct oc_cron x = parse(a), y = parse(b);
    assert_int_equal(x.minutes, y.minutes);
    assert_int_equal(x.hours, y.hours);
    assert_int_equal(x.days, y.days);
    assert_int_equal(x.months, y.months);
    assert_int_equal(x.weekdays, y.weekdays);
    assert_int_equal(x.either, y.either);
}

static void numbers_lists_ranges_and_steps_become_sets(void **state)
{
    (void)state;
    struct oc_cron c = parse("0,15-17,30-59/10 */6 1 * *");
    assert_int_equal(c.minutes, 1ull | 7ull << 15 | 1ull << 30 | 1ull << 40 | 1ull << 50);
    assert_int_equal(c.hours, 1u | 1u << 6 | 1u << 12 | 1u << 18);
    assert_int_equal(c.days, 2u);
    assert_int_equal(c.months, 0x1ffe);
    assert_int_equal(c.weekdays, 0x7f);
    c = parse("* * * * *");
    assert_int_equal(c.minutes, 0xfffffffffffffffull);
    assert_int_equal(c.hours, 0xffffff);
    assert_int_equal(c.days, 0xfffffffe);
}

static void names_stand_for_numbers_in_any_case(void **state)
{
    (void)state;
    assert_same("0 0 * jan,MAR-May mon-Fri", "0 0 * 1,3-5 1-5");
    assert_same("0 0 * * sun", "0 0 * * 0");
}

static void sunday_is_zero_and_seven(void **state)
{
    (void)state;
    assert_same("0 5 * * 7", "0 5 * * 0");
    assert_same("0 5 * * sat-sun", "0 5 * * 0,6");
    assert_same("0 5 * * 5-7", "0 5 * * 0,5,6");
    assert_same("0 5 * * 0-7", "0 5 * * 0-6");
}

static void short_words_stand_for_expressions(void **state)
{
    (void)state;
    assert_same("@hourly", "0 * * * *");
    assert_same(" @Daily", "0 0 * * *");
    assert_same("@midnight", "0 0 * * *");
    assert_same("@weekly", "0 0 * * 0");
    assert_same("@monthly", "0 0 1 * *");
    assert_same("@yearly", "0 0 1 1 *");
    assert_same("@annually", "0 0 1 1 *");
    assert_refused("@reboot", "column 1: expected @hourly, @daily, @weekly, @monthly or @yearly, "
                              "found \"@reboot\"");
}

static void spaces_and_tabs_part_fields(void **state)
{
    (void)state;
    assert_same("  0\t2  * *   * ", "0 2 * * *");
}

static void a_message_names_field_column_and_what_was_expected(void **state)
{
    (void)state;
    assert_refused("60 * * * *", "minute: column 1: expected 0 to 59, found \"60\"");
    assert_refused("0 24 * * *", "hour: column 3: expected 0 to 23, found \"24\"");
    assert_refused("0 0 0 * *", "day of month: column 5: expected 1 to 31, found \"0\"");
    assert_refused("0 0 * 13 *", "month: column 7: expected 1 to 12 or jan to dec, found \"13\"");
    assert_refused("0 0 * * 8",
                   "day of week: column 9: expected 0 to 7 or sun to sat, found \"8\"");
    assert_refused("0 0 * * mon-funday",
                   "day of week: column 13: expected 0 to 7 or sun to sat, found \"funday\"");
    assert_refused("1,,2 * * * *", "minute: column 3: expected 0 to 59, found \",\"");
    assert_refused("1, * * * *", "minute: column 3: expected 0 to 59, found the end of the field");
    assert_refused("1-2-3 * * * *",
                   "minute: column 4: expected \",\", \"-\", \"/\" or a space, found \"-3\"");
    assert_refused("00000 * * * *", "minute: column 1: expected 0 to 59, found \"00000\"");
}

static void ranges_run_forwards_and_steps_need_them(void **state)
{
    (void)state;
    assert_refused("0 22-4 * * *", "hour: column 3: the range runs backwards");
    assert_refused("5/15 * * * *", "minute: column 2: a step needs a range before it");
    assert_refused("*/0 * * * *", "minute: column 3: expected a step of 1 to 60, found \"0\"");
    assert_refused("*/90 * * * *", "minute: column 3: expected a step of 1 to 60, found \"90\"");
    assert_refused("* * * * */8", "day of week: column 11: expected a step of 1 to 7, found \"8\"");
    assert_refused("*-5 * * * *",
                   "minute: column 2: expected \",\", \"-\", \"/\" or a space, found \"-5\"");
}

static void what_other_programs_know_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused("0 0 L * *", "day of month: column 5: \"L\" is not known here");
    assert_refused("0 0 15W * *", "day of month: column 7: \"W\" is not known here");
    assert_refused("0 0 * * 5#2", "day of week: column 10: \"#\" is not known here");
    assert_refused("0 0 * * 5L", "day of week: column 10: \"L\" is not known here");
    assert_refused("0 0 ? * *", "day of month: column 5: \"?\" is not known here");
}

static void the_number_of_fields_is_five(void **state)
{
    (void)state;
    assert_refused("", "expected 5 fields, found 0");
    assert_refused("* * * *", "expected 5 fields, found 4");
    assert_refused("0 * * * * *", "expected 5 fields, found 6");
    assert_refused("* * * * *\n", "expected one line of at most 256 bytes");
}

static void a_day_that_never_comes_is_said_at_once(void **state)
{
    (void)state;
    const char *never = "day of month: no month that is asked for has such a day";
    assert_refused("0 0 30 2 *", never);
    assert_refused("0 0 31 2,4,6,9,11 *", never);
    assert_refused("0 0 31 feb */2", never);
    parse("0 0 29 2 *");
    parse("0 0 31 4 mon"); /* every Monday of April */
    parse("0 0 31 1-2 *");
}

static void either_day_is_enough_when_both_are_given(void **state)
{
    (void)state;
    struct oc_cron c = parse("0 0 13 * fri");
    assert_true(oc_cron_matches_day(&c, 13, 5, 2));
    assert_true(oc_cron_matches_day(&c, 14, 5, 5));
    assert_false(oc_cron_matches_day(&c, 14, 5, 4));
    c = parse("0 0 * * fri");
    assert_false(oc_cron_matches_day(&c, 13, 5, 2));
    c = parse("0 0 */2 * fri"); /* begins with a star: both */
    assert_false(oc_cron_matches_day(&c, 14, 5, 5));
    assert_true(oc_cron_matches_day(&c, 13, 5, 5));
    c = parse("0 0 13 3 fri");
    assert_false(oc_cron_matches_day(&c, 13, 5, 5));
}

static void expressions_are_told_in_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0 2 * * *", "at 02:00 every day"},
        {"0 */6 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"},
        {"0 5 * * 0", "at 05:00 on Sunday"},
        {"*/5 * * * *", "every 5 minutes"},
        {"* * * * *", "every minute"},
        {"*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"},
        {"@hourly", "at minute 0 of every hour"},
        {"*/15 9-17 * * mon-fri", "every 15 minutes of hours 9 to 17 on Monday to Friday"},
        {"0 0 1,15 * *", "at 00:00 on days 1 and 15 of every month"},
        {"0 0 13 * fri", "at 00:00 on day 13 and on every Friday"},
        {"0 0 */2 * fri", NULL},
        {"30 3 29 2 *", "at 03:30 on day 29 of February"},
        {"0 0 * jun-aug *", "at 00:00 in June to August"},
        {"5 */2 * * *", "at minute 5 of every 2 hours every day"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oc_cron c = parse(cases[i][0]);
        char *text = oc_cron_text(&c);
        if (cases[i][1]) {
            assert_string_equal(text, cases[i][1]);
        } else {
            assert_non_null(strstr(text, " if it is Friday"));
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_lists_ranges_and_steps_become_sets),
        cmocka_unit_test(names_stand_for_numbers_in_any_case),
        cmocka_unit_test(sunday_is_zero_and_seven),
        cmocka_unit_test(short_words_stand_for_expressions),
        cmocka_unit_test(spaces_and_tabs_part_fields),
        cmocka_unit_test(a_message_names_field_column_and_what_was_expected),
        cmocka_unit_test(ranges_run_forwards_and_steps_need_them),
        cmocka_unit_test(what_other_programs_know_is_refused_by_name),
        cmocka_unit_test(the_number_of_fields_is_five),
        cmocka_unit_test(a_day_that_never_comes_is_said_at_once),
        cmocka_unit_test(either_day_is_enough_when_both_are_given),
        cmocka_unit_test(expressions_are_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
