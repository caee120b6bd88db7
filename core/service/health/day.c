/* Counting good results by the hour. SPDX-License-Identifier: MIT */
#include "core/service/health/day.h"

#include <string.h>

#include "core/base/floor.h"
#include "core/base/time.h"

/* Empties the hours between the latest result and this one. A clock that went back empties nothing. */
static void advance(struct oc_health_day *u, int64_t hour)
{
    int64_t steps = u->hour ? hour - u->hour : OC_HEALTH_HOURS;
    for (int64_t i = 0; i < steps && i < OC_HEALTH_HOURS; i++) {
        const int64_t slot = oc_floor_mod(hour - i, OC_HEALTH_HOURS);
        u->good[slot] = u->all[slot] = 0;
    }
    u->hour = hour > u->hour ? hour : u->hour;
}

void oc_health_day_add(struct oc_health_day *u, bool good, int64_t at_ms)
{
    const int64_t hour = at_ms > 0 ? at_ms / OC_HOUR : 0;
    const int64_t slot = hour % OC_HEALTH_HOURS;
    advance(u, hour);
    if (u->all[slot] == UINT16_MAX) { /* half of it says the same */
        u->all[slot] /= 2;
        u->good[slot] /= 2;
    }
    u->all[slot]++;
    u->good[slot] = (uint16_t)(u->good[slot] + (good ? 1 : 0));
    u->first_ms = u->first_ms ? u->first_ms : at_ms;
}

bool oc_health_day_percent(const struct oc_health_day *u, int64_t at_ms, double *percent)
{
    unsigned good = 0, all = 0;
    for (size_t i = 0; i < OC_HEALTH_HOURS; i++) {
        good += u->good[i];
        all += u->all[i];
    }
    if (!all || at_ms - u->first_ms < OC_HOUR) {
        return false;
    }
    *percent = (double)(int64_t)((double)good / all * 1e4) / 1e2; /* 99.999 is not yet 100 */
    return true;
}
