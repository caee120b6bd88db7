/* Values between JSON and Lua. SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/state.h"

static void push(lua_State *L, const json_t *value, int depth);

/* No decision hangs on what comes after so much text; an operation with a longer one must not fail for it. */
static void push_text(lua_State *L, const char *text, size_t len)
{
    lua_pushlstring(L, text, len < OC_LUA_STRING_MAX ? len : OC_LUA_STRING_MAX);
}

static void push_array(lua_State *L, const json_t *value, int depth)
{
    size_t count = json_array_size(value);
    lua_createtable(L, count < INT32_MAX ? (int)count : 0, 0);
    for (size_t i = 0; i < count; i++) {
        push(L, json_array_get(value, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_object(lua_State *L, const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    lua_newtable(L);
    json_object_foreach((json_t *)value, key, member)
    {
        lua_pushstring(L, key);
        push(L, member, depth + 1);
        lua_rawset(L, -3);
    }
}

static void push(lua_State *L, const json_t *value, int depth)
{
    if (depth > OC_LUA_DEPTH_MAX) {
        luaL_error(L, "a value is nested deeper than %d levels", OC_LUA_DEPTH_MAX);
    }
    luaL_checkstack(L, 4, "values are nested too deep");
    if (value == NULL) {
        lua_pushnil(L);
        return;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        push_object(L, value, depth);
        break;
    case JSON_ARRAY:
        push_array(L, value, depth);
        break;
    case JSON_STRING:
        push_text(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(value));
        break;
    case JSON_NULL:
    default:
        lua_pushnil(L);
        break;
    }
}

void oc_lua_push_json(lua_State *L, const json_t *value)
{
    push(L, value, 0);
}

/* Tables may share parts (t = {s, s}; u = {t, t}; ...), so what they unfold to is bounded as well
 * as the depth. */
struct reader {
    lua_State *L;
    size_t nodes, bytes;
    struct oc_error *err;
};

static json_t *read_value(struct reader *r, int index, int depth);

static json_t *refuse(struct reader *r, const char *what)
{
    oc_error_set(r->err, OC_E_PERMANENT, "%s, which has no JSON form", what);
    return NULL;
}

static json_t *read_string(struct reader *r, int index)
{
    size_t len;
    const char *text = lua_tolstring(r->L, index, &len);
    r->bytes += len;
    if (r->bytes > OC_LUA_RESULT_MAX) {
        oc_error_set(r->err, OC_E_PERMANENT, "more than %u bytes of text", OC_LUA_RESULT_MAX);
        return NULL;
    }
    json_t *value = memchr(text, '\0', len) == NULL ? json_stringn(text, len) : NULL;
    if (value == NULL) {
        char *clean = oc_lua_clean(text, len);
        value = json_string(clean);
        free(clean);
    }
    return value;
}

static json_t *read_array(struct reader *r, int index, size_t count, int depth)
{
    json_t *array = json_array();
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(r->L, index, (lua_Integer)i);
        json_t *item = read_value(r, lua_gettop(r->L), depth + 1);
        lua_pop(r->L, 1);
        if (item == NULL || json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *read_object(struct reader *r, int index, int depth)
{
    json_t *object = json_object();
    for (lua_pushnil(r->L); lua_next(r->L, index) != 0; lua_pop(r->L, 1)) {
        json_t *key = read_string(r, lua_gettop(r->L) - 1);
        json_t *member = key != NULL ? read_value(r, lua_gettop(r->L), depth + 1) : NULL;
        if (member == NULL || json_object_set_new(object, json_string_value(key), member) != 0) {
            json_decref(key);
            json_decref(object);
            return NULL;
        }
        json_decref(key);
    }
    return object;
}

/* An array has the keys 1..n and no other; an object has strings only. */
static json_t *read_real(struct reader *r, int index, int depth)
{
    lua_State *L = r->L;
    size_t keys = 0, strings = 0, count = lua_rawlen(L, index);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        keys++;
        strings += lua_type(L, -2) == LUA_TSTRING;
    }
    if (strings == 0 && keys == count) {
        return read_array(r, index, count, depth);
    }
    if (strings == keys) {
        return read_object(r, index, depth);
    }
    return refuse(r, "a table with holes or with mixed keys");
}

static json_t *read_table(struct reader *r, int index, int depth)
{
    if (depth >= OC_LUA_DEPTH_MAX || !lua_checkstack(r->L, 8)) {
        return refuse(r, "a table nested too deep or holding itself");
    }
    oc_lua_push_real(r->L, index);
    json_t *value = read_real(r, lua_gettop(r->L), depth);
    if (value != NULL) {
        lua_pop(r->L, 1);
    }
    return value;
}

static json_t *read_number(lua_State *L, int index)
{
    if (lua_isinteger(L, index)) {
        return json_integer(lua_tointeger(L, index));
    }
    double number = lua_tonumber(L, index);
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *read_value(struct reader *r, int index, int depth)
{
    if (++r->nodes > OC_LUA_NODES_MAX) {
        oc_error_set(r->err, OC_E_PERMANENT, "more than %d values", OC_LUA_NODES_MAX);
        return NULL;
    }
    switch (lua_type(r->L, index)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(r->L, index));
    case LUA_TNUMBER:
        return read_number(r->L, index);
    case LUA_TSTRING:
        return read_string(r, index);
    case LUA_TTABLE:
        return read_table(r, index, depth);
    default:
        return refuse(r, "a function");
    }
}

json_t *oc_lua_to_json(lua_State *L, int index, struct oc_error *err)
{
    struct reader r = {.L = L, .err = err};
    int top = lua_gettop(L);
    json_t *value = read_value(&r, lua_absindex(L, index), 0);
    lua_settop(L, top); /* a refusal leaves keys behind */
    return value;
}
