/* Turning values of the original into ours. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/config/import/importer.h"
#include "core/config/url.h"

#define NUMBER_MAX 1e15

/* What our validator takes for keys of ours: durations in ms, sizes in bytes. The option tables are on
 * floors above this one; tests/integration/test_config_import.py holds the two together. */
static const struct limits {
    const char *to;
    double min, max;
    const char *choices; /* "a|b" */
} limits[] = {
    {"store.retention", 3600000, 3650.0 * 86400000, NULL},
    {"alerts.cooldown", 0, 7 * 86400000.0, NULL},
    {"interval", 100, 86400000, NULL}, /* of a collector */
    {"timeout", 100, 300000, NULL},    /* of a channel, as all that follow */
    {"retries", 0, 10, NULL},
    {"port", 1, 65535, NULL},
    {"keep", 0, 100, NULL},
    {"max_size", 1024, 1099511627776.0, NULL},
    {"levels", 0, 0, "info|warning|critical"},
    {"severity", 0, 0, "info|warning|critical"},
    {"format", 0, 0, "colored|plain|json"},
    {"method", 0, 0, "POST|PUT|PATCH"},
};

static const struct limits percentage = {NULL, 0, 100, NULL}, amount = {NULL, 0, NUMBER_MAX, NULL};

static const struct limits *limits_of(const struct oc_import_row *row)
{
    for (size_t i = 0; i < OC_COUNT(limits); i++) {
        if (strcmp(limits[i].to, row->to) == 0) {
            return &limits[i];
        }
    }
    return oc_ends(row->to, "_percent") ? &percentage : &amount;
}

static bool within(double figure, const struct limits *l)
{
    return figure >= l->min && figure <= l->max;
}

int oc_import_truth(const json_t *value)
{
    static const char *const words[][2] = {{"false", "true"}, {"no", "yes"}, {"off", "on"}};
    const char *text = json_string_value(value);
    if (json_is_boolean(value)) {
        return json_is_true(value);
    }
    if (json_is_integer(value)) {
        const json_int_t number = json_integer_value(value);
        return number == 0 || number == 1 ? (int)number : -1;
    }
    for (int i = 0; text && i < 2 * (int)OC_COUNT(words); i++) {
        if (strcasecmp(text, words[i / 2][i % 2]) == 0) {
            return i % 2;
        }
    }
    return -1;
}

bool oc_import_is_on(const json_t *rule)
{
    return oc_import_truth(json_object_get(rule, "enabled")) != 0;
}

bool oc_import_empty(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && !json_string_length(value)) ||
           (json_is_array(value) && !json_array_size(value));
}

static json_t *number(const json_t *value, const struct limits *l)
{
    const bool sound = json_is_number(value) && within(json_number_value(value), l);
    return sound ? json_incref((json_t *)value) : NULL;
}

static json_t *duration(const json_t *value, int64_t unit, const struct limits *l)
{
    char text[32];
    const double ms = json_number_value(value) * (double)unit;
    if (!json_is_number(value) || !within(ms, l)) {
        return NULL;
    }
    return json_string(oc_duration_format((int64_t)ms, text, sizeof text));
}

static json_t *megabytes(const json_t *value, const struct limits *l)
{
    const double mb = json_number_value(value);
    if (!json_is_number(value) || !within(mb * 1048576, l) || mb != floor(mb)) {
        return NULL;
    }
    char *text = oc_asprintf("%.0fMB", mb);
    json_t *size = json_string(text);
    free(text);
    return size;
}

static bool is_choice(const char *text, const char *choices)
{
    const size_t len = strlen(text);
    for (const char *at = choices; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strcspn(at, "|") == len && strncmp(at, text, len) == 0) {
            return true;
        }
    }
    return !choices;
}

static json_t *string(const json_t *value, const struct limits *l)
{
    const char *text = json_string_value(value);
    return text && is_choice(text, l->choices) ? json_incref((json_t *)value) : NULL;
}

static json_t *strings(const json_t *value, const struct limits *l)
{
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
    {
        const char *text = json_string_value(item);
        if (!text || !is_choice(text, l->choices)) {
            return NULL;
        }
    }
    return json_is_array(value) ? json_incref((json_t *)value) : NULL;
}

static json_t *url(const json_t *value)
{
    const char *text = json_string_value(value);
    const char *start = text ? strstr(text, "://") : NULL;
    if (!start) {
        return NULL;
    }
    start += 3;
    const char *at = memrchr(start, '@', strcspn(start, "/?#"));
    char *bare = oc_asprintf("%.*s%s", (int)(start - text), text, at ? at + 1 : start);
    json_t *out = oc_url_valid(bare, "http|https") ? json_string(bare) : NULL;
    free(bare);
    return out;
}

/* A text that is JSON already stands as it is: encoded once more it would be a text and no body. */
static json_t *template_text(const json_t *value)
{
    if (json_is_string(value)) {
        json_t *parsed = json_loads(json_string_value(value), 0, NULL);
        json_decref(parsed);
        return parsed ? json_incref((json_t *)value) : NULL;
    }
    char *text = json_is_object(value) || json_is_array(value) ? oc_json_text(value) : NULL;
    json_t *out = text ? json_string(text) : NULL;
    free(text);
    return out;
}

static json_t *single_braces(const json_t *value)
{
    struct oc_buf out = {0};
    for (const char *s = json_string_value(value); s && *s; s++) {
        s += (s[0] == '{' && s[1] == '{') || (s[0] == '}' && s[1] == '}');
        oc_buf_addc(&out, *s);
    }
    json_t *subject = out.len ? json_stringn(out.data, out.len) : NULL;
    oc_buf_finish(&out);
    return subject;
}

static json_t *tls(const json_t *value)
{
    const int truth = oc_import_truth(value);
    return truth < 0 ? NULL : json_string(truth ? "starttls" : "none");
}

json_t *oc_import_convert(const json_t *value, const struct oc_import_row *row)
{
    const struct limits *l = limits_of(row);
    switch (row->as) {
    case OC_IMPORT_NUMBER:
        return number(value, l);
    case OC_IMPORT_INTEGER:
        return json_is_integer(value) ? number(value, l) : NULL;
    case OC_IMPORT_STRING:
        return string(value, l);
    case OC_IMPORT_STRINGS:
        return strings(value, l);
    case OC_IMPORT_URL:
        return url(value);
    case OC_IMPORT_MS:
        return duration(value, 1, l);
    case OC_IMPORT_SECONDS:
        return duration(value, OC_SECOND, l);
    case OC_IMPORT_MINUTES:
        return duration(value, OC_MINUTE, l);
    case OC_IMPORT_DAYS:
        return duration(value, OC_DAY, l);
    case OC_IMPORT_MB:
        return megabytes(value, l);
    case OC_IMPORT_TLS:
        return tls(value);
    case OC_IMPORT_TEMPLATE:
        return template_text(value);
    case OC_IMPORT_SUBJECT:
        return single_braces(value);
    }
    return NULL;
}

/* ---- in words ---- */

static const char *kind_wanted(enum oc_import_as as)
{
    switch (as) {
    case OC_IMPORT_NUMBER:
        return "a number";
    case OC_IMPORT_INTEGER:
        return "a whole number";
    case OC_IMPORT_STRING:
    case OC_IMPORT_SUBJECT:
        return "a text";
    case OC_IMPORT_STRINGS:
        return "a list of texts";
    case OC_IMPORT_TLS:
        return "true or false";
    case OC_IMPORT_URL:
        return "an address with http:// or https://";
    case OC_IMPORT_TEMPLATE:
        return "an object or a list, or the JSON text of one";
    case OC_IMPORT_MS:
        return "a number of milliseconds";
    case OC_IMPORT_SECONDS:
        return "a number of seconds";
    case OC_IMPORT_MINUTES:
        return "a number of minutes";
    case OC_IMPORT_DAYS:
        return "a number of days";
    case OC_IMPORT_MB:
        return "a whole number of megabytes";
    }
    return "another value";
}

static bool is_duration(enum oc_import_as as)
{
    return as == OC_IMPORT_MS || as == OC_IMPORT_SECONDS || as == OC_IMPORT_MINUTES ||
           as == OC_IMPORT_DAYS;
}

static char *range_wanted(const struct oc_import_row *row, const struct limits *l)
{
    const char *kind = kind_wanted(row->as);
    char from[32], to[32];
    if (l->max >= NUMBER_MAX) {
        return oc_asprintf("%s that is not negative", kind);
    }
    if (is_duration(row->as)) {
        oc_duration_format((int64_t)l->min, from, sizeof from);
        oc_duration_format((int64_t)l->max, to, sizeof to);
        return oc_asprintf("%s, from %s to %s", kind, from, to);
    }
    const double unit = row->as == OC_IMPORT_MB ? 1048576 : 1;
    return oc_asprintf("%s from %.0f to %.0f", kind, ceil(l->min / unit), floor(l->max / unit));
}

char *oc_import_wanted(const struct oc_import_row *row)
{
    const struct limits *l = limits_of(row);
    if (l->choices) {
        return oc_asprintf("%s of %s", row->as == OC_IMPORT_STRINGS ? "a list" : "one", l->choices);
    }
    const bool figure = row->as == OC_IMPORT_NUMBER || row->as == OC_IMPORT_INTEGER ||
                        row->as == OC_IMPORT_MB || is_duration(row->as);
    return figure ? range_wanted(row, l) : oc_strdup(kind_wanted(row->as));
}
