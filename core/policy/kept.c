/* Tables that policies can read and not change. SPDX-License-Identifier: MIT */
#include "core/policy/kept.h"

#include <lauxlib.h>

#include "core/base/mem.h"
#include "core/policy/state.h"

struct oc_kept {
    json_t *value;    /* owned */
    uint64_t version; /* never the same twice, whatever the address of the struct */
};

static const char MARK; /* its address is the key under which a metatable has the real table */

static uint64_t next_version(void)
{
    static uint64_t last; /* [loop] */
    return ++last;
}

struct oc_kept *oc_kept_create(json_t *value)
{
    struct oc_kept *k = oc_calloc(1, sizeof(*k));
    oc_kept_set(k, value);
    return k;
}

void oc_kept_set(struct oc_kept *k, json_t *value)
{
    json_decref(k->value);
    k->value = value;
    k->version = next_version();
}

void oc_kept_destroy(struct oc_kept *k)
{
    if (k != NULL) {
        json_decref(k->value);
        free(k);
    }
}

json_t *oc_kept_value(const struct oc_kept *k)
{
    return k->value;
}

/* ---- the table ---- */

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "this table cannot be changed: copy what you need");
}

/* Upvalue: the length, which never changes. */
static int real_length(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

/* Turns the table on the top into one that cannot be changed. */
static void freeze(lua_State *L)
{
    lua_newtable(L);          /* real, proxy */
    lua_createtable(L, 0, 5); /* real, proxy, meta */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -3));
    lua_pushcclosure(L, real_length, 1);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -3);
    lua_rawsetp(L, -2, &MARK);
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

static void push_frozen(lua_State *L, const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    size_t i;
    if (depth > OC_LUA_DEPTH_MAX) {
        luaL_error(L, "a value is nested deeper than %d levels", OC_LUA_DEPTH_MAX);
    }
    luaL_checkstack(L, 8, "values are nested too deep");
    if (json_is_object(value)) {
        lua_createtable(L, 0, (int)json_object_size(value));
        json_object_foreach((json_t *)value, key, member)
        {
            push_frozen(L, member, depth + 1);
            lua_setfield(L, -2, key);
        }
        freeze(L);
    } else if (json_is_array(value)) {
        lua_createtable(L, (int)json_array_size(value), 0);
        json_array_foreach((json_t *)value, i, member)
        {
            push_frozen(L, member, depth + 1);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        freeze(L);
    } else {
        oc_lua_push_json(L, value);
    }
}

/* The registry has {version, table} under the address of the struct. */
void oc_kept_push(lua_State *L, const struct oc_kept *k)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, k) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        bool current = (uint64_t)lua_tointeger(L, -1) == k->version;
        lua_pop(L, 1);
        if (current) {
            lua_rawgeti(L, -1, 2);
            lua_remove(L, -2);
            return;
        }
    }
    lua_pop(L, 1);
    lua_createtable(L, 2, 0);
    lua_pushinteger(L, (lua_Integer)k->version);
    lua_rawseti(L, -2, 1);
    push_frozen(L, k->value, 0);
    lua_rawseti(L, -2, 2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, k);
    lua_rawgeti(L, -1, 2);
    lua_remove(L, -2);
}

bool oc_lua_frozen(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) {
        return false;
    }
    bool frozen = lua_rawgetp(L, -1, &MARK) == LUA_TTABLE;
    lua_pop(L, 2);
    return frozen;
}

void oc_lua_push_real(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    if (lua_type(L, -1) != LUA_TTABLE || !lua_getmetatable(L, -1)) {
        return;
    }
    if (lua_rawgetp(L, -1, &MARK) == LUA_TTABLE) {
        lua_replace(L, -3);
        lua_pop(L, 1);
    } else {
        lua_pop(L, 2);
    }
}
