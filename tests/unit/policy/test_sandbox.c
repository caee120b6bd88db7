/* The contract of the Lua states. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/sandbox.h"

static int setup(void **state)
{
    oc_time_fake(1000,
                 1000); /* a slow machine is no reason to fail: only one test lets the clock run */
    *state = oc_lua_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    oc_lua_destroy(*state);
    oc_time_fake(-1, -1);
    return 0;
}

static void load(struct oc_lua *l, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_lua_run(l, "policies/t.lua", text, strlen(text), &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
}

/* What f(args...) returns, as compact JSON. */
static void assert_call(struct oc_lua *l, const char *args, const char *expected)
{
    struct oc_error err;
    json_t *in = json_loads(args, JSON_DECODE_ANY, NULL), *out = NULL;
    oc_error_init(&err);
    assert_non_null(in);
    if (oc_lua_call(l, "f", in, &out, NULL, NULL, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    char *text = json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(in);
    json_decref(out);
}

static void values_cross_and_come_back(void **state)
{
    load(*state, "function f(...) return ... end");
    assert_call(*state, "[{\"a\":[1,2.5,\"x\",true,{\"b\":false}]}]",
                "{\"a\":[1,2.5,\"x\",true,{\"b\":false}]}");
    assert_call(*state, "[\"text\"]", "\"text\"");
    assert_call(*state, "[9007199254740993]", "9007199254740993");
    assert_call(*state, "[null]", "null");
    assert_call(*state, "[]", "null");
    assert_call(*state, "[{}]", "[]");
}

static void numbers_that_json_lacks_become_null(void **state)
{
    load(*state, "function f() return {0/0, 1/0, -1/0, 1} end");
    assert_call(*state, "[]", "[null,null,null,1]");
}

static void bytes_that_are_no_text_are_cleaned(void **state)
{
    load(*state, "function f() return 'a\\xff' end");
    assert_call(*state, "[]", "\"a\xef\xbf\xbd\"");
}

static void arguments_too_deep_are_refused(void **state)
{
    struct oc_error err;
    json_t *deep = json_array(), *out;
    for (int i = 0; i < 200; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, deep);
        deep = outer;
    }
    load(*state, "function f(x) return 1 end");
    assert_int_equal(oc_lua_call(*state, "f", deep, &out, NULL, NULL, &err), OC_E_PERMANENT);
    json_decref(deep);
}

static void a_missing_function_is_not_found(void **state)
{
    struct oc_error err;
    json_t *out = json_null();
    load(*state, "g = 5");
    assert_int_equal(oc_lua_call(*state, "f", NULL, &out, NULL, NULL, &err), OC_E_NOT_FOUND);
    assert_int_equal(oc_lua_call(*state, "g", NULL, &out, NULL, NULL, &err), OC_E_NOT_FOUND);
    assert_null(out);
    assert_false(oc_lua_has(*state, "g"));
    assert_true(oc_lua_has(*state, "pairs"));
}

static void a_message_names_file_and_line(void **state)
{
    struct oc_error err;
    assert_int_equal(oc_lua_run(*state, "policies/t.lua", "x = 1\ny = = 2", 12, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "policies/t.lua:2:"));
    assert_int_equal(oc_lua_run(*state, "policies/t.lua", "\n\nerror('no')", 13, &err),
                     OC_E_PERMANENT);
    assert_string_equal(err.message, "policies/t.lua:3: no");
}

static void an_error_pointer_may_be_null(void **state)
{
    json_t *out;
    assert_int_equal(oc_lua_run(*state, "t", "x = = 1", 7, NULL), OC_E_CONFIG);
    assert_int_equal(oc_lua_call(*state, "f", NULL, &out, NULL, NULL, NULL), OC_E_NOT_FOUND);
    load(*state, "function f() return f end");
    assert_int_equal(oc_lua_call(*state, "f", NULL, &out, NULL, NULL, NULL), OC_E_PERMANENT);
}

static void a_text_over_the_limit_is_refused(void **state)
{
    struct oc_error err;
    size_t len = (256u << 10) + 1;
    char *text = oc_alloc(len);
    memset(text, ' ', len);
    assert_int_equal(oc_lua_run(*state, "t", text, len, &err), OC_E_CONFIG);
    assert_true(err.hint[0] != '\0');
    assert_int_equal(oc_lua_run(*state, "t", text, len - 1, &err), OC_OK);
    free(text);
}

static void executed_lines_are_told(void **state)
{
    struct oc_error err;
    json_t *args = json_pack("[i]", 1), *out, *lines;
    load(*state, "function f(x)\n  if x == 1 then\n    return 'one'\n  end\n  return 'other'\nend");
    assert_int_equal(oc_lua_call(*state, "f", args, &out, "policies/t.lua", &lines, &err), OC_OK);
    char *text = json_dumps(lines, JSON_COMPACT);
    assert_string_equal(text, "[2,3]");
    free(text);
    json_decref(lines);
    json_decref(out);
    json_decref(args);
}

static void lines_are_told_when_the_call_fails(void **state)
{
    struct oc_error err;
    json_t *out, *lines;
    load(*state, "function f()\n  while true do\n  end\nend");
    assert_int_equal(oc_lua_call(*state, "f", NULL, &out, "policies/t.lua", &lines, &err),
                     OC_E_TIMEOUT);
    assert_int_equal(json_integer_value(json_array_get(lines, 0)), 2);
    json_decref(lines);
    load(*state, "function g() return 1 end"); /* the trace ended with its call */
}

static void the_deadline_counts_when_instructions_do_not(void **state)
{
    static const struct oc_lua_limits SLOW = {.instructions = UINT64_C(1) << 60, .deadline_ms = 20};
    struct oc_error err;
    oc_time_fake(-1, -1);
    struct oc_lua *l = oc_lua_create(&SLOW);
    (void)state;
    assert_int_equal(oc_lua_run(l, "t", "while true do end", 17, &err), OC_E_TIMEOUT);
    assert_non_null(strstr(err.message, "deadline of 20 ms"));
    assert_int_equal(oc_lua_run(l, "t", "x = 1", 5, &err), OC_OK);
    oc_lua_destroy(l);
}

static void a_standing_clock_leaves_the_budget(void **state)
{
    struct oc_error err;
    oc_time_fake(1000, 1000);
    assert_int_equal(oc_lua_run(*state, "t", "while true do end", 17, &err), OC_E_TIMEOUT);
    assert_non_null(strstr(err.message, "instruction budget of 10000000"));
}

static void each_call_has_its_own_budget(void **state)
{
    static const struct oc_lua_limits SMALL = {.instructions = 5000};
    struct oc_lua *l = oc_lua_create(&SMALL);
    struct oc_error err;
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(oc_lua_run(l, "t", "for i = 1, 1000 do end", 22, &err), OC_OK);
    }
    oc_lua_destroy(l);
}

static void memory_is_counted_to_the_byte(void **state)
{
    struct oc_lua *l = *state;
    size_t before = oc_lua_memory(l);
    assert_in_range(before, 1000, 200000);
    load(l, "x = ('x'):rep(200000)");
    assert_true(oc_lua_memory(l) >= before + 200000);
}

static void no_state_is_smaller_than_the_libraries(void **state)
{
    static const struct oc_lua_limits TINY = {.memory = 1};
    struct oc_lua *l = oc_lua_create(&TINY);
    (void)state;
    load(l, "x = 1");
    oc_lua_destroy(l);
    oc_lua_destroy(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(values_cross_and_come_back),
        T(numbers_that_json_lacks_become_null),
        T(bytes_that_are_no_text_are_cleaned),
        T(arguments_too_deep_are_refused),
        T(a_missing_function_is_not_found),
        T(a_message_names_file_and_line),
        T(an_error_pointer_may_be_null),
        T(a_text_over_the_limit_is_refused),
        T(executed_lines_are_told),
        T(lines_are_told_when_the_call_fails),
        T(the_deadline_counts_when_instructions_do_not),
        T(a_standing_clock_leaves_the_budget),
        T(each_call_has_its_own_budget),
        T(memory_is_counted_to_the_byte),
        T(no_state_is_smaller_than_the_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
