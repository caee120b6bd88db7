/* Lua states with a memory cap, an instruction budget and a deadline. SPDX-License-Identifier: MIT */
#include "core/policy/sandbox.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/state.h"

#define DEFAULT_MEMORY       ((size_t)16 << 20)
#define MIN_MEMORY           ((size_t)256 << 10) /* the libraries alone need about 30 KiB */
#define DEFAULT_INSTRUCTIONS UINT64_C(10000000)
#define DEFAULT_DEADLINE_MS  100

/* How often the limits are looked at. Single instructions can copy megabytes (s .. s), so memory
 * that is handed out counts too: CHURN bytes bring the next look forward, and BYTES_PER_INSTRUCTION
 * of them cost one instruction. */
#define NOT_STRING            "the error is not a string"
#define STEP                  100
#define CHURN                 ((size_t)256 << 10)
#define BYTES_PER_INSTRUCTION 64
#define UNTIMED               1000 /* instructions of a call before a clock is read */

/* What a string needs besides its bytes, generously. */
#define STRING_HEADER 64

static void on_hook(lua_State *L, lua_Debug *ar);

struct oc_lua *oc_lua_of(lua_State *L)
{
    struct oc_lua *l;
    memcpy(&l, lua_getextraspace(L), sizeof(l));
    return l;
}

static void arm(struct oc_lua *l, int count)
{
    lua_sethook(l->L, on_hook, LUA_MASKCOUNT | (l->trace != NULL ? LUA_MASKLINE | LUA_MASKRET : 0),
                count);
}

static void *allocate(void *ctx, void *ptr, size_t old_size, size_t size)
{
    struct oc_lua *l = ctx;
    size_t held = ptr != NULL ? old_size : 0; /* for a new block old_size is a type tag */
    if (ptr == NULL && old_size == LUA_TSTRING && size > OC_LUA_STRING_MAX + STRING_HEADER) {
        /* A single instruction compares or joins whole strings: what it may cost is bounded here. */
        l->long_string = true;
        l->churn += CHURN; /* refused or not, the next look comes now */
        if (l->L != NULL && l->breach == 0) {
            arm(l, 1);
        }
        return NULL;
    }
    if (size == 0) {
        free(ptr);
        l->memory -= held;
        return NULL;
    }
    if (size > held) {
        l->churn += size - held;
        if (l->churn >= CHURN && l->L != NULL && l->breach == 0) {
            arm(l, 1); /* lua_sethook is made for being called at any moment */
        }
        if (l->memory - held + size > l->limits.memory) {
            return NULL; /* Lua collects garbage, tries once more, then raises */
        }
    }
    void *block = oc_realloc(ptr, size);
    l->memory = l->memory - held + size;
    return block;
}

static _Noreturn void raise_breach(lua_State *L, struct oc_lua *l)
{
    arm(l, 1);
    if (l->budget < 0) {
        luaL_error(L, "instruction budget of %I exceeded", (LUAI_UACINT)l->limits.instructions);
    }
    luaL_error(L, "deadline of %I ms exceeded", (LUAI_UACINT)l->limits.deadline_ms);
    abort(); /* luaL_error does not return */
}

/* The deadline is one of processor time: a policy must not fail because the machine is busy. That clock is dear to read, and
 * never runs faster than the wall: it is looked at when the wall's time is over. Most calls end before any clock is worth a look: what they
 * did before the first one is not counted. */
static bool is_late(struct oc_lua *l)
{
    if ((int64_t)l->limits.instructions - l->budget < UNTIMED) {
        return false;
    }
    int64_t now = oc_time_mono();
    if (l->deadline == 0) {
        l->began_us = oc_time_thread_us();
        l->deadline = now + l->limits.deadline_ms;
    }
    if (now < l->deadline) {
        return false;
    }
    int64_t left = l->limits.deadline_ms - (oc_time_thread_us() - l->began_us) / 1000;
    l->deadline = now + (left > 0 ? left : 0);
    return left <= 0;
}

/* The line of the policy that ran, whatever function of a library it was in. */
static void note_place(lua_State *L, struct oc_lua *l)
{
    lua_Debug ar;
    for (int level = 0; l->place[0] == '\0' && lua_getstack(L, level, &ar) != 0; level++) {
        if (lua_getinfo(L, "Sl", &ar) != 0 && ar.currentline > 0 && ar.source[0] == '@') {
            snprintf(l->place, sizeof l->place, "%.120s:%d: ", ar.source + 1, ar.currentline);
        }
    }
}

void oc_lua_charge(lua_State *L, uint64_t cost)
{
    struct oc_lua *l = oc_lua_of(L);
    cost += l->churn / BYTES_PER_INSTRUCTION;
    l->churn = 0;
    if (l->breach == 0) {
        l->budget = cost > (uint64_t)l->budget ? -1 : l->budget - (int64_t)cost;
        if (l->budget < 0 || is_late(l)) {
            l->breach = OC_E_TIMEOUT;
            note_place(L, l);
        }
    }
    if (l->breach != 0) {
        raise_breach(L, l);
    }
}

static void trace_event(lua_State *L, struct oc_lua_trace *trace, lua_Debug *ar)
{
    lua_getinfo(L, "Sl", ar);
    if (ar->source[0] != '@' || strcmp(ar->source + 1, trace->chunk) != 0) {
        return;
    }
    if (ar->event == LUA_HOOKLINE) {
        oc_lua_mark(trace, ar->currentline);
        trace->outer = trace->outer > 0 ? trace->outer : ar->linedefined;
        trace->outer_at = ar->linedefined == trace->outer ? ar->currentline : trace->outer_at;
    } else if (ar->currentline > 0) {
        trace->decided = ar->currentline;
        trace->begun = ar->linedefined;
    }
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    struct oc_lua *l = oc_lua_of(L);
    if (ar->event != LUA_HOOKCOUNT) {
        if (l->trace != NULL) {
            trace_event(L, l->trace, ar);
        }
        return;
    }
    oc_lua_charge(L, STEP);
    arm(l, STEP);
}

static void begin(struct oc_lua *l)
{
    l->budget = (int64_t)l->limits.instructions;
    l->deadline = 0;
    l->long_string = false;
    l->breach = 0;
    l->place[0] = '\0';
    l->churn = 0;
    oc_lua_forget_clean(l);
    arm(l, STEP);
}

/* The error object may be anything; nothing of it is run. */
static int set_error(lua_State *L, struct oc_error *err)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        size_t len;
        const char *text = lua_tolstring(L, -1, &len);
        return oc_lua_explain(err, OC_E_PERMANENT, text, len);
    }
    return oc_error_set(err, OC_E_PERMANENT, NOT_STRING);
}

/* Where an error was raised whose object does not say it: asked before the stack is gone. */
static int locate(lua_State *L)
{
    lua_Debug at;
    if (lua_type(L, 1) == LUA_TSTRING) {
        return 1;
    }
    const char *what = lua_type(L, 1) == LUA_TTABLE ? "the error is a table" : NOT_STRING;
    for (int level = 1; lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline > 0) {
            lua_pushfstring(L, "%s:%d: %s", at.short_src, at.currentline, what);
            return 1;
        }
    }
    lua_pushstring(L, what);
    return 1;
}

static int explain_failure(struct oc_lua *l, int status, struct oc_error *err)
{
    lua_State *L = l->L;
    if (l->breach != 0) { /* it may have been swallowed, and another error be there */
        const bool budget = l->budget < 0;
        oc_error_set(err, l->breach, "%s%s of %llu%s exceeded", l->place,
                     budget ? "instruction budget" : "deadline",
                     budget ? (unsigned long long)l->limits.instructions
                            : (unsigned long long)l->limits.deadline_ms,
                     budget ? "" : " ms");
        oc_error_hint(err, "Look for a loop that does not end, or for work on very long text.");
        return l->breach;
    }
    if (status == LUA_ERRMEM && l->long_string) {
        oc_error_set(err, OC_E_PERMANENT, "a string longer than %u bytes", OC_LUA_STRING_MAX);
        oc_error_hint(err, "Look for a text that grows without end.");
        return OC_E_PERMANENT;
    }
    if (status == LUA_ERRMEM) {
        oc_error_set(err, OC_E_PERMANENT, "memory limit of %zu bytes exceeded", l->limits.memory);
        oc_error_hint(err, "Look for a table or a string that grows without end.");
        return OC_E_PERMANENT;
    }
    return set_error(L, err);
}

int oc_lua_protect(struct oc_lua *l, lua_CFunction fn, void *arg, struct oc_error *err)
{
    lua_State *L = l->L;
    lua_settop(L, 0);
    begin(l);
    lua_pushcfunction(L, locate);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, 1);
    int code = OC_OK;
    lua_sethook(L, NULL, 0, 0);
    if (status != LUA_OK || l->breach != 0) {
        code = explain_failure(l, status, err);
        lua_settop(L, 0);
        if (status == LUA_ERRMEM || l->breach != 0) {
            lua_gc(
                L,
                LUA_GCCOLLECT); /* what the call left goes now, not at the cost of the next one */
        }
    }
    return code;
}

static int open_all(lua_State *L)
{
    oc_lua_open_libraries(L);
    return 0;
}

struct oc_lua *oc_lua_create(const struct oc_lua_limits *limits)
{
    struct oc_lua *l = oc_calloc(1, sizeof(*l));
    struct oc_error err;
    l->limits = limits != NULL ? *limits : (struct oc_lua_limits){0};
    if (l->limits.memory == 0) {
        l->limits.memory = DEFAULT_MEMORY;
    } else if (l->limits.memory < MIN_MEMORY) {
        l->limits.memory = MIN_MEMORY;
    }
    if (l->limits.instructions == 0 || l->limits.instructions > INT64_MAX) {
        l->limits.instructions = DEFAULT_INSTRUCTIONS;
    }
    if (l->limits.deadline_ms <= 0) {
        l->limits.deadline_ms = DEFAULT_DEADLINE_MS;
    }
    lua_State *L = lua_newstate(allocate, l);
    OC_ASSERT(L != NULL);
    memcpy(lua_getextraspace(L), &l, sizeof(l));
    l->L = L;
    oc_error_init(&err);
    OC_ASSERT(oc_lua_protect(l, open_all, NULL, &err) == OC_OK);
    return l;
}

void oc_lua_destroy(struct oc_lua *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->exprs.count; i++) {
        json_decref(l->exprs.items[i].names);
    }
    OC_VEC_FINISH(&l->exprs);
    oc_lua_forget_clean(l);
    OC_VEC_FINISH(&l->cleaned);
    lua_State *L = l->L;
    l->L = NULL; /* no hook while the state is taken down */
    lua_close(L);
    OC_ASSERT(l->memory == 0);
    free(l);
}

size_t oc_lua_memory(const struct oc_lua *l)
{
    return l->memory;
}
