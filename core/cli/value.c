/* JSON values as people read them. SPDX-License-Identifier: MIT */
#include "core/cli/value.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

char *oc_value_time(int64_t wall_ms, char *buf, size_t size)
{
    time_t then = (time_t)(wall_ms / OC_SECOND), now = (time_t)(oc_time_wall() / OC_SECOND);
    struct tm a, b;
    localtime_r(&then, &a);
    localtime_r(&now, &b);
    bool today = a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
    if (strftime(buf, size, today ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &a) == 0) {
        *buf = '\0';
    }
    return buf;
}

/* Only whole RFC 3339 times: a text such as "2h" is no time here. */
static bool parse_time(const char *text, int64_t *ms)
{
    return strlen(text) >= 20 && text[4] == '-' && text[10] == 'T' &&
           oc_time_parse(text, 0, ms) == OC_OK;
}

char *oc_value_age(const char *time, char *buf, size_t size)
{
    int64_t then;
    *buf = '\0';
    if (parse_time(time, &then)) {
        int64_t age = oc_time_wall() - then;
        oc_duration_human(age < 0 ? 0 : age / OC_SECOND * OC_SECOND, buf, size);
    }
    return buf;
}

char *oc_value_number(double number, char *buf, size_t size)
{
    double size_of = fabs(number);
    if (number == trunc(number) && size_of < 1e15) {
        snprintf(buf, size, "%.0f", number);
    } else if (size_of >= 1e9 || size_of < 1e-4) {
        snprintf(buf, size, "%.4g", number);
    } else {
        snprintf(buf, size, "%.*f",
                 size_of >= 1000  ? 0
                 : size_of >= 100 ? 1
                 : size_of >= 1   ? 2
                                  : 4,
                 number);
    }
    return buf;
}

enum cli_unit oc_value_unit(const char *key)
{
    bool size = oc_ends(key, "_bytes") || strcmp(key, "bytes") == 0 || strcmp(key, "size") == 0;
    return oc_ends(key, "_ms") ? CLI_UNIT_DURATION : size ? CLI_UNIT_SIZE : CLI_UNIT_NONE;
}

/* Whether the text of a number says the unit; longer times are not counted in days. */
static bool says_unit(double number, enum cli_unit unit)
{
    return unit == CLI_UNIT_SIZE || (unit == CLI_UNIT_DURATION && fabs(number) < 9e15);
}

static bool tells_unit(const json_t *value, enum cli_unit unit)
{
    const json_t *item;
    size_t i;
    json_array_foreach(value, i, item)
    {
        if (!tells_unit(item, unit)) {
            return false;
        }
    }
    return json_array_size(value) > 0 ||
           (json_is_number(value) && says_unit(json_number_value(value), unit));
}

size_t oc_value_name(const char *key, const json_t *value)
{
    const size_t len = strlen(key);
    const size_t unit = oc_ends(key, "_ms")      ? strlen("_ms")
                        : oc_ends(key, "_bytes") ? strlen("_bytes")
                                                 : 0;
    return unit && tells_unit(value, oc_value_unit(key)) ? len - unit : len;
}

static char *text_of_number(double number, enum cli_unit unit)
{
    char buf[64];
    if (unit == CLI_UNIT_DURATION && says_unit(number, unit)) {
        int64_t ms = llround(number);
        return oc_strdup(oc_duration_human(ms >= 10 * OC_SECOND ? ms / OC_SECOND * OC_SECOND : ms,
                                           buf, sizeof buf));
    }
    if (unit == CLI_UNIT_SIZE) {
        return oc_strdup(oc_size_human(number, buf, sizeof buf));
    }
    return oc_strdup(oc_value_number(number, buf, sizeof buf));
}

static char *text_of_string(const char *text, enum cli_unit unit)
{
    char buf[64];
    int64_t ms;
    if (!parse_time(text, &ms)) {
        return oc_strdup(text);
    }
    return oc_strdup(unit == CLI_UNIT_AGE ? oc_value_age(text, buf, sizeof buf)
                                          : oc_value_time(ms, buf, sizeof buf));
}

static char *text_of_list(const json_t *list, enum cli_unit unit)
{
    struct oc_buf out = {0};
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        char *text = oc_value_text(item, unit);
        oc_buf_addf(&out, "%s%s", i ? ", " : "", text);
        free(text);
    }
    return oc_buf_take(&out);
}

/* "a=1 b=x" of a flat object, without what is empty. */
static char *text_of_object(const json_t *object)
{
    struct oc_buf out = {0};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        char *text = oc_value_text(value, oc_value_unit(key));
        if (!*text) {
            free(text);
            continue;
        }
        oc_buf_addf(&out, strchr(text, ' ') ? "%s%.*s=\"%s\"" : "%s%.*s=%s", out.len ? " " : "",
                    (int)oc_value_name(key, value), key, text);
        free(text);
    }
    return oc_buf_take(&out);
}

char *oc_value_text(const json_t *value, enum cli_unit unit)
{
    if (!value || json_is_null(value)) {
        return oc_strdup(unit == CLI_UNIT_FIGURE ? "unknown" : "");
    }
    if (json_is_boolean(value)) {
        return oc_strdup(json_is_true(value) ? "yes" : "no");
    }
    if (json_is_integer(value) && unit == CLI_UNIT_NONE) {
        return oc_asprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    if (json_is_number(value)) {
        return text_of_number(json_number_value(value), unit);
    }
    if (json_is_string(value)) {
        return text_of_string(json_string_value(value), unit);
    }
    return json_is_array(value) ? text_of_list(value, unit) : text_of_object(value);
}
