/* JSON values as people read them. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_VALUE_H
#define OC_CLI_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum cli_unit {
    CLI_UNIT_NONE,     /* a time in RFC 3339 becomes a local one */
    CLI_UNIT_DURATION, /* a number of ms */
    CLI_UNIT_SIZE,     /* a number of bytes */
    CLI_UNIT_AGE,      /* a time: how long ago */
    CLI_UNIT_FIGURE,   /* a number; null is "unknown" */
};

/* "yes", "12.5", "3m 20s", "14:05:09", "a, b"; "" for null that is no figure. One line. Owned by the caller. */
char *oc_value_text(const json_t *value, enum cli_unit unit);
/* The unit that the name of a member tells: "uptime_ms" is a duration. */
enum cli_unit oc_value_unit(const char *key);
/* How much of the key names the member: "took" of "took_ms" when the value's text says the unit, as "2s" does. */
size_t oc_value_name(const char *key, const json_t *value);
/* How long ago the time in RFC 3339 was, "" when it is none. `buf` of at least 32 bytes. */
char *oc_value_age(const char *time, char *buf, size_t size);
/* "14:05:09" today, else "2026-11-22 14:05", in local time. `buf` of at least 32 bytes. */
char *oc_value_time(int64_t wall_ms, char *buf, size_t size);
char *oc_value_number(double number, char *buf, size_t size); /* at most four digits that matter */

#endif
