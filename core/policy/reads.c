/* Giving a hook what it says it reads. SPDX-License-Identifier: MIT */
#include "core/policy/reads.h"

#include <lauxlib.h>
#include <string.h>

#include "core/policy/hooks.h"
#include "core/policy/state.h"

#define GLOBAL "reads_only"
#define LABELS "labels"

/* Anything else of that name is the policy's own affair. */
static bool is_reads(const json_t *value)
{
    const char *hook;
    const json_t *list, *name;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)value, hook, list)
    {
        json_array_foreach(list, i, name)
        {
            if (!json_is_string(name)) {
                return false;
            }
        }
        if (!json_is_array(list)) {
            return false;
        }
    }
    return json_object_size(value) > 0;
}

static int read_global(lua_State *L)
{
    json_t **value = lua_touserdata(L, 1);
    lua_pushglobaltable(L);
    lua_pushliteral(L, GLOBAL);
    if (lua_rawget(L, -2) == LUA_TTABLE) {
        *value = oc_lua_to_json(L, -1, NULL);
    }
    return 0;
}

json_t *oc_reads_of(struct oc_lua *l)
{
    json_t *value = NULL;
    oc_lua_protect(l, read_global, &value, NULL);
    if (value != NULL && !is_reads(value)) {
        json_decref(value);
        value = NULL;
    }
    return value;
}

bool oc_reads_has(const json_t *reads, const char *name)
{
    const size_t len = strlen(name);
    bool found = reads == NULL;
    for (size_t i = 0; !found && i < json_array_size(reads); i++) {
        const char *read = json_string_value(json_array_get(reads, i));
        found = strncmp(read, name, len) == 0 && (read[len] == '\0' || read[len] == '.');
    }
    return found;
}

/* ---- inside Lua ---- */

/* Upvalues: the names, "" or "labels.". A name that is not there is nil as ever. */
static int on_absent(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING) {
        return 0;
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 2);
    lua_concat(L, 2);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        lua_pushnil(L);
        return 1;
    }
    return luaL_error(L, "'%s' is read, which reads_only does not name", lua_tostring(L, 3));
}

static void push_meta(lua_State *L, const char *prefix)
{
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -2);
    lua_pushstring(L, prefix);
    lua_pushcclosure(L, on_absent, 2);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

/* {metatable of the first argument, of its labels}, made once for each list. */
static void push_metas(lua_State *L, const json_t *reads)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, reads) == LUA_TTABLE) {
        return;
    }
    lua_pop(L, 1);
    lua_createtable(L, 2, 0);
    lua_createtable(L, 0, (int)json_array_size(reads));
    for (size_t i = 0; i < json_array_size(reads); i++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, json_string_value(json_array_get(reads, i)));
    }
    if (oc_reads_has(reads, LABELS)) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, LABELS);
    }
    push_meta(L, "");
    lua_rawseti(L, -3, 1);
    push_meta(L, LABELS ".");
    lua_rawseti(L, -3, 2);
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, reads);
}

/* Copies the members of the table at `from` whose names begin so into the one on the top. */
static void copy_named(lua_State *L, int from, const json_t *reads, const char *prefix)
{
    const size_t skip = strlen(prefix);
    for (size_t i = 0; i < json_array_size(reads); i++) {
        const char *name = json_string_value(json_array_get(reads, i));
        if (strncmp(name, prefix, skip) == 0) {
            lua_pushstring(L, name + skip);
            lua_pushvalue(L, -1);
            lua_rawget(L, from);
            lua_rawset(L, -3);
        }
    }
}

static void strip_members(lua_State *L, int first, const json_t *reads)
{
    const int names = (int)json_array_size(reads);
    push_metas(L, reads);
    const int metas = lua_gettop(L), copy = metas + 1;
    lua_createtable(L, 0, names);
    copy_named(L, first, reads, "");
    lua_pushliteral(L, LABELS);
    const bool whole = lua_rawget(L, copy) != LUA_TNIL; /* "labels" itself is named */
    lua_pop(L, 1);
    lua_pushliteral(L, LABELS);
    if (!whole && lua_rawget(L, first) == LUA_TTABLE && oc_reads_has(reads, LABELS)) {
        lua_createtable(L, 0, names);
        copy_named(L, copy + 1, reads, LABELS ".");
        lua_rawgeti(L, metas, 2);
        lua_setmetatable(L, -2);
        lua_setfield(L, copy, LABELS);
    }
    lua_settop(L, copy);
    lua_rawgeti(L, metas, 1);
    lua_setmetatable(L, -2);
    lua_replace(L, first);
    lua_settop(L, metas - 1);
}

void oc_reads_strip(lua_State *L, int first, const json_t *reads, int hook)
{
    const int last = lua_gettop(L);
    if (reads == NULL || last < first) {
        return;
    }
    luaL_checkstack(L, 10, "too many arguments");
    if (lua_type(L, first) == LUA_TTABLE) {
        strip_members(L, first, reads);
    }
    for (int i = 1; hook >= 0 && i < OC_HOOK_ARGS && first + i <= last; i++) {
        const char *name = oc_hooks[hook].args[i].name;
        if (name != NULL && !oc_reads_has(reads, name)) {
            lua_pushnil(L);
            lua_replace(L, first + i);
        }
    }
}
