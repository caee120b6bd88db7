/* Shapes of answers: what fits, and where what does not fit is. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "core/policy/hooks.h"
#include "core/policy/shape.h"

/* Holds a Lua expression against a shape; "" when it fits, else the complaint. */
static const char *hold(const char *shape_text, const char *expression)
{
    static char why[OC_SHAPE_WHY];
    char text[512];
    lua_State *L = luaL_newstate();
    struct oc_shape *shape = oc_shape_create(shape_text);
    snprintf(text, sizeof text, "return %s", expression);
    assert_int_equal(luaL_dostring(L, text), LUA_OK);
    int top = lua_gettop(L);
    bool good = oc_shape_fits(shape, L, -1, why);
    assert_int_equal(lua_gettop(L), top);
    assert_int_equal(good, why[0] == '\0' || good);
    if (good) {
        why[0] = '\0';
    }
    oc_shape_destroy(shape);
    lua_close(L);
    return why;
}

#define FITS(shape, value)            assert_string_equal(hold(shape, value), "")
#define COMPLAINS(shape, value, text) assert_string_equal(hold(shape, value), text)

static void scalars_are_what_they_say(void **state)
{
    (void)state;
    FITS("string", "'x'");
    FITS("integer", "3");
    FITS("integer", "3.0");
    FITS("number", "3.5");
    FITS("boolean", "false");
    FITS("nil", "nil");
    FITS("any", "{1, {x = 2}}");
    FITS("\"go\"|\"wait\"", "'wait'");
    COMPLAINS("string", "3", "expected string, got number");
    COMPLAINS("integer", "3.5", "expected integer, got number");
    COMPLAINS("\"go\"|\"wait\"", "'stop'", "expected \"go\"|\"wait\", got \"stop\"");
    COMPLAINS("any", "function() end", "expected any, got function");
}

static void lists_are_looked_at_item_by_item(void **state)
{
    (void)state;
    FITS("[string]", "{}");
    FITS("[string]", "{'a', 'b'}");
    COMPLAINS("[string]", "{'a', 2}", "[2]: expected string, got number");
    COMPLAINS("[string]", "{x = 'a'}", "expected [string], got a table with members");
    COMPLAINS("[string]", "{'a', x = 'b'}", "expected [string], got a list with holes or members");
    COMPLAINS("[string]", "'a'", "expected [string], got \"a\"");
}

static void members_have_names(void **state)
{
    static const char SHAPE[] = "{allow: boolean, reason?: string}";
    (void)state;
    FITS(SHAPE, "{allow = true}");
    FITS(SHAPE, "{allow = false, reason = 'no'}");
    COMPLAINS(SHAPE, "{allow = 1}", "allow: expected boolean, got number");
    COMPLAINS(SHAPE, "{}", "allow: expected boolean, got nil");
    COMPLAINS(SHAPE, "{allow = true, raeson = 'x'}",
              "expected {allow: boolean, reason?: string}, got the unknown member raeson");
    COMPLAINS(SHAPE, "{true}", "expected members with names, got a list");
    FITS("{keep: [string], *: integer}", "{keep = {}, a = 1}");
    COMPLAINS("{keep: [string], *: integer}", "{keep = {}, a = 'x'}",
              "a: expected integer, got \"x\"");
}

static void the_deepest_complaint_is_told(void **state)
{
    (void)state;
    FITS("[string|{channels: [string]}]", "{'a', {channels = {'b'}}}");
    COMPLAINS("[string|{channels: [string]}]", "{'a', {channels = {'b', 5}}}",
              "[2].channels[2]: expected string, got number");
    COMPLAINS("{allow: boolean}|{approval: \"tactical\"}", "{approval = 'tactica'}",
              "approval: expected \"tactical\", got \"tactica\"");
}

static void every_hook_has_a_shape_and_words(void **state)
{
    (void)state;
    for (int i = 0; oc_hooks[i].name != NULL; i++) {
        assert_true(i < OC_HOOKS_MAX);
        assert_int_equal(oc_hook_index(oc_hooks[i].name), i);
        oc_shape_destroy(oc_shape_create(oc_hooks[i].returns));
        json_t *json = oc_hook_json(&oc_hooks[i]);
        for (const char *const *key = (const char *const[]){"summary", "signature", "returns",
                                                            "meaning", "otherwise", "asked", NULL};
             *key != NULL; key++) {
            assert_true(json_string_length(json_object_get(json, *key)) > 0);
        }
        json_decref(json);
    }
    assert_int_equal(oc_hook_index("nosuch"), -1);
}

static const char *returns(const char *hook)
{
    return oc_hooks[oc_hook_index(hook)].returns;
}

static void answers_about_alerts_and_votes_are_looked_at(void **state)
{
    (void)state;
    FITS(returns("inhibit"), "{}");
    FITS(returns("inhibit"), "nil");
    FITS(returns("inhibit"), "{{name = 'a', source = 'x=1', target = {'y=2'}, equal = {'host'}, "
                             "window = '10m'}, {source = {}, target = {}, window = 600}}");
    COMPLAINS(returns("inhibit"), "{{source = 'x=1'}}",
              "[1].target: expected string|[string], got nil");
    COMPLAINS(returns("inhibit"), "{{source = 'x=1', target = 'y=2', equal = 'host'}}",
              "[1].equal: expected [string], got \"host\"");
    FITS(returns("escalate"), "nil");
    FITS(returns("escalate"), "{after = 900, channels = {'ops'}, severity = 'critical'}");
    COMPLAINS(returns("escalate"), "{after = '15m'}", "after: expected number, got \"15m\"");
    FITS(returns("quorum"), "{outcome = 'passed', reason = 'carried', yes = 2, decided_at = 20}");
    COMPLAINS(returns("quorum"), "{outcome = 'pass'}",
              "outcome: expected "
              "\"pending\"|\"passed\"|\"rejected\"|\"timed_out\"|\"vetoed\"|\"invalid\", got "
              "\"pass\"");
    COMPLAINS(returns("quorum"), "{outcome = 'passed', yes = '2'}",
              "yes: expected integer, got \"2\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_what_they_say),
        cmocka_unit_test(lists_are_looked_at_item_by_item),
        cmocka_unit_test(members_have_names),
        cmocka_unit_test(the_deepest_complaint_is_told),
        cmocka_unit_test(every_hook_has_a_shape_and_words),
        cmocka_unit_test(answers_about_alerts_and_votes_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
