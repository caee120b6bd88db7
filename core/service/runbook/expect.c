/* Whether the answer of an operation is as a step expects it. SPDX-License-Identifier: MIT
 *
 * expect = { ["path"] = value, ... }: dotted paths into the result ("" is the result itself); a value is a scalar that must be equal,
 * or one of { min }, { max }, { one_of = { .. } }, { is_not }, { count_min }, { count_max }, { since_step = true }: a time that is not
 * before the step began. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"

static const char *const rules[] = {"min",       "max",       "one_of",    "is_not",
                                    "count_min", "count_max", "since_step"};

int oc_runbook_expect_check(const json_t *expect, struct oc_error *err)
{
    const char *path, *rule;
    json_t *value, *limit;
    if (expect && !json_is_object(expect) && json_array_size(expect) > 0) {
        return oc_error_set(err, OC_E_CONFIG, "expect: expected paths and values, found a list");
    }
    json_object_foreach((json_t *)(uintptr_t)expect, path, value)
    {
        json_object_foreach(value, rule, limit)
        {
            bool known = false;
            for (size_t i = 0; i < OC_COUNT(rules); i++) {
                known = known || strcmp(rules[i], rule) == 0;
            }
            if (!known) {
                return oc_error_set(err, OC_E_CONFIG, "expect.%s: '%s' is no rule", path, rule);
            }
        }
    }
    return OC_OK;
}

static bool same(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b)
               ? !(json_number_value(a) < json_number_value(b)) &&
                     !(json_number_value(a) > json_number_value(b))
               : json_equal(a, b) || ((!a || json_is_null(a)) && (!b || json_is_null(b)));
}

static int64_t time_of(const json_t *value)
{
    int64_t ms = 0;
    if (json_is_string(value) && oc_time_parse(json_string_value(value), 0, &ms) == OC_OK) {
        return ms;
    }
    return json_is_number(value) ? (int64_t)json_number_value(value) : 0;
}

static size_t count_of(const json_t *value)
{
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

static bool obeys(const char *rule, const json_t *limit, const json_t *found, int64_t since_ms)
{
    const json_t *choice;
    size_t i;
    if (strcmp(rule, "min") == 0) {
        return json_is_number(found) && json_number_value(found) >= json_number_value(limit);
    }
    if (strcmp(rule, "max") == 0) {
        return json_is_number(found) && json_number_value(found) <= json_number_value(limit);
    }
    if (strcmp(rule, "is_not") == 0) {
        return !same(limit, found);
    }
    if (strcmp(rule, "count_min") == 0) {
        return (double)count_of(found) >= json_number_value(limit);
    }
    if (strcmp(rule, "count_max") == 0) {
        return (double)count_of(found) <= json_number_value(limit);
    }
    if (strcmp(rule, "since_step") == 0) {
        return time_of(found) >= since_ms;
    }
    json_array_foreach(limit, i, choice)
    {
        if (same(choice, found)) {
            return true;
        }
    }
    return false;
}

static bool fits(const json_t *wanted, const json_t *found, int64_t since_ms)
{
    const char *rule;
    json_t *limit;
    if (!json_is_object(wanted)) {
        return same(wanted, found);
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, rule, limit)
    {
        if (!obeys(rule, limit, found, since_ms)) {
            return false;
        }
    }
    return true;
}

/* ---- in words ---- */

static void add_value(struct oc_buf *out, const json_t *value)
{
    char *text = json_is_string(value) ? oc_strdup(json_string_value(value)) : oc_json_text(value);
    oc_buf_adds(out, text);
    free(text);
}

static void add_choices(struct oc_buf *out, const json_t *choices)
{
    const size_t count = json_array_size(choices);
    for (size_t i = 0; i < count; i++) {
        oc_buf_adds(out, i == 0 ? "" : i + 1 < count ? ", " : " or ");
        add_value(out, json_array_get(choices, i));
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys in order, or a plan would be another one each time it is made: tables of Lua have none. The caller frees the list. */
static size_t sorted_keys(const json_t *object, const char ***keys)
{
    size_t count = 0;
    const char *key;
    json_t *value;
    *keys = oc_calloc(json_object_size(object) + 1, sizeof **keys);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        (*keys)[count++] = key;
    }
    qsort(*keys, count, sizeof **keys, by_name);
    return count;
}

static void add_rule(struct oc_buf *out, const char *rule, const json_t *limit)
{
    static const struct {
        const char *rule, *text;
    } words[] = {{"min", "is at least "},
                 {"max", "is at most "},
                 {"is_not", "is not "},
                 {"count_min", "has at least "},
                 {"count_max", "has at most "}};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcmp(rule, words[i].rule) == 0) {
            oc_buf_adds(out, words[i].text);
            add_value(out, limit);
            return;
        }
    }
    if (strcmp(rule, "since_step") == 0) {
        oc_buf_adds(out, "is not before the step began");
    } else {
        oc_buf_adds(out, "is ");
        add_choices(out, limit);
    }
}

/* "has at least 1", "is running or idle", "is true". */
static void add_wanted(struct oc_buf *out, const json_t *wanted)
{
    const char **rules_of;
    if (!json_is_object(wanted)) {
        oc_buf_adds(out, "is ");
        add_value(out, wanted);
        return;
    }
    const size_t count = sorted_keys(wanted, &rules_of);
    for (size_t i = 0; i < count; i++) {
        oc_buf_adds(out, i > 0 ? " and " : "");
        add_rule(out, rules_of[i], json_object_get(wanted, rules_of[i]));
    }
    free(rules_of);
}

static const char *without_verb(const char *text)
{
    return text + (oc_starts(text, "is ") ? 3 : oc_starts(text, "has ") ? 4 : 0);
}

char *oc_runbook_expect_words(const json_t *expect)
{
    struct oc_buf out = {0};
    const char **paths;
    const size_t count = sorted_keys(expect, &paths);
    for (size_t i = 0; i < count; i++) {
        oc_buf_addf(&out, "%s%s ", i > 0 ? ", " : "", *paths[i] ? paths[i] : "the answer");
        add_wanted(&out, json_object_get(expect, paths[i]));
    }
    free(paths);
    return out.data ? out.data : oc_strdup("");
}

bool oc_runbook_expect_holds(const json_t *expect, const json_t *result, int64_t since_ms,
                             char *why, size_t size)
{
    const char *path;
    json_t *wanted;
    json_object_foreach((json_t *)(uintptr_t)expect, path, wanted)
    {
        const json_t *found = *path ? oc_json_path(result, path) : result;
        if (fits(wanted, found, since_ms)) {
            continue;
        }
        char *is = found ? oc_json_text(found) : oc_strdup("absent");
        struct oc_buf want = {0};
        add_wanted(&want, wanted);
        const char *output = oc_json_str(result, "output", oc_json_str(result, "message", ""));
        snprintf(why, size, "%s is %.80s, expected %.80s%s%.200s", *path ? path : "the answer", is,
                 without_verb(want.data ? want.data : ""), *output ? ": " : "", output);
        free(is);
        oc_buf_finish(&want);
        return false;
    }
    return true;
}
