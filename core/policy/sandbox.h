/* A Lua 5.4 state that can decide but not act. SPDX-License-Identifier: MIT
 *
 * Text chunks only; base functions without load, dofile, loadfile, require, collectgarbage, print; string (no dump, and
 * rep, find, gsub ... bounded), table, math (without random), utf8; no io, os, package, debug, coroutine. Memory cap
 * through the allocator, instruction budget and a deadline of processor time through a hook that a pcall cannot swallow. A call that
 * breaks a limit fails with OC_E_TIMEOUT (budget, deadline) or OC_E_PERMANENT (memory, error) and leaves the state
 * usable. [loop] */
#ifndef OC_POLICY_SANDBOX_H
#define OC_POLICY_SANDBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct oc_lua;

struct oc_lua_limits {
    size_t memory;         /* bytes; 0 = 16 MiB */
    uint64_t instructions; /* per call; 0 = 10 million */
    int64_t deadline_ms;   /* per call; 0 = 100 ms */
};

struct oc_lua *oc_lua_create(const struct oc_lua_limits *limits); /* NULL = defaults */
void oc_lua_destroy(struct oc_lua *l);                            /* NULL is fine */
size_t oc_lua_memory(const struct oc_lua *l);

/* Compiles and runs a chunk, `name` as in messages ("policies/route.lua"). */
int oc_lua_run(struct oc_lua *l, const char *name, const char *text, size_t len,
               struct oc_error *err);
bool oc_lua_has(struct oc_lua *l, const char *function); /* a global function of that name */
/* Calls a global function with JSON arguments (array, or NULL for none). `*result` is owned by the caller (json_null for
 * nil). When `lines` is not NULL it receives the executed line numbers of `trace_chunk` as a JSON array (explain). */
int oc_lua_call(struct oc_lua *l, const char *function, const json_t *args, json_t **result,
                const char *trace_chunk, json_t **lines, struct oc_error *err);

/* An expression over samples: "system.cpu_percent > 90 and redis.connected == false". Compiled once to a handle > 0, which lives as long as `l`;
 * the metric names that it reads are found by walking it with a recording environment and by its text. */
int oc_lua_expr(struct oc_lua *l, const char *name, const char *text, struct oc_error *err);

enum oc_lua_type { OC_LUA_NIL, OC_LUA_BOOL, OC_LUA_NUMBER, OC_LUA_STRING };
struct oc_lua_value {
    enum oc_lua_type type;
    bool boolean;
    double number;
    const char *string; /* borrowed during the lookup */
};
/* Resolves a dotted name ("system.cpu_percent"). Returns false when there is no such value: the expression is then
 * "unknown" and oc_lua_eval returns OC_E_NOT_FOUND. */
typedef bool (*oc_lua_lookup_fn)(void *ctx, const char *name, struct oc_lua_value *value);
/* Evaluates: *truth is the result, false for nil. OC_E_CONFIG: it is something else, a number or a text, and *truth is true but for the number 0.
 * Names of one level only ("thresholds" groups aside) are not metrics. */
int oc_lua_eval(struct oc_lua *l, int expr, oc_lua_lookup_fn lookup, void *ctx, bool *truth,
                struct oc_error *err);
/* The dotted names that the expression may read, a JSON array in order of appearance; owned by the caller. */
json_t *oc_lua_expr_names(struct oc_lua *l, int expr);

#endif
