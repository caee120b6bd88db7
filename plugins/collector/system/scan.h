/* A cursor over text of the kernel: lines, words, numbers. SPDX-License-Identifier: MIT
 *
 * Borrows the text; never reads past `end`; on input that does not fit it yields zeros and empty
 * words. */
#ifndef OC_SYSTEM_SCAN_H
#define OC_SYSTEM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openclaw/plugin.h>

struct oc_scan {
    const char *p, *end;
};

/* Takes the next line (without its newline) into `line`; false at the end of the text. */
static inline bool oc_scan_line(struct oc_scan *s, struct oc_scan *line)
{
    if (s->p >= s->end) {
        return false;
    }
    const char *nl = memchr(s->p, '\n', (size_t)(s->end - s->p));
    line->p = s->p;
    line->end = nl ? nl : s->end;
    s->p = nl ? nl + 1 : s->end;
    return true;
}

static inline void oc_scan_blanks(struct oc_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t')) {
        s->p++;
    }
}

/* Takes `literal` when the text begins with it. */
static inline bool oc_scan_literal(struct oc_scan *s, const char *literal)
{
    size_t len = strlen(literal);
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, literal, len) != 0) {
        return false;
    }
    s->p += len;
    return true;
}

/* Takes the next run of characters other than blanks and `stop`; empty at the end. `stop` itself is
 * not taken. */
static inline struct oc_view oc_scan_until(struct oc_scan *s, char stop)
{
    oc_scan_blanks(s);
    const char *from = s->p;
    while (s->p < s->end && *s->p != ' ' && *s->p != '\t' && *s->p != stop) {
        s->p++;
    }
    struct oc_view word = {from, (uint64_t)(s->p - from)};
    return word;
}

static inline struct oc_view oc_scan_word(struct oc_scan *s)
{
    return oc_scan_until(s, ' ');
}

/* Takes the next unsigned number into *value; false, and nothing taken but blanks, when there is
 * none. A number beyond 64 bits becomes the largest one. */
static inline bool oc_scan_number(struct oc_scan *s, uint64_t *value)
{
    oc_scan_blanks(s);
    const char *from = s->p;
    uint64_t n = 0;
    bool over = false;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        over |= __builtin_mul_overflow(n, 10u, &n);
        over |= __builtin_add_overflow(n, (uint64_t)(*s->p - '0'), &n);
        s->p++;
    }
    *value = over ? UINT64_MAX : n;
    return s->p > from;
}

static inline uint64_t oc_scan_u64(struct oc_scan *s)
{
    uint64_t n = 0;
    oc_scan_number(s, &n);
    return n;
}

/* Takes a number such as 12.34. */
static inline double oc_scan_decimal(struct oc_scan *s)
{
    double value = (double)oc_scan_u64(s);
    if (s->p < s->end && *s->p == '.') {
        double unit = 0.1;
        for (s->p++; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++, unit /= 10) {
            value += unit * (*s->p - '0');
        }
    }
    return value;
}

static inline bool oc_scan_is(struct oc_view word, const char *literal)
{
    return word.len == strlen(literal) && memcmp(word.ptr, literal, word.len) == 0;
}

#endif
