/* When a cron expression is due, in a time zone. SPDX-License-Identifier: MIT
 *
 * Local time is handled as "naive" minutes: those since 1970 that the clock on the wall shows. */
#include "core/sys/crontime.h"

#include "core/base/floor.h"
#include "core/base/time.h"

#define DAY_S       INT64_C(86400)
#define DAY_MINUTES INT64_C(1440)
#define DAYS_MAX    (400 * 366)
#define EVERY_HOUR  0xffffffu
/* What a clock can be set back by is no more than a day. */
#define PASSES_MAX (2 * DAY_MINUTES)
/* Years 0 to 9999, in seconds: beyond them nothing is asked. */
#define SECONDS_MIN INT64_C(-62167219200)
#define SECONDS_MAX INT64_C(253402300799)

/* ---- the calendar ---- */

struct date {
    int64_t year;
    int month, day;
};

/* Days since 1970 to a date of the proleptic Gregorian calendar, counted in eras of 400 years that begin with a 1 March. */
static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468, era = oc_floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date d = {.year = year + era * 400 + (month >= 10),
                     .month = (int)(month < 10 ? month + 3 : month - 9),
                     .day = (int)(of_year - (153 * month + 2) / 5 + 1)};
    return d;
}

static int month_length(const struct date *d)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);
    return lengths[d->month - 1] + (d->month == 2 && leap);
}

/* The first minute of the day at `minute` or later; -1 when there is none. */
static int next_in_day(const struct oc_cron *c, int minute)
{
    for (int hour = minute / 60; hour < 24; hour++, minute = hour * 60) {
        uint64_t rest = c->hours >> hour & 1 ? c->minutes >> minute % 60 : 0;
        if (rest) {
            return minute + __builtin_ctzll(rest);
        }
    }
    return -1;
}

/* The first naive minute at `from` or later that the expression names; OC_CRON_NEVER. */
static int64_t next_naive(const struct oc_cron *c, int64_t from)
{
    int64_t day = oc_floor_div(from, DAY_MINUTES), end = day + DAYS_MAX;
    int minute = (int)(from - day * DAY_MINUTES);
    while (day < end) {
        struct date d = date_of(day);
        if (!(c->months >> d.month & 1)) {
            day += month_length(&d) - d.day + 1;
            minute = 0;
            continue;
        }
        int weekday = (int)oc_floor_mod(day + 4, 7); /* 1 January 1970 was a Thursday */
        int found = oc_cron_matches_day(c, d.day, d.month, weekday) ? next_in_day(c, minute) : -1;
        if (found >= 0) {
            return day * DAY_MINUTES + found;
        }
        day++;
        minute = 0;
    }
    return OC_CRON_NEVER;
}

/* ---- the zone ---- */

/* The first second in (from, to] at which the offset is no longer that of `from`; `to` must have another one. */
static int64_t find_change(const struct oc_zone *z, int64_t from, int64_t to)
{
    int32_t offset = oc_zone_offset(z, from);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (oc_zone_offset(z, middle) == offset) {
            from = middle;
        } else {
            to = middle;
        }
    }
    return to;
}

/* The first second at which the clock shows that naive minute or, because it is skipped, a later one. */
static int64_t first_showing(const struct oc_zone *z, int64_t naive)
{
    int64_t local = naive * 60;
    int32_t before = oc_zone_offset(z, local - DAY_S), after = oc_zone_offset(z, local + DAY_S);
    if (before == after) {
        return local - before;
    }
    int64_t change = find_change(z, local - DAY_S, local + DAY_S);
    if (local - before < change) {
        return local - before;
    }
    return change + after >= local ? change : local - after;
}

static int64_t naive_of(const struct oc_zone *z, int64_t seconds)
{
    return oc_floor_div(seconds + oc_zone_offset(z, seconds), 60);
}

/* ---- due times ---- */

/* first_showing never falls as the naive minutes rise, so the first one later than `after` is the answer. */
static int64_t next_by_clock(const struct oc_cron *c, const struct oc_zone *z, int64_t after)
{
    int64_t naive = naive_of(z, after);
    for (int i = 0; i < PASSES_MAX; i++) {
        naive = next_naive(c, naive);
        if (naive == OC_CRON_NEVER || naive * 60 > SECONDS_MAX) {
            break;
        }
        int64_t seconds = first_showing(z, naive);
        if (seconds > after) {
            return seconds;
        }
        naive++;
    }
    return OC_CRON_NEVER;
}

/* As long as the offset stays the same the next naive minute is the answer; where it changes, the search begins anew. */
static int64_t next_by_time(const struct oc_cron *c, const struct oc_zone *z, int64_t after)
{
    int64_t at = after + 1; /* the first second that may be it */
    for (int i = 0; i < PASSES_MAX; i++) {
        int32_t offset = oc_zone_offset(z, at);
        int64_t naive = next_naive(c, oc_floor_div(at + offset + 59, 60));
        if (naive == OC_CRON_NEVER || naive * 60 > SECONDS_MAX) {
            break;
        }
        int64_t seconds = naive * 60 - offset;
        if (seconds - at > 2 * DAY_S && oc_zone_offset(z, at + DAY_S) == offset) {
            at = seconds - DAY_S; /* no clock is set by so much: nothing is due before */
        } else if (seconds - at > 2 * DAY_S) {
            at = find_change(z, at, at + DAY_S); /* a day that is over may come back */
        } else if (oc_zone_offset(z, seconds) == offset) {
            return seconds;
        } else {
            at = find_change(z, at, seconds);
        }
    }
    return OC_CRON_NEVER;
}

int64_t oc_cron_next(const struct oc_cron *c, const struct oc_zone *z, int64_t after_wall_ms)
{
    int64_t after = oc_floor_div(after_wall_ms, OC_SECOND);
    if (after < SECONDS_MIN || after > SECONDS_MAX) {
        return OC_CRON_NEVER;
    }
    int64_t seconds =
        c->hours == EVERY_HOUR ? next_by_time(c, z, after) : next_by_clock(c, z, after);
    return seconds == OC_CRON_NEVER ? seconds : seconds * OC_SECOND;
}
