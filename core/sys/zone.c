/* Days of a time zone. SPDX-License-Identifier: MIT */
#include "core/sys/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/floor.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/file.h"

#define FILE_MAX  (1u << 20)
#define TIMES_MAX 10000u
#define DAY_S     86400
#define HOUR_S    3600

/* ---- zone files ---- */

struct reader {
    const unsigned char *at, *end;
};

static int64_t number(const unsigned char *p, size_t bytes)
{
    uint64_t v = p[0] & 0x80u ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++) {
        v = v << 8 | p[i];
    }
    return (int64_t)v;
}

struct header {
    size_t isutc, isstd, leap, times, types, chars;
    int version;
};

static bool read_header(struct reader *r, struct header *h)
{
    size_t *const counts[] = {&h->isutc, &h->isstd, &h->leap, &h->times, &h->types, &h->chars};
    if (r->end - r->at < 44 || memcmp(r->at, "TZif", 4) != 0) {
        return false;
    }
    h->version = r->at[4] ? r->at[4] - '0' : 1;
    for (size_t i = 0; i < 6; i++) {
        int64_t n = number(r->at + 20 + 4 * i, 4);
        if (n < 0 || n > (int64_t)TIMES_MAX) {
            return false;
        }
        *counts[i] = (size_t)n;
    }
    r->at += 44;
    return h->types > 0;
}

static size_t block_size(const struct header *h, size_t width)
{
    return h->times * width + h->times + h->types * 6 + h->chars + h->leap * (width + 4) +
           h->isstd + h->isutc;
}

static bool read_block(struct oc_zone *z, struct reader *r, const struct header *h, size_t width)
{
    const unsigned char *index = r->at + h->times * width;
    const unsigned char *types = index + h->times;
    if ((size_t)(r->end - r->at) < block_size(h, width)) {
        return false;
    }
    z->times = oc_calloc(h->times + 1, sizeof *z->times);
    z->offsets = oc_calloc(h->times + 1, sizeof *z->offsets);
    z->first = (int32_t)number(types, 4);
    for (size_t i = 0; i < h->times; i++) {
        if (index[i] >= h->types) {
            return false;
        }
        z->times[i] = number(r->at + i * width, width);
        z->offsets[i] = (int32_t)number(types + 6 * (size_t)index[i], 4);
    }
    z->count = h->times;
    r->at += block_size(h, width);
    return true;
}

/* ---- the rule for the years to come: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static void skip_name(const char **s)
{
    if (**s == '<') {
        while (**s && **s != '>') {
            (*s)++;
        }
        *s += **s == '>';
        return;
    }
    while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z')) {
        (*s)++;
    }
}

static int64_t take_number(const char **s)
{
    char *end;
    long v = strtol(*s, &end, 10);
    *s = end;
    return v < -1000 ? -1000 : v > 1000 ? 1000 : v;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static int64_t take_clock(const char **s)
{
    bool negative = **s == '-';
    int64_t seconds = 0, unit = 3600;
    *s += **s == '-' || **s == '+';
    for (int i = 0; i < 3 && **s >= '0' && **s <= '9'; i++, unit /= 60) {
        seconds += take_number(s) * unit;
        if (**s != ':') {
            break;
        }
        (*s)++;
    }
    return negative ? -seconds : seconds;
}

static bool take_change(const char **s, struct oc_zone_change *c)
{
    if ((*s)[0] != ',' || (*s)[1] != 'M') {
        return false;
    }
    *s += 2;
    c->month = (int)take_number(s);
    *s += **s == '.';
    c->week = (int)take_number(s);
    *s += **s == '.';
    c->day = (int)take_number(s);
    c->at = 7200;
    if (**s == '/') {
        (*s)++;
        c->at = take_clock(s);
    }
    return c->month >= 1 && c->month <= 12 && c->week >= 1 && c->week <= 5 && c->day >= 0 &&
           c->day <= 6;
}

static void read_rule(struct oc_zone *z, const char *s)
{
    skip_name(&s);
    z->standard = (int32_t)-take_clock(&s);
    z->summer = z->standard + 3600;
    skip_name(&s);
    if (*s && *s != ',') {
        z->summer = (int32_t)-take_clock(&s);
    }
    z->has_rule = take_change(&s, &z->to_summer) && take_change(&s, &z->to_standard);
}

int oc_zone_parse(struct oc_zone *z, const void *data, size_t len, struct oc_error *err)
{
    struct reader r = {data, (const unsigned char *)data + len};
    struct header h;
    char rule[128];
    memset(z, 0, sizeof *z);
    bool good = read_header(&r, &h);
    size_t width = 4;
    if (good && h.version >= 2) {
        good = (size_t)(r.end - r.at) >= block_size(&h, 4);
        r.at += good ? block_size(&h, 4) : 0;
        good = good && read_header(&r, &h);
        width = 8;
    }
    good = good && read_block(z, &r, &h, width);
    if (!good) {
        oc_zone_finish(z);
        return oc_error_set(err, OC_E_CONFIG, "not a time zone file");
    }
    size_t rest = (size_t)(r.end - r.at);
    if (width == 8 && rest > 2 && rest < sizeof rule) {
        memcpy(rule, r.at + 1, rest - 1); /* between two line ends */
        rule[rest - 1] = '\0';
        rule[strcspn(rule, "\n")] = '\0';
        read_rule(z, rule);
    }
    return OC_OK;
}

static bool is_fixed(const char *name, int32_t *offset)
{
    const char *s = name;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) {
        *offset = 0;
        return true;
    }
    if ((*s != '+' && *s != '-') || s[1] < '0' || s[1] > '9') {
        return false;
    }
    *offset = (int32_t)take_clock(&s);
    return !*s && *offset > -DAY_S && *offset < DAY_S;
}

/* "Europe/Berlin": nothing that leads out of the folder. */
static bool is_name(const char *name)
{
    return *name && *name != '/' && !strstr(name, "..") && strlen(name) < 100 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               strlen(name);
}

int oc_zone_init(struct oc_zone *z, const char *name, struct oc_error *err)
{
    static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo"};
    struct oc_buf file = {0};
    int code = OC_E_CONFIG;
    memset(z, 0, sizeof *z);
    if (is_fixed(name, &z->first)) {
        return OC_OK;
    }
    for (size_t i = 0; is_name(name) && i < OC_COUNT(folders) && code != OC_OK; i++) {
        char *path = oc_path_join(folders[i], name);
        oc_buf_clear(&file);
        if (oc_file_read(path, FILE_MAX, &file, NULL) == OC_OK) {
            code = oc_zone_parse(z, file.data, file.len, NULL);
        }
        free(path);
    }
    oc_buf_finish(&file);
    if (code != OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "no such time zone: %s", name);
        oc_error_hint(err, "Write \"UTC\", a name such as \"Europe/Berlin\", or \"+02:00\".");
    }
    return code;
}

void oc_zone_finish(struct oc_zone *z)
{
    free(z->times);
    free(z->offsets);
    memset(z, 0, sizeof *z);
}

/* ---- offsets ---- */

/* When the rule changes the clock in `year`, in seconds on a clock `offset` east of UTC. */
static int64_t change_in(int year, const struct oc_zone_change *c, int32_t offset)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = c->month - 1, .tm_mday = 1};
    int64_t first = timegm(&tm);
    int day = 1 + (c->day - tm.tm_wday + 7) % 7 + (c->week - 1) * 7;
    struct tm next = {.tm_year = year - 1900, .tm_mon = c->month, .tm_mday = 1};
    int length = (int)((timegm(&next) - first) / DAY_S);
    while (day > length) {
        day -= 7;
    }
    return first + (int64_t)(day - 1) * DAY_S + c->at - offset;
}

static int32_t by_rule(const struct oc_zone *z, int64_t seconds)
{
    struct tm tm;
    time_t t = (time_t)(seconds + z->standard);
    gmtime_r(&t, &tm);
    int64_t on = change_in(tm.tm_year + 1900, &z->to_summer, z->standard);
    int64_t off = change_in(tm.tm_year + 1900, &z->to_standard, z->summer);
    bool summer = on < off ? seconds >= on && seconds < off : seconds >= on || seconds < off;
    return summer ? z->summer : z->standard;
}

int32_t oc_zone_offset(const struct oc_zone *z, int64_t seconds)
{
    size_t low = 0, high = z->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (z->times[middle] <= seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == z->count && z->has_rule) {
        return by_rule(z, seconds);
    }
    return low ? z->offsets[low - 1] : z->first;
}

/* ---- days ---- */

static void local_time(const struct oc_zone *z, int64_t wall_ms, struct tm *tm)
{
    int64_t seconds = oc_floor_div(wall_ms, OC_SECOND);
    time_t local = (time_t)(seconds + oc_zone_offset(z, seconds));
    gmtime_r(&local, tm);
}

char *oc_zone_day(const struct oc_zone *z, int64_t wall_ms, char day[OC_ZONE_DAY])
{
    struct tm tm;
    local_time(z, wall_ms, &tm);
    strftime(day, OC_ZONE_DAY, "%Y-%m-%d", &tm);
    return day;
}

char *oc_zone_hour(const struct oc_zone *z, int64_t wall_ms, char hour[OC_ZONE_HOUR])
{
    struct tm tm;
    local_time(z, wall_ms, &tm);
    strftime(hour, OC_ZONE_HOUR, "%Y-%m-%dT%H", &tm);
    return hour;
}

bool oc_zone_is_day(const char *text)
{
    int64_t ms;
    return strlen(text) == 10 && text[4] == '-' && text[0] != '@' &&
           oc_time_parse(text, 0, &ms) == OC_OK && ms >= 0;
}

int64_t oc_zone_start(const struct oc_zone *z, const char *day)
{
    int64_t midnight;
    char here[OC_ZONE_DAY];
    if (!oc_zone_is_day(day) || oc_time_parse(day, 0, &midnight) != OC_OK) {
        return -1;
    }
    /* The first second that is on this day or a later one: dates grow with time, but for a clock set back across midnight. */
    int64_t low = midnight / OC_SECOND - DAY_S - 7200, high = midnight / OC_SECOND + DAY_S + 7200;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(oc_zone_day(z, middle * OC_SECOND, here), day) >= 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low * OC_SECOND;
}

/* Up to when the clock runs evenly from `from` on, at most `to`; seconds. */
static int64_t even_until(const struct oc_zone *z, int64_t from, int64_t to)
{
    const int32_t offset = oc_zone_offset(z, from);
    if (oc_zone_offset(z, to) == offset) {
        return to;
    }
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        *(oc_zone_offset(z, middle) == offset ? &from : &to) = middle;
    }
    return to;
}

int64_t oc_zone_hour_end(const struct oc_zone *z, int64_t wall_ms)
{
    char name[OC_ZONE_HOUR], other[OC_ZONE_HOUR];
    int64_t at = oc_floor_div(wall_ms, OC_SECOND);
    oc_zone_hour(z, wall_ms, name);
    do {
        int64_t full = at + HOUR_S - oc_floor_mod(at + oc_zone_offset(z, at), HOUR_S);
        at = even_until(z, at, full);
    } while (strcmp(oc_zone_hour(z, at * OC_SECOND, other), name) == 0);
    return at * OC_SECOND;
}

static char *move(const char *day, int days, bool next_month, char out[OC_ZONE_DAY])
{
    int64_t ms = 0;
    struct tm tm;
    oc_time_parse(day, 0, &ms);
    time_t seconds = (time_t)(ms / OC_SECOND);
    gmtime_r(&seconds, &tm);
    if (next_month) {
        tm.tm_mon++;
        tm.tm_mday = 1;
    }
    tm.tm_mday += days;
    timegm(&tm);
    strftime(out, OC_ZONE_DAY, "%Y-%m-%d", &tm);
    return out;
}

char *oc_zone_add(const char *day, int days, char out[OC_ZONE_DAY])
{
    return move(day, days, false, out);
}

char *oc_zone_next_month(const char *day, char out[OC_ZONE_DAY])
{
    return move(day, 0, true, out);
}
