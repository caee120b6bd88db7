/* What Lua leaves to chance is the same every time. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/base/error.h"
#include "core/policy/sandbox.h"

static void holds(const char *text)
{
    struct oc_error err;
    struct oc_lua *l = oc_lua_create(NULL);
    oc_error_init(&err);
    if (oc_lua_run(l, "t.lua", text, strlen(text), &err) != OC_OK) {
        fail_msg("%s\n failed: %s", text, err.message);
    }
    oc_lua_destroy(l);
}

static void pairs_walks_in_the_order_of_keys(void **state)
{
    (void)state;
    holds("local t = {}\n"
          "for i = 1, 200 do t['k' .. (i * 7919 % 1000)] = i end\n"
          "t[3] = 1 t[1.5] = 2 t[-1] = 3 t[true] = 4 t[false] = 5\n"
          "local keys = {}\n"
          "for k in pairs(t) do keys[#keys + 1] = tostring(k) end\n"
          "assert(keys[1] == '-1' and keys[2] == '1.5' and keys[3] == '3')\n"
          "for i = 5, #keys - 2 do assert(keys[i - 1] < keys[i]) end\n"
          "assert(keys[#keys - 1] == 'false' and keys[#keys] == 'true')");
    holds("local seen = '' for k, v in pairs({10, 20, 30}) do seen = seen .. k .. v end "
          "assert(seen == '110220330')");
}

static void a_walk_may_take_keys_away(void **state)
{
    (void)state;
    holds("local t = {a = 1, b = 2, c = 3} local n = 0\n"
          "for k in pairs(t) do n = n + 1 t[k] = nil t.c = nil end\n"
          "assert(n == 2 and next(t) == nil)");
    holds("local t = {1, 2, 3} local n = 0 for i in pairs(t) do t[3] = nil n = n + 1 end "
          "assert(n == 2)");
}

static void pairs_of_ones_own_are_asked(void **state)
{
    (void)state;
    holds("local t = setmetatable({}, {__pairs = function() return function(_, k) "
          "if not k then return 1, 'x' end end end})\n"
          "local n = 0 for k, v in pairs(t) do n = n + 1 assert(v == 'x') end assert(n == 1)");
}

static void next_follows_the_same_order(void **state)
{
    (void)state;
    holds("local t = {b = 1, a = 2, [1] = 3} assert(next(t) == 1 and next(t, 1) == 'a' "
          "and next(t, 'a') == 'b' and next(t, 'b') == nil and next({}) == nil)");
}

static void keys_without_an_order_are_refused(void **state)
{
    (void)state;
    holds("local ok, why = pcall(pairs, {[{}] = 1}) assert(not ok and why:find('no place'))");
}

static void sort_is_stable(void **state)
{
    (void)state;
    holds("local t = {} for i = 1, 500 do t[i] = {key = i % 7, at = i} end\n"
          "table.sort(t, function(a, b) return a.key < b.key end)\n"
          "for i = 2, #t do assert(t[i - 1].key < t[i].key or\n"
          "  t[i - 1].key == t[i].key and t[i - 1].at < t[i].at) end");
    holds("local t = {3, 1, 2} table.sort(t) assert(table.concat(t, ',') == '1,2,3')");
    holds("local t = {} table.sort(t) t = {1} table.sort(t) assert(t[1] == 1)");
    holds("assert(not pcall(table.sort, {1, 'x'}))");
}

static void there_are_no_addresses(void **state)
{
    (void)state;
    holds("assert(tostring({}) == 'table' and tostring(print or next) == 'function')");
    holds(
        "assert(('%s'):format({}) == 'table' and string.format('%5.1f|%d', 1.25, 3) == '  1.2|3')");
    holds("assert(not pcall(string.format, '%p', {}))");
    holds("assert(tostring(setmetatable({}, {__tostring = function() return 'me' end})) == 'me')");
    holds("assert(tostring(12) == '12' and tostring(nil) == 'nil')");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_walks_in_the_order_of_keys),
        cmocka_unit_test(a_walk_may_take_keys_away),
        cmocka_unit_test(pairs_of_ones_own_are_asked),
        cmocka_unit_test(next_follows_the_same_order),
        cmocka_unit_test(keys_without_an_order_are_refused),
        cmocka_unit_test(sort_is_stable),
        cmocka_unit_test(there_are_no_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
