/* Trees of routes: walked for every alert; what policies call. SPDX-License-Identifier: MIT */
#include "core/policy/routing.h"

#include <lauxlib.h>
#include <string.h>

#include "core/policy/routing_tree.h"
#include "core/policy/state.h"

/* Pushes the tree of the table at 1, compiled if it is new, and the list of what is found. */
static struct oc_routing_tree *push_tree(lua_State *L)
{
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        lua_pushcfunction(L, oc_routing_compile);
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, lua_upvalueindex(1));
    }
    struct oc_routing_tree *t = lua_touserdata(L, -1);
    lua_getiuservalue(L, -1, 1);
    return t;
}

/* ---- walking; the stack: 1 the table, 2 the alert, 3 the tree, 4 what is found, 5 labels, 6 the answer ---- */

/* Pushes what the alert has under a name: its label, or the fact of that name; "" when there is none. */
static const char *push_value(lua_State *L, const char *name, size_t *len)
{
    if (lua_istable(L, 5) && lua_getfield(L, 5, name) == LUA_TSTRING) {
        return lua_tolstring(L, -1, len);
    }
    lua_settop(L, 6);
    if (lua_istable(L, 2) &&
        lua_getfield(L, 2, strcmp(name, "alertname") == 0 ? "rule" : name) == LUA_TSTRING) {
        return lua_tolstring(L, -1, len);
    }
    *len = 0;
    return "";
}

/* The first matcher that does not hold; NULL: all do. */
static const struct oc_routing_matcher *failing(lua_State *L, const struct oc_routing_node *n)
{
    const struct oc_routing_matcher *found = NULL;
    for (size_t i = 0; !found && i < n->matcher_count; i++) {
        size_t len;
        const char *value = push_value(L, n->matchers[i].name, &len);
        found = oc_routing_holds(&n->matchers[i], value, len) ? NULL : &n->matchers[i];
        lua_settop(L, 6);
    }
    return found;
}

static void take(lua_State *L, uint32_t at)
{
    lua_rawgeti(L, 4, (lua_Integer)at + 1);
    lua_rawseti(L, 6, (lua_Integer)lua_rawlen(L, 6) + 1);
}

/* True when the route, or one below it, was taken. */
static bool walk(lua_State *L, const struct oc_routing_tree *t, uint32_t at)
{
    const struct oc_routing_node *n = &t->nodes.items[at];
    bool below = false;
    oc_lua_charge(L, 1 + n->matcher_count);
    if (failing(L, n)) {
        return false;
    }
    for (uint32_t child = n->child; child != OC_ROUTING_NONE; child = t->nodes.items[child].next) {
        bool taken = walk(L, t, child); /* no deeper than a tree may be */
        below = below || taken;
        if (taken && !t->nodes.items[child].goes_on) {
            break;
        }
    }
    if (!below) {
        take(L, at);
    }
    return true;
}

static const struct oc_routing_tree *begin(lua_State *L)
{
    lua_settop(L, 2);
    if (!lua_istable(L, 2)) {
        luaL_argerror(L, 2, "expected an alert");
    }
    const struct oc_routing_tree *t = push_tree(L);
    lua_getfield(L, 2, "labels");
    lua_createtable(L, 1, 0);
    return t;
}

static int find(lua_State *L)
{
    const struct oc_routing_tree *t = begin(L);
    walk(L, t, 0);
    lua_settop(L, 6);
    return 1;
}

static int tree(lua_State *L)
{
    lua_settop(L, 1);
    push_tree(L);
    lua_settop(L, 1);
    return 1;
}

/* ---- explaining ---- */

static void push_matcher(lua_State *L, const struct oc_routing_matcher *m)
{
    lua_pushfstring(L, "%s%s\"%s\"", m->name, oc_routing_operators[m->op], m->value);
}

/* Adds { path, depth, state = "taken" | "passed" (one below was) | "failed" | "skipped", matcher } for the route and those below. */
static bool explain(lua_State *L, const struct oc_routing_tree *t, uint32_t at, int depth,
                    bool skipped)
{
    const struct oc_routing_node *n = &t->nodes.items[at];
    const struct oc_routing_matcher *bad = skipped ? NULL : failing(L, n);
    bool below = false, closed = skipped || bad;
    lua_Integer row = (lua_Integer)lua_rawlen(L, 6) + 1;
    oc_lua_charge(L, 1 + n->matcher_count);
    lua_createtable(L, 0, 6);
    lua_rawseti(L, 6, row);
    for (uint32_t child = n->child; child != OC_ROUTING_NONE; child = t->nodes.items[child].next) {
        bool taken = explain(L, t, child, depth + 1, closed);
        below = below || taken;
        closed = closed || (taken && !t->nodes.items[child].goes_on);
    }
    lua_rawgeti(L, 6, row);
    lua_rawgeti(L, 4, (lua_Integer)at + 1);
    lua_setfield(L, -2, "route");
    lua_pushinteger(L, depth);
    lua_setfield(L, -2, "depth");
    lua_pushstring(L, skipped ? "skipped" : bad ? "failed" : below ? "passed" : "taken");
    lua_setfield(L, -2, "state");
    if (bad) {
        push_matcher(L, bad);
        lua_setfield(L, -2, "matcher");
    }
    lua_settop(L, 6);
    return !skipped && !bad;
}

static int explain_all(lua_State *L)
{
    const struct oc_routing_tree *t = begin(L);
    explain(L, t, 0, 0, false);
    lua_settop(L, 6);
    return 1;
}

/* routing.match(alert, "team=~'a|b'"): compiled once for each text, like a tree of one route. */
static int match(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_insert(L, 1); /* text, alert */
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        lua_pushcfunction(L, oc_routing_compile);
        lua_createtable(L, 0, 1);
        lua_pushvalue(L, 1);
        lua_setfield(L, -2, "matchers");
        lua_call(L, 1, 1);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, lua_upvalueindex(1));
    }
    const struct oc_routing_tree *t = lua_touserdata(L, -1);
    lua_pushnil(L);
    lua_getfield(L, 2, "labels");
    lua_pushnil(L);
    lua_pushboolean(L, !failing(L, &t->nodes.items[0]));
    return 1;
}

/* ---- what policies make of it ---- */

/* routing.channels(tree): every name that it speaks of, as keys. */
static int channels(lua_State *L)
{
    lua_settop(L, 1);
    const struct oc_routing_tree *t = push_tree(L);
    lua_newtable(L); /* 4 */
    for (size_t i = 0; i < t->nodes.count; i++) {
        lua_rawgeti(L, 3, (lua_Integer)i + 1);
        if (lua_getfield(L, -1, "channels") == LUA_TTABLE) {
            for (lua_Integer k = 1; lua_rawgeti(L, -1, k) != LUA_TNIL; k++) {
                lua_pushboolean(L, 1);
                lua_rawset(L, 4);
            }
        }
        lua_settop(L, 4);
    }
    return 1;
}

/* Adds a name to the list on the top, unless it is in the set at 4. */
static void add_name(lua_State *L, const char *prefix, const char *name)
{
    lua_pushfstring(L, "%s%s", prefix, name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 4) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushboolean(L, 1);
        lua_rawset(L, 4);
        lua_rawseti(L, 5, (lua_Integer)lua_rawlen(L, 5) + 1);
    }
    lua_settop(L, 5);
}

/* routing.reads(tree, more): what its matchers look at, and the names of the list `more`, as reads_only wants it. */
static int reads(lua_State *L)
{
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
    }
    const struct oc_routing_tree *t = push_tree(L); /* 3; it lives as long as the table at 1 */
    lua_settop(L, 3);
    lua_newtable(L); /* 4: those that are in the list */
    lua_newtable(L); /* 5 */
    for (size_t i = 0; i < t->nodes.count; i++) {
        const struct oc_routing_node *n = &t->nodes.items[i];
        for (size_t k = 0; k < n->matcher_count; k++) {
            const char *name = n->matchers[k].name;
            add_name(L, "labels.", name);
            add_name(L, "", strcmp(name, "alertname") == 0 ? "rule" : name);
        }
    }
    for (lua_Integer i = 1; lua_istable(L, 2) && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        add_name(L, "", lua_tostring(L, -1));
    }
    lua_settop(L, 5);
    return 1;
}

/* routing.with(found, names): the same route with other channels. */
static int with(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_createtable(L, 0, 8);
    for (lua_pushnil(L); lua_next(L, 1) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 3);
    }
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "channels");
    return 1;
}

void oc_lua_open_routing(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"tree", tree},         {"find", find}, {"explain", explain_all}, {"match", match},
        {"channels", channels}, {"with", with}, {"reads", reads},         {NULL, NULL}};
    oc_routing_register(L);
    lua_createtable(L, 0, 8);
    lua_newtable(L); /* table or text -> its tree, as long as the table lives */
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    luaL_setfuncs(L, functions, 1);
    lua_setglobal(L, "routing");
}
