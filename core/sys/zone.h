/* Days of a time zone: where they begin and end, also when the clocks change. SPDX-License-Identifier: MIT
 *
 * Reads the system's zone files (TZif, RFC 8536) itself: the C library knows only one zone for the whole process. [any] */
#ifndef OC_SYS_ZONE_H
#define OC_SYS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_ZONE_DAY  11 /* "2026-11-22" and the NUL */
#define OC_ZONE_HOUR 14 /* "2026-11-22T13" and the NUL */

/* When a rule of the years to come changes the clock: the `week`th (5 = last) `day` (0 = Sunday) of `month`, `at` seconds
 * after midnight. */
struct oc_zone_change {
    int month, week, day;
    int64_t at;
};

struct oc_zone {
    int64_t *times;   /* owned; seconds at which another offset begins */
    int32_t *offsets; /* owned; of each */
    size_t count;
    int32_t first; /* offset before the first one */
    bool has_rule; /* for times behind the last one */
    int32_t standard, summer;
    struct oc_zone_change to_summer, to_standard;
};

/* "UTC", "Europe/Berlin" or a fixed "+02:00". OC_E_CONFIG when there is no such zone. */
int oc_zone_init(struct oc_zone *z, const char *name, struct oc_error *err);
/* The bytes of a zone file. OC_E_CONFIG. */
int oc_zone_parse(struct oc_zone *z, const void *data, size_t len, struct oc_error *err);
void oc_zone_finish(struct oc_zone *z);

int32_t oc_zone_offset(const struct oc_zone *z, int64_t seconds); /* seconds east of UTC */
char *oc_zone_day(const struct oc_zone *z, int64_t wall_ms, char day[OC_ZONE_DAY]);
char *oc_zone_hour(const struct oc_zone *z, int64_t wall_ms, char hour[OC_ZONE_HOUR]);
/* The first moment of "2026-11-22" there; -1 when it is no date. */
int64_t oc_zone_start(const struct oc_zone *z, const char *day);
/* When the hour of `oc_zone_hour` ends that this moment is in: the first one after it that is in another. An hour that the
 * clock goes through twice is one, of two hours; with it may begin and end at a half. */
int64_t oc_zone_hour_end(const struct oc_zone *z, int64_t wall_ms);
/* The date `days` later. */
char *oc_zone_add(const char *day, int days, char out[OC_ZONE_DAY]);
/* "2026-12-01" for any day of November. */
char *oc_zone_next_month(const char *day, char out[OC_ZONE_DAY]);
bool oc_zone_is_day(const char *text);

#endif
