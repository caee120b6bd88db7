/* Running chunks and calling their functions. SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/state.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"      /* some editors begin a file with it */
#define RETURNED        "openclaw.returned" /* registry key: what the last chunk returned */

struct chunk {
    const char *name, *text;
    size_t len;
    bool compiled;
};

void oc_lua_compile(lua_State *L, const char *name, const char *text, size_t len)
{
    const size_t mark = len >= strlen(BYTE_ORDER_MARK) &&
                                memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0
                            ? strlen(BYTE_ORDER_MARK)
                            : 0;
    /* "t": a precompiled chunk could do what the compiler never emits */
    if (luaL_loadbufferx(L, text + mark, len - mark, name, "t") != LUA_OK) {
        lua_error(L);
    }
}

static int run_chunk(lua_State *L)
{
    struct chunk *c = lua_touserdata(L, 1);
    const char *name = lua_pushfstring(L, "@%s", c->name);
    oc_lua_compile(L, name, c->text, c->len);
    c->compiled = true;
    lua_call(L, 0, 1);
    /* A chunk may return a table instead of setting globals (lists of tests do). */
    lua_setfield(L, LUA_REGISTRYINDEX, RETURNED);
    return 0;
}

int oc_lua_run(struct oc_lua *l, const char *name, const char *text, size_t len,
               struct oc_error *err)
{
    struct chunk c = {.name = name, .text = text, .len = len};
    if (len > OC_LUA_TEXT_MAX) {
        oc_error_set(err, OC_E_CONFIG, "%s is larger than %u bytes", name, OC_LUA_TEXT_MAX);
        oc_error_hint(err, "Split it: each file of the folder is a policy of its own.");
        return OC_E_CONFIG;
    }
    int code = oc_lua_protect(l, run_chunk, &c, err);
    if (code == OC_E_PERMANENT && !c.compiled) {
        code = OC_E_CONFIG;
        if (err != NULL) {
            err->code = code;
        }
    }
    if (code != OC_OK && err != NULL && strncmp(err->message, name, strlen(name)) != 0) {
        oc_error_prefix(err, "%s", name); /* bytecode, a table as an error, memory */
    }
    return code;
}

/* Leaves the global on the stack; true when it is a function. Raw: a metatable of _G runs nothing.
 */
static bool push_global(lua_State *L, const char *name)
{
    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    return lua_isfunction(L, -1) != 0;
}

struct has {
    const char *name;
    bool found;
};

static int has_function(lua_State *L)
{
    struct has *h = lua_touserdata(L, 1);
    h->found = push_global(L, h->name);
    return 0;
}

bool oc_lua_has(struct oc_lua *l, const char *function)
{
    struct has h = {.name = function};
    return oc_lua_protect(l, has_function, &h, NULL) == OC_OK && h.found;
}

struct call {
    const char *function;
    const json_t *args;
    json_t *result;
    struct oc_error error; /* of the conversion */
    bool absent, unfit;
};

static int call_function(lua_State *L)
{
    struct call *c = lua_touserdata(L, 1);
    int count = (int)json_array_size(c->args);
    if (!push_global(L, c->function)) {
        c->absent = true;
        return 0;
    }
    luaL_checkstack(L, count, "too many arguments");
    for (int i = 0; i < count; i++) {
        oc_lua_push_json(L, json_array_get(c->args, (size_t)i));
    }
    lua_call(L, count, 1);
    c->result = oc_lua_to_json(L, -1, &c->error); /* last: nothing after it can raise and lose it */
    c->unfit = c->result == NULL;
    return 0;
}

json_t *oc_lua_trace_json(const struct oc_lua_trace *trace)
{
    json_t *lines = json_array();
    for (int line = 1; line < OC_LUA_LINES_MAX; line++) {
        if (oc_lua_marked(trace, line)) {
            json_array_append_new(lines, json_integer(line));
        }
    }
    return lines;
}

int oc_lua_call(struct oc_lua *l, const char *function, const json_t *args, json_t **result,
                const char *trace_chunk, json_t **lines, struct oc_error *err)
{
    struct call c = {.function = function, .args = args};
    int code;
    *result = NULL;
    oc_error_init(&c.error);
    if (lines != NULL) {
        *lines = NULL;
        l->trace = oc_calloc(1, sizeof(*l->trace));
        l->trace->chunk = trace_chunk != NULL ? trace_chunk : "";
    }
    code = oc_lua_protect(l, call_function, &c, err);
    if (lines != NULL) {
        *lines = oc_lua_trace_json(l->trace);
        OC_FREE(l->trace);
    }
    if (code == OC_OK && c.absent) {
        code = oc_error_set(err, OC_E_NOT_FOUND, "there is no function %s", function);
    } else if (code == OC_OK && c.unfit) {
        code = oc_error_set(err, c.error.code, "%s returned %s", function, c.error.message);
    }
    if (code != OC_OK) {
        json_decref(c.result);
        return code;
    }
    *result = c.result;
    return OC_OK;
}

struct globals {
    json_t *names;
};

static int list_functions(lua_State *L)
{
    struct globals *g = lua_touserdata(L, 1);
    lua_pushglobaltable(L);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING && lua_isfunction(L, -1) && !lua_iscfunction(L, -1)) {
            json_array_append_new(g->names, json_string(lua_tostring(L, -2)));
        }
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *oc_lua_functions(struct oc_lua *l)
{
    struct globals g = {.names = json_array()};
    json_t *sorted = json_array();
    oc_lua_protect(l, list_functions, &g, NULL);
    size_t count = json_array_size(g.names);
    const char **names = oc_calloc(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = json_string_value(json_array_get(g.names, i));
        names[i] = names[i] != NULL ? names[i] : "";
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(sorted, json_string(names[i]));
    }
    free(names);
    json_decref(g.names);
    return sorted;
}

struct place {
    const char *name;
    int line;
};

static int find_line(lua_State *L)
{
    struct place *p = lua_touserdata(L, 1);
    lua_Debug ar;
    if (push_global(L, p->name)) {
        lua_getinfo(L, ">S", &ar);
        p->line = ar.linedefined > 0 ? ar.linedefined : 0;
    }
    return 0;
}

int oc_lua_function_line(struct oc_lua *l, const char *name)
{
    struct place p = {.name = name};
    oc_lua_protect(l, find_line, &p, NULL);
    return p.line;
}

struct global {
    const char *name;
    json_t *value;
};

static int read_global(lua_State *L)
{
    struct global *g = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, RETURNED);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        push_global(L, g->name);
    }
    g->value = lua_isnil(L, -1) ? NULL : oc_lua_to_json(L, -1, NULL);
    return 0;
}

json_t *oc_lua_global(struct oc_lua *l, const char *name)
{
    struct global g = {.name = name};
    oc_lua_protect(l, read_global, &g, NULL);
    return g.value;
}
