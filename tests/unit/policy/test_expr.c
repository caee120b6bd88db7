/* Rule expressions: what they read, refuse and say. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/sandbox.h"

static int setup(void **state)
{
    *state = oc_lua_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    oc_lua_destroy(*state);
    return 0;
}

/* The world of these tests. */
static bool lookup(void *ctx, const char *name, struct oc_lua_value *value)
{
    static const struct {
        const char *name;
        struct oc_lua_value value;
    } WORLD[] = {
        {"system.cpu_percent", {.type = OC_LUA_NUMBER, .number = 92}},
        {"redis.connected", {.type = OC_LUA_BOOL, .boolean = false}},
        {"label.mount", {.type = OC_LUA_STRING, .string = "/var"}},
        {"label.absent", {.type = OC_LUA_NIL}},
        {"thresholds.cpu.critical_percent", {.type = OC_LUA_NUMBER, .number = 90}},
        {"a.b", {.type = OC_LUA_NUMBER, .number = 1}},
        {"a.b.c", {.type = OC_LUA_NUMBER, .number = 2}},
        {"node_load1", {.type = OC_LUA_NUMBER, .number = 3}},
        {"avg(system.cpu_percent,300000)", {.type = OC_LUA_NUMBER, .number = 50}},
        {"rate(a.b,90000)", {.type = OC_LUA_NUMBER, .number = 0.5}},
    };
    int *count = ctx;
    (*count)++;
    for (size_t i = 0; i < OC_COUNT(WORLD); i++) {
        if (strcmp(WORLD[i].name, name) == 0) {
            *value = WORLD[i].value;
            return true;
        }
    }
    return false;
}

static int eval(struct oc_lua *l, const char *text, bool *truth, struct oc_error *err)
{
    int count = 0;
    oc_error_init(err);
    int expr = oc_lua_expr(l, "rule", text, err);
    if (expr < 0) {
        fail_msg("%s: %s", text, err->message);
    }
    return oc_lua_eval(l, expr, lookup, &count, truth, err);
}

static void assert_truth(struct oc_lua *l, const char *text, bool expected)
{
    struct oc_error err;
    bool truth = !expected;
    if (eval(l, text, &truth, &err) != OC_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    if (truth != expected) {
        fail_msg("%s is %s", text, truth ? "true" : "false");
    }
}

static void conditions_read_as_they_are_written(void **state)
{
    assert_truth(*state, "system.cpu_percent > 90", true);
    assert_truth(*state, "system.cpu_percent > 92", false);
    assert_truth(*state, "redis.connected == false", true);
    assert_truth(*state, "not redis.connected and system.cpu_percent >= 92", true);
    assert_truth(*state, "system.cpu_percent > thresholds.cpu.critical_percent", true);
    assert_truth(*state, "(system.cpu_percent + a.b * 2) / 2 == 47", true);
    assert_truth(*state, "label.mount == \"/var\"", true);
    assert_truth(*state, "label.mount:match('^/v') ~= nil", true);
    assert_truth(*state, "label.absent == nil", true);
    assert_truth(*state, "math.abs(-a.b) == 1", true);
    assert_truth(*state, "a.b + a.b.c == 3", true);
    assert_truth(*state, "metric(\"node_load1\") > 2", true);
    assert_truth(*state, "  system.cpu_percent\n  > 90\n  and true", true);
    assert_truth(*state, "1e3 > 0x10 and .5 < 1 and 1e-3 > 0", true);
    assert_truth(*state, "('a.b.c'):len() == 5", true);
    assert_truth(*state, "true", true);
}

static void history_functions_take_a_name_and_a_window(void **state)
{
    assert_truth(*state, "avg(\"system.cpu_percent\", \"5m\") == 50", true);
    assert_truth(*state, "rate('a.b', '1m30s') < 1", true);
    assert_truth(*state, "avg( \"system.cpu_percent\" , \"5m\") < system.cpu_percent", true);
}

static void an_unknown_name_makes_the_answer_unknown(void **state)
{
    struct oc_error err;
    bool truth = true;
    assert_int_equal(eval(*state, "nosuch.metric > 1", &truth, &err), OC_E_NOT_FOUND);
    assert_string_equal(err.message, "no value for nosuch.metric");
    assert_false(truth);
    assert_int_equal(eval(*state, "system.cpu_percent < 1 or nosuch.metric > 1", &truth, &err),
                     OC_E_NOT_FOUND);
    assert_truth(*state, "system.cpu_percent > 1 or nosuch.metric > 1", true);
    assert_int_equal(eval(*state, "max('system.cpu_percent', '1h') > 1", &truth, &err),
                     OC_E_NOT_FOUND);
}

static void a_wrong_comparison_is_an_error_that_says_so(void **state)
{
    struct oc_error err;
    bool truth;
    assert_int_equal(eval(*state, "redis.connected > 1", &truth, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "compare"));
    assert_int_equal(eval(*state, "avg('a.b', 'so' .. 'on') > 1", &truth, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "soon"));
    assert_int_equal(eval(*state, "avg('a.b', 25 .. 'h') > 1", &truth, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "\"25h\" is too long a window"));
    assert_int_equal(eval(*state, "('x'):rep(1 << 40) == label.mount", &truth, &err),
                     OC_E_PERMANENT);
    assert_int_equal(eval(*state, "('a'):rep(60000):find('.-.-.-.-b') == nil", &truth, &err),
                     OC_E_TIMEOUT);
    assert_truth(*state, "system.cpu_percent > 90", true);
}

static void what_is_no_expression_is_refused(void **state)
{
    static const char *const BAD[][2] = {
        {"", "empty"},
        {"   ", "empty"},
        {"system.cpu_percent >", "near"},
        {"system.cpu_percent > 90)", "near"},
        {"system.cpu_percent != 90", "!="},
        {"a.b > 1 && a.b < 3", "&&"},
        {"a.b > 1 || a.b < 3", "||"},
        {"a.b > 1, a.b < 2", "second expression"},
        {"a.b > 1; a.b = 2", "second expression"},
        {"function() end", "function"},
        {"(function() while true do end end)()", "function"},
        {"a.b = 2", "near"},
        {"x > 1", "unknown name"},
        {"os.exit() > 1", "unknown function"},
        {"a.b > 1 and io.open (\"x\")", "unknown function"},
        {"_ENV.x > 1", "near"},
        {"os.exit()", ""},
        {"a.b > 1 -- comment", "--"},
        {"[[x]] == 1", "[["},
        {"'open", "unfinished"},
        {"avg(system.cpu_percent, '5m') > 1", "quotes"},
        {"avg > 1", "quotes"},
        {"avg('a b', '5m') > 1", "not a metric name"},
        {"avg('a.b', 'soon') > 1", "\"soon\" is not a window such as 5m"},
        {"rate ( \"a.b\" ,\n\"0s\" ) > 1", "\"0s\" is not a window"},
        {"a.b > 1 and max('a.b','2d') > 20", "\"2d\" is too long a window"},
        {"goto x", "goto"},
        {"setmetatable > 1", "unknown name"},
        {"pcall(error)", "unknown name"},
    };
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        struct oc_error err;
        oc_error_init(&err);
        int expr = oc_lua_expr(*state, "rule", BAD[i][0], &err);
        if (expr > 0) { /* compiles, but must not do anything */
            bool truth;
            int count = 0;
            assert_int_not_equal(oc_lua_eval(*state, expr, lookup, &count, &truth, &err), OC_OK);
            continue;
        }
        assert_int_equal(expr, OC_E_CONFIG);
        if (strstr(err.message, BAD[i][1]) == NULL) {
            fail_msg("%s: %s", BAD[i][0], err.message);
        }
    }
}

static void a_window_is_at_most_a_day(void **state)
{
    struct oc_error err;
    bool truth;
    assert_int_equal(eval(*state, "max('a.b', '1d') > 1", &truth, &err), OC_E_NOT_FOUND);
    assert_int_equal(eval(*state, "max('a.b', '1' .. 'd') > 1", &truth, &err), OC_E_NOT_FOUND);
    assert_true(oc_lua_expr(*state, "rule", "max('a.b', '86401s') > 1", &err) == OC_E_CONFIG);
    assert_string_equal(err.hint, "Write a duration of at most one day, such as \"5m\".");
}

static void an_answer_that_is_neither_true_nor_false_is_an_error(void **state)
{
    static const struct {
        const char *text, *gives;
        bool truth;
    } odd[] = {{"system.cpu_percent * 0", "number", false},
               {"system.cpu_percent * 0.0", "number", false},
               {"system.cpu_percent + 1", "number", true},
               {"system.cpu_percent .. 'a'", "text", true},
               {"system.cpu_percent ~= nil and '0'", "text", true},
               {"{system.cpu_percent}", "table", true},
               {"math.max", "function", true}};
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(odd); i++) {
        char expected[80];
        bool truth = !odd[i].truth;
        snprintf(expected, sizeof expected, "expected true or false, the expression gives a %s",
                 odd[i].gives);
        assert_int_equal(eval(*state, odd[i].text, &truth, &err), OC_E_CONFIG);
        assert_string_equal(err.message, expected);
        assert_int_equal(truth, odd[i].truth);
    }
    assert_truth(*state, "nil", false);
}

static void a_message_counts_the_lines_of_the_expression(void **state)
{
    struct oc_error err;
    assert_int_equal(oc_lua_expr(*state, "expr", "a.b > 1\nand\n)", &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "expr:3:"));
}

static void assert_names(struct oc_lua *l, const char *text, const char *expected)
{
    int expr = oc_lua_expr(l, "rule", text, NULL);
    assert_true(expr > 0);
    json_t *names = oc_lua_expr_names(l, expr);
    char *got = json_dumps(names, JSON_COMPACT);
    assert_string_equal(got, expected);
    free(got);
    json_decref(names);
}

static void the_names_that_it_reads_are_known(void **state)
{
    assert_names(*state, "b.x > 1 or a.y > 2 and b.x < 3", "[\"b.x\",\"a.y\"]");
    assert_names(*state, "avg(\"c.d\", \"5m\") > thresholds.x.y", "[\"c.d\",\"thresholds.x.y\"]");
    assert_names(*state, "label.mount:find('e.f') and math.max(g.h, 1) > 0",
                 "[\"label.mount\",\"g.h\"]");
    assert_names(*state, "'\\'i.j' == \"k.l\" and m.n > 1.5", "[\"m.n\"]");
    assert_names(*state, "1 > 2", "[]");
}

static void bounds_on_names_hold(void **state)
{
    struct oc_error err;
    char text[8192] = "";
    for (int i = 0; i < 33; i++) {
        char part[32];
        snprintf(part, sizeof(part), "%sa.m%d > 0", i > 0 ? " or " : "", i);
        strcat(text, part);
    }
    assert_int_equal(oc_lua_expr(*state, "rule", text, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "32"));
    memset(text, 'x', 300);
    memcpy(text + 300, ".y > 1", 7);
    assert_int_equal(oc_lua_expr(*state, "rule", text, &err), OC_E_CONFIG);
    memset(text, ' ', 5000);
    text[5000] = '\0';
    assert_int_equal(oc_lua_expr(*state, "rule", text, &err), OC_E_CONFIG);
    memset(text, '(', 4000);
    text[4000] = '\0';
    assert_int_equal(oc_lua_expr(*state, "rule", text, &err), OC_E_CONFIG);
}

static void a_name_is_looked_up_only_when_it_is_needed(void **state)
{
    int expr = oc_lua_expr(*state, "a", "a.b > 5 and a.b.c > 5", NULL), count = 0;
    bool truth;
    assert_int_equal(oc_lua_eval(*state, expr, lookup, &count, &truth, NULL), OC_OK);
    assert_int_equal(count, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(conditions_read_as_they_are_written),
        T(history_functions_take_a_name_and_a_window),
        T(an_unknown_name_makes_the_answer_unknown),
        T(a_wrong_comparison_is_an_error_that_says_so),
        T(what_is_no_expression_is_refused),
        T(a_window_is_at_most_a_day),
        T(an_answer_that_is_neither_true_nor_false_is_an_error),
        T(a_message_counts_the_lines_of_the_expression),
        T(the_names_that_it_reads_are_known),
        T(bounds_on_names_hold),
        T(a_name_is_looked_up_only_when_it_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
