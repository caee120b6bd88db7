/* Named time intervals: nights, weekends, the last days of a month. SPDX-License-Identifier: MIT  [loop]
 *
 * An entry of `alerts.intervals` says times of the day, weekdays, days of the month, months and years, in a time zone. What it says must all hold, what it
 * leaves out holds always; entries of one name add up. Routes name intervals in which they are mute, or outside of which they are.
 *
 * Times are those of the clock on the wall: they begin inclusive and end exclusive, and "24:00" is the end of the day. A range that ends before it begins
 * ("22:00-06:00") goes on into the next morning and belongs to the day on which it began: with weekdays "fri" it ends on Saturday at 06:00. Days of
 * a month that are negative count from its end (-1 is the last one); those that the month does not have are left out, as in Alertmanager. */
#ifndef OC_SERVICE_ALERT_INTERVAL_H
#define OC_SERVICE_ALERT_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/vec.h"
#include "core/config/config.h"
#include "core/sys/zone.h"

#define OC_INTERVALS_MAX       256 /* entries of the configuration */
#define OC_INTERVAL_RANGES_MAX 32  /* of one key of an entry */

struct oc_interval_range {
    int begin, end; /* both inclusive, but for times, whose end is exclusive */
};

struct oc_interval_ranges {
    struct oc_interval_range items[OC_INTERVAL_RANGES_MAX];
    size_t count; /* 0: always */
};

/* One entry. */
struct oc_interval_part {
    struct oc_interval_ranges times; /* minutes of the day; begin > end: over midnight */
    struct oc_interval_ranges weekdays /* 0 = Sunday */, days, months, years;
    struct oc_zone zone;
};

struct oc_interval {
    char *name;                              /* owned */
    OC_VEC(struct oc_interval_part *) parts; /* owned; one of them must hold */
};

struct oc_intervals {
    OC_VEC(struct oc_interval *) list; /* owned */
};

/* Reads `alerts.intervals`; what was there before is gone. Entries that are wrong are left out and told in `diags` with their place. `set` may be
 * zeroed. */
void oc_intervals_configure(struct oc_intervals *set, const struct oc_node *root,
                            struct oc_diags *diags);
void oc_intervals_finish(struct oc_intervals *set);
/* Borrowed until the next configuration; NULL when there is none of that name. */
const struct oc_interval *oc_intervals_find(const struct oc_intervals *set, const char *name);

bool oc_interval_contains(const struct oc_interval *interval, int64_t wall_ms);
/* The first moment after `wall_ms` at which oc_interval_contains answers otherwise than at `wall_ms`; INT64_MAX when there is none within
 * eight years. */
int64_t oc_interval_next(const struct oc_interval *interval, int64_t wall_ms);

/* One range of a key: "22:00-06:00", "mon-fri" or "monday:friday", "-3:-1", "may-aug", "2026:2028"; a single value is a range of its own. Several are
 * separated by commas. OC_E_CONFIG. [any] */
enum oc_interval_key {
    OC_INTERVAL_TIMES,
    OC_INTERVAL_WEEKDAYS,
    OC_INTERVAL_DAYS,
    OC_INTERVAL_MONTHS,
    OC_INTERVAL_YEARS
};
int oc_interval_parse(enum oc_interval_key key, const char *text, struct oc_interval_ranges *ranges,
                      struct oc_error *err);

/* The option table, for the reference; owned by the caller. */
json_t *oc_intervals_options_json(void);

#endif
