/* find, match, gmatch and gsub over our own matcher. SPDX-License-Identifier: MIT
 *
 * Subjects of more than 64 KiB and patterns of more than 256 bytes are refused: no decision needs
 * them. */
#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "core/policy/pattern.h"
#include "core/policy/state.h"

#define SUBJECT_MAX 65536

static bool one_of(const char *set, char c)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Pushes capture i of a match s..end; the whole match when there are none. */
static void push_capture(struct oc_matcher *m, int i, const char *s, const char *end)
{
    if (i >= m->level) {
        if (i != 0) {
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        }
        lua_pushlstring(m->L, s, (size_t)(end - s));
        return;
    }
    ptrdiff_t len = m->captures[i].len;
    if (len == OC_CAPTURE_OPEN) {
        luaL_error(m->L, "unfinished capture");
    }
    if (len == OC_CAPTURE_POSITION) {
        lua_pushinteger(m->L, m->captures[i].start - m->start + 1);
    } else {
        lua_pushlstring(m->L, m->captures[i].start, (size_t)len);
    }
}

/* `s` NULL: no whole match in place of captures that are not there. */
static int push_captures(struct oc_matcher *m, const char *s, const char *end)
{
    int count = m->level == 0 && s != NULL ? 1 : m->level;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) {
        push_capture(m, i, s, end);
    }
    return count;
}

static const char *check_subject(lua_State *L, size_t *len)
{
    const char *s = luaL_checklstring(L, 1, len);
    luaL_argcheck(L, *len <= SUBJECT_MAX, 1, "longer than 65536 bytes");
    oc_lua_charge(L, 1 + *len / 64);
    return s;
}

static const char *check_pattern(lua_State *L, size_t *len)
{
    const char *p = luaL_checklstring(L, 2, len);
    luaL_argcheck(L, *len <= OC_PATTERN_MAX, 2, "a pattern longer than 256 bytes");
    return p;
}

/* A start given as in string.find, as an offset; may be past the end. */
static size_t start_offset(lua_Integer given, size_t len)
{
    if (given > 0) {
        return (size_t)given - 1;
    }
    if (given == 0 || given < -(lua_Integer)len) {
        return 0;
    }
    return len - (size_t)-given;
}

static int find_plain(lua_State *L, const char *s, size_t len, const char *p, size_t p_len,
                      size_t offset)
{
    const char *found = memmem(s + offset, len - offset, p, p_len);
    if (found == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - s + 1);
    lua_pushinteger(L, found - s + (lua_Integer)p_len);
    return 2;
}

/* As Lua decides it: a lone ')' is not special to find. */
static bool has_specials(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (one_of("^$*+?.([%-", p[i])) {
            return true;
        }
    }
    return false;
}

static int search(lua_State *L, bool find)
{
    struct oc_matcher m;
    size_t len, p_len;
    const char *s = check_subject(L, &len), *p = check_pattern(L, &p_len);
    size_t offset = start_offset(luaL_optinteger(L, 3, 1), len);
    if (offset > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(p, p_len))) {
        return find_plain(L, s, len, p, p_len, offset);
    }
    oc_matcher_init(&m, L, s, len, p, p_len);
    bool anchored = p_len > 0 && *p == '^';
    for (const char *at = s + offset; at <= m.end; at++) {
        const char *end = oc_matcher_try(&m, at, p + anchored);
        if (end != NULL && find) {
            lua_pushinteger(L, at - s + 1);
            lua_pushinteger(L, end - s);
            return push_captures(&m, NULL, NULL) + 2;
        }
        if (end != NULL) {
            return push_captures(&m, at, end);
        }
        if (anchored) {
            break;
        }
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return search(L, true);
}

static int string_match(lua_State *L)
{
    return search(L, false);
}

/* Upvalues: subject, pattern, offset of the next attempt, offset where the last match ended (-1 =
 * none). */
static int gmatch_next(lua_State *L)
{
    struct oc_matcher m;
    size_t len, p_len;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &len);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &p_len);
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    oc_matcher_init(&m, L, s, len, p, p_len);
    for (const char *at = s + lua_tointeger(L, lua_upvalueindex(3)); at <= m.end; at++) {
        const char *end = oc_matcher_try(&m, at, p);
        if (end != NULL && end - s != last) {
            lua_pushinteger(L, end - s);
            lua_copy(L, -1, lua_upvalueindex(3));
            lua_replace(L, lua_upvalueindex(4));
            return push_captures(&m, at, end);
        }
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t len, p_len;
    check_subject(L, &len);
    check_pattern(L, &p_len);
    size_t offset = start_offset(luaL_optinteger(L, 3, 1), len);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(offset > len ? len + 1 : offset));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* Appends the replacement text of gsub with %0 .. %9 filled in. */
static void add_template(struct oc_matcher *m, luaL_Buffer *out, const char *s, const char *end)
{
    size_t len;
    const char *text = lua_tolstring(m->L, 3, &len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != OC_PATTERN_ESCAPE) {
            luaL_addchar(out, text[i]);
            continue;
        }
        i++;
        char c = i < len ? text[i] : '\0';
        if (c == OC_PATTERN_ESCAPE) {
            luaL_addchar(out, OC_PATTERN_ESCAPE);
        } else if (c == '0') {
            luaL_addlstring(out, s, (size_t)(end - s));
        } else if (isdigit((unsigned char)c)) {
            push_capture(m, c - '1', s, end);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Appends what stands for the match s..end; returns whether it is something else than the match. */
static bool add_replacement(struct oc_matcher *m, luaL_Buffer *out, const char *s, const char *end)
{
    lua_State *L = m->L;
    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION: {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, s, end), 1);
        break;
    }
    case LUA_TTABLE:
        push_capture(m, 0, s, end);
        lua_gettable(L, 3);
        break;
    default:
        add_template(m, out, s, end);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, s, (size_t)(end - s));
        return false;
    }
    if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    luaL_addvalue(out);
    return true;
}

static int string_gsub(lua_State *L)
{
    struct oc_matcher m;
    luaL_Buffer out;
    size_t len, p_len;
    const char *s = check_subject(L, &len), *p = check_pattern(L, &p_len), *last = NULL;
    int type = lua_type(L, 3);
    lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)len + 1), count = 0;
    bool changed = false, anchored = p_len > 0 && *p == '^';
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    luaL_buffinit(L, &out);
    oc_matcher_init(&m, L, s, len, p, p_len);
    const char *at = s;
    while (count < max) {
        const char *end = oc_matcher_try(&m, at, p + anchored);
        if (end != NULL && end != last) {
            count++;
            changed = add_replacement(&m, &out, at, end) || changed;
            at = last = end;
        } else if (at < m.end) {
            luaL_addchar(&out, *at++);
        } else {
            break;
        }
        if (anchored) {
            break;
        }
    }
    if (!changed) {
        lua_pushvalue(L, 1);
    } else {
        luaL_addlstring(&out, at, (size_t)(m.end - at));
        luaL_pushresult(&out);
    }
    lua_pushinteger(L, count);
    return 2;
}

void oc_lua_open_patterns(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {{"find", string_find},
                                         {"match", string_match},
                                         {"gmatch", string_gmatch},
                                         {"gsub", string_gsub},
                                         {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
