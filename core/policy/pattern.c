/* Matching Lua's string patterns. SPDX-License-Identifier: MIT */
#include "core/policy/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

#include "core/policy/state.h"

#define CHARGE_EVERY 1024 /* steps */

static const char *match(struct oc_matcher *m, const char *s, const char *p);

static void step(struct oc_matcher *m)
{
    if (++m->steps == CHARGE_EVERY) {
        m->steps = 0;
        oc_lua_charge(m->L, CHARGE_EVERY);
    }
}

static unsigned char byte(const char *p)
{
    return (unsigned char)*p;
}

/* The end of the single-character class that begins at p. */
static const char *class_end(struct oc_matcher *m, const char *p)
{
    if (*p++ == OC_PATTERN_ESCAPE) {
        if (p == m->pattern_end) {
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        }
        return p + 1;
    }
    if (p[-1] != '[') {
        return p;
    }
    if (p < m->pattern_end && *p == '^') {
        p++;
    }
    do { /* a ']' in the first place is a plain character */
        if (p == m->pattern_end) {
            luaL_error(m->L, "malformed pattern (missing ']')");
        }
        if (*p++ == OC_PATTERN_ESCAPE && p < m->pattern_end) {
            p++;
        }
    } while (p == m->pattern_end || *p != ']');
    return p + 1;
}

static bool in_named_class(int c, int name)
{
    bool in;
    switch (tolower(name)) {
    case 'a':
        in = isalpha(c);
        break;
    case 'c':
        in = iscntrl(c);
        break;
    case 'd':
        in = isdigit(c);
        break;
    case 'g':
        in = isgraph(c);
        break;
    case 'l':
        in = islower(c);
        break;
    case 'p':
        in = ispunct(c);
        break;
    case 's':
        in = isspace(c);
        break;
    case 'u':
        in = isupper(c);
        break;
    case 'w':
        in = isalnum(c);
        break;
    case 'x':
        in = isxdigit(c);
        break;
    default:
        return name == c;
    }
    return isupper(name) ? !in : in;
}

/* p at '[', last at its ']'. */
static bool in_set(int c, const char *p, const char *last)
{
    bool found = true;
    if (p[1] == '^') {
        found = false;
        p++;
    }
    while (++p < last) {
        if (*p == OC_PATTERN_ESCAPE) {
            p++;
            if (in_named_class(c, byte(p))) {
                return found;
            }
        } else if (p[1] == '-' && p + 2 < last) {
            p += 2;
            if (byte(p - 2) <= c && c <= byte(p)) {
                return found;
            }
        } else if (byte(p) == c) {
            return found;
        }
    }
    return !found;
}

static bool one_matches(struct oc_matcher *m, const char *s, const char *p, const char *p_end)
{
    step(m);
    if (s >= m->end) {
        return false;
    }
    switch (*p) {
    case '.':
        return true;
    case OC_PATTERN_ESCAPE:
        return in_named_class(byte(s), byte(p + 1));
    case '[':
        return in_set(byte(s), p, p_end - 1);
    default:
        return *p == *s;
    }
}

static const char *match_balance(struct oc_matcher *m, const char *s, const char *p)
{
    if (p >= m->pattern_end - 1) {
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    }
    if (s >= m->end || *s != *p) {
        return NULL;
    }
    int nesting = 1;
    while (++s < m->end) {
        step(m);
        if (*s == p[1]) {
            if (--nesting == 0) {
                return s + 1;
            }
        } else if (*s == *p) {
            nesting++;
        }
    }
    return NULL;
}

static const char *match_most(struct oc_matcher *m, const char *s, const char *p, const char *p_end)
{
    ptrdiff_t count = 0;
    while (one_matches(m, s + count, p, p_end)) {
        count++;
    }
    for (; count >= 0; count--) {
        const char *end = match(m, s + count, p_end + 1);
        if (end != NULL) {
            return end;
        }
    }
    return NULL;
}

static const char *match_least(struct oc_matcher *m, const char *s, const char *p,
                               const char *p_end)
{
    for (;;) {
        const char *end = match(m, s, p_end + 1);
        if (end != NULL) {
            return end;
        }
        if (!one_matches(m, s, p, p_end)) {
            return NULL;
        }
        s++;
    }
}

static const char *begin_capture(struct oc_matcher *m, const char *s, const char *p, ptrdiff_t what)
{
    if (m->level >= OC_PATTERN_CAPTURES_MAX) {
        luaL_error(m->L, "too many captures");
    }
    m->captures[m->level].start = s;
    m->captures[m->level].len = what;
    m->level++;
    const char *end = match(m, s, p);
    if (end == NULL) {
        m->level--;
    }
    return end;
}

static const char *end_capture(struct oc_matcher *m, const char *s, const char *p)
{
    int open = m->level - 1;
    while (open >= 0 && m->captures[open].len != OC_CAPTURE_OPEN) {
        open--;
    }
    if (open < 0) {
        luaL_error(m->L, "invalid pattern capture");
    }
    m->captures[open].len = s - m->captures[open].start;
    const char *end = match(m, s, p);
    if (end == NULL) {
        m->captures[open].len = OC_CAPTURE_OPEN;
    }
    return end;
}

/* %1 .. %9: the text of an earlier capture again. */
static const char *match_again(struct oc_matcher *m, const char *s, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->level || m->captures[i].len == OC_CAPTURE_OPEN) {
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    }
    ptrdiff_t len = m->captures[i].len;
    if (len == OC_CAPTURE_POSITION || m->end - s < len ||
        memcmp(m->captures[i].start, s, (size_t)len) != 0) {
        return NULL;
    }
    return s + len;
}

/* %f[set]: a place where the text enters the set. */
static const char *match_frontier(struct oc_matcher *m, const char *s, const char *p)
{
    if (p >= m->pattern_end || *p != '[') {
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    }
    const char *p_end = class_end(m, p);
    int previous = s == m->start ? '\0' : byte(s - 1);
    int next = s < m->end ? byte(s) : '\0';
    if (in_set(previous, p, p_end - 1) || !in_set(next, p, p_end - 1)) {
        return NULL;
    }
    return match(m, s, p_end);
}

/* A single character class and the repetition after it. */
static const char *match_item(struct oc_matcher *m, const char *s, const char *p)
{
    const char *p_end = class_end(m, p);
    char repeat = p_end < m->pattern_end ? *p_end : '\0';
    const char *end;
    switch (repeat) {
    case '*':
        return match_most(m, s, p, p_end);
    case '+':
        return one_matches(m, s, p, p_end) ? match_most(m, s + 1, p, p_end) : NULL;
    case '-':
        return match_least(m, s, p, p_end);
    case '?':
        if (one_matches(m, s, p, p_end) && (end = match(m, s + 1, p_end + 1)) != NULL) {
            return end;
        }
        return match(m, s, p_end + 1);
    default:
        return one_matches(m, s, p, p_end) ? match(m, s + 1, p_end) : NULL;
    }
}

static const char *match_escape(struct oc_matcher *m, const char *s, const char *p)
{
    const char *end;
    char kind = p + 1 < m->pattern_end ? p[1] : '\0';
    if (kind == 'b') {
        end = match_balance(m, s, p + 2);
        return end != NULL ? match(m, end, p + 4) : NULL;
    }
    if (kind == 'f') {
        return match_frontier(m, s, p + 2);
    }
    if (isdigit((unsigned char)kind)) {
        end = match_again(m, s, kind);
        return end != NULL ? match(m, end, p + 2) : NULL;
    }
    return match_item(m, s, p);
}

static bool one_of(const char *set, char c)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_plain(const struct oc_matcher *m, const char *p)
{
    return !one_of("()%.[$", *p) && (p + 1 == m->pattern_end || !one_of("*+-?", p[1]));
}

static const char *match_special(struct oc_matcher *m, const char *s, const char *p)
{
    switch (*p) {
    case '(':
        if (p + 1 < m->pattern_end && p[1] == ')') {
            return begin_capture(m, s, p + 2, OC_CAPTURE_POSITION);
        }
        return begin_capture(m, s, p + 1, OC_CAPTURE_OPEN);
    case ')':
        return end_capture(m, s, p + 1);
    case '$':
        if (p + 1 == m->pattern_end) {
            return s == m->end ? s : NULL;
        }
        return match_item(m, s, p);
    case OC_PATTERN_ESCAPE:
        return match_escape(m, s, p);
    default:
        return match_item(m, s, p);
    }
}

/* Where the match of p that begins at s ends, or NULL. Every recursion has used up a byte of the
 * pattern, so OC_PATTERN_MAX bounds its depth. */
static const char *match(struct oc_matcher *m, const char *s, const char *p)
{
    step(m);
    for (; p < m->pattern_end && is_plain(m, p); p++, s++) {
        if (s >= m->end || *s != *p) {
            return NULL;
        }
    }
    return p == m->pattern_end ? s : match_special(m, s, p);
}

void oc_matcher_init(struct oc_matcher *m, lua_State *L, const char *s, size_t len,
                     const char *pattern, size_t pattern_len)
{
    m->L = L;
    m->start = s;
    m->end = s + len;
    m->pattern_end = pattern + pattern_len;
    m->steps = m->level = 0;
}

const char *oc_matcher_try(struct oc_matcher *m, const char *s, const char *pattern)
{
    m->level = 0;
    return match(m, s, pattern);
}
