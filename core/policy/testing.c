/* Table-driven tests of policies. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/inspect.h"
#include "core/policy/policies.h"
#include "core/policy/state.h"

static bool same(const json_t *a, const json_t *b);

static bool same_array(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

static bool same_object(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }
    json_object_foreach((json_t *)a, key, member)
    {
        if (!same(member, json_object_get(b, key))) {
            return false;
        }
    }
    return true;
}

/* As people compare: 1 is 1.0, and an empty Lua table is the empty list and the empty object. */
static bool same(const json_t *a, const json_t *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (json_is_number(a) && json_is_number(b)) {
        return fabs(json_number_value(a) - json_number_value(b)) == 0.0;
    }
    if (json_array_size(a) + json_object_size(a) == 0 && (json_is_array(a) || json_is_object(a))) {
        return (json_is_array(b) || json_is_object(b)) &&
               json_array_size(b) + json_object_size(b) == 0;
    }
    if (json_is_array(a) && json_is_array(b)) {
        return same_array(a, b);
    }
    if (json_is_object(a) && json_is_object(b)) {
        return same_object(a, b);
    }
    return json_equal(a, b) != 0;
}

static json_t *run_one(struct oc_policies *p, const json_t *test, size_t number)
{
    char fallback[32];
    struct oc_error err;
    json_t *got = NULL, *row = json_object(), *expected = json_object_get(test, "expect");
    bool fails = oc_json_bool(test, "fails", false);
    oc_error_init(&err);
    snprintf(fallback, sizeof(fallback), "test %zu", number);
    int code = oc_policy_ask(p, oc_json_str(test, "hook", "route"), json_object_get(test, "args"),
                             &got, NULL, &err);
    oc_json_set_str(row, "name", oc_json_str(test, "name", fallback));
    if (code != OC_OK) {
        got = json_string(err.message);
    }
    expected = fails              ? json_string("a failure")
               : expected != NULL ? json_deep_copy(expected)
                                  : json_null();
    oc_json_set_bool(row, "ok", fails ? code != OC_OK : code == OC_OK && same(got, expected));
    oc_json_take(row, "got", got);
    oc_json_take(row, "expected", expected);
    return row;
}

/* An item is a table; `args` is a list (an empty one may look like an object). */
static bool well_formed(const json_t *tests)
{
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i), *args = json_object_get(test, "args");
        if (!json_is_object(test) || (args != NULL && !json_is_array(args))) {
            return false;
        }
    }
    return json_is_array(tests) && json_array_size(tests) > 0;
}

int oc_policies_test(struct oc_policies *p, const char *name, const char *text, size_t len,
                     json_t **rows, struct oc_error *err)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    json_t *tests = NULL;
    *rows = NULL;
    int code = oc_lua_run(lua, name, text, len, err);
    if (code != OC_OK) {
        goto out;
    }
    tests = oc_lua_global(lua, "tests");
    if (!well_formed(tests)) {
        code = oc_error_set(err, OC_E_CONFIG, "%s does not set `tests` to a list of tests", name);
        oc_error_hint(err, "Write tests = { { name = \"...\", hook = \"route\", args = { ... }, "
                           "expect = ... } }.");
        goto out;
    }
    *rows = json_array();
    for (size_t i = 0; i < json_array_size(tests); i++) {
        json_array_append_new(*rows, run_one(p, json_array_get(tests, i), i + 1));
    }
out:
    json_decref(tests);
    oc_lua_destroy(lua);
    return code;
}
