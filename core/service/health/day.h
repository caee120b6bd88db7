/* How much of the last day a service was up. SPDX-License-Identifier: MIT  [loop]
 *
 * Results are counted by the hour; an hour that is a day old makes room for the one that begins. Nothing is kept across restarts. */
#ifndef OC_SERVICE_HEALTH_DAY_H
#define OC_SERVICE_HEALTH_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define OC_HEALTH_HOURS 24

struct oc_health_day {
    int64_t hour;     /* since 1970, of the latest result; 0 = none yet */
    int64_t first_ms; /* the first result */
    uint16_t good[OC_HEALTH_HOURS], all[OC_HEALTH_HOURS];
};

void oc_health_day_add(struct oc_health_day *u, bool good, int64_t at_ms);
/* Percent of the results of the last 24 hours that were good; false before there is an hour of them: nobody knows an uptime then. */
bool oc_health_day_percent(const struct oc_health_day *u, int64_t at_ms, double *percent);

#endif
