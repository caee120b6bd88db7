/* How long something was well: 90 days and 24 hours in slots. SPDX-License-Identifier: MIT  [any]
 *
 * A slot counts the milliseconds spent in each condition; what nobody watched is in none of them, so a host that was off
 * is neither up nor down. The share of uptime leaves maintenance and the unknown out. */
#ifndef OC_API_STATUS_UPTIME_H
#define OC_API_STATUS_UPTIME_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define OC_UPTIME_DAYS  90
#define OC_UPTIME_HOURS 24

enum oc_up { OC_UP_OK, OC_UP_DEGRADED, OC_UP_DOWN, OC_UP_MAINTENANCE, OC_UP_COUNT };
#define OC_UP_NONE OC_UP_COUNT /* nobody knows */

struct oc_uptime_slot {
    int32_t n; /* days or hours since 1970 in UTC; 0: empty */
    uint32_t ms[OC_UP_COUNT];
};

/* All zero is an empty one. Slot n of a kind is at n % its count. Each knows its number, so a clock that is wrong for a while
 * takes the places of no more slots than it goes through. */
struct oc_uptime {
    struct oc_uptime_slot days[OC_UPTIME_DAYS], hours[OC_UPTIME_HOURS];
};

/* Counts from..to (wall ms) as `what`. A slot takes no more than its length, so what was watched in whole is not counted twice when
 * the clock is put back. */
void oc_uptime_add(struct oc_uptime *u, int64_t from_ms, int64_t to_ms, enum oc_up what);

/* The slot of `back` days or hours before `now`; all zero when nothing is known of it. */
struct oc_uptime_slot oc_uptime_day(const struct oc_uptime *u, int64_t now_ms, unsigned back);
struct oc_uptime_slot oc_uptime_hour(const struct oc_uptime *u, int64_t now_ms, unsigned back);

/* Percent of the watched time of the latest `days` (1 = the latest 24 hours) that was not down; NaN: nothing was watched. */
double oc_uptime_percent(const struct oc_uptime *u, int64_t now_ms, unsigned days);
/* The worst of a slot that lasted over a hundredth of what was watched; OC_UP_NONE: nothing was. */
enum oc_up oc_uptime_worst(const struct oc_uptime_slot *slot);

/* For the store: slots with something in them. The caller owns the result; loading takes any JSON. */
json_t *oc_uptime_json(const struct oc_uptime *u);
void oc_uptime_load(struct oc_uptime *u, const json_t *json);

#endif
