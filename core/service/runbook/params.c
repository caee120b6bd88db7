/* Parameters of runbooks: declared in Lua, given as text or JSON, checked here. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"

static const char *const types[] = {"string",  "integer", "number",  "boolean",
                                    "strings", "choice",  "duration"};

static bool is_type(const char *word)
{
    for (size_t i = 0; i < OC_COUNT(types); i++) {
        if (strcmp(types[i], word) == 0) {
            return true;
        }
    }
    return false;
}

int oc_runbook_params_check(const json_t *declared, struct oc_error *err)
{
    const json_t *p;
    size_t i;
    if (json_array_size(declared) > RUNBOOK_PARAMS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "more than %d parameters", RUNBOOK_PARAMS_MAX);
    }
    json_array_foreach(declared, i, p)
    {
        const char *name = oc_json_str(p, "name", ""), *type = oc_json_str(p, "type", "string");
        if (!oc_name_valid(name) || !is_type(type)) {
            return oc_error_set(err, OC_E_CONFIG,
                                "runbook.params[%zu]: expected a name and a type of string, "
                                "integer, number, boolean, strings, choice, duration",
                                i + 1);
        }
        if (strcmp(type, "choice") == 0 && !json_array_size(json_object_get(p, "choices"))) {
            return oc_error_set(err, OC_E_CONFIG, "parameter %s: a choice without choices", name);
        }
    }
    return OC_OK;
}

/* "single, force or all"; owned by the caller. */
static char *choices_of(const json_t *p)
{
    const json_t *choices = json_object_get(p, "choices");
    const size_t count = json_array_size(choices);
    struct oc_buf out = {0};
    for (size_t i = 0; i < count; i++) {
        const json_t *choice = json_array_get(choices, i);
        char *text =
            json_is_string(choice) ? oc_strdup(json_string_value(choice)) : oc_json_text(choice);
        oc_buf_addf(&out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", text);
        free(text);
    }
    return out.data ? out.data : oc_strdup("");
}

/* "Give --param level=VALUE: what is done (single, force or all)." */
static void add_hint(const json_t *p, struct oc_error *err)
{
    char *choices = choices_of(p);
    oc_error_hint(err, "Give --param %s=VALUE: %s%s%s%s.", oc_json_str(p, "name", ""),
                  oc_json_str(p, "help", "what it is for is not said"), *choices ? " (" : "",
                  choices, *choices ? ")" : "");
    free(choices);
}

static int wrong(const json_t *p, const char *expected, const char *found, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "parameter %s: expected %s, found '%.100s'",
                 oc_json_str(p, "name", ""), expected, found);
    add_hint(p, err);
    return OC_E_CONFIG;
}

static json_t *split(const char *text)
{
    json_t *list = json_array();
    while (*text) {
        size_t len = strcspn(text, ",");
        if (len) {
            json_array_append_new(list, json_stringn(text, len));
        }
        text += len + (text[len] == ',');
    }
    return list;
}

static json_t *number_of(const char *text, bool whole)
{
    char *end;
    errno = 0;
    if (whole) {
        long long n = strtoll(text, &end, 10);
        return *text && !*end && errno == 0 ? json_integer(n) : NULL;
    }
    double d = strtod(text, &end);
    return *text && !*end && isfinite(d) ? json_real(d) : NULL;
}

static json_t *boolean_of(const char *text)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    for (size_t i = 0; i < OC_COUNT(yes); i++) {
        if (strcmp(text, yes[i]) == 0) {
            return json_true();
        }
        if (strcmp(text, no[i]) == 0) {
            return json_false();
        }
    }
    return NULL;
}

/* Text as the command line gives it; NULL when it is not of the type. */
static json_t *from_text(const char *type, const char *text)
{
    int64_t ms;
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0) {
        return number_of(text, type[0] == 'i');
    }
    if (strcmp(type, "boolean") == 0) {
        return boolean_of(text);
    }
    if (strcmp(type, "strings") == 0) {
        return split(text);
    }
    if (strcmp(type, "duration") == 0) {
        return oc_duration_parse(text, &ms) == OC_OK ? json_integer(ms) : NULL;
    }
    return json_string(text);
}

static bool fits_type(const char *type, const json_t *value)
{
    if (strcmp(type, "integer") == 0 || strcmp(type, "duration") == 0) {
        return json_is_integer(value);
    }
    if (strcmp(type, "number") == 0) {
        return json_is_number(value);
    }
    if (strcmp(type, "boolean") == 0) {
        return json_is_boolean(value);
    }
    return strcmp(type, "strings") == 0 ? json_is_array(value) : json_is_string(value);
}

/* As people write them: 32400000, not 3.24e+07; "1s", not 1000. */
static const char *number_text(const json_t *p, double number, char text[40])
{
    bool whole = number >= 0 && number < (double)(INT64_MAX / 2);
    if (whole && strcmp(oc_json_str(p, "type", "string"), "duration") == 0) {
        return oc_duration_format((int64_t)number, text, 40);
    }
    snprintf(text, 40, "%.15g", number);
    return text;
}

static int check_limits(const json_t *p, double number, struct oc_error *err)
{
    double min = oc_json_num(p, "min", -INFINITY), max = oc_json_num(p, "max", INFINITY);
    char limits[120], low[40], high[40], found[40];
    if (number >= min && number <= max) {
        return OC_OK;
    }
    if (isfinite(min) && isfinite(max)) {
        snprintf(limits, sizeof limits, "its limits %s to %s", number_text(p, min, low),
                 number_text(p, max, high));
    } else {
        snprintf(limits, sizeof limits, "its limit of at %s %s", isfinite(min) ? "least" : "most",
                 number_text(p, isfinite(min) ? min : max, low));
    }
    oc_error_set(err, OC_E_CONFIG, "parameter %s: %s is beyond %s", oc_json_str(p, "name", ""),
                 number_text(p, number, found), limits);
    add_hint(p, err);
    return OC_E_CONFIG;
}

static int check_value(const json_t *p, const json_t *value, const char *shown,
                       struct oc_error *err)
{
    const json_t *choices = json_object_get(p, "choices"), *choice, *item;
    size_t i, k;
    bool found = !choices;
    if (json_is_number(value) && check_limits(p, json_number_value(value), err) != OC_OK) {
        return OC_E_CONFIG;
    }
    json_array_foreach(choices, i, choice)
    {
        found = found || json_equal(choice, value);
    }
    json_array_foreach(value, k, item)
    {
        if (!json_is_string(item)) {
            return wrong(p, "a list of strings", shown, err);
        }
    }
    if (!found && !json_is_array(value)) {
        char *expected = choices_of(p);
        wrong(p, expected, shown, err);
        free(expected);
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* The value of one parameter into `bound`. */
static int bind_one(const json_t *p, const json_t *given, json_t *bound, struct oc_error *err)
{
    const char *name = oc_json_str(p, "name", ""), *type = oc_json_str(p, "type", "string");
    const json_t *fallback = json_object_get(p, "default");
    const json_t *from = given && !json_is_null(given) ? given : fallback;
    if (!from || json_is_null(from)) {
        if (oc_json_bool(p, "required", false)) {
            oc_error_set(err, OC_E_CONFIG, "parameter %s is missing", name);
            add_hint(p, err);
            return OC_E_CONFIG;
        }
        return OC_OK;
    }
    char *shown = json_is_string(from) ? oc_strdup(json_string_value(from)) : oc_json_text(from);
    json_t *value = json_is_string(from) && !fits_type(type, from)
                        ? from_text(type, json_string_value(from))
                        : json_deep_copy(from);
    int rc = OC_OK;
    if (value && strcmp(type, "strings") == 0 && json_is_object(value) &&
        !json_object_size(value)) {
        json_decref(value);
        value = json_array();
    }
    if (!value || !fits_type(type, value)) {
        rc = wrong(p, type, shown, err);
    } else {
        rc = check_value(p, value, shown, err);
    }
    if (rc == OC_OK) {
        json_object_set(bound, name, value);
    }
    json_decref(value);
    free(shown);
    return rc;
}

static int refuse_unknown(const json_t *declared, const json_t *given, struct oc_error *err)
{
    const char *names[RUNBOOK_PARAMS_MAX];
    size_t count = 0, i;
    const json_t *p;
    const char *key;
    json_t *value;
    json_array_foreach(declared, i, p)
    {
        names[count++] = oc_json_str(p, "name", "");
    }
    json_object_foreach((json_t *)(uintptr_t)given, key, value)
    {
        bool known = false;
        for (i = 0; i < count; i++) {
            known = known || strcmp(names[i], key) == 0;
        }
        if (!known) {
            const char *near = oc_nearest(key, names, count);
            oc_error_set(err, OC_E_CONFIG, "the runbook has no parameter %s", key);
            if (near) {
                oc_error_hint(err, "Did you mean %s?", near);
            }
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

int oc_runbook_params_bind(const json_t *declared, const json_t *given, json_t **bound,
                           struct oc_error *err)
{
    const json_t *p;
    size_t i;
    json_t *all = json_object();
    int rc = refuse_unknown(declared, given, err);
    json_array_foreach(declared, i, p)
    {
        rc = rc ? rc : bind_one(p, json_object_get(given, oc_json_str(p, "name", "")), all, err);
    }
    if (rc != OC_OK) {
        json_decref(all);
        all = NULL;
    }
    *bound = all;
    return rc;
}
