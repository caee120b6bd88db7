/* Trees of routes: compiled once, walked for every alert. SPDX-License-Identifier: MIT */
#include "core/policy/routing.h"

#include <lauxlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/state.h"

#define TREE         "openclaw.tree" /* metatable of a tree */
#define NODES_MAX    2000
#define DEPTH_MAX    32
#define MATCHERS_MAX 32  /* of one route */
#define REGEXES_MAX  500 /* of one tree */
#define NONE         UINT32_MAX

struct node {
    struct oc_routing_matcher *matchers; /* owned */
    size_t matcher_count;
    uint32_t child, next; /* first child, next sibling; NONE */
    bool goes_on;
};

/* Memory of Lua, but for what matchers and nodes hold. Its user value is the list of what routing.find gives, by node. */
struct tree {
    OC_VEC(struct node) nodes;
    size_t regexes;
};

static int free_tree(lua_State *L)
{
    struct tree *t = lua_touserdata(L, 1);
    for (size_t i = 0; i < t->nodes.count; i++) {
        for (size_t k = 0; k < t->nodes.items[i].matcher_count; k++) {
            oc_routing_finish(&t->nodes.items[i].matchers[k]);
        }
        free(t->nodes.items[i].matchers);
    }
    OC_VEC_FINISH(&t->nodes);
    return 0;
}

/* ---- compiling; the stack begins with: 1 the table, 2 the tree, 3 the list of what is found ---- */

/* Does not return. */
static _Noreturn void refuse(lua_State *L, const char *path, const char *what)
{
    luaL_error(L, "route %s: %s", *path ? path : "{}", what);
    abort(); /* luaL_error does not return */
}

static void add_matcher(lua_State *L, struct tree *t, uint32_t at, const char *text,
                        const char *path)
{
    struct oc_routing_matcher m;
    struct oc_error err;
    struct node *n = &t->nodes.items[at];
    oc_error_init(&err);
    if (n->matcher_count == MATCHERS_MAX) {
        refuse(L, path, "more than 32 matchers");
    }
    if (oc_routing_parse(text, &m, &err) != OC_OK) {
        char reason[sizeof err.message];
        memcpy(reason, err.message, sizeof reason);
        refuse(L, path, lua_pushstring(L, reason));
    }
    t->regexes += m.regex ? 1 : 0;
    n->matchers = oc_realloc(n->matchers, (n->matcher_count + 1) * sizeof *n->matchers);
    n->matchers[n->matcher_count++] = m;
    if (t->regexes > REGEXES_MAX) {
        refuse(L, path, "more than 500 regular expressions in one tree");
    }
}

/* A list of strings, or one string, at the top of the stack. */
static void add_matchers(lua_State *L, struct tree *t, uint32_t at, const char *path)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        add_matcher(L, t, at, lua_tostring(L, -1), path);
        return;
    }
    if (!lua_istable(L, -1)) {
        refuse(L, path, "matchers: expected a list of strings");
    }
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        if (lua_type(L, -1) != LUA_TSTRING) {
            refuse(L, path, "matchers: expected a list of strings");
        }
        add_matcher(L, t, at, lua_tostring(L, -1), path);
    }
    lua_pop(L, 1);
}

static const char *const operators[] = {"=", "!=", "=~", "!~"};

/* '{}/{severity="critical"}', as Alertmanager names a route; pushed. */
static const char *push_path(lua_State *L, const struct node *n, const char *parent)
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, parent);
    oc_buf_adds(&text, *parent ? "/{" : "{");
    for (size_t i = 0; i < n->matcher_count; i++) {
        const struct oc_routing_matcher *m = &n->matchers[i];
        oc_buf_addf(&text, "%s%s%s\"%s\"", i ? "," : "", m->name, operators[m->op], m->value);
    }
    oc_buf_addc(&text, '}');
    char *path = oc_buf_take(&text);
    lua_pushstring(L, path);
    free(path);
    return lua_tostring(L, -1);
}

static bool is_list_of_strings(lua_State *L, int index)
{
    lua_Integer i = 1;
    bool sound = lua_istable(L, index);
    for (; sound && lua_rawgeti(L, index, i) != LUA_TNIL; i++) {
        sound = lua_type(L, -1) == LUA_TSTRING;
        lua_pop(L, 1);
    }
    if (sound) {
        lua_pop(L, 1);
    }
    return sound && (size_t)(i - 1) == lua_rawlen(L, index);
}

/* A duration as milliseconds: "30s", or a number of seconds. Replaces the top of the stack. */
static void to_ms(lua_State *L, const char *key, const char *path)
{
    int64_t ms = -1;
    if (lua_type(L, -1) == LUA_TSTRING) {
        ms = oc_duration_parse(lua_tostring(L, -1), &ms) == OC_OK ? ms : -1;
    } else if (lua_isnumber(L, -1) && lua_tonumber(L, -1) >= 0 && lua_tonumber(L, -1) < 1e9) {
        ms = (int64_t)(lua_tonumber(L, -1) * 1000);
    }
    if (ms < 0) {
        refuse(L, path, lua_pushfstring(L, "%s: expected a duration such as \"30s\"", key));
    }
    lua_pop(L, 1);
    lua_pushinteger(L, ms);
}

enum kind { MATCHERS, CHANNELS, RECEIVER, LIST, DURATION, TEXT, FLAG, GOES_ON, ROUTES, NAME };

static const struct key {
    const char *name;
    enum kind kind;
    bool handed_down;
} keys[] = {
    {"matchers", MATCHERS, false},
    {"receiver", RECEIVER, true},
    {"channels", CHANNELS, true},
    {"group_by", LIST, true},
    {"group_wait", DURATION, true},
    {"group_interval", DURATION, true},
    {"repeat_interval", DURATION, true},
    {"text", TEXT, true},
    {"send_resolved", FLAG, true},
    {"mute", LIST, false},
    {"active", LIST, false},
    {"continue", GOES_ON, false},
    {"routes", ROUTES, false},
    {"name", NAME, false},
};

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* The value at the top goes into the table below it, which is what will be found. */
static void take_value(lua_State *L, const struct key *key, const char *path)
{
    bool sound = true;
    const char *name = key->name;
    if (key->kind == RECEIVER && lua_type(L, -1) == LUA_TSTRING) {
        lua_createtable(L, 1, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
        name = "channels";
    } else if (key->kind == DURATION) {
        to_ms(L, name, path);
    } else if (key->kind == LIST || key->kind == CHANNELS) {
        sound = is_list_of_strings(L, lua_gettop(L));
    } else if (key->kind == TEXT || key->kind == NAME) {
        sound = lua_type(L, -1) == LUA_TSTRING;
    } else {
        sound = key->kind == FLAG && lua_isboolean(L, -1);
    }
    if (!sound) {
        refuse(L, path, lua_pushfstring(L, "%s: the value is not of the expected kind", name));
    }
    lua_setfield(L, -2, name);
}

/* What the route at `route` says itself goes into the table on the top. */
static void take_own(lua_State *L, struct tree *t, uint32_t at, int route, const char *path)
{
    for (lua_pushnil(L); lua_next(L, route) != 0;) {
        const struct key *key =
            lua_type(L, -2) == LUA_TSTRING ? find_key(lua_tostring(L, -2)) : NULL;
        if (!key) {
            refuse(L, path, lua_pushfstring(L, "there is no key %s", luaL_tolstring(L, -2, NULL)));
            return;
        }
        if (key->kind == GOES_ON) {
            t->nodes.items[at].goes_on = lua_toboolean(L, -1) != 0;
        }
        if (key->kind == MATCHERS || key->kind == ROUTES || key->kind == GOES_ON) {
            lua_pop(L, 1);
            continue;
        }
        lua_pushvalue(L, -3); /* the table */
        lua_insert(L, -2);
        take_value(L, key, path);
        lua_pop(L, 1);
    }
}

/* Pushes what the parent (node `above`, NONE for the root) hands down. */
static void push_inherited(lua_State *L, uint32_t above)
{
    lua_createtable(L, 0, 8);
    if (above == NONE) {
        return;
    }
    lua_rawgeti(L, 3, (lua_Integer)above + 1);
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        if (keys[i].handed_down && lua_getfield(L, -1, keys[i].name) != LUA_TNIL) {
            lua_setfield(L, -3, keys[i].name);
        } else if (keys[i].handed_down) {
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static uint32_t compile(lua_State *L, int route, uint32_t above, const char *above_path, int depth);

static void compile_children(lua_State *L, struct tree *t, int route, uint32_t at, const char *path,
                             int depth)
{
    uint32_t last = NONE;
    int type = lua_getfield(L, route, "routes");
    if (type != LUA_TNIL && type != LUA_TTABLE) {
        refuse(L, path, "routes: expected a list of routes");
    }
    for (lua_Integer i = 1; type == LUA_TTABLE; i++) {
        if (lua_rawgeti(L, -1, i) == LUA_TNIL) {
            lua_pop(L, 1);
            break;
        }
        uint32_t child = compile(L, lua_gettop(L), at, path, depth + 1);
        *(last == NONE ? &t->nodes.items[at].child : &t->nodes.items[last].next) = child;
        last = child;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static uint32_t compile(lua_State *L, int route, uint32_t above, const char *above_path, int depth)
{
    struct tree *t = lua_touserdata(L, 2);
    uint32_t at = (uint32_t)t->nodes.count;
    int top = lua_gettop(L);
    luaL_checkstack(L, 16, "routes are nested too deep");
    if (!lua_istable(L, route) || depth > DEPTH_MAX || at == NODES_MAX) {
        refuse(L, above_path,
               lua_istable(L, route) ? "the tree is too large" : "expected a table as a route");
    }
    OC_VEC_PUSH(&t->nodes, ((struct node){.child = NONE, .next = NONE}));
    oc_lua_charge(L, 20);
    if (lua_getfield(L, route, "matchers") != LUA_TNIL) {
        add_matchers(L, t, at, above_path);
    }
    const char *path = push_path(L, &t->nodes.items[at], above_path);
    push_inherited(L, above);
    take_own(L, t, at, route, path);
    lua_pushstring(L, path);
    lua_setfield(L, -2, "path");
    lua_rawseti(L, 3, (lua_Integer)at + 1);
    compile_children(L, t, route, at, path, depth);
    lua_settop(L, top);
    return at;
}

/* The tree of a table. */
static int make_tree(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct tree *t = lua_newuserdatauv(L, sizeof *t, 1);
    memset(t, 0, sizeof *t);
    luaL_setmetatable(L, TREE);
    lua_newtable(L);
    compile(L, 1, NONE, "", 0);
    lua_setiuservalue(L, 2, 1);
    return 1;
}

/* Pushes the tree of the table at 1, compiled if it is new, and the list of what is found. */
static struct tree *push_tree(lua_State *L)
{
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        lua_pushcfunction(L, make_tree);
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, lua_upvalueindex(1));
    }
    struct tree *t = lua_touserdata(L, -1);
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
static const struct oc_routing_matcher *failing(lua_State *L, const struct node *n)
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
static bool walk(lua_State *L, const struct tree *t, uint32_t at)
{
    const struct node *n = &t->nodes.items[at];
    bool below = false;
    oc_lua_charge(L, 1 + n->matcher_count);
    if (failing(L, n)) {
        return false;
    }
    for (uint32_t child = n->child; child != NONE; child = t->nodes.items[child].next) {
        bool taken = walk(L, t, child); /* not deeper than DEPTH_MAX */
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

static const struct tree *begin(lua_State *L)
{
    lua_settop(L, 2);
    if (!lua_istable(L, 2)) {
        luaL_argerror(L, 2, "expected an alert");
    }
    const struct tree *t = push_tree(L);
    lua_getfield(L, 2, "labels");
    lua_createtable(L, 1, 0);
    return t;
}

static int find(lua_State *L)
{
    const struct tree *t = begin(L);
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
    lua_pushfstring(L, "%s%s\"%s\"", m->name, operators[m->op], m->value);
}

/* Adds { path, depth, state = "taken" | "passed" (one below was) | "failed" | "skipped", matcher } for the route and those below. */
static bool explain(lua_State *L, const struct tree *t, uint32_t at, int depth, bool skipped)
{
    const struct node *n = &t->nodes.items[at];
    const struct oc_routing_matcher *bad = skipped ? NULL : failing(L, n);
    bool below = false, closed = skipped || bad;
    lua_Integer row = (lua_Integer)lua_rawlen(L, 6) + 1;
    oc_lua_charge(L, 1 + n->matcher_count);
    lua_createtable(L, 0, 6);
    lua_rawseti(L, 6, row);
    for (uint32_t child = n->child; child != NONE; child = t->nodes.items[child].next) {
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
    const struct tree *t = begin(L);
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
        lua_pushcfunction(L, make_tree);
        lua_createtable(L, 0, 1);
        lua_pushvalue(L, 1);
        lua_setfield(L, -2, "matchers");
        lua_call(L, 1, 1);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, lua_upvalueindex(1));
    }
    const struct tree *t = lua_touserdata(L, -1);
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
    const struct tree *t = push_tree(L);
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
        {"tree", tree},   {"find", find},         {"explain", explain_all},
        {"match", match}, {"channels", channels}, {"with", with},
        {NULL, NULL}};
    luaL_newmetatable(L, TREE);
    lua_pushcfunction(L, free_tree);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_createtable(L, 0, 8);
    lua_newtable(L); /* table or text -> its tree, as long as the table lives */
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    luaL_setfuncs(L, functions, 1);
    lua_setglobal(L, "routing");
}
