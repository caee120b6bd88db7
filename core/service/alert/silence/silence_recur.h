/* Recurring silences: when the next one begins and ends. SPDX-License-Identifier: MIT
 *
 * A silence that recurs is, at any time, one ordinary silence: the occurrence that holds, or the next one, pending. When it ends, the one after it is made in the same
 * transaction of the store; so everything that knows silences (amtool, the API) sees and ends occurrences like any other.
 *
 * It is said as a cron expression with a length ("0 2 * * sun" and 2h), or as days and times ("sun 02:00-04:00", "22:00-06:00"), in a time zone.
 * A length is time that passes; a range of times ends when the clock on the wall says so, also in the night in which it is changed. [any] */
#ifndef OC_SERVICE_ALERT_SILENCE_RECUR_H
#define OC_SERVICE_ALERT_SILENCE_RECUR_H

#include <jansson.h>

#include "core/base/cron.h"
#include "core/sys/zone.h"

#define OC_RECURRENCE_SPAN_MAX (31 * OC_DAY)

struct oc_recurrence {
    char *every, *zone_name; /* owned; as they were written */
    struct oc_cron cron;
    struct oc_zone zone;
    int64_t span;   /* ms */
    bool by_clock;  /* the end is a time of the clock */
    int64_t begins; /* by_clock: the time of the day, in ms */
};

/* `span` 0: `every` must be days and times. `zone` NULL: UTC. NULL and err (OC_E_CONFIG). */
struct oc_recurrence *oc_recurrence_create(const char *every, const char *zone, int64_t span,
                                           struct oc_error *err);
void oc_recurrence_destroy(struct oc_recurrence *r); /* NULL is fine */
/* The first occurrence that begins after `after` and ends after `now`. False: there is none any more. */
bool oc_recurrence_next(const struct oc_recurrence *r, int64_t after, int64_t now, int64_t *starts,
                        int64_t *ends);
/* False: each occurrence lasts until the next one begins, for a year from the first after `now`. What has too many of them to be counted
 * pauses when days of the month or months are left out. */
bool oc_recurrence_pauses(const struct oc_recurrence *r, int64_t now);
/* {"every","zone","for" (a duration; only with a length)} */
json_t *oc_recurrence_json(const struct oc_recurrence *r);
struct oc_recurrence *oc_recurrence_load(const json_t *json); /* NULL when it is none */

#endif
