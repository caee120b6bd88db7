/* Trees of routes: compiled once, from the table of a policy. SPDX-License-Identifier: MIT */
#include "core/policy/routing_tree.h"

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

static int free_tree(lua_State *L)
{
    struct oc_routing_tree *t = lua_touserdata(L, 1);
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

static void add_matcher(lua_State *L, struct oc_routing_tree *t, uint32_t at, const char *text,
                        const char *path)
{
    struct oc_routing_matcher m;
    struct oc_error err;
    struct oc_routing_node *n = &t->nodes.items[at];
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
static void add_matchers(lua_State *L, struct oc_routing_tree *t, uint32_t at, const char *path)
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

const char *const oc_routing_operators[] = {"=", "!=", "=~", "!~"};

/* '{}/{severity="critical"}', as Alertmanager names a route; pushed. */
static const char *push_path(lua_State *L, const struct oc_routing_node *n, const char *parent)
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, parent);
    oc_buf_adds(&text, *parent ? "/{" : "{");
    for (size_t i = 0; i < n->matcher_count; i++) {
        const struct oc_routing_matcher *m = &n->matchers[i];
        oc_buf_addf(&text, "%s%s%s\"%s\"", i ? "," : "", m->name, oc_routing_operators[m->op],
                    m->value);
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
static void take_own(lua_State *L, struct oc_routing_tree *t, uint32_t at, int route,
                     const char *path)
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

/* Pushes what the parent (node `above`, OC_ROUTING_NONE for the root) hands down. */
static void push_inherited(lua_State *L, uint32_t above)
{
    lua_createtable(L, 0, 8);
    if (above == OC_ROUTING_NONE) {
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

static void compile_children(lua_State *L, struct oc_routing_tree *t, int route, uint32_t at,
                             const char *path, int depth)
{
    uint32_t last = OC_ROUTING_NONE;
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
        *(last == OC_ROUTING_NONE ? &t->nodes.items[at].child : &t->nodes.items[last].next) = child;
        last = child;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static uint32_t compile(lua_State *L, int route, uint32_t above, const char *above_path, int depth)
{
    struct oc_routing_tree *t = lua_touserdata(L, 2);
    uint32_t at = (uint32_t)t->nodes.count;
    int top = lua_gettop(L);
    luaL_checkstack(L, 16, "routes are nested too deep");
    if (!lua_istable(L, route) || depth > DEPTH_MAX || at == NODES_MAX) {
        refuse(L, above_path,
               lua_istable(L, route) ? "the tree is too large" : "expected a table as a route");
    }
    OC_VEC_PUSH(&t->nodes,
                ((struct oc_routing_node){.child = OC_ROUTING_NONE, .next = OC_ROUTING_NONE}));
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
int oc_routing_compile(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct oc_routing_tree *t = lua_newuserdatauv(L, sizeof *t, 1);
    memset(t, 0, sizeof *t);
    luaL_setmetatable(L, TREE);
    lua_newtable(L);
    compile(L, 1, OC_ROUTING_NONE, "", 0);
    lua_setiuservalue(L, 2, 1);
    return 1;
}

void oc_routing_register(lua_State *L)
{
    luaL_newmetatable(L, TREE);
    lua_pushcfunction(L, free_tree);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}
