/* Cron expressions: five fields that say at which minutes something is due. SPDX-License-Identifier: MIT
 *
 *   minute 0-59   hour 0-23   day of month 1-31   month 1-12 or jan-dec   day of week 0-7 or sun-sat (0 and 7 are Sunday)
 *
 * A field is "*", every so many ("*" and "/5"), a number, a range "1-5", a range with a step "0-30/10", or a list of these with commas. Also
 * "@hourly @daily @midnight @weekly @monthly @yearly @annually". As in Vixie's cron a day is right when both of its fields are,
 * and when one of them is as soon as neither begins with "*": "0 0 13 * fri" is every 13th and every Friday.
 * Not understood, and said so: "L", "W", "#", "?", seconds, years, "@reboot", ranges that run backwards.
 *
 * This is about the fields alone; when in time they are right, with time zones, is core/sys/crontime.h. [any] */
#ifndef OC_BASE_CRON_H
#define OC_BASE_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_CRON_TEXT_MAX 256 /* bytes of an expression */

/* Bit n is set when the field may be n. Plain data: copied by assignment. */
struct oc_cron {
    uint64_t minutes; /* 0-59 */
    uint32_t hours;   /* 0-23 */
    uint32_t days;    /* 1-31 */
    uint16_t months;  /* 1-12 */
    uint8_t weekdays; /* 0-6, 0 is Sunday */
    bool either;      /* neither field of days begins with "*": one of the two is enough */
};

/* OC_E_CONFIG: the message names field and column and what was expected; so it does for a day that never comes ("30 2"). */
int oc_cron_parse(const char *text, struct oc_cron *c, struct oc_error *err);
/* Is that day one? `day` and `month` from 1, `weekday` from 0 = Sunday. */
bool oc_cron_matches_day(const struct oc_cron *c, int day, int month, int weekday);
/* In words: "at 02:00 every day", "every 5 minutes", "at 05:00 on Sunday". Owned by the caller. */
char *oc_cron_text(const struct oc_cron *c);

#endif
