/* Recurring silences: reading what was said, and counting on. SPDX-License-Identifier: MIT */
#include "silence_recur.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/crontime.h"

#define TRIES       4000  /* occurrences passed over while nobody looked */
#define PAUSE_TRIES 45000 /* a month of minutes: what leaves out days of the week shows it within */
#define EVERY_DAY   0xfffffffeu
#define EVERY_MONTH 0x1ffeu

/* "02:00-04:00" */
static bool read_times(const char *text, int *begin, int *end)
{
    int h1, m1, h2, m2, used = 0;
    if (sscanf(text, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &used) != 4 || text[used] || h1 < 0 ||
        h1 > 23 || m1 < 0 || m1 > 59 || h2 < 0 || m2 < 0 || m2 > 59 || h2 * 60 + m2 > 1440) {
        return false;
    }
    *begin = h1 * 60 + m1;
    *end = h2 * 60 + m2;
    return *begin != *end;
}

/* "[DAYS] HH:MM-HH:MM" as a cron expression and a length. False when it is not written so. */
static bool read_range(struct oc_recurrence *r, const char *every, char *cron, size_t size)
{
    const char *space = strrchr(every, ' ');
    const char *times = space ? space + 1 : every;
    int begin, end;
    if (!read_times(times, &begin, &end)) {
        return false;
    }
    int days = space ? (int)(space - every) : 1;
    int used =
        snprintf(cron, size, "%d %d * * %.*s", begin % 60, begin / 60, days, space ? every : "*");
    r->span = (end > begin ? end - begin : end + 1440 - begin) * OC_MINUTE;
    r->by_clock = true;
    r->begins = begin * OC_MINUTE;
    return used > 0 && (size_t)used < size;
}

static int read_every(struct oc_recurrence *r, const char *every, int64_t span,
                      struct oc_error *err)
{
    char cron[OC_CRON_TEXT_MAX];
    static const char hint[] =
        "Say --every \"0 2 * * sun\" --for 2h, or --every \"sun 02:00-04:00\".";
    bool range = read_range(r, every, cron, sizeof cron);
    if (range && span > 0) {
        oc_error_set(err, OC_E_CONFIG, "'%.64s' says how long already", every);
        oc_error_hint(err, "Leave out --for.");
        return OC_E_CONFIG;
    }
    if (!range && strpbrk(every, ":")) {
        oc_error_set(err, OC_E_CONFIG, "'%.64s' has no span of times such as 02:00-04:00", every);
        oc_error_hint(err,
                      "%s Hours are 00 to 23, the end of a day is 24:00, and a span has a length.",
                      hint);
        return OC_E_CONFIG;
    }
    if (!range && span <= 0) {
        oc_error_set(err, OC_E_CONFIG, "a recurring silence needs a length");
        oc_error_hint(err, "%s", hint);
        return OC_E_CONFIG;
    }
    r->span = range ? r->span : span;
    if (r->span > OC_RECURRENCE_SPAN_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "an occurrence would last longer than 31 days");
    }
    int rc = oc_cron_parse(range ? cron : every, &r->cron, err);
    if (rc != OC_OK && err && !err->hint[0]) {
        oc_error_hint(err, "%s", hint);
    }
    return rc;
}

struct oc_recurrence *oc_recurrence_create(const char *every, const char *zone, int64_t span,
                                           struct oc_error *err)
{
    struct oc_recurrence *r = oc_calloc(1, sizeof *r);
    r->every = oc_strdup(every);
    r->zone_name = oc_strdup(zone && *zone ? zone : "UTC");
    if (read_every(r, every, span, err) != OC_OK ||
        oc_zone_init(&r->zone, r->zone_name, err) != OC_OK) {
        oc_recurrence_destroy(r);
        return NULL;
    }
    return r;
}

void oc_recurrence_destroy(struct oc_recurrence *r)
{
    if (r) {
        oc_zone_finish(&r->zone);
        free(r->every);
        free(r->zone_name);
        free(r);
    }
}

/* How much later than it says an occurrence begins, because the clock skips that time. */
static int64_t skipped(const struct oc_recurrence *r, int64_t starts)
{
    int64_t local = starts + oc_zone_offset(&r->zone, starts / OC_SECOND) * OC_SECOND;
    int64_t late = (local - r->begins) % OC_DAY;
    return late > 0 && late <= 2 * OC_HOUR ? late : 0;
}

/* The clock may be changed within, or at the beginning: an end on the clock moves along. Not after `starts` when all of it is skipped. */
static int64_t end_of(const struct oc_recurrence *r, int64_t starts)
{
    int64_t ends = starts + r->span;
    if (r->by_clock) {
        int32_t before = oc_zone_offset(&r->zone, starts / OC_SECOND);
        ends += (before - oc_zone_offset(&r->zone, ends / OC_SECOND)) * OC_SECOND;
        ends -= skipped(r, starts);
    }
    return ends;
}

bool oc_recurrence_next(const struct oc_recurrence *r, int64_t after, int64_t now, int64_t *starts,
                        int64_t *ends)
{
    int64_t early = now - r->span - OC_DAY; /* what began before is over */
    after = after > early ? after : early;
    for (int i = 0; i < TRIES; i++) {
        *starts = oc_cron_next(&r->cron, &r->zone, after);
        if (*starts == OC_CRON_NEVER) {
            return false;
        }
        *ends = end_of(r, *starts);
        if (*ends > now && *ends > *starts) {
            return true;
        }
        after = *starts;
    }
    return false;
}

bool oc_recurrence_pauses(const struct oc_recurrence *r, int64_t now)
{
    int64_t starts = oc_cron_next(&r->cron, &r->zone, now);
    const int64_t far = starts == OC_CRON_NEVER ? starts : starts + 366 * OC_DAY;
    for (int i = 0; i < PAUSE_TRIES && starts != OC_CRON_NEVER && starts < far; i++) {
        const int64_t next = oc_cron_next(&r->cron, &r->zone, starts);
        if (next == OC_CRON_NEVER || next > end_of(r, starts)) {
            return true;
        }
        starts = next;
    }
    /* Short of the year a pause is still to come only where days of the month or months are left out. */
    const bool whole = r->cron.days == EVERY_DAY && r->cron.months == EVERY_MONTH;
    return starts == OC_CRON_NEVER || (starts < far && !whole);
}

json_t *oc_recurrence_json(const struct oc_recurrence *r)
{
    json_t *json = json_object();
    oc_json_set_str(json, "every", r->every);
    oc_json_set_str(json, "zone", r->zone_name);
    if (!r->by_clock) {
        char span[32];
        oc_json_set_str(json, "for", oc_duration_format(r->span, span, sizeof span));
    }
    return json;
}

struct oc_recurrence *oc_recurrence_load(const json_t *json)
{
    const char *every = oc_json_str(json, "every", "");
    int64_t span = 0;
    if (!*every || oc_duration_parse(oc_json_str(json, "for", "0"), &span) != OC_OK) {
        return NULL;
    }
    return oc_recurrence_create(every, oc_json_str(json, "zone", "UTC"), span, NULL);
}
