/* The harmless part of Lua's libraries, its loops in C bounded. SPDX-License-Identifier: MIT
 *
 * The instruction count sees only the virtual machine. Every library function that can loop in C
 * for longer than its arguments are long is therefore wrapped: the wrapper works out what the call
 * may cost, takes that from the budget, refuses what no script needs, and then calls the original.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/policy/routing.h"
#include "core/policy/state.h"

/* Library, names kept of it. */
static const struct {
    const char *library;
    lua_CFunction open;
    const char *kept;
} LIBRARIES[] = {
    {LUA_GNAME, luaopen_base,
     " _G _VERSION assert error getmetatable ipairs next pairs pcall rawequal rawget rawlen rawset "
     "select setmetatable tonumber tostring type xpcall string table math utf8 "},
    {LUA_STRLIBNAME, luaopen_string,
     " byte char find format gmatch gsub len lower match rep reverse sub upper "},
    {LUA_TABLIBNAME, luaopen_table, " concat insert move pack remove sort unpack "},
    {LUA_MATHLIBNAME, luaopen_math,
     " abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf "
     "pi "
     "rad sin sqrt tan tointeger type ult "},
    {LUA_UTF8LIBNAME, luaopen_utf8, " char charpattern codepoint codes len offset "},
};

/* ---- wrappers ---- */

typedef void (*check_fn)(lua_State *L);

/* What reading every argument once costs. */
static uint64_t argument_cost(lua_State *L)
{
    uint64_t cost = 1 + (uint64_t)lua_gettop(L) / 4; /* they are moved once, too */
    for (int i = lua_gettop(L); i > 0; i--) {
        int type = lua_type(L, i);
        if (type == LUA_TSTRING) {
            cost += lua_rawlen(L, i) / 16;
        } else if (type == LUA_TTABLE) {
            cost += lua_rawlen(L, i);
        }
    }
    return cost;
}

/* A length from a metamethod would make the loop as long as the script likes. */
static void check_plain(lua_State *L)
{
    if (lua_istable(L, 1) && !oc_lua_frozen(L, 1) && luaL_getmetafield(L, 1, "__len") != LUA_TNIL) {
        luaL_error(L, "tables with a __len of their own are not accepted here");
    }
}

/* The range of two arguments, as the functions themselves see it. */
static void check_range(lua_State *L, int from, int to)
{
    if (lua_isnoneornil(L, to)) {
        return; /* up to the length, which argument_cost has counted */
    }
    lua_Integer first = luaL_optinteger(L, from, 1), last = luaL_optinteger(L, to, 0);
    if (last < first) {
        return;
    }
    uint64_t count = (uint64_t)last - (uint64_t)first;
    if (count >= OC_LUA_ELEMENTS_MAX) {
        luaL_error(L, "a range of more than %d elements", OC_LUA_ELEMENTS_MAX);
    }
    oc_lua_charge(L, count);
}

static void check_concat(lua_State *L)
{
    check_plain(L);
    check_range(L, 3, 4);
}

static void check_move(lua_State *L)
{
    check_range(L, 2, 3);
}

static void check_unpack(lua_State *L)
{
    check_plain(L);
    check_range(L, 2, 3);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = luaL_opt(L, luaL_checkinteger, 3, (lua_Integer)lua_rawlen(L, 1));
    if (last >= first && (uint64_t)last - (uint64_t)first >= OC_LUA_VALUES_MAX) {
        luaL_error(L, "too many results to unpack");
    }
}

/* The bytes i to j of a string, each a value. */
static void check_bytes(lua_State *L)
{
    size_t len;
    luaL_checklstring(L, 1, &len);
    lua_Integer first = luaL_optinteger(L, 2, 1), last = luaL_optinteger(L, 3, first);
    first = first < 0 ? (lua_Integer)len + first + 1 : first;
    last = last < 0 ? (lua_Integer)len + last + 1 : last;
    first = first < 1 ? 1 : first;
    last = last > (lua_Integer)len ? (lua_Integer)len : last;
    if (last >= first && last - first >= OC_LUA_VALUES_MAX) {
        luaL_error(L, "a range of more than %d bytes", OC_LUA_VALUES_MAX);
    }
}

/* ("").rep(1e18) copies nothing 10^18 times. */
static void check_rep(lua_State *L)
{
    size_t len, separator = 0, max = OC_LUA_STRING_MAX;
    luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &separator);
    if (count <= 0) {
        return;
    }
    if ((uint64_t)count > max || (uint64_t)count * (len + separator) > max) {
        luaL_error(L, "resulting string too large");
    }
    oc_lua_charge(L, (uint64_t)count + (uint64_t)count * (len + separator) / 16);
}

/* Hooks are off while a finalizer runs, so a loop in one could not be stopped. Lua looks for __gc
 * only here, when the metatable is set. */
static void check_setmetatable(lua_State *L)
{
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        lua_rawget(L, 2);
        if (!lua_isnil(L, -1)) {
            luaL_error(L, "finalizers (__gc) are not available to policies");
        }
    }
}

static void check_rawset(lua_State *L)
{
    if (oc_lua_frozen(L, 1)) {
        luaL_error(L, "this table cannot be changed: copy what you need");
    }
}

static const struct {
    const char *library, *name;
    check_fn check; /* NULL = charging for the arguments is enough */
} GUARDED[] = {
    {LUA_GNAME, "rawset", check_rawset},
    {LUA_GNAME, "select", NULL},
    {LUA_GNAME, "setmetatable", check_setmetatable},
    {LUA_GNAME, "tonumber", NULL},
    {LUA_STRLIBNAME, "byte", check_bytes},
    {LUA_STRLIBNAME, "char", NULL},
    {LUA_STRLIBNAME, "rep", check_rep},
    {LUA_STRLIBNAME, "format", NULL},
    {LUA_STRLIBNAME, "lower", NULL},
    {LUA_STRLIBNAME, "upper", NULL},
    {LUA_STRLIBNAME, "reverse", NULL},
    {LUA_TABLIBNAME, "concat", check_concat},
    {LUA_TABLIBNAME, "insert", check_plain},
    {LUA_TABLIBNAME, "move", check_move},
    {LUA_TABLIBNAME, "remove", check_plain},
    {LUA_TABLIBNAME, "unpack", check_unpack},
    {LUA_UTF8LIBNAME, "codepoint", check_bytes},
    {LUA_UTF8LIBNAME, "len", NULL},
    {LUA_UTF8LIBNAME, "offset", NULL},
};

/* Upvalues: the original, the index into GUARDED. */
static int guarded(lua_State *L)
{
    check_fn check = GUARDED[lua_tointeger(L, lua_upvalueindex(2))].check;
    int count = lua_gettop(L);
    oc_lua_charge(L, argument_cost(L));
    if (check != NULL) {
        check(L);
        lua_settop(L, count);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    return lua_gettop(L);
}

static void guard(lua_State *L, size_t i)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, GUARDED[i].library);
    lua_getfield(L, -1, GUARDED[i].name);
    lua_pushinteger(L, (lua_Integer)i);
    lua_pushcclosure(L, guarded, 2);
    lua_setfield(L, -2, GUARDED[i].name);
    lua_pop(L, 2);
}

/* xpcall(f, handler, ...) that calls the handler after the stack is unwound. Lua's own calls it
 * where the error is raised; when that is our hook, hooks are off, and a loop in the handler would
 * never end. */
static int protected_call(lua_State *L)
{
    int count = lua_gettop(L) - 2;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 1);
    lua_insert(L, 3);
    if (lua_pcall(L, count, LUA_MULTRET, 0) == LUA_OK) {
        lua_pushboolean(L, 1);
        lua_replace(L, 2);
        return lua_gettop(L) - 1;
    }
    lua_pushboolean(L, 0);
    lua_replace(L, 1);
    lua_call(L, 1, LUA_MULTRET); /* the handler, on the error */
    return lua_gettop(L);
}

/* ---- what stays ---- */

static bool kept(const char *list, const char *name)
{
    char word[64];
    if (strlen(name) > sizeof(word) - 3) {
        return false;
    }
    snprintf(word, sizeof(word), " %s ", name);
    return strstr(list, word) != NULL;
}

/* Removes from the table on the top whatever the list does not name. */
static void prune(lua_State *L, const char *list)
{
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING && !kept(list, lua_tostring(L, -2))) {
            lua_pushvalue(L, -2);
            lua_pushnil(L);
            lua_rawset(L, -5); /* clearing a field during a walk is allowed */
        }
    }
}

/* getmetatable("") must not hand out the table through which every string method is found. */
static void lock_strings(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void oc_lua_open_libraries(lua_State *L)
{
    for (size_t i = 0; i < OC_COUNT(LIBRARIES); i++) {
        luaL_requiref(L, LIBRARIES[i].library, LIBRARIES[i].open, 1);
        if (strcmp(LIBRARIES[i].library, LUA_STRLIBNAME) == 0) {
            oc_lua_open_patterns(L);
        }
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < OC_COUNT(LIBRARIES); i++) {
        luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
        lua_getfield(L, -1, LIBRARIES[i].library);
        prune(L, LIBRARIES[i].kept);
        lua_pop(L, 2);
    }
    for (size_t i = 0; i < OC_COUNT(GUARDED); i++) {
        guard(L, i);
    }
    lua_pushcfunction(L, protected_call);
    lua_setglobal(L, "xpcall");
    oc_lua_open_sorted(L);
    lock_strings(L);
    oc_lua_open_expressions(L);
    oc_lua_open_routing(L);
}
