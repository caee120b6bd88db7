/* Named time intervals: whether a moment is in one, and until when. SPDX-License-Identifier: MIT */
#include "interval.h"

#include <string.h>

#include "core/base/floor.h"
#include "core/base/time.h"

#define DAY_MINUTES 1440
#define DAY_S       86400
#define HORIZON                                                                                    \
    (8 * 366) /* days: there is a 29 February among them, but for the years around 2100 */

struct civil {
    int year, month, day, weekday, length; /* of the month */
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The date of a day since 1970, as Howard Hinnant counts it: years begin in March. */
static struct civil civil_of(int64_t days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct civil c;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(yoe + era * 400 + (c.month <= 2 ? 1 : 0));
    c.weekday = (int)oc_floor_mod(days + 4, 7); /* 1970-01-01 was a Thursday */
    c.length = lengths[c.month - 1] + (c.month == 2 && is_leap(c.year) ? 1 : 0);
    return c;
}

/* Weekdays and months may go over the end: "fri-mon". */
static bool in_ranges(const struct oc_interval_ranges *r, int value)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct oc_interval_range *at = &r->items[i];
        bool plain = at->begin <= at->end;
        if (plain ? value >= at->begin && value <= at->end
                  : value >= at->begin || value <= at->end) {
            return true;
        }
    }
    return r->count == 0;
}

/* Days count from either end of the month; none reaches into another one. */
static bool in_month(const struct oc_interval_ranges *r, const struct civil *c)
{
    for (size_t i = 0; i < r->count; i++) {
        int begin = r->items[i].begin, end = r->items[i].end;
        begin = begin < 0 ? c->length + begin + 1 : begin;
        end = end < 0 ? c->length + end + 1 : end;
        if (begin <= c->length && c->day >= begin && c->day <= end) {
            return true;
        }
    }
    return r->count == 0;
}

static bool has_day(const struct oc_interval_part *part, int64_t day)
{
    struct civil c = civil_of(day);
    return in_ranges(&part->weekdays, c.weekday) && in_month(&part->days, &c) &&
           in_ranges(&part->months, c.month) && in_ranges(&part->years, c.year);
}

/* The clock on the wall, in seconds since 1970 there. */
static int64_t local_seconds(const struct oc_zone *zone, int64_t wall_ms)
{
    int64_t seconds = oc_floor_div(wall_ms, OC_SECOND);
    return seconds + oc_zone_offset(zone, seconds);
}

static bool part_contains(const struct oc_interval_part *part, int64_t wall_ms)
{
    int64_t local = local_seconds(&part->zone, wall_ms);
    int64_t day = oc_floor_div(local, DAY_S);
    int minute = (int)((local - day * DAY_S) / 60);
    if (part->times.count == 0) {
        return has_day(part, day);
    }
    for (size_t i = 0; i < part->times.count; i++) {
        const struct oc_interval_range *t = &part->times.items[i];
        bool over = t->begin > t->end;
        if (minute >= t->begin && (over || minute < t->end) && has_day(part, day)) {
            return true;
        }
        if (over && minute < t->end && has_day(part, day - 1)) {
            return true;
        }
    }
    return false;
}

bool oc_interval_contains(const struct oc_interval *interval, int64_t wall_ms)
{
    for (size_t i = 0; i < interval->parts.count; i++) {
        if (part_contains(interval->parts.items[i], wall_ms)) {
            return true;
        }
    }
    return false;
}

/* ---- the next change ---- */

struct search {
    const struct oc_interval *interval;
    int64_t after, best; /* wall ms */
    bool state;          /* at `after` */
};

static void consider(struct search *s, int64_t wall_ms)
{
    if (wall_ms > s->after && wall_ms < s->best &&
        oc_interval_contains(s->interval, wall_ms) != s->state) {
        s->best = wall_ms;
    }
}

/* A time of the clock may come twice, or not at all: both readings are looked at. */
static void consider_edge(struct search *s, int64_t local, int32_t before, int32_t behind)
{
    consider(s, (local - before) * OC_SECOND);
    consider(s, (local - behind) * OC_SECOND);
}

/* The clocks change between the two: that moment may begin or end something, too. */
static void consider_change(struct search *s, const struct oc_zone *zone, int64_t from, int64_t to)
{
    int32_t before = oc_zone_offset(zone, from);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (oc_zone_offset(zone, middle) == before) {
            from = middle;
        } else {
            to = middle;
        }
    }
    consider(s, to * OC_SECOND);
}

/* All moments of one local day at which a part may begin or end. */
static void consider_day(struct search *s, const struct oc_interval_part *part, int64_t day)
{
    int64_t midnight = day * DAY_S;
    int64_t from = midnight - DAY_S / 2, to = midnight + DAY_S + DAY_S / 2;
    int32_t before = oc_zone_offset(&part->zone, from), behind = oc_zone_offset(&part->zone, to);
    consider_edge(s, midnight, before, behind);
    for (size_t i = 0; i < part->times.count; i++) {
        consider_edge(s, midnight + part->times.items[i].begin * 60, before, behind);
        consider_edge(s, midnight + part->times.items[i].end * 60, before, behind);
    }
    if (before != behind) {
        consider_change(s, &part->zone, from, to);
    }
}

/* Days on which nothing can begin or end are passed over quickly. */
static bool may_change(const struct oc_interval_part *part, int64_t day)
{
    bool today = has_day(part, day), yesterday = has_day(part, day - 1);
    return today != yesterday || (part->times.count > 0 && (today || yesterday));
}

int64_t oc_interval_next(const struct oc_interval *interval, int64_t wall_ms)
{
    struct search s = {interval, wall_ms, INT64_MAX, oc_interval_contains(interval, wall_ms)};
    int64_t first = oc_floor_div(wall_ms, OC_DAY) - 1;
    for (int64_t day = first; day < first + HORIZON; day++) {
        /* Zones are up to a day apart: what was found is the first when the days of all have passed it. */
        if (s.best < (day - 1) * OC_DAY) {
            break;
        }
        for (size_t i = 0; i < interval->parts.count; i++) {
            if (may_change(interval->parts.items[i], day)) {
                consider_day(&s, interval->parts.items[i], day);
            }
        }
    }
    return s.best;
}
