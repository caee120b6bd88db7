/* A matcher for Lua's string patterns that counts its steps. SPDX-License-Identifier: MIT
 *
 * A pattern such as ".-.-.-.-x" takes n^4 steps on n bytes, all of them inside one call of a C
 * function, where no hook can stop it. This matcher therefore charges its steps to the budget of
 * the running call, and raises when that is used up. The algorithm and its results are those of
 * lstrlib.c of Lua 5.4.4 (Copyright (C) 1994-2022 Lua.org, PUC-Rio, MIT licence); a test compares
 * the two. [loop] */
#ifndef OC_POLICY_PATTERN_H
#define OC_POLICY_PATTERN_H

#include <lua.h>
#include <stddef.h>

#define OC_PATTERN_MAX          256 /* bytes; bounds the depth of the matcher's recursion */
#define OC_PATTERN_CAPTURES_MAX 32
#define OC_PATTERN_ESCAPE       '%'

#define OC_CAPTURE_OPEN     (-1) /* the length of a capture that has not ended */
#define OC_CAPTURE_POSITION (-2) /* ... and of one that is a position */

struct oc_matcher {
    lua_State *L;
    const char *start, *end; /* the subject */
    const char *pattern_end;
    int steps; /* not yet charged */
    int level; /* captures begun */
    struct {
        const char *start;
        ptrdiff_t len;
    } captures[OC_PATTERN_CAPTURES_MAX];
};

void oc_matcher_init(struct oc_matcher *m, lua_State *L, const char *s, size_t len,
                     const char *pattern, size_t pattern_len);
/* Where the match of `pattern` (the whole of it, or what follows its '^') that begins at s ends;
 * NULL when there is none. Raises when the pattern is malformed or the budget used up. */
const char *oc_matcher_try(struct oc_matcher *m, const char *s, const char *pattern);

#endif
