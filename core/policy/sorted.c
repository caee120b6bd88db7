/* What Lua leaves to chance, made the same every time. SPDX-License-Identifier: MIT
 *
 * A policy must answer the same question the same way, today and when its inputs are replayed. Lua's own pairs and next
 * walk a table in the order of hashes with a seed that is drawn at the start, sort takes its pivot from the clock, and
 * tostring prints addresses. Here tables are walked in the order of their keys (numbers, then strings by bytes, then false
 * and true), sort is a stable merge, and a table is "table". [loop] */
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/policy/state.h"

#define SORT_MAX 65536 /* elements: log2 of it times that many comparisons, some 30 ms */

/* ---- the order of keys ---- */

struct key {
    int type; /* LUA_TNUMBER, LUA_TSTRING, LUA_TBOOLEAN */
    bool whole;
    lua_Integer integer; /* also of booleans */
    lua_Number number;
    const char *text; /* belongs to the table that is walked */
    size_t len;
};

static void read_key(lua_State *L, int index, struct key *k)
{
    *k = (struct key){.type = lua_type(L, index)};
    switch (k->type) {
    case LUA_TNUMBER:
        k->whole = lua_isinteger(L, index) != 0;
        k->integer = k->whole ? lua_tointeger(L, index) : 0;
        k->number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        k->text = lua_tolstring(L, index, &k->len);
        break;
    case LUA_TBOOLEAN:
        k->integer = lua_toboolean(L, index);
        break;
    default:
        luaL_error(L, "a key that is a %s has no place in the order of keys",
                   luaL_typename(L, index));
    }
}

static int rank(const struct key *k)
{
    return k->type == LUA_TNUMBER ? 0 : k->type == LUA_TSTRING ? 1 : 2;
}

static int compare_numbers(const struct key *a, const struct key *b)
{
    if (a->whole && b->whole) {
        return (a->integer > b->integer) - (a->integer < b->integer);
    }
    if (a->number < b->number || a->number > b->number) {
        return a->number < b->number ? -1 : 1;
    }
    return (int)b->whole - (int)a->whole;
}

static int compare_keys(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    if (rank(a) != rank(b)) {
        return rank(a) - rank(b);
    }
    if (a->type == LUA_TNUMBER) {
        return compare_numbers(a, b);
    }
    if (a->type == LUA_TBOOLEAN) {
        return (int)(a->integer - b->integer);
    }
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* ---- pairs ---- */

/* Upvalues: items of the list, the place. */
static int next_item(lua_State *L)
{
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(1)),
                i = lua_tointeger(L, lua_upvalueindex(2));
    while (++i <= count) {
        if (lua_rawgeti(L, 1, i) != LUA_TNIL) {
            lua_pushinteger(L, i);
            lua_copy(L, -1, lua_upvalueindex(2));
            lua_insert(L, -2);
            return 2;
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

/* Upvalues: keys in order, the place. */
static int next_key(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    while (lua_rawgeti(L, lua_upvalueindex(1), ++i) != LUA_TNIL) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) {
            lua_pushinteger(L, i);
            lua_replace(L, lua_upvalueindex(2));
            return 2;
        }
        lua_pop(L, 2);
    }
    return 1;
}

static size_t count_keys(lua_State *L, int table, bool *list)
{
    size_t count = 0, items = lua_rawlen(L, table);
    *list = true;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
        count++;
        *list = *list && lua_isinteger(L, -2);
    }
    *list = *list && count == items;
    return count;
}

static void push_keys(lua_State *L, int table, size_t count)
{
    struct key *keys = lua_newuserdatauv(L, (count + 1) * sizeof(*keys), 0);
    size_t n = 0;
    for (lua_pushnil(L); n < count && lua_next(L, table) != 0; lua_pop(L, 1)) {
        read_key(L, lua_gettop(L) - 1, &keys[n++]);
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        if (keys[i].type == LUA_TSTRING) {
            lua_pushlstring(L, keys[i].text, keys[i].len);
        } else if (keys[i].type == LUA_TBOOLEAN) {
            lua_pushboolean(L, (int)keys[i].integer);
        } else if (keys[i].whole) {
            lua_pushinteger(L, keys[i].integer);
        } else {
            lua_pushnumber(L, keys[i].number);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_remove(L, -2);
}

static int sorted_pairs(lua_State *L)
{
    bool list;
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    oc_lua_push_real(L, 1);
    lua_replace(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t count = count_keys(L, 1, &list);
    oc_lua_charge(L, count * (list ? 1 : 8));
    if (count > OC_LUA_ELEMENTS_MAX) {
        return luaL_error(L, "more than %d keys to walk", OC_LUA_ELEMENTS_MAX);
    }
    if (list) {
        lua_pushinteger(L, (lua_Integer)count);
    } else {
        push_keys(L, 1, count);
    }
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, list ? next_item : next_key, 2);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* ---- next ---- */

static int sorted_next(lua_State *L)
{
    struct key after, best, k;
    bool first = lua_isnoneornil(L, 2), found = false;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    oc_lua_push_real(L, 1);
    lua_replace(L, 1);
    if (!first) {
        read_key(L, 2, &after);
    }
    uint64_t looked = 1;
    lua_pushnil(L); /* 3: the best key yet */
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1), looked++) {
        read_key(L, lua_gettop(L) - 1, &k);
        if ((first || compare_keys(&k, &after) > 0) && (!found || compare_keys(&k, &best) < 0)) {
            best = k;
            found = true;
            lua_pushvalue(L, -2);
            lua_replace(L, 3);
        }
    }
    oc_lua_charge(L, looked);
    if (!found) {
        return 1; /* nil */
    }
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}

/* ---- sort ---- */

/* Stack: 1 the table, 2 the order or nil, 3 and 4 two tables to merge between. */
static bool comes_before(lua_State *L, int a, int b)
{
    if (lua_isnil(L, 2)) {
        return lua_compare(L, a, b, LUA_OPLT) != 0;
    }
    int top = lua_gettop(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    bool before = lua_toboolean(L, -1) != 0;
    lua_settop(L, top);
    return before;
}

/* [low, middle) and [middle, high) of `from`, both in order, into `to`. The right one goes first only when it must: what is
 * equal stays in its order. */
static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer middle,
                  lua_Integer high)
{
    lua_Integer left = low, right = middle;
    for (lua_Integer out = low; out < high; out++) {
        bool take_right = left >= middle;
        if (left < middle && right < high) {
            lua_rawgeti(L, from, right);
            lua_rawgeti(L, from, left);
            take_right = comes_before(L, lua_gettop(L) - 1, lua_gettop(L));
            lua_pop(L, 2);
        }
        lua_rawgeti(L, from, take_right ? right++ : left++);
        lua_rawseti(L, to, out);
    }
}

static int stable_sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    lua_settop(L, 2);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL) {
        return luaL_error(L, "this table cannot be sorted in place: copy it first");
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    if (count > SORT_MAX) {
        return luaL_error(L, "more than %d elements to sort", SORT_MAX);
    }
    oc_lua_charge(L, (uint64_t)count * 16);
    lua_createtable(L, (int)count, 0);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        lua_rawseti(L, 3, i);
    }
    int from = 3, to = 4;
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width <= count ? low + width : count + 1;
            lua_Integer high = low + 2 * width <= count ? low + 2 * width : count + 1;
            merge(L, from, to, low, middle, high);
        }
        from = to;
        to = from == 3 ? 4 : 3;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, from, i);
        lua_rawseti(L, 1, i);
    }
    return 0;
}

/* ---- no addresses ---- */

/* Replaces what Lua would print as an address by the name of its type. */
static void hide_address(lua_State *L, int index)
{
    int type = lua_type(L, index);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TUSERDATA &&
        type != LUA_TLIGHTUSERDATA && type != LUA_TTHREAD) {
        return;
    }
    if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pushstring(L, luaL_typename(L, index));
    lua_replace(L, index);
}

static int plain_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    hide_address(L, 1);
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Upvalue: the original (guarded) format. */
static int plain_format(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    int count = lua_gettop(L);
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] == '%') {
            i++;
            i += strspn(text + i, "-+ #0123456789.");
            if (i < len && text[i] == 'p') {
                return luaL_error(L, "addresses (%%p) are not available to policies");
            }
        }
    }
    for (int i = 2; i <= count; i++) {
        hide_address(L, i);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, 1);
    return 1;
}

void oc_lua_open_sorted(lua_State *L)
{
    static const luaL_Reg GLOBALS[] = {
        {"pairs", sorted_pairs}, {"next", sorted_next}, {"tostring", plain_tostring}, {NULL, NULL}};
    lua_pushglobaltable(L);
    luaL_setfuncs(L, GLOBALS, 0);
    lua_getfield(L, -1, "table");
    lua_pushcfunction(L, stable_sort);
    lua_setfield(L, -2, "sort");
    lua_getfield(L, -2, "string");
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, plain_format, 1);
    lua_setfield(L, -2, "format");
    lua_pop(L, 3);
}
