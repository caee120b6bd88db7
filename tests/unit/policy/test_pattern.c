/* Our pattern matcher against Lua's own. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/sandbox.h"

/* Calls one of the functions on s and p and gives back all results, or "error", as one text. */
static const char TRIAL[] =
    "function trial(which, s, p, r, n)\n"
    "  local function flat(ok, ...)\n"
    "    if not ok then return 'error' end\n"
    "    local out = {}\n"
    "    for i = 1, select('#', ...) do out[i] = tostring((select(i, ...))) end\n"
    "    return table.concat(out, '|')\n"
    "  end\n"
    "  if which == 'gmatch' then\n"
    "    return flat(pcall(function()\n"
    "      local out = {}\n"
    "      for a, b in s:gmatch(p, n) do out[#out + 1] = tostring(a) .. tostring(b) end\n"
    "      return table.concat(out, ',')\n"
    "    end))\n"
    "  elseif which == 'gsub' then\n"
    "    return flat(pcall(string.gsub, s, p, r, n))\n"
    "  end\n"
    "  return flat(pcall(string[which], s, p, n))\n"
    "end\n";

struct pair {
    struct oc_lua *ours;
    lua_State *theirs;
};

static int setup(void **state)
{
    struct pair *t = oc_calloc(1, sizeof(*t));
    /* what is compared are answers, so a loaded machine must not cut one short */
    t->ours = oc_lua_create(&(struct oc_lua_limits){.deadline_ms = 10 * OC_SECOND});
    assert_int_equal(oc_lua_run(t->ours, "trial", TRIAL, strlen(TRIAL), NULL), OC_OK);
    t->theirs = luaL_newstate();
    luaL_openlibs(t->theirs);
    assert_int_equal(luaL_dostring(t->theirs, TRIAL), LUA_OK);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct pair *t = *state;
    oc_lua_destroy(t->ours);
    lua_close(t->theirs);
    free(t);
    return 0;
}

static void compare(struct pair *t, const char *which, const char *s, const char *p, const char *r,
                    int n)
{
    struct oc_error err;
    json_t *args = json_pack("[s, s, s, s, i]", which, s, p, r, n), *out = NULL;
    oc_error_init(&err);
    int code = oc_lua_call(t->ours, "trial", args, &out, NULL, NULL, &err);
    if (code != OC_OK) {
        fail_msg("%s(%s, %s): %s", which, s, p, err.message);
    }
    lua_getglobal(t->theirs, "trial");
    lua_pushstring(t->theirs, which);
    lua_pushstring(t->theirs, s);
    lua_pushstring(t->theirs, p);
    lua_pushstring(t->theirs, r);
    lua_pushinteger(t->theirs, n);
    assert_int_equal(lua_pcall(t->theirs, 5, 1, 0), LUA_OK);
    if (strcmp(lua_tostring(t->theirs, -1), json_string_value(out)) != 0) {
        fail_msg("%s(\"%s\", \"%s\", \"%s\", %d): Lua %s, we %s", which, s, p, r, n,
                 lua_tostring(t->theirs, -1), json_string_value(out));
    }
    lua_pop(t->theirs, 1);
    json_decref(args);
    json_decref(out);
}

static void compare_all(struct pair *t, const char *s, const char *p, const char *r, int n)
{
    static const char *const WHICH[] = {"find", "match", "gmatch", "gsub"};
    for (size_t i = 0; i < OC_COUNT(WHICH); i++) {
        compare(t, WHICH[i], s, p, r, n);
    }
}

static void the_examples_of_the_manual_hold(void **state)
{
    static const char *const CASES[][3] = {
        {"hello world", "(%w+)", "%1 %1"},
        {"hello world", "%w+", "%0 %0"},
        {"hello world from Lua", "(%w+)%s*(%w+)", "%2 %1"},
        {"THE (quick) fox", "%((%a+)%)", "<%1>"},
        {"THE (quick (brown)) fox", "%b()", ""},
        {"THE (quick) fox", "%f[%a]%a+%f[%A]", "x"},
        {"key = value", "^(%w+)%s*=%s*(%w+)$", "%2=%1"},
        {"abc", "()b()", "%1"},
        {"aaa", "a-", "x"},
        {"abcabc", "(.)bc%1bc", "y"},
        {"[]]", "[]]", "z"},
        {"a-z", "[a%-z]", "."},
        {"^a", "^^a", "-"},
        {"a$", "a$$", "-"},
        {"", "", "x"},
        {"abc", "", "-"},
        {"abc", "%", "-"},
        {"abc", "[a", "-"},
        {"abc", "[%a", "-"},
        {"abc", "(a", "-"},
        {"abc", "a)", "-"},
        {"abc", "%1", "-"},
        {"abc", "%bx", "-"},
        {"abc", "%f", "-"},
        {"abc", "(a)", "%2"},
        {"abc", "a", "%"},
        {"abc", "a", "%x"},
    };
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        for (int n = -4; n <= 5; n++) {
            compare_all(*state, CASES[i][0], CASES[i][1], CASES[i][2], n);
        }
    }
}

static uint32_t roll(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

static void make(uint32_t *seed, const char *const *parts, uint32_t count, uint32_t longest,
                 char *out)
{
    *out = '\0';
    for (uint32_t n = roll(seed, longest + 1); n > 0; n--) {
        strcat(out, parts[roll(seed, count)]);
    }
}

static void random_patterns_agree(void **state)
{
    static const char *const LETTERS[] = {"a", "b", "1", "(", ")", "-", " ", "]"};
    static const char *const PARTS[] = {"a", "b",  ".",    "%a",  "%d",  "%S",   "*", "+",
                                        "-", "?",  "(",    ")",   "()",  "[",    "]", "^",
                                        "$", "%1", "%b()", "%f[", "[ab", "[^1]", "%", "-b]"};
    static const char *const REPLACEMENTS[] = {"x", "%0", "%1", "%%", "%2"};
    char s[64], p[64], r[32];
    uint32_t seed = 20221122;
    for (int i = 0; i < 20000; i++) {
        make(&seed, LETTERS, OC_COUNT(LETTERS), 10, s);
        make(&seed, PARTS, OC_COUNT(PARTS), 7, p);
        make(&seed, REPLACEMENTS, OC_COUNT(REPLACEMENTS), 2, r);
        compare_all(*state, s, p, r, (int)roll(&seed, 6) - 2);
    }
}

static void run(struct pair *t, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_lua_run(t->ours, "t", text, strlen(text), &err) != OC_OK) {
        fail_msg("%s: %s", text, err.message);
    }
}

static void replacements_may_be_tables_and_functions(void **state)
{
    run(*state, "assert(('$a $b'):gsub('%$(%w+)', {a = 'x'}) == 'x $b')");
    run(*state, "assert(('abc'):gsub('%w', function(c) if c == 'b' then return c:upper() end end) "
                "== 'aBc')");
    run(*state, "assert(('abc'):gsub('', '-') == '-a-b-c-')");
    run(*state, "assert(('x'):gsub('x', 5) == '5')");
    run(*state, "assert(not pcall(string.gsub, 'x', 'x', function() return {} end))");
    run(*state, "assert(not pcall(string.gsub, 'x', 'x'))");
    run(*state,
        "assert(('abc'):gsub('b', function() return ('abc'):gsub('c', 'd') end) == 'aabdc')");
}

static void plain_search_takes_no_pattern(void **state)
{
    run(*state, "local a, b = ('a.b'):find('.', 1, true) assert(a == 2 and b == 2)");
    run(*state, "assert(('a.b'):find('%', 1, true) == nil)");
    run(*state, "local a, b = ('abc'):find('', 4, true) assert(a == 4 and b == 3)");
    run(*state, "assert(('abc'):find('', 5, true) == nil)");
}

static void bytes_of_value_zero_are_bytes(void **state)
{
    run(*state, "assert(('a\\0b'):find('\\0b') == 2)");
    run(*state, "assert(('x\xc3\xa4y'):match('[\xc2-\xf4][\x80-\xbf]*') == '\xc3\xa4')");
    run(*state, "assert(#('a\\0\\0b'):match('\\0+') == 2)");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_examples_of_the_manual_hold),
        T(random_patterns_agree),
        T(replacements_may_be_tables_and_functions),
        T(plain_search_takes_no_pattern),
        T(bytes_of_value_zero_are_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
