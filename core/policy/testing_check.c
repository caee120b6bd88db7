/* Whether a file of tests is one, and which test of it is not. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/question.h"

#define TESTS_MAX 10000
#define WRITE_TESTS                                                                                \
    "Write tests = { { name = \"...\", hook = \"route\", args = { ... }, expect = ... } }."

/* Where a test stands in its file. */
struct place {
    const char *file;
    size_t number, step; /* from 1; step 0: none */
    const json_t *test;
};

enum wants { ANY, TEXT, LIST, TIME, FLAG };
static const char *const WANTED[] = {[ANY] = "anything",
                                     [TEXT] = "a text",
                                     [LIST] = "a list",
                                     [TIME] = "milliseconds or a time",
                                     [FLAG] = "true or a text"};

static const struct key {
    const char *name;
    enum wants wants;
} KEYS[] = {{"name", TEXT},  {"hook", TEXT}, {"args", LIST}, {"fixture", TEXT}, {"expect", ANY},
            {"fails", FLAG}, {"at", TIME},   {"now", TIME},  {"after", TEXT},   {"steps", LIST}};

/* "t_test.lua: test 3 (NAME), step 2: " before what is said already. */
static int refuse_test(const struct place *p, struct oc_error *err)
{
    char step[32] = "";
    const char *name = oc_json_str(p->test, "name", "");
    if (p->step > 0) {
        snprintf(step, sizeof(step), ", step %zu", p->step);
    }
    oc_error_prefix(err, "%s: test %zu%s%.60s%s%s", p->file, p->number, name[0] ? " (" : "", name,
                    name[0] ? ")" : "", step);
    return OC_E_CONFIG;
}

static bool is_wanted(enum wants wants, const json_t *value)
{
    switch (wants) {
    case TEXT:
        return json_is_string(value);
    case LIST:
        return json_is_array(value);
    case TIME:
        return json_is_string(value) || json_is_number(value);
    case FLAG:
        return json_is_string(value) || json_is_boolean(value);
    case ANY:
    default:
        return true;
    }
}

static int refuse_key(const char *key, struct oc_error *err)
{
    const char *names[OC_COUNT(KEYS)], *near;
    for (size_t i = 0; i < OC_COUNT(KEYS); i++) {
        names[i] = KEYS[i].name;
    }
    near = oc_nearest(key, names, OC_COUNT(KEYS));
    oc_error_set(err, OC_E_CONFIG, "there is no key %.60s", key);
    oc_error_hint(err, "%s%s%s" WRITE_TESTS, near != NULL ? "Did you mean " : "",
                  near != NULL ? near : "", near != NULL ? "? " : "");
    return OC_E_CONFIG;
}

static int check_key(const char *name, const json_t *value, struct oc_error *err)
{
    for (size_t i = 0; i < OC_COUNT(KEYS); i++) {
        if (strcmp(KEYS[i].name, name) == 0 && !is_wanted(KEYS[i].wants, value)) {
            oc_error_set(err, OC_E_CONFIG, "%s: expected %s", name, WANTED[KEYS[i].wants]);
            oc_error_hint(err, WRITE_TESTS);
            return OC_E_CONFIG;
        }
        if (strcmp(KEYS[i].name, name) == 0) {
            return OC_OK;
        }
    }
    return refuse_key(name, err);
}

static int check_test(struct place *p, const json_t *test, struct oc_error *err)
{
    const json_t *steps = json_object_get(test, "steps");
    const char *key;
    json_t *value;
    size_t i;
    if (!json_is_object(test)) {
        oc_error_set(err, OC_E_CONFIG, "it is no table with names");
        oc_error_hint(err, WRITE_TESTS);
        return refuse_test(p, err);
    }
    json_object_foreach((json_t *)test, key, value)
    {
        if (check_key(key, value, err) != OC_OK) {
            return refuse_test(p, err);
        }
    }
    if (steps != NULL && (p->step > 0 || json_array_size(steps) == 0)) {
        oc_error_set(err, OC_E_CONFIG, p->step > 0 ? "a step has no steps" : "steps: it has none");
        oc_error_hint(err, WRITE_TESTS);
        return refuse_test(p, err);
    }
    json_array_foreach(steps, i, value)
    {
        p->step = i + 1;
        if (check_test(p, value, err) != OC_OK) {
            return OC_E_CONFIG;
        }
    }
    p->step = 0;
    return OC_OK;
}

int oc_policy_tests_check(const char *file, const json_t *tests, struct oc_error *err)
{
    size_t i;
    json_t *test;
    const size_t count = json_array_size(tests);
    if (count == 0 || count > TESTS_MAX) {
        oc_error_set(err, OC_E_CONFIG,
                     count == 0 ? "%s does not set `tests` to a list of tests"
                                : "%s has more than 10000 tests",
                     file);
        oc_error_hint(err, WRITE_TESTS);
        return OC_E_CONFIG;
    }
    json_array_foreach((json_t *)tests, i, test)
    {
        struct place p = {.file = file, .number = i + 1, .test = test};
        if (check_test(&p, test, err) != OC_OK) {
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}
