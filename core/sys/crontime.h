/* When a cron expression is due, in a time zone. SPDX-License-Identifier: MIT
 *
 * What happens when the clocks change:
 * - An expression that names hours ("30 2 * * *", also "0 *" "/6 * * *") is about the clock on the wall. A time that the clock skips is
 *   due at the change (several of them: once); a time that comes twice is due the first time only.
 * - An expression for every hour ("*" "/5 * * * *", "10 * * * *") is about time that passes. It goes on through both halves of a
 *   repeated hour, and nothing is made up for an hour that was skipped.
 * [any] */
#ifndef OC_SYS_CRONTIME_H
#define OC_SYS_CRONTIME_H

#include <stdint.h>

#include "core/base/cron.h"
#include "core/sys/zone.h"

#define OC_CRON_NEVER INT64_MAX

/* The first time after `after_wall_ms`, exclusive, at a full minute of the zone's clock; OC_CRON_NEVER when none comes in the 400
 * years after which the calendar repeats itself. */
int64_t oc_cron_next(const struct oc_cron *c, const struct oc_zone *z, int64_t after_wall_ms);

#endif
