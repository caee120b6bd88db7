/* Points in time as text: RFC 3339 and a few short forms. SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

char *oc_time_format(int64_t wall_ms, char *buf, size_t size)
{
    struct tm tm;
    char text[32], *at = text;
    wall_ms = wall_ms < TIME_MIN ? TIME_MIN : wall_ms > TIME_MAX ? TIME_MAX : wall_ms;
    int ms = (int)((wall_ms % OC_SECOND + OC_SECOND) % OC_SECOND);
    time_t seconds = (wall_ms - ms) / OC_SECOND;
    gmtime_r(&seconds, &tm);
    at = put_digits(at, (unsigned)(tm.tm_year + 1900), 4, '-');
    at = put_digits(at, (unsigned)(tm.tm_mon + 1), 2, '-');
    at = put_digits(at, (unsigned)tm.tm_mday, 2, 'T');
    at = put_digits(at, (unsigned)tm.tm_hour, 2, ':');
    at = put_digits(at, (unsigned)tm.tm_min, 2, ':');
    at = put_digits(at, (unsigned)tm.tm_sec, 2, '.');
    at = put_digits(at, (unsigned)ms, 3, 'Z');
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

static bool take_date(const char **text, struct tm *tm)
{
    int year, month, day;
    if (!take(text, 4, 0, 9999, '-', &year) || !take(text, 2, 1, 12, '-', &month) ||
        !take(text, 2, 1, 31, 0, &day)) {
        return false;
    }
    *tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    struct tm same = *tm;
    timegm(&same);
    return same.tm_mday == day; /* 30 February would have become March */
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
    struct tm tm;
    int ms = 0;
    int64_t offset = 0;

    if (!take_date(&text, &tm)) {
        return OC_E_CONFIG;
    }
    if (*text) {
        if (!strchr("Tt ", *text++) || !take(&text, 2, 0, 23, ':', &tm.tm_hour) ||
            !take(&text, 2, 0, 59, ':', &tm.tm_min) || !take(&text, 2, 0, 60, 0, &tm.tm_sec) ||
            !take_fraction(&text, &ms) || !take_offset(&text, &offset) || *text) {
            return OC_E_CONFIG;
        }
    }
    *wall_ms = (int64_t)timegm(&tm) * OC_SECOND + ms - offset;
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
