/* Everything we know that a script could try against the sandbox. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/sandbox.h"

/* Small enough that a runaway test ends soon under the sanitizers. */
static const struct oc_lua_limits LIMITS = {
    .memory = (size_t)4 << 20, .instructions = 600000, .deadline_ms = 2000};

static int setup(void **state)
{
    *state = oc_lua_create(&LIMITS);
    return 0;
}

static int teardown(void **state)
{
    oc_lua_destroy(*state);
    return 0;
}

static int run(struct oc_lua *l, const char *text, struct oc_error *err)
{
    oc_error_init(err);
    return oc_lua_run(l, "t.lua", text, strlen(text), err);
}

static void assert_usable(struct oc_lua *l)
{
    struct oc_error err;
    assert_int_equal(run(l, "assert(1 + 1 == 2) assert(('x'):rep(3) == 'xxx')", &err), OC_OK);
}

/* Stopped with this code, in little more than the deadline as the processor counts it, within the memory cap, and usable
 * afterwards. */
static void assert_stopped(struct oc_lua *l, const char *text, int code)
{
    struct oc_error err;
    const int64_t before = oc_time_thread_us();
    int got = run(l, text, &err);
    if (got != code) {
        fail_msg("%s\n gave %s (%s), not %s", text, oc_error_name(got), err.message,
                 oc_error_name(code));
    }
    assert_true(oc_time_thread_us() - before < 6 * 1000000);
    assert_true(oc_lua_memory(l) <= LIMITS.memory);
    assert_usable(l);
}

static void assert_holds(struct oc_lua *l, const char *text)
{
    struct oc_error err;
    if (run(l, text, &err) != OC_OK) {
        fail_msg("%s\n failed: %s", text, err.message);
    }
}

static void what_acts_or_loads_code_is_not_there(void **state)
{
    static const char *const ABSENT[] = {"io",
                                         "os",
                                         "package",
                                         "debug",
                                         "coroutine",
                                         "require",
                                         "load",
                                         "loadstring",
                                         "dofile",
                                         "loadfile",
                                         "print",
                                         "warn",
                                         "collectgarbage",
                                         "string.dump",
                                         "string.pack",
                                         "string.unpack",
                                         "string.packsize",
                                         "math.random",
                                         "math.randomseed",
                                         "newproxy",
                                         "setfenv",
                                         "getfenv",
                                         "module",
                                         "unpack",
                                         "jit",
                                         "ffi",
                                         "bit32"};
    char text[128];
    for (size_t i = 0; i < OC_COUNT(ABSENT); i++) {
        snprintf(text, sizeof(text), "assert(%s == nil, '%s is there')", ABSENT[i], ABSENT[i]);
        assert_holds(*state, text);
    }
}

static void the_harmless_library_is_there(void **state)
{
    assert_holds(*state, "assert(math.max(1, 2) == 2 and math.floor(1.5) == 1 and math.pi > 3)");
    assert_holds(*state,
                 "local t = {3, 1, 2}; table.sort(t); assert(table.concat(t, ',') == '1,2,3')");
    assert_holds(*state, "assert(('a-b'):gsub('%-', '+') == 'a+b' and ('%d'):format(3) == '3')");
    assert_holds(*state, "assert(utf8.len('\xc3\xa4') == 1 and utf8.char(228) == '\xc3\xa4')");
    assert_holds(*state, "assert(pcall(error, 'x') == false and select('#', 1, 2) == 2)");
    assert_holds(
        *state,
        "local t = {1, 2}; table.insert(t, 1, 0); table.remove(t); assert(#t == 2 and t[1] == 0)");
    assert_holds(*state,
                 "assert(select('#', table.unpack({1, 2, 3})) == 3 and tonumber('0x10') == 16)");
}

static void binary_chunks_are_refused(void **state)
{
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_lua_run(*state, "b", "\x1bLua\x54\x00\x19\x93", 8, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "binary"));
    assert_usable(*state);
}

static void the_string_metatable_is_out_of_reach(void **state)
{
    assert_holds(*state, "assert(getmetatable('') == false)");
    assert_stopped(*state, "getmetatable('').__index = {}", OC_E_PERMANENT);
    assert_stopped(*state, "setmetatable('', {})", OC_E_PERMANENT);
    assert_holds(*state, "assert(('x'):upper() == 'X')");
}

static void a_finalizer_cannot_be_set(void **state)
{
    assert_stopped(*state, "setmetatable({}, {__gc = function() while true do end end})",
                   OC_E_PERMANENT);
    /* put in later it is never looked at */
    assert_holds(
        *state,
        "local m = {}; local t = setmetatable({}, m); m.__gc = function() boom = true end; t = nil "
        "for i = 1, 1000 do local s = {i} end assert(boom == nil)");
    /* nor through a metatable that hides it behind __index */
    assert_holds(*state,
                 "local m = setmetatable({}, {__index = {__gc = function() boom = true end}}) "
                 "for i = 1, 100 do setmetatable({}, m) end assert(boom == nil)");
}

static void endless_loops_end(void **state)
{
    assert_stopped(*state, "while true do end", OC_E_TIMEOUT);
    assert_stopped(*state, "repeat until false", OC_E_TIMEOUT);
    assert_stopped(*state, "for i = 1, math.huge do end", OC_E_TIMEOUT);
    assert_stopped(*state, "::a:: goto a", OC_E_TIMEOUT);
    assert_stopped(*state, "local function f() return f() end f()", OC_E_TIMEOUT);
}

static void a_pcall_cannot_swallow_the_limit(void **state)
{
    assert_stopped(*state, "while true do pcall(function() while true do end end) end",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "local function f() while true do pcall(f) end end f()", OC_E_TIMEOUT);
    assert_stopped(*state,
                   "while true do xpcall(function() while true do end end, function() while true "
                   "do end end) end",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "pcall(function() while true do end end)", OC_E_TIMEOUT);
    assert_stopped(*state, "return pcall(function() while true do end end)", OC_E_TIMEOUT);
    assert_stopped(*state, "while true do pcall(pcall, pcall, error) end", OC_E_TIMEOUT);
    assert_stopped(*state,
                   "local function f() local x <close> = setmetatable({}, {__close = function() "
                   "while true do end end}) "
                   "while true do end end while true do pcall(f) end",
                   OC_E_TIMEOUT);
}

/* Lua calls the handler of an xpcall where the error is raised: inside our hook, where no hook
 * fires. */
static void an_error_handler_runs_under_the_limits(void **state)
{
    assert_stopped(*state,
                   "xpcall(function() while true do end end, function() while true do end end)",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "xpcall(error, function() while true do end end)", OC_E_TIMEOUT);
    assert_stopped(*state, "xpcall(error, function() error('again') end)", OC_E_PERMANENT);
    assert_holds(*state,
                 "local ok, m, n = xpcall(error, function(e) return e .. '!', 2 end, 'x', 0) "
                 "assert(not ok and m == 'x!' and n == 2)");
    assert_holds(*state,
                 "local ok, a, b = xpcall(function(...) return ... end, print or type, 1, 2) "
                 "assert(ok and a == 1 and b == 2)");
}

static void metamethods_are_counted_too(void **state)
{
    assert_stopped(
        *state,
        "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]",
        OC_E_PERMANENT); /* the C stack's own limit */
    assert_stopped(*state,
                   "local t = setmetatable({}, {__eq = function() while true do end end}) "
                   "return t == setmetatable({}, getmetatable(t))",
                   OC_E_TIMEOUT);
    assert_stopped(
        *state,
        "for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end",
        OC_E_TIMEOUT);
    assert_stopped(
        *state,
        "return tostring(setmetatable({}, {__tostring = function() while true do end end}))",
        OC_E_TIMEOUT);
}

static void memory_is_capped(void **state)
{
    assert_stopped(*state, "local t = {} for i = 1, math.huge do t[i] = i end", OC_E_PERMANENT);
    assert_stopped(*state, "local s = 'x' while true do s = s .. s end", OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):rep(1 << 30)", OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):rep(1 << 12, ('y'):rep(1 << 12))", OC_E_PERMANENT);
    assert_stopped(*state,
                   "local s, t = ('x'):rep(4000), {} for i = 1, 2000 do t[i] = s .. i end return "
                   "table.concat(t)",
                   OC_E_PERMANENT);
    assert_stopped(*state, "local s = ('a'):rep(60000) return (s:gsub('a', ('b'):rep(1000)))",
                   OC_E_PERMANENT);
    assert_stopped(*state,
                   "local s = ('%s'):rep(60) local b = ('x'):rep(100000) local t = {} "
                   "for i = 1, 60 do t[i] = b end return s:format(table.unpack(t))",
                   OC_E_PERMANENT);
    assert_stopped(*state, "t = table.pack(table.unpack({}, 1, 200000))", OC_E_PERMANENT);
}

static void no_string_is_longer_than_256_kib(void **state)
{
    assert_stopped(*state, "return ('x'):rep(300000)", OC_E_PERMANENT);
    assert_stopped(*state, "local s = ('x'):rep(200000) return s .. s", OC_E_PERMANENT);
    assert_stopped(*state, "local t = {} for i = 1, 20000 do t[i] = i end return table.unpack(t)",
                   OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):rep(20000):byte(1, -1)", OC_E_PERMANENT);
}

static void a_caught_memory_error_does_not_buy_time(void **state)
{
    assert_stopped(*state, "while true do pcall(string.rep, 'x', 4000000) end", OC_E_TIMEOUT);
    assert_stopped(*state, "local s = ('x'):rep(100000) while true do local t = s .. s end",
                   OC_E_TIMEOUT);
    assert_stopped(
        *state,
        "while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end",
        OC_E_TIMEOUT);
}

static void loops_inside_c_functions_are_bounded(void **state)
{
    assert_stopped(*state, "return (''):rep(1e18 // 1 | 0)", OC_E_PERMANENT);
    assert_stopped(*state, "return (''):rep(math.maxinteger)", OC_E_PERMANENT);
    assert_stopped(*state, "return table.move({}, 1, math.maxinteger - 1, 2)", OC_E_PERMANENT);
    assert_stopped(*state, "return table.move({}, math.mininteger, -2, 2)", OC_E_PERMANENT);
    assert_stopped(*state, "return table.concat({}, '', 1, math.maxinteger)", OC_E_PERMANENT);
    assert_stopped(*state, "return table.unpack({}, 1, 1e9 // 1 | 0)", OC_E_PERMANENT);
    assert_stopped(
        *state,
        "local t = setmetatable({}, {__len = function() return 1 << 40 end}) table.insert(t, 1, 0)",
        OC_E_PERMANENT);
    assert_stopped(
        *state,
        "local t = setmetatable({}, {__len = function() return 1 << 40 end, __index = rawlen}) "
        "table.sort(t)",
        OC_E_PERMANENT);
    assert_stopped(
        *state,
        "local t = setmetatable({}, {__len = function() return 1 << 40 end, __index = type}) "
        "table.concat(t)",
        OC_E_PERMANENT);
    assert_stopped(
        *state,
        "local t = {} for i = 1, 60000 do t[i] = i end while true do table.insert(t, 1, 0) "
        "table.remove(t, 1) end",
        OC_E_TIMEOUT);
    assert_stopped(*state, "local s = ('0'):rep(200000) while true do tonumber(s) end",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "local s = ('0'):rep(200000) while true do utf8.len(s) end",
                   OC_E_TIMEOUT);
}

static void hostile_sort_functions_do_no_harm(void **state)
{
    /* an order that is none: some order comes out */
    assert_holds(
        *state,
        "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end) "
        "assert(#t == 1000)");
    assert_stopped(*state, "local t = {3, 2, 1} table.sort(t, function() while true do end end)",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "local t = {} for i = 1, 70000 do t[i] = i end table.sort(t)",
                   OC_E_PERMANENT);
}

static void patterns_cannot_run_away(void **state)
{
    assert_stopped(*state, "return ('a'):rep(60000):find('.-.-.-.-.-b')", OC_E_TIMEOUT);
    assert_stopped(*state, "return ('a'):rep(30):match(('a?'):rep(30) .. ('a'):rep(31))",
                   OC_E_TIMEOUT);
    assert_stopped(*state, "return ('a'):rep(60000):gsub('.-.-.-b', '')", OC_E_TIMEOUT);
    assert_stopped(*state, "for w in ('a'):rep(60000):gmatch('.-.-.-b') do end", OC_E_TIMEOUT);
    assert_stopped(*state, "return ('('):rep(60000):find('%b()')", OC_E_TIMEOUT);
    assert_stopped(*state, "return ('x'):rep(65537):find('y')", OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):find(('y'):rep(257))", OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):find(('('):rep(100) .. ('x'))", OC_E_PERMANENT);
    assert_stopped(*state, "return ('x'):rep(1000):find(('(.-)'):rep(33))", OC_E_PERMANENT);
    assert_stopped(*state, "local function f(s) return (s:gsub('.', f)) end return f('x')",
                   OC_E_PERMANENT);
}

static void deep_recursion_is_an_error_and_not_a_crash(void **state)
{
    struct oc_buf b = {0};
    struct oc_error err;
    assert_stopped(*state, "local function f() return 1 + f() end return f()", OC_E_PERMANENT);
    assert_stopped(*state,
                   "local t = {} local m = {} m.__index = function(t, k) return t[k] end "
                   "setmetatable(t, m) return t.x",
                   OC_E_PERMANENT);
    assert_int_not_equal(run(*state, "local function f(...) return f(1, ...) end return f()", &err),
                         OC_OK);
    for (int i = 0; i < 50000; i++) {
        oc_buf_addc(&b, '(');
    }
    assert_int_equal(oc_lua_run(*state, "deep", b.data, b.len, &err), OC_E_CONFIG);
    oc_buf_clear(&b);
    for (int i = 0; i < 50000; i++) {
        oc_buf_adds(&b, "{");
    }
    assert_int_equal(oc_lua_run(*state, "deep", b.data, b.len, &err), OC_E_CONFIG);
    oc_buf_finish(&b);
    assert_usable(*state);
}

static void formats_are_bounded(void **state)
{
    assert_stopped(*state, "return ('%99999d'):format(1)", OC_E_PERMANENT);
    assert_stopped(*state, "return ('%.99999f'):format(1)", OC_E_PERMANENT);
    assert_stopped(*state, "return ('%n'):format(1)", OC_E_PERMANENT);
    assert_stopped(*state, "return ('%s%s'):format(1)", OC_E_PERMANENT);
    assert_holds(*state, "assert(#('%99.99f'):format(1e300) > 300)");
}

static void an_error_may_be_anything(void **state)
{
    assert_stopped(*state, "error()", OC_E_PERMANENT);
    assert_stopped(*state, "error({})", OC_E_PERMANENT);
    assert_stopped(*state,
                   "error(setmetatable({}, {__tostring = function() while true do end end}))",
                   OC_E_PERMANENT);
    assert_stopped(*state, "error(print)", OC_E_PERMANENT);
    assert_stopped(*state, "error(('x'):rep(100000))", OC_E_PERMANENT);
    assert_stopped(*state, "error('a\\0b')", OC_E_PERMANENT);
}

static void upvalues_and_environments_stay_inside(void **state)
{
    assert_holds(*state, "_ENV = {} x = 1");
    assert_holds(*state, "local e = {assert = assert} local function f() local _ENV = e; y = 1 end "
                         "f() assert(e.y == 1)");
    assert_holds(*state, "assert(_G._G == _G)");
    assert_stopped(*state,
                   "setmetatable(_G, {__index = function() while true do end end}) return absent",
                   OC_E_TIMEOUT);
    assert_false(oc_lua_has(*state, "absent")); /* raw: asks no metamethod */
    assert_holds(*state, "setmetatable(_G, nil)");
}

static void two_states_share_nothing(void **state)
{
    struct oc_lua *other = oc_lua_create(&LIMITS);
    assert_holds(*state, "leak = 1; string.rep = nil; table.concat = nil");
    assert_holds(other, "assert(leak == nil and string.rep and table.concat)");
    oc_lua_destroy(other);
}

static void results_are_bounded(void **state)
{
    struct oc_error err;
    json_t *result;
    static const char *const BAD[] = {
        "function f() local t = {} t[1] = t return t end",
        "function f() local t = {} for i = 1, 40 do t = {t, t} end return t end",
        "function f() local t = {} for i = 1, 100 do t = {t} end return t end",
        "function f() return f end",
        "function f() return {1, x = 2} end",
        "function f() return {[1] = 1, [3] = 3} end",
        "function f() return {[{}] = 1} end",
        "function f() local s, t = ('x'):rep(1e5), {} for i = 1, 100 do t[i] = s end return t end",
    };
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        oc_error_init(&err);
        assert_int_equal(run(*state, BAD[i], &err), OC_OK);
        assert_int_equal(oc_lua_call(*state, "f", NULL, &result, NULL, NULL, &err), OC_E_PERMANENT);
        assert_null(result);
        assert_true(err.message[0] != '\0');
    }
    assert_usable(*state);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_acts_or_loads_code_is_not_there),
        T(the_harmless_library_is_there),
        T(binary_chunks_are_refused),
        T(the_string_metatable_is_out_of_reach),
        T(a_finalizer_cannot_be_set),
        T(endless_loops_end),
        T(a_pcall_cannot_swallow_the_limit),
        T(an_error_handler_runs_under_the_limits),
        T(metamethods_are_counted_too),
        T(memory_is_capped),
        T(no_string_is_longer_than_256_kib),
        T(a_caught_memory_error_does_not_buy_time),
        T(loops_inside_c_functions_are_bounded),
        T(hostile_sort_functions_do_no_harm),
        T(patterns_cannot_run_away),
        T(deep_recursion_is_an_error_and_not_a_crash),
        T(formats_are_bounded),
        T(an_error_may_be_anything),
        T(upvalues_and_environments_stay_inside),
        T(two_states_share_nothing),
        T(results_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
