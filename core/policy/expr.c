/* Expressions over samples: compiled once, evaluated with a lookup. SPDX-License-Identifier: MIT
 *
 * The chunk that Lua compiles calls metric("name") for every dotted name (scan.h). Its environment
 * is one table of functions; nothing in an expression can store, so expressions share a state
 * without seeing each other. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/scan.h"
#include "core/policy/state.h"

#define ENVIRONMENT "openclaw.expressions" /* registry key */

/* Pushes what the lookup knows about `name`. */
static int push_value(lua_State *L, const char *name)
{
    struct oc_lua *l = oc_lua_of(L);
    struct oc_lua_value value = {.type = OC_LUA_NIL};
    if (l->lookup == NULL || !l->lookup(l->lookup_ctx, name, &value)) {
        oc_copy(l->missing, sizeof(l->missing), name);
        return luaL_error(L, "no value for %s", name);
    }
    switch (value.type) {
    case OC_LUA_BOOL:
        lua_pushboolean(L, value.boolean);
        break;
    case OC_LUA_NUMBER:
        lua_pushnumber(L, value.number);
        break;
    case OC_LUA_STRING:
        lua_pushstring(L, value.string);
        break;
    case OC_LUA_NIL:
    default:
        lua_pushnil(L);
        break;
    }
    return 1;
}

/* metric("system.cpu_percent") */
static int read_metric(lua_State *L)
{
    return push_value(L, luaL_checkstring(L, 1));
}

/* avg("system.cpu_percent", "5m") asks the lookup for "avg(system.cpu_percent,300000)". Upvalue:
 * the function's name. */
static int read_history(lua_State *L)
{
    char name[OC_EXPR_NAME_MAX + 64];
    const char *function = lua_tostring(L, lua_upvalueindex(1));
    const char *metric = luaL_checkstring(L, 1), *window = luaL_checkstring(L, 2);
    struct oc_error err;
    int64_t ms;
    if (oc_expr_window(window, &ms, &err) != OC_OK) {
        return luaL_error(L, "%s", err.message);
    }
    snprintf(name, sizeof(name), "%s(%s,%lld)", function, metric, (long long)ms);
    return push_value(L, name);
}

void oc_lua_open_expressions(lua_State *L)
{
    static const char *const SHARED[] = {"math", "string", "tonumber", "tostring", "type"};
    static const char *const HISTORY[] = {"avg", "min", "max", "rate", "changes"};
    lua_newtable(L);
    for (size_t i = 0; i < OC_COUNT(SHARED); i++) {
        lua_getglobal(L, SHARED[i]);
        lua_setfield(L, -2, SHARED[i]);
    }
    for (size_t i = 0; i < OC_COUNT(HISTORY); i++) {
        lua_pushstring(L, HISTORY[i]);
        lua_pushcclosure(L, read_history, 1);
        lua_setfield(L, -2, HISTORY[i]);
    }
    lua_pushcfunction(L, read_metric);
    lua_setfield(L, -2, "metric");
    lua_setfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
}

struct compile {
    const char *name;
    const struct oc_buf *chunk;
    int function;
};

static int compile(lua_State *L)
{
    struct compile *c = lua_touserdata(L, 1);
    const char *name = lua_pushfstring(L, "=%s", c->name);
    if (luaL_loadbufferx(L, c->chunk->data, c->chunk->len, name, "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_getfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
    if (lua_setupvalue(L, -2, 1) == NULL) {
        lua_pop(L, 1); /* a constant: reads nothing, so it has no environment */
    }
    c->function = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int oc_lua_expr(struct oc_lua *l, const char *name, const char *text, struct oc_error *err)
{
    struct oc_buf chunk = {0};
    struct compile c = {.name = name, .chunk = &chunk};
    json_t *names = NULL;
    int code = oc_expr_scan(text, &names, &chunk, err);
    if (code != OC_OK) {
        goto out;
    }
    code = oc_lua_protect(l, compile, &c, err);
    if (code != OC_OK) {
        json_decref(names);
        if (code == OC_E_PERMANENT && err != NULL) {
            err->code = OC_E_CONFIG;
        }
        code = code == OC_E_PERMANENT ? OC_E_CONFIG : code;
        goto out;
    }
    const struct oc_lua_expr expr = {.function = c.function, .names = names};
    OC_VEC_PUSH(&l->exprs, expr);
    code = (int)l->exprs.count;
out:
    oc_buf_finish(&chunk);
    return code;
}

static struct oc_lua_expr *find(struct oc_lua *l, int expr)
{
    OC_ASSERT(expr > 0 && (size_t)expr <= l->exprs.count);
    return &l->exprs.items[expr - 1];
}

json_t *oc_lua_expr_names(struct oc_lua *l, int expr)
{
    return json_deep_copy(find(l, expr)->names);
}

struct evaluation {
    int function;
    bool truth;
    char odd[16]; /* what it is when it is neither true nor false; "" */
};

static int evaluate(lua_State *L)
{
    struct evaluation *e = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, e->function);
    lua_call(L, 0, 1);
    const bool zero = lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) == 0;
    e->truth = lua_toboolean(L, -1) && !zero;
    if (!lua_isboolean(L, -1) && !lua_isnil(L, -1)) {
        oc_copy(e->odd, sizeof(e->odd),
                lua_type(L, -1) == LUA_TSTRING ? "text" : luaL_typename(L, -1));
    }
    return 0;
}

int oc_lua_eval(struct oc_lua *l, int expr, oc_lua_lookup_fn lookup, void *ctx, bool *truth,
                struct oc_error *err)
{
    struct evaluation e = {.function = find(l, expr)->function};
    l->lookup = lookup;
    l->lookup_ctx = ctx;
    l->missing[0] = '\0';
    int code = oc_lua_protect(l, evaluate, &e, err);
    l->lookup = NULL;
    l->lookup_ctx = NULL;
    *truth = code == OC_OK && e.truth;
    if (code == OC_OK && e.odd[0] != '\0') {
        oc_error_set(err, OC_E_CONFIG, "expected true or false, the expression gives a %s", e.odd);
        oc_error_hint(err, "Compare it with something: system.load1 > 4.");
        return OC_E_CONFIG;
    }
    if (code == OC_E_PERMANENT && l->missing[0] != '\0') {
        return oc_error_set(err, OC_E_NOT_FOUND, "no value for %s", l->missing);
    }
    return code;
}
