/* Points in time as text: RFC 3339 and a few short forms. SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

/* Years 0 to 9999: RFC 3339 has no others. */
#define TIME_MIN INT64_C(-62167219200000)
#define TIME_MAX INT64_C(253402300799999)

/* `value` with as many digits; returns what follows. */
static char *put_digits(char *at, unsigned value, unsigned digits, char after)
{
    for (unsigned i = digits; i > 0; i--, value /= 10) {
        at[i - 1] = (char)('0' + value % 10);
    }
    at[digits] = after;
    return at + digits + 1;
}

/* A day of the proleptic Gregorian calendar. It is counted here and not by timegm(3) and gmtime_r(3), which ask for the zone, under a
 * lock, at every call: each alert that is taken in has up to three times. */
struct day {
    unsigned year, month, day; /* 0 to 9999, 1 to 12, 1 to 31 */
};

/* Both formulas are those of H. Hinnant, "chrono-compatible low-level date algorithms" (civil_from_days, days_from_civil): years
 * begin in March, so that a leap day is the last of its year; an era is 400 years. */
#define ERA_DAYS  146097u
#define EPOCH_DAY 719468u /* 1970-01-01, counted from 0000-03-01 */
/* 0000-01-01 and 0000-02 lie before the first March: one era more keeps everything above 0. */
#define SHIFT_ERAS 1u

static int64_t count_days(struct day d)
{
    unsigned year = d.year + SHIFT_ERAS * 400 - (d.month <= 2);
    unsigned of_era = year % 400, month = (d.month + 9) % 12; /* March is 0 */
    unsigned of_year = (153 * month + 2) / 5 + d.day - 1;
    unsigned day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (int64_t)(year / 400 * ERA_DAYS + day) - SHIFT_ERAS * ERA_DAYS - EPOCH_DAY;
}

static struct day name_day(int64_t days_since_1970)
{
    unsigned days = (unsigned)(days_since_1970 + EPOCH_DAY + SHIFT_ERAS * ERA_DAYS);
    unsigned era = days / ERA_DAYS, day = days % ERA_DAYS;
    unsigned of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    unsigned of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    unsigned month = (5 * of_year + 2) / 153; /* March is 0 */
    return (struct day){
        .year = era * 400 + of_era - SHIFT_ERAS * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
}

char *oc_time_format(int64_t wall_ms, char *buf, size_t size)
{
    char text[32], *at = text;
    wall_ms = wall_ms < TIME_MIN ? TIME_MIN : wall_ms > TIME_MAX ? TIME_MAX : wall_ms;
    unsigned ms = (unsigned)((wall_ms % OC_DAY + OC_DAY) % OC_DAY);
    struct day day = name_day((wall_ms - ms) / OC_DAY);
    at = put_digits(at, day.year, 4, '-');
    at = put_digits(at, day.month, 2, '-');
    at = put_digits(at, day.day, 2, 'T');
    at = put_digits(at, (unsigned)(ms / OC_HOUR), 2, ':');
    at = put_digits(at, (unsigned)(ms / OC_MINUTE % 60), 2, ':');
    at = put_digits(at, (unsigned)(ms / OC_SECOND % 60), 2, '.');
    at = put_digits(at, (unsigned)(ms % OC_SECOND), 3, 'Z');
    *at = '\0';
    oc_copy(buf, size, text);
    return buf;
}

/* Reads exactly `count` digits into *number, which must be in [min, max]; then `end`, unless it is
 * 0. */
static bool take(const char **text, int count, int min, int max, char end, int *number)
{
    *number = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        *number = *number * 10 + (**text - '0');
    }
    if (*number < min || *number > max) {
        return false;
    }
    if (end && *(*text)++ != end) {
        return false;
    }
    return true;
}

static bool take_date(const char **text, int64_t *days)
{
    int year, month, day;
    if (!take(text, 4, 0, 9999, '-', &year) || !take(text, 2, 1, 12, '-', &month) ||
        !take(text, 2, 1, 31, 0, &day)) {
        return false;
    }
    *days = count_days((struct day){(unsigned)year, (unsigned)month, (unsigned)day});
    return name_day(*days).day == (unsigned)day; /* 30 February would have become March */
}

static bool take_clock(const char **text, int64_t *ms)
{
    int hour, minute, second;
    if (!take(text, 2, 0, 23, ':', &hour) || !take(text, 2, 0, 59, ':', &minute) ||
        !take(text, 2, 0, 60, 0, &second)) {
        return false;
    }
    *ms = hour * OC_HOUR + minute * OC_MINUTE + second * OC_SECOND;
    return true;
}

/* ".123456" to ms; nothing is 0. */
static bool take_fraction(const char **text, int *ms)
{
    int scale = 100;
    *ms = 0;
    if (**text != '.') {
        return true;
    }
    const char *first = ++*text;
    for (; **text >= '0' && **text <= '9'; (*text)++, scale /= 10) {
        *ms += (**text - '0') * scale;
    }
    return *text != first;
}

static bool take_offset(const char **text, int64_t *ms)
{
    int hours, minutes;
    char sign = *(*text)++;

    *ms = 0;
    if (sign == 'Z' || sign == 'z') {
        return true;
    }
    if ((sign != '+' && sign != '-') || !take(text, 2, 0, 23, ':', &hours) ||
        !take(text, 2, 0, 59, 0, &minutes)) {
        return false;
    }
    *ms = (hours * OC_HOUR + minutes * OC_MINUTE) * (sign == '-' ? -1 : 1);
    return true;
}

static int parse_rfc3339(const char *text, int64_t *wall_ms)
{
    int64_t days, clock = 0, offset = 0;
    int ms = 0;

    if (!take_date(&text, &days)) {
        return OC_E_CONFIG;
    }
    if (*text) {
        if (!strchr("Tt ", *text++) || !take_clock(&text, &clock) || !take_fraction(&text, &ms) ||
            !take_offset(&text, &offset) || *text) {
            return OC_E_CONFIG;
        }
    }
    *wall_ms = days * OC_DAY + clock + ms - offset;
    return 0;
}

static int parse_epoch(const char *text, int64_t *wall_ms)
{
    char *end;
    if (*text < '0' || *text > '9') {
        return OC_E_CONFIG;
    }
    long long seconds = strtoll(text, &end, 10);
    if (*end || seconds > TIME_MAX / OC_SECOND) {
        return OC_E_CONFIG;
    }
    *wall_ms = seconds * OC_SECOND;
    return 0;
}

int oc_time_parse(const char *text, int64_t now_ms, int64_t *wall_ms)
{
    int64_t ago;

    if (!strcmp(text, "now")) {
        *wall_ms = now_ms;
        return 0;
    }
    if (*text == '@') {
        return parse_epoch(text + 1, wall_ms);
    }
    if (!oc_duration_parse(text + (*text == '-'), &ago)) {
        return __builtin_sub_overflow(now_ms, ago, wall_ms) ? OC_E_CONFIG : 0;
    }
    return parse_rfc3339(text, wall_ms);
}
