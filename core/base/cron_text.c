/* A cron expression in words. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/cron.h"
#include "core/base/mem.h"

#define ALL_HOURS    0xffffffu
#define ALL_MINUTES  0xfffffffffffffffu
#define ALL_DAYS     0xfffffffeu
#define ALL_MONTHS   0x1ffeu
#define ALL_WEEKDAYS 0x7fu
#define TIMES_MAX    6 /* more than that is told as two lists */

static const char *const months[] = {"",        "January",  "February", "March",  "April",
                                     "May",     "June",     "July",     "August", "September",
                                     "October", "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

static int count(uint64_t set)
{
    return __builtin_popcountll(set);
}

static int first(uint64_t set)
{
    return __builtin_ctzll(set);
}

/* The step when the set is 0, n, 2n, ... up to `size`; else 0. */
static int step_of(uint64_t set, int size)
{
    uint64_t rest = set & (set - 1), expected = 0;
    if (first(set) != 0 || !rest) {
        return 0;
    }
    int step = first(rest);
    for (int i = 0; i < size; i += step) {
        expected |= UINT64_C(1) << i;
    }
    return expected == set && size % step == 0 ? step : 0;
}

static void add_value(struct oc_buf *out, int value, const char *const *names)
{
    if (names) {
        oc_buf_adds(out, names[value]);
    } else {
        oc_buf_addf(out, "%d", value);
    }
}

/* "1, 2 and 10 to 15" */
static void add_set(struct oc_buf *out, uint64_t set, const char *const *names)
{
    bool any = false;
    while (set) {
        int from = first(set), to = from;
        while (to < 63 && set >> (to + 1) & 1) {
            to++;
        }
        to = to - from < 2 ? from : to;
        set &= to == 63 ? 0 : ~UINT64_C(0) << (to + 1);
        oc_buf_adds(out, !any ? "" : set ? ", " : " and ");
        add_value(out, from, names);
        if (to > from) {
            oc_buf_adds(out, " to ");
            add_value(out, to, names);
        }
        any = true;
    }
}

static void add_times(struct oc_buf *out, const struct oc_cron *c)
{
    int left = count(c->hours) * count(c->minutes);
    oc_buf_adds(out, "at ");
    for (int i = 0; i < 24 * 60; i++) {
        if (c->hours >> i / 60 & 1 && c->minutes >> i % 60 & 1) {
            oc_buf_addf(out, "%02d:%02d%s", i / 60, i % 60,
                        left > 2    ? ", "
                        : left == 2 ? " and "
                                    : "");
            left--;
        }
    }
}

static void add_hours(struct oc_buf *out, const struct oc_cron *c)
{
    int step = step_of(c->hours, 24);
    if (step > 1) {
        oc_buf_addf(out, " of every %d hours", step);
        return;
    }
    oc_buf_adds(out, count(c->hours) == 1 ? " of hour " : " of hours ");
    add_set(out, c->hours, NULL);
}

static void add_time(struct oc_buf *out, const struct oc_cron *c)
{
    int step = step_of(c->minutes, 60);
    if (c->hours != ALL_HOURS && count(c->hours) * count(c->minutes) <= TIMES_MAX) {
        add_times(out, c);
        return;
    }
    if (c->minutes == ALL_MINUTES) {
        oc_buf_adds(out, "every minute");
    } else if (step > 1) {
        oc_buf_addf(out, "every %d minutes", step);
    } else {
        oc_buf_adds(out, count(c->minutes) == 1 ? "at minute " : "at minutes ");
        add_set(out, c->minutes, NULL);
    }
    if (c->hours != ALL_HOURS) {
        add_hours(out, c);
    } else if (c->minutes != ALL_MINUTES && step <= 1) {
        oc_buf_adds(out, " of every hour");
    }
}

static void add_day(struct oc_buf *out, const struct oc_cron *c)
{
    bool days = c->days != ALL_DAYS, week = c->weekdays != ALL_WEEKDAYS;
    if (days) {
        oc_buf_adds(out, count(c->days) == 1 ? " on day " : " on days ");
        add_set(out, c->days, NULL);
    }
    if (week) {
        oc_buf_adds(out, days ? c->either ? " and on every " : " if it is " : " on ");
        add_set(out, c->weekdays, weekdays);
    }
    if (c->months != ALL_MONTHS) {
        oc_buf_adds(out, days ? " of " : " in ");
        add_set(out, c->months, months);
    } else if (days && !week) {
        oc_buf_adds(out, " of every month");
    } else if (!days && !week && c->hours != ALL_HOURS) {
        oc_buf_adds(out, " every day");
    }
}

char *oc_cron_text(const struct oc_cron *c)
{
    struct oc_buf out = {0};
    add_time(&out, c);
    add_day(&out, c);
    return oc_buf_take(&out);
}
