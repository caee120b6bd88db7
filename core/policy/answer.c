/* Reading an answer where it lies. SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>

#include "core/policy/ask.h"
#include "core/policy/state.h"

enum oc_answer_type oc_answer_type(const struct oc_answer *a)
{
    switch (lua_type(a->state, a->index)) {
    case LUA_TBOOLEAN:
        return OC_ANSWER_BOOL;
    case LUA_TNUMBER:
        return OC_ANSWER_NUMBER;
    case LUA_TSTRING:
        return OC_ANSWER_STRING;
    case LUA_TTABLE:
        return OC_ANSWER_TABLE;
    default:
        return OC_ANSWER_NIL;
    }
}

/* Leaves the table itself on the stack; false and nothing when it is none. */
static bool push_table(const struct oc_answer *a)
{
    lua_State *L = a->state;
    if (lua_type(L, a->index) != LUA_TTABLE) {
        return false;
    }
    luaL_checkstack(L, 8, "an answer is nested too deep");
    oc_lua_push_real(L, a->index);
    return true;
}

/* The value is on the top, its table below it. */
static bool keep_child(const struct oc_answer *a, struct oc_answer *child)
{
    lua_State *L = a->state;
    lua_remove(L, -2);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    *child = (struct oc_answer){L, lua_gettop(L)};
    return true;
}

bool oc_answer_at(const struct oc_answer *a, size_t i, struct oc_answer *child)
{
    lua_State *L = a->state;
    if (lua_type(L, a->index) == LUA_TTABLE && !oc_lua_frozen(L, a->index)) {
        luaL_checkstack(L, 8, "an answer is nested too deep");
        *child = (struct oc_answer){L, lua_gettop(L) + 1};
        if (lua_rawgeti(L, a->index, (lua_Integer)i + 1) == LUA_TNIL) {
            lua_pop(L, 1);
            return false;
        }
        return true;
    }
    if (!push_table(a)) {
        return false;
    }
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    return keep_child(a, child);
}

bool oc_answer_get(const struct oc_answer *a, const char *key, struct oc_answer *child)
{
    if (!push_table(a)) {
        return false;
    }
    lua_pushstring(a->state, key);
    lua_rawget(a->state, -2);
    return keep_child(a, child);
}

void oc_answer_end(struct oc_answer *child)
{
    lua_settop(child->state, child->index - 1);
}

const char *oc_answer_str(const struct oc_answer *a, const char *fallback)
{
    return lua_type(a->state, a->index) == LUA_TSTRING ? oc_lua_clean_at(a->state, a->index)
                                                       : fallback;
}

int64_t oc_answer_int(const struct oc_answer *a, int64_t fallback)
{
    int whole = 0;
    lua_Integer value = 0;
    if (lua_type(a->state, a->index) == LUA_TNUMBER) {
        value = lua_tointegerx(a->state, a->index, &whole);
    }
    return whole ? value : fallback;
}

double oc_answer_num(const struct oc_answer *a, double fallback)
{
    return lua_type(a->state, a->index) == LUA_TNUMBER ? lua_tonumber(a->state, a->index)
                                                       : fallback;
}

bool oc_answer_bool(const struct oc_answer *a, bool fallback)
{
    return lua_type(a->state, a->index) == LUA_TBOOLEAN ? lua_toboolean(a->state, a->index) != 0
                                                        : fallback;
}

/* The table that is answered holds the string, so it outlives its place on the stack. */
const char *oc_answer_get_str(const struct oc_answer *a, const char *key, const char *fallback)
{
    struct oc_answer child;
    if (oc_answer_get(a, key, &child)) {
        fallback = oc_answer_str(&child, fallback);
        oc_answer_end(&child);
    }
    return fallback;
}

int64_t oc_answer_get_int(const struct oc_answer *a, const char *key, int64_t fallback)
{
    struct oc_answer child;
    if (oc_answer_get(a, key, &child)) {
        fallback = oc_answer_int(&child, fallback);
        oc_answer_end(&child);
    }
    return fallback;
}

bool oc_answer_get_bool(const struct oc_answer *a, const char *key, bool fallback)
{
    struct oc_answer child;
    if (oc_answer_get(a, key, &child)) {
        fallback = oc_answer_bool(&child, fallback);
        oc_answer_end(&child);
    }
    return fallback;
}
