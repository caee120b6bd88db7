/* Durations and sizes as text. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"

struct unit {
    const char *name;
    int64_t size;
};

/* From large to small, which is also the order in which they may follow each other. */
static const struct unit durations[] = {
    {"d", OC_DAY}, {"h", OC_HOUR}, {"m", OC_MINUTE}, {"s", OC_SECOND}, {"ms", 1},
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"KB", INT64_C(1) << 10},
    {"MB", INT64_C(1) << 20},
    {"GB", INT64_C(1) << 30},
    {"TB", INT64_C(1) << 40},
};

/* Reads decimal digits; false when there are none or the number does not fit. */
static bool read_digits(const char **text, int64_t *number)
{
    const char *p = *text;
    *number = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *p - '0', number)) {
            return false;
        }
    }
    bool any = p != *text;
    *text = p;
    return any;
}

/* The index of the duration unit at *text, beginning at `from`; moves behind it. OC_COUNT when
 * there is none. */
static size_t read_duration_unit(const char **text, size_t from)
{
    size_t len = 0;
    while ((*text)[len] >= 'a' && (*text)[len] <= 'z') {
        len++;
    }
    for (size_t i = from; i < OC_COUNT(durations); i++) {
        if (strlen(durations[i].name) == len && !memcmp(durations[i].name, *text, len)) {
            *text += len;
            return i;
        }
    }
    return OC_COUNT(durations);
}

int oc_duration_parse(const char *text, int64_t *ms)
{
    int64_t sum = 0, number;
    size_t unit = 0;

    if (!strcmp(text, "0")) {
        *ms = 0;
        return 0;
    }
    do {
        if (!read_digits(&text, &number)) {
            return OC_E_CONFIG;
        }
        size_t i = read_duration_unit(&text, unit);
        if (i == OC_COUNT(durations) ||
            __builtin_mul_overflow(number, durations[i].size, &number) ||
            __builtin_add_overflow(sum, number, &sum)) {
            return OC_E_CONFIG;
        }
        unit = i + 1;
    } while (*text);
    *ms = sum;
    return 0;
}

/* Appends to `buf` as far as there is room; returns the new length. */
static size_t append(char *buf, size_t size, size_t len, const char *gap, int64_t number,
                     const char *unit)
{
    int n = snprintf(buf + len, size - len, "%s%" PRId64 "%s", gap, number, unit);
    return n > 0 && (size_t)n < size - len ? len + (size_t)n : size - 1;
}

char *oc_duration_format(int64_t ms, char *buf, size_t size)
{
    size_t len = 0;

    if (ms <= 0) {
        snprintf(buf, size, ms ? "%" PRId64 "ms" : "%" PRId64, ms);
        return buf;
    }
    if (ms < 10 * OC_SECOND && ms % OC_SECOND) { /* "1500ms" reads better than "1s500ms" */
        append(buf, size, 0, "", ms, "ms");
        return buf;
    }
    for (size_t i = 0; i < OC_COUNT(durations); i++) {
        if (ms / durations[i].size) {
            len = append(buf, size, len, "", ms / durations[i].size, durations[i].name);
            ms %= durations[i].size;
        }
    }
    return buf;
}

char *oc_duration_human(int64_t ms, char *buf, size_t size)
{
    const char *sign = ms < 0 ? "-" : "";
    size_t i = 0, len;

    if (ms == 0 || ms == INT64_MIN) {
        snprintf(buf, size, "0s");
        return buf;
    }
    ms = ms < 0 ? -ms : ms;
    while (ms < durations[i].size) {
        i++;
    }
    len = append(buf, size, 0, sign, ms / durations[i].size, durations[i].name);
    ms %= durations[i].size;
    if (i + 1 < OC_COUNT(durations) && ms / durations[i + 1].size) {
        append(buf, size, len, " ", ms / durations[i + 1].size, durations[i + 1].name);
    }
    return buf;
}

int oc_size_parse(const char *text, int64_t *bytes)
{
    int64_t number;

    if (!read_digits(&text, &number)) {
        return OC_E_CONFIG;
    }
    for (size_t i = 0; i < OC_COUNT(sizes); i++) {
        if (!strcasecmp(text, sizes[i].name)) {
            return __builtin_mul_overflow(number, sizes[i].size, bytes) ? OC_E_CONFIG : 0;
        }
    }
    return OC_E_CONFIG;
}

char *oc_size_human(double bytes, char *buf, size_t size)
{
    static const char *const names[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    size_t i = 0;

    if (!isfinite(bytes)) {
        snprintf(buf, size, "?");
        return buf;
    }
    for (; fabs(bytes) >= 1023.95 && i + 1 < OC_COUNT(names); i++) {
        bytes /= 1024;
    }
    double tenths = round(bytes * 10) / 10;
    snprintf(buf, size, "%.*f %s", tenths != trunc(tenths), tenths, names[i]);
    return buf;
}
