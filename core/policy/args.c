/* Arguments that go straight onto Lua's stack. SPDX-License-Identifier: MIT */
#include "core/policy/args.h"

#include <lauxlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/policy/kept.h"
#include "core/policy/reads.h"
#include "core/policy/state.h"

/* The value on the top takes its place in the table that is open. */
static void place(struct oc_args *a)
{
    if (a->depth == 0) {
        luaL_checkstack(a->L, 8, "too many arguments");
    } else if (a->open[a->depth - 1].list) {
        lua_rawseti(a->L, -2, ++a->open[a->depth - 1].items);
    } else {
        lua_rawset(a->L, -3);
    }
}

bool oc_args_wants(const struct oc_args *a, const char *member)
{
    return a->tape != NULL || oc_reads_has(a->reads, member);
}

static void put_nil(struct oc_args *a)
{
    if (a->tape) {
        oc_tape_nil(a->tape);
    }
    lua_pushnil(a->L);
    place(a);
}

void oc_args_bool(struct oc_args *a, bool value)
{
    if (a->tape) {
        oc_tape_bool(a->tape, value);
    }
    lua_pushboolean(a->L, value);
    place(a);
}

void oc_args_integer(struct oc_args *a, int64_t value)
{
    if (a->tape) {
        oc_tape_integer(a->tape, value);
    }
    lua_pushinteger(a->L, value);
    place(a);
}

void oc_args_number(struct oc_args *a, double value)
{
    if (a->tape) {
        oc_tape_number(a->tape, value);
    }
    lua_pushnumber(a->L, value);
    place(a);
}

void oc_args_str(struct oc_args *a, const char *text)
{
    if (text) {
        oc_args_strn(a, text, strlen(text));
    } else {
        put_nil(a);
    }
}

void oc_args_strn(struct oc_args *a, const char *text, size_t len)
{
    if (a->tape) {
        oc_tape_text(a->tape, text, len);
    }
    lua_pushlstring(a->L, text, len);
    place(a);
}

void oc_args_json(struct oc_args *a, const json_t *value)
{
    if (a->tape) {
        oc_tape_copy(a->tape, value);
    }
    oc_lua_push_json(a->L, value);
    place(a);
}

void oc_args_kept(struct oc_args *a, struct oc_kept *k)
{
    if (a->tape) {
        oc_tape_share(a->tape, oc_kept_value(k));
    }
    oc_kept_push(a->L, k);
    place(a);
}

static void open_table(struct oc_args *a, bool list, size_t size)
{
    OC_ASSERT(a->depth < OC_ARGS_DEPTH_MAX);
    int hint = size < 65536 ? (int)size : 65536;
    luaL_checkstack(a->L, 8, "arguments are nested too deep");
    lua_createtable(a->L, list ? hint : 0, list ? 0 : hint);
    a->open[a->depth].list = list;
    a->open[a->depth].items = 0;
    a->depth++;
}

void oc_args_object(struct oc_args *a, size_t members)
{
    if (a->tape) {
        oc_tape_object(a->tape);
    }
    open_table(a, false, members);
}

void oc_args_list(struct oc_args *a, size_t items)
{
    if (a->tape) {
        oc_tape_list(a->tape);
    }
    open_table(a, true, items);
}

void oc_args_end(struct oc_args *a)
{
    OC_ASSERT(a->depth > 0);
    if (a->tape) {
        oc_tape_end(a->tape);
    }
    a->depth--;
    place(a);
}

void oc_args_key(struct oc_args *a, const char *key)
{
    if (a->tape) {
        oc_tape_key(a->tape, key, strlen(key));
    }
    lua_pushstring(a->L, key); /* it knows most keys by their address */
}

void oc_args_set_str(struct oc_args *a, const char *key, const char *text)
{
    if (text != NULL) {
        oc_args_key(a, key);
        oc_args_str(a, text);
    }
}

void oc_args_set_int(struct oc_args *a, const char *key, int64_t value)
{
    oc_args_key(a, key);
    oc_args_integer(a, value);
}

void oc_args_set_number(struct oc_args *a, const char *key, double value)
{
    oc_args_key(a, key);
    oc_args_number(a, value);
}

void oc_args_set_bool(struct oc_args *a, const char *key, bool value)
{
    oc_args_key(a, key);
    oc_args_bool(a, value);
}
