/* Tests of core/sys/crontime.c: known dates, and every minute of the days around a change. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/time.h"
#include "core/sys/crontime.h"

static struct oc_zone zone(const char *name)
{
    struct oc_zone z;
    assert_int_equal(oc_zone_init(&z, name, NULL), OC_OK);
    return z;
}

static int64_t at(const char *text)
{
    int64_t ms;
    assert_int_equal(oc_time_parse(text, 0, &ms), OC_OK);
    return ms;
}

/* The times that follow `after`, one by one; all in UTC. */
static void assert_due(const char *expression, const char *zone_name, const char *after,
                       const char *const *times)
{
    struct oc_cron c;
    struct oc_zone z = zone(zone_name);
    int64_t last = at(after);
    char found[32];
    assert_int_equal(oc_cron_parse(expression, &c, NULL), OC_OK);
    for (; *times; times++) {
        last = oc_cron_next(&c, &z, last);
        oc_time_format(last, found, sizeof found);
        found[16] = '\0'; /* "2026-11-22T13:30" */
        assert_string_equal(found, *times);
        assert_int_equal(last % OC_MINUTE, 0);
    }
    oc_zone_finish(&z);
}

#define DUE(expression, zone_name, after, ...)                                                     \
    assert_due(expression, zone_name, after, (const char *const[]){__VA_ARGS__, NULL})

static void the_next_time_is_after_the_moment_itself(void **state)
{
    (void)state;
    DUE("*/5 * * * *", "UTC", "2026-11-22T13:30:00Z", "2026-11-22T13:35", "2026-11-22T13:40");
    DUE("*/5 * * * *", "UTC", "2026-11-22T13:29:59.999Z", "2026-11-22T13:30");
    DUE("*/5 * * * *", "UTC", "2026-11-22T13:30:00.001Z", "2026-11-22T13:35");
    DUE("0 2 * * *", "UTC", "2026-11-22T13:30:00Z", "2026-11-23T02:00", "2026-11-24T02:00");
    DUE("0 5 * * 0", "UTC", "2026-11-22T13:30:00Z", "2026-11-29T05:00");
}

static void months_and_leap_years_are_counted_right(void **state)
{
    (void)state;
    DUE("0 0 31 * *", "UTC", "2026-11-22T00:00:00Z", "2026-12-31T00:00", "2027-01-31T00:00",
        "2027-03-31T00:00");
    DUE("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00");
    DUE("0 0 29 2 */7", "UTC", "2026-01-01T00:00:00Z", "2032-02-29T00:00", "2060-02-29T00:00");
    DUE("59 23 31 12 *", "UTC", "1969-12-31T23:59:00Z", "1970-12-31T23:59");
    DUE("0 0 1 1 *", "UTC", "1960-06-01T00:00:00Z", "1961-01-01T00:00");
}

static void a_zone_shifts_the_day(void **state)
{
    (void)state;
    DUE("0 2 * * *", "Europe/Berlin", "2026-11-22T13:30:00Z", "2026-11-23T01:00");
    DUE("0 2 * * *", "Europe/Berlin", "2026-07-22T13:30:00Z", "2026-07-23T00:00");
    DUE("0 0 * * *", "Asia/Kathmandu", "2026-11-22T13:30:00Z", "2026-11-22T18:15");
    DUE("0 0 1 * *", "+14:00", "2026-11-22T13:30:00Z", "2026-11-30T10:00");
    DUE("30 4 * * mon", "-05:30", "2026-11-22T13:30:00Z", "2026-11-23T10:00");
}

static void a_skipped_time_is_due_at_the_change_once(void **state)
{
    (void)state;
    /* Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC */
    DUE("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00",
        "2026-03-30T00:30");
    DUE("*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00",
        "2026-03-30T00:00");
    DUE("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00");
    DUE("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00",
        "2026-03-30T00:00");
    DUE("30 2 29 3 *", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-03-29T01:00",
        "2027-03-29T00:30");
}

static void a_time_that_comes_twice_is_due_the_first_time(void **state)
{
    (void)state;
    /* Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC */
    DUE("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30",
        "2026-10-26T01:30");
    DUE("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30");
    DUE("0 */2 * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", "2026-10-25T00:00",
        "2026-10-25T03:00");
    DUE("0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T02:00");
}

static void what_is_due_every_hour_follows_the_time_that_passes(void **state)
{
    (void)state;
    DUE("30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", "2026-10-25T00:30",
        "2026-10-25T01:30", "2026-10-25T02:30");
    DUE("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T00:30",
        "2026-03-29T01:30");
    DUE("*/30 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", "2026-10-03T15:30",
        "2026-10-03T16:00"); /* 02:00 becomes 02:30 at 15:30 UTC */
    /* Santiago, 6 April 2025: 00:00 becomes 23:00 of the 5th, which was over */
    DUE("15 * 5,12 * *", "America/Santiago", "2025-04-06T01:30:00Z", "2025-04-06T02:15",
        "2025-04-06T03:15", "2025-04-12T04:15");
    DUE("15 * 1 * *", "Europe/Berlin", "2026-02-01T22:00:00Z", "2026-02-01T22:15",
        "2026-02-28T23:15");
}

static void changes_at_midnight_and_lost_days_are_survived(void **state)
{
    (void)state;
    /* Beirut, 29 March 2026: 00:00 becomes 01:00 */
    DUE("0 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28T22:00", "2026-03-29T21:00");
    /* Apia had no 30 December 2011 */
    DUE("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-29T22:00",
        "2011-12-30T10:00", "2011-12-30T22:00");
    /* Kwajalein had no 21 August 1993; Manila had 30 December 1844 and then 1 January: too long ago to matter */
    DUE("30 6 21 8 *", "Pacific/Kwajalein", "1993-08-01T00:00:00Z", "1993-08-21T12:00");
}

static void times_without_end_are_never(void **state)
{
    (void)state;
    struct oc_cron c;
    struct oc_zone z = zone("UTC");
    assert_int_equal(oc_cron_parse("0 0 1 1 *", &c, NULL), OC_OK);
    assert_int_equal(oc_cron_next(&c, &z, INT64_MAX), OC_CRON_NEVER);
    assert_int_equal(oc_cron_next(&c, &z, INT64_MIN), OC_CRON_NEVER);
    assert_int_equal(oc_cron_next(&c, &z, at("9999-06-01T00:00:00Z")), OC_CRON_NEVER);
    memset(&c, 0, sizeof c); /* never made by the parser */
    assert_int_equal(oc_cron_next(&c, &z, 0), OC_CRON_NEVER);
    c = (struct oc_cron){.minutes = 1, .hours = 1, .days = 1u << 30, .months = 4, .weekdays = 127};
    assert_int_equal(oc_cron_next(&c, &z, 0), OC_CRON_NEVER);
}

/* ---- against every minute ---- */

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void draw_field(char *out, size_t size, int min, int max)
{
    uint32_t span = (uint32_t)(max - min + 1);
    int a = min + (int)draw(span), b = min + (int)draw(span);
    switch (draw(5)) {
    case 0:
    case 1:
        snprintf(out, size, "*");
        break;
    case 2:
        snprintf(out, size, "%d,%d", a, b);
        break;
    case 3:
        snprintf(out, size, "*/%d", 1 + (int)draw(span - 1));
        break;
    default:
        snprintf(out, size, "%d-%d/%d", a < b ? a : b, a < b ? b : a, 1 + (int)draw(4));
    }
}

static bool due_at(const struct oc_cron *c, int64_t local_seconds)
{
    struct tm tm;
    time_t t = (time_t)local_seconds;
    gmtime_r(&t, &tm);
    return c->minutes >> tm.tm_min & 1 && c->hours >> tm.tm_hour & 1 &&
           oc_cron_matches_day(c, tm.tm_mday, tm.tm_mon + 1, tm.tm_wday);
}

/* The rules told again, minute by minute: `shown` is the latest naive minute that the clock has shown so far. */
static bool due_now(const struct oc_cron *c, const struct oc_zone *z, int64_t seconds,
                    int64_t *shown)
{
    int64_t local = seconds + oc_zone_offset(z, seconds);
    bool due = false;
    if (c->hours == 0xffffff) {
        return due_at(c, local);
    }
    for (int64_t naive = *shown + 60; naive <= local; naive += 60) {
        due = due || due_at(c, naive);
    }
    *shown = local > *shown ? local : *shown;
    return due;
}

static void assert_agrees(const char *expression, const char *zone_name, int64_t from, int days)
{
    struct oc_cron c;
    struct oc_zone z = zone(zone_name);
    if (oc_cron_parse(expression, &c, NULL) != OC_OK) {
        oc_zone_finish(&z);
        return;
    }
    int64_t shown = from + oc_zone_offset(&z, from);
    int64_t next = oc_cron_next(&c, &z, from * OC_SECOND);
    for (int64_t s = from + 60; s < from + days * 86400; s += 60) {
        bool due = due_now(&c, &z, s, &shown);
        if (due != (next == s * OC_SECOND)) {
            fail_msg("\"%s\" in %s at @%lld: due %d, next @%lld", expression, zone_name,
                     (long long)s, due, (long long)(next / OC_SECOND));
        }
        if (due) {
            next = oc_cron_next(&c, &z, next);
        }
    }
    oc_zone_finish(&z);
}

static void random_expressions_agree_with_every_minute_around_changes(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *from;
    } places[] = {
        {"Europe/Berlin", "2026-03-27T00:00:00Z"},
        {"Europe/Berlin", "2026-10-23T00:00:00Z"},
        {"America/New_York", "2027-03-12T00:00:00Z"},
        {"America/New_York", "2040-11-02T00:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-03T00:00:00Z"},
        {"Australia/Lord_Howe", "2026-10-02T00:00:00Z"},
        {"America/Havana", "2026-03-06T00:00:00Z"},
        {"America/Havana", "2026-10-30T00:00:00Z"},
        {"Asia/Beirut", "2026-03-27T00:00:00Z"},
        {"Asia/Beirut", "2026-10-23T00:00:00Z"},
        {"Africa/Casablanca", "2026-02-13T00:00:00Z"},
        {"Africa/Casablanca", "2026-03-20T00:00:00Z"},
        {"America/Santiago", "2025-04-04T00:00:00Z"},
        {"Pacific/Apia", "2011-12-28T00:00:00Z"},
        {"Asia/Kolkata", "2026-01-30T00:00:00Z"},
        {"UTC", "2028-02-27T00:00:00Z"},
    };
    static const int ranges[5][2] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
    for (int i = 0; i < 300; i++) {
        char f[5][16], expression[100];
        size_t place = draw(sizeof places / sizeof places[0]);
        for (int k = 0; k < 5; k++) {
            draw_field(f[k], sizeof f[k], ranges[k][0], ranges[k][1]);
        }
        snprintf(expression, sizeof expression, "%s %s %s %s %s", f[0], f[1], draw(2) ? "*" : f[2],
                 draw(3) ? "*" : f[3], draw(2) ? "*" : f[4]);
        assert_agrees(expression, places[place].zone, at(places[place].from) / OC_SECOND, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_time_is_after_the_moment_itself),
        cmocka_unit_test(months_and_leap_years_are_counted_right),
        cmocka_unit_test(a_zone_shifts_the_day),
        cmocka_unit_test(a_skipped_time_is_due_at_the_change_once),
        cmocka_unit_test(a_time_that_comes_twice_is_due_the_first_time),
        cmocka_unit_test(what_is_due_every_hour_follows_the_time_that_passes),
        cmocka_unit_test(changes_at_midnight_and_lost_days_are_survived),
        cmocka_unit_test(times_without_end_are_never),
        cmocka_unit_test(random_expressions_agree_with_every_minute_around_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
