/* One Lua state with its limits: what the files of this floor share. SPDX-License-Identifier: MIT
 *
 * Not for other floors. Every entry into Lua goes through oc_lua_protect, because an error outside
 * a protected call ends the process. Breaking a limit sets `breach`; from then on the count hook
 * fires at every instruction and raises again, so that neither pcall nor a loop around it can go
 * on. [loop] */
#ifndef OC_POLICY_STATE_H
#define OC_POLICY_STATE_H

#include <lua.h>

#include "core/base/vec.h"
#include "core/policy/sandbox.h"

#define OC_LUA_TEXT_MAX     (256u << 10) /* bytes of one chunk */
#define OC_LUA_LINES_MAX    65536        /* lines that explain can mark */
#define OC_LUA_DEPTH_MAX    64           /* nesting of values that cross into or out of Lua */
#define OC_LUA_NODES_MAX    200000       /* values in one result */
#define OC_LUA_RESULT_MAX   (4u << 20)   /* bytes of strings in one result */
#define OC_LUA_ELEMENTS_MAX (1 << 20)    /* range of one table function */
#define OC_LUA_STRING_MAX   (256u << 10) /* bytes of one string */
#define OC_LUA_VALUES_MAX   16384        /* that one function of a library gives back */

struct oc_lua_expr {
    int function;  /* registry reference */
    json_t *names; /* owned */
};

struct oc_lua_trace {
    const char *chunk; /* as given to oc_lua_run; borrowed */
    int decided;       /* the line at which a function of the chunk returned last, 0 = none did */
    int begun;         /* the first line of that function */
    int outer;         /* the first line of the function that was called first, 0 = none was */
    int outer_at; /* the line at which that was last: what it ended with may have gone on in another */
    unsigned char lines[OC_LUA_LINES_MAX / 8]; /* bit per executed line */
};

static inline void oc_lua_mark(struct oc_lua_trace *t, int line)
{
    if (line > 0 && line < OC_LUA_LINES_MAX) {
        t->lines[line / 8] = (unsigned char)(t->lines[line / 8] | 1u << line % 8);
    }
}

static inline bool oc_lua_marked(const struct oc_lua_trace *t, int line)
{
    return line > 0 && line < OC_LUA_LINES_MAX && (t->lines[line / 8] & 1u << line % 8) != 0;
}

struct oc_lua {
    lua_State *L;
    struct oc_lua_limits limits; /* defaults filled in */
    size_t memory;               /* bytes that the state holds */
    size_t churn;                /* bytes handed out since the last look at the limits */
    int64_t budget;              /* instructions left for the running call */
    int64_t
        deadline; /* monotonic ms: when to look at the processor time next; 0: no clock was read yet */
    int64_t began_us;                 /* processor time of the thread at the first look */
    bool long_string;                 /* the running call wanted one that is too long */
    int breach;                       /* 0, or the code with which the running call was stopped */
    char place[160];                  /* where that was: "policies/route.lua:12: ", or "" */
    struct oc_lua_trace *trace;       /* of the running call, or NULL; owned by who set it */
    OC_VEC(struct oc_lua_expr) exprs; /* handle - 1 */
    OC_VEC(char *) cleaned;           /* owned: what oc_lua_clean_at gave since the last call */
    oc_lua_lookup_fn lookup;          /* of the running oc_lua_eval */
    void *lookup_ctx;
    char missing[256]; /* the name that it did not know, "" = none */
};

struct oc_lua *oc_lua_of(lua_State *L);

/* Pushes fn and a light userdata `arg`, calls it protected and within the limits. What fn leaves is
 * dropped. */
int oc_lua_protect(struct oc_lua *l, lua_CFunction fn, void *arg, struct oc_error *err);

/* Leaves the compiled text on the stack, a byte order mark before it left out; raises when it does not compile. `name` is "@" and what
 * messages call it. */
void oc_lua_compile(lua_State *L, const char *name, const char *text, size_t len);

/* Takes `cost` instructions from the budget and raises when a limit is broken: for work in C that
 * the instruction count cannot see. */
void oc_lua_charge(lua_State *L, uint64_t cost);

/* Opens the libraries and takes away what must not be there. Raises; call it protected. */
void oc_lua_open_libraries(lua_State *L);
/* Walks and sorts in an order that is the same every time; see sorted.c. Raises. */
void oc_lua_open_sorted(lua_State *L);
/* find, match, gmatch and gsub with a matcher that counts its steps, into the table on the top of
 * the stack. */
void oc_lua_open_patterns(lua_State *L);
/* Makes the environment of expressions. Raises. */
void oc_lua_open_expressions(lua_State *L);

/* Pushes `value` as Lua sees it: null is nil, objects and arrays are tables. Raises. */
void oc_lua_push_json(lua_State *L, const json_t *value);
/* The value at `index` as JSON, owned by the caller; NULL and a message when it has none
 * (functions, mixed keys, too deep, too large). Never raises and runs no Lua code. An empty table
 * is an empty array; NaN and infinities are null. */
json_t *oc_lua_to_json(lua_State *L, int index, struct oc_error *err);

/* ---- clean.c: text without NUL and valid in UTF-8; what is not becomes U+FFFD ---- */
char *oc_lua_clean(const char *text, size_t len); /* owned by the caller */
/* The string at `index`, borrowed as long as it or until the next call into the state. */
const char *oc_lua_clean_at(lua_State *L, int index);
void oc_lua_forget_clean(struct oc_lua *l);
/* oc_error_set with a text of Lua's. */
int oc_lua_explain(struct oc_error *err, int code, const char *text, size_t len);

/* Pushes the value at `index`; of a table that policies cannot change (kept.h) the real one. */
void oc_lua_push_real(lua_State *L, int index);
bool oc_lua_frozen(lua_State *L, int index);

/* {"where":"policies/route.lua:12","line","text","helper"?} of the statement with which the traced call of `text` ended, null
 * when none did; `helper` is the same of the function that it handed on to, as in `return refuse("why")`. Owned by the
 * caller. */
json_t *oc_policy_decision(const char *chunk, const char *text, const struct oc_lua_trace *trace);
/* The lines of a trace as a JSON array; owned by the caller. */
json_t *oc_lua_trace_json(const struct oc_lua_trace *trace);
/* The lines of a text that have code, marked in `lines`; OC_E_CONFIG when it does not compile. */
int oc_lua_code_lines(struct oc_lua *l, const char *name, const char *text, size_t len,
                      struct oc_lua_trace *lines, struct oc_error *err);

/* Names of the global functions that chunks defined, sorted; owned by the caller. */
json_t *oc_lua_functions(struct oc_lua *l);
/* The line on which a global function is defined; 0: there is none. */
int oc_lua_function_line(struct oc_lua *l, const char *name);
/* A global as JSON; NULL when it is nil or has no JSON form. */
json_t *oc_lua_global(struct oc_lua *l, const char *name);

#endif
