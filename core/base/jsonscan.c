/* A pull reader of JSON. SPDX-License-Identifier: MIT */
#include "core/base/jsonscan.h"

#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

#define BLOCK 16384

struct oc_scan_block {
    struct oc_scan_block *next;
    size_t used, size;
    char data[];
};

void oc_scan_init(struct oc_scan *s, const char *text, size_t len)
{
    *s = (struct oc_scan){.begin = text, .at = text, .end = text + len};
}

void oc_scan_finish(struct oc_scan *s)
{
    while (s->blocks) {
        struct oc_scan_block *next = s->blocks->next;
        free(s->blocks);
        s->blocks = next;
    }
}

void oc_scan_forget(struct oc_scan *s)
{
    if (s->blocks && !s->blocks->next) {
        s->blocks->used = 0; /* the usual case keeps its block */
    } else {
        oc_scan_finish(s);
    }
}

void oc_scan_fail(struct oc_scan *s, const char *what)
{
    s->wrong = s->wrong ? s->wrong : what;
    s->end = s->at;
}

static void skip_space(struct oc_scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

char oc_scan_peek(struct oc_scan *s)
{
    skip_space(s);
    return s->at < s->end ? *s->at : '\0';
}

bool oc_scan_enter(struct oc_scan *s, char open)
{
    if (oc_scan_peek(s) != open) {
        oc_scan_fail(s, open == '{' ? "expected an object" : "expected an array");
        return false;
    }
    s->at++;
    return true;
}

/* Before an element: false when the container ends, or is broken. */
static bool more(struct oc_scan *s, bool *first, char close)
{
    char c = oc_scan_peek(s);
    if (c == close) {
        s->at++;
        return false;
    }
    if (!*first) {
        if (c != ',') {
            oc_scan_fail(s, "expected ',' or the end of the list");
            return false;
        }
        s->at++;
        c = oc_scan_peek(s);
    }
    *first = false;
    if (!c) {
        oc_scan_fail(s, "the text ends too early");
    }
    return c != '\0';
}

bool oc_scan_item(struct oc_scan *s, bool *first)
{
    return more(s, first, ']');
}

bool oc_scan_member(struct oc_scan *s, bool *first, struct oc_view *name)
{
    if (!more(s, first, '}') || !oc_scan_string(s, name)) {
        return false;
    }
    if (oc_scan_peek(s) != ':') {
        oc_scan_fail(s, "expected ':'");
        return false;
    }
    s->at++;
    return true;
}

/* ---- strings ---- */

static char *reserve(struct oc_scan *s, size_t len)
{
    if (!s->blocks || s->blocks->size - s->blocks->used < len) {
        size_t size = len > BLOCK ? len : BLOCK;
        struct oc_scan_block *block = oc_alloc(sizeof *block + size);
        *block = (struct oc_scan_block){s->blocks, 0, size};
        s->blocks = block;
    }
    char *at = s->blocks->data + s->blocks->used;
    s->blocks->used += len;
    return at;
}

/* The four digits of \u; -1 when they are none. */
static int32_t hex4(const char *s, const char *end)
{
    int32_t code = 0;
    if (end - s < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        code = code << 4 | digit;
    }
    return code;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* What follows "\u" at *s: one code point, of two escapes if it is a pair. False when it is no escape. */
static bool take_unicode(const char **s, const char *end, uint32_t *code)
{
    int32_t high = hex4(*s, end), low;
    if (high < 0) {
        return false;
    }
    *s += 4;
    *code = (uint32_t)high;
    if (high >= 0xd800 && high <= 0xdfff) {
        *code = 0xfffd;
        if (high < 0xdc00 && end - *s >= 6 && (*s)[0] == '\\' && (*s)[1] == 'u' &&
            (low = hex4(*s + 2, end)) >= 0xdc00 && low <= 0xdfff) {
            *code = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            *s += 6;
        }
    }
    return true;
}

/* NULL when *s is no escape; *s is behind the backslash. */
static char *put_escape(struct oc_scan *scan, char *out, const char **s, const char *end)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char c = *s < end ? *(*s)++ : '\0';
    const char *known = c ? strchr(names, c) : NULL;
    uint32_t code;
    if (known) {
        *out++ = values[known - names];
        return out;
    }
    if (c != 'u' || !take_unicode(s, end, &code)) {
        return NULL;
    }
    scan->nuls += code == 0 ? 1 : 0;
    return put_utf8(out, code ? code : 0xfffd); /* a NUL would cut the string */
}

/* The string from `from` (behind the quote) to `end` (the quote), with escapes or bytes that are no UTF-8. A bad byte grows to three. */
static bool decode(struct oc_scan *s, const char *from, const char *end, struct oc_view *value)
{
    char *begin = reserve(s, 3 * (size_t)(end - from) + 1), *out = begin;
    while (from < end) {
        uint32_t code;
        size_t len;
        if (*from == '\\') {
            from++;
            out = put_escape(s, out, &from, end);
            if (!out) {
                oc_scan_fail(s, "a wrong escape in a string");
                return false;
            }
        } else if ((len = oc_utf8_next(from, (size_t)(end - from), &code)) > 0) {
            memcpy(out, from, len);
            out += len;
            from += len;
        } else {
            memcpy(out, OC_UTF8_REPLACEMENT, 3);
            out += 3;
            from++;
        }
    }
    s->blocks->used = (size_t)(out - s->blocks->data);
    *value = (struct oc_view){begin, (uint64_t)(out - begin)};
    return true;
}

/* Where the string that begins at `at` ends; *plain is false when it cannot be used as it stands. */
static const char *find_quote(const char *at, const char *end, bool *plain)
{
    unsigned char high = 0;
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"') {
            *plain = *plain && high < 0x80;
            return at;
        }
        if (c == '\\') {
            *plain = false;
            at++;
        } else if (c < 0x20) {
            return NULL;
        }
        high |= c;
    }
    return NULL;
}

bool oc_scan_string(struct oc_scan *s, struct oc_view *value)
{
    bool plain = true;
    if (oc_scan_peek(s) != '"') {
        oc_scan_fail(s, "expected a string");
        return false;
    }
    const char *from = s->at + 1, *quote = find_quote(from, s->end, &plain);
    if (!quote) {
        oc_scan_fail(s, "a string that does not end, or holds a control character");
        return false;
    }
    s->at = quote + 1;
    if (plain) {
        *value = (struct oc_view){from, (uint64_t)(quote - from)};
        return true;
    }
    return decode(s, from, quote, value);
}

/* ---- the rest ---- */

static bool take_word(struct oc_scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) {
        return false;
    }
    s->at += len;
    return true;
}

static bool take_number(struct oc_scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && strchr("+-.eE0123456789", *s->at) && *s->at) {
        s->at++;
    }
    return s->at > from && (*from == '-' || (*from >= '0' && *from <= '9'));
}

static bool take_scalar(struct oc_scan *s)
{
    struct oc_view unused;
    switch (oc_scan_peek(s)) {
    case '"':
        return oc_scan_string(s, &unused);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return take_number(s);
    }
}

static void skip(struct oc_scan *s, unsigned depth)
{
    struct oc_view name;
    bool first = true;
    char c = oc_scan_peek(s);
    if (depth > OC_SCAN_DEPTH) {
        oc_scan_fail(s, "nested too deeply");
    } else if (c == '[') {
        s->at++;
        while (oc_scan_item(s, &first)) {
            skip(s, depth + 1);
        }
    } else if (c == '{') {
        s->at++;
        while (oc_scan_member(s, &first, &name)) {
            skip(s, depth + 1);
        }
    } else if (!take_scalar(s)) {
        oc_scan_fail(s, "expected a value");
    }
}

void oc_scan_skip(struct oc_scan *s)
{
    skip(s, 0);
}

bool oc_scan_end(struct oc_scan *s)
{
    return !s->wrong && oc_scan_peek(s) == '\0' && s->at == s->end;
}
