/* From the text of a regular expression to its program. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/regex_internal.h"
#include "core/base/text.h"

#define DEPTH_MAX  32
#define REPEAT_MAX 1000
#define POINT_MAX  0x10ffffu

struct parser {
    struct oc_regex *re;
    const char *at;
    bool dot_all;
    unsigned depth;
    const char *wrong; /* what is wrong; NULL while all is well */
};

static void fail(struct parser *p, const char *what)
{
    p->wrong = p->wrong ? p->wrong : what;
}

static size_t here(const struct parser *p)
{
    return p->re->program.count;
}

static void emit(struct parser *p, enum oc_regex_op op, int32_t a, int32_t b)
{
    struct oc_regex_instr instr = {op, a, b};
    if (here(p) >= OC_REGEX_PROGRAM_MAX) {
        fail(p, "it is too large");
        return;
    }
    OC_VEC_PUSH(&p->re->program, instr);
}

/* Jumps are relative, so a fragment can be moved and copied as it is. */
static void insert(struct parser *p, size_t at, enum oc_regex_op op, int32_t a, int32_t b)
{
    emit(p, op, a, b);
    if (!p->wrong) {
        struct oc_regex_instr *items = p->re->program.items, instr = items[here(p) - 1];
        memmove(items + at + 1, items + at, (here(p) - 1 - at) * sizeof *items);
        items[at] = instr;
    }
}

/* The next code point; the pattern is valid UTF-8. */
static uint32_t take_point(struct parser *p)
{
    const unsigned char *s = (const unsigned char *)p->at;
    uint32_t point = *s;
    unsigned more = 0;
    if (point >= 0xf0) {
        point &= 0x07;
        more = 3;
    } else if (point >= 0xe0) {
        point &= 0x0f;
        more = 2;
    } else if (point >= 0xc0) {
        point &= 0x1f;
        more = 1;
    }
    for (unsigned i = 1; i <= more; i++) {
        point = point << 6 | (s[i] & 0x3f);
    }
    p->at += more + 1;
    return point;
}

/* ---- sets ---- */

static void add_range(struct oc_regex_set *set, uint32_t low, uint32_t high)
{
    struct oc_regex_range range = {low, high};
    OC_VEC_PUSH(&set->ranges, range);
}

/* The ranges of \d \w \s and of their opposites; false when `name` is none of them. */
static bool add_class(struct oc_regex_set *set, char name)
{
    static const struct oc_regex_range digit[] = {{'0', '9'}};
    static const struct oc_regex_range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    static const struct oc_regex_range space[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    const struct oc_regex_range *ranges = digit;
    size_t count = 1;
    switch (tolower((unsigned char)name)) {
    case 'd':
        break;
    case 'w':
        ranges = word;
        count = OC_COUNT(word);
        break;
    case 's':
        ranges = space;
        count = OC_COUNT(space);
        break;
    default:
        return false;
    }
    uint32_t low = 0;
    for (size_t i = 0; i < count; i++) {
        if (islower((unsigned char)name)) {
            add_range(set, ranges[i].low, ranges[i].high);
        } else {
            add_range(set, low, ranges[i].low - 1);
            low = ranges[i].high + 1;
        }
    }
    if (isupper((unsigned char)name)) {
        add_range(set, low, POINT_MAX);
    }
    return true;
}

static bool add_posix_class(struct parser *p, struct oc_regex_set *set)
{
    static const struct {
        const char *name;
        int (*is)(int c);
    } classes[] = {{"[:alnum:]", isalnum}, {"[:alpha:]", isalpha}, {"[:blank:]", isblank},
                   {"[:cntrl:]", iscntrl}, {"[:digit:]", isdigit}, {"[:graph:]", isgraph},
                   {"[:lower:]", islower}, {"[:print:]", isprint}, {"[:punct:]", ispunct},
                   {"[:space:]", isspace}, {"[:upper:]", isupper}, {"[:xdigit:]", isxdigit}};
    for (size_t i = 0; i < OC_COUNT(classes); i++) {
        if (oc_starts(p->at, classes[i].name)) {
            for (int c = 0; c < 128; c++) {
                if (classes[i].is(c)) {
                    add_range(set, (uint32_t)c, (uint32_t)c);
                }
            }
            p->at += strlen(classes[i].name);
            return true;
        }
    }
    return false;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    int lower = tolower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* \x41 or \x{1F600}; p->at is behind the x. */
static uint32_t take_hex(struct parser *p)
{
    uint32_t point = 0;
    bool braces = *p->at == '{';
    size_t digits = 0;
    p->at += braces ? 1 : 0;
    while (hex_value(*p->at) >= 0 && digits < (braces ? 6u : 2u)) {
        point = point << 4 | (uint32_t)hex_value(*p->at++);
        digits++;
    }
    if (digits == 0 || (!braces && digits != 2) || (braces && *p->at != '}') || point > POINT_MAX) {
        fail(p, "\\x wants two digits, or {digits}");
        return 0;
    }
    p->at += braces ? 1 : 0;
    return point;
}

/* The character that an escape stands for; p->at is behind the backslash. */
static uint32_t take_escaped(struct parser *p)
{
    static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    char c = *p->at;
    const char *known = c ? strchr(names, c) : NULL;
    if (known && c != 'b') {
        p->at++;
        return (uint32_t)values[known - names];
    }
    if (c == 'x') {
        p->at++;
        return take_hex(p);
    }
    if (!c || isalnum((unsigned char)c)) {
        fail(p, c ? "an escape is not supported" : "it ends with a backslash");
        return 0;
    }
    return take_point(p);
}

/* One end of a range in brackets; false when it was a class, which has been added. */
static bool take_member(struct parser *p, struct oc_regex_set *set, uint32_t *point)
{
    if (*p->at == '[' && p->at[1] == ':' && add_posix_class(p, set)) {
        return false;
    }
    if (*p->at != '\\') {
        *point = take_point(p);
        return true;
    }
    p->at++;
    if (*p->at && add_class(set, *p->at)) {
        p->at++;
        return false;
    }
    *point = take_escaped(p);
    return true;
}

static void add_members(struct parser *p, struct oc_regex_set *set)
{
    bool first = true;
    while (!p->wrong && (first || *p->at != ']')) {
        uint32_t low = 0, high;
        first = false;
        if (!*p->at) {
            fail(p, "a bracket is not closed");
            return;
        }
        if (!take_member(p, set, &low)) {
            continue;
        }
        high = low;
        if (*p->at == '-' && p->at[1] && p->at[1] != ']') {
            p->at++;
            if (!take_member(p, set, &high) || high < low) {
                fail(p, "a range goes backwards");
            }
        }
        add_range(set, low, high);
    }
    p->at += p->wrong ? 0 : 1;
}

static size_t new_set(struct parser *p)
{
    struct oc_regex_set set = {{0}};
    OC_VEC_PUSH(&p->re->sets, set);
    return p->re->sets.count - 1;
}

static void parse_brackets(struct parser *p)
{
    size_t index = new_set(p);
    bool negated = *p->at == '^';
    p->at += negated ? 1 : 0;
    add_members(p, &p->re->sets.items[index]);
    emit(p, OC_RE_SET, (int32_t)index, negated ? 1 : 0);
}

/* ---- atoms ---- */

static void parse_alternatives(struct parser *p);

static void parse_escape(struct parser *p)
{
    char c = *p->at;
    struct oc_regex_set set = {{0}};
    if (c && add_class(&set, c)) {
        p->at++;
        OC_VEC_PUSH(&p->re->sets, set);
        emit(p, OC_RE_SET, (int32_t)p->re->sets.count - 1, 0);
    } else if (c == 'b' || c == 'B') {
        p->at++;
        emit(p, OC_RE_BOUNDARY, c == 'B' ? 1 : 0, 0);
    } else if (c == 'A' || c == 'z') {
        p->at++;
        emit(p, c == 'A' ? OC_RE_BEGIN : OC_RE_END, 0, 0);
    } else {
        emit(p, OC_RE_CHAR, (int32_t)take_escaped(p), 0);
    }
}

/* What stands between "(?" and ")" or ":"; flags hold for the whole expression, which is how people write them. */
static bool parse_flags(struct parser *p)
{
    for (; *p->at && strchr("ismU", *p->at); p->at++) {
        p->re->fold |= *p->at == 'i';
        p->dot_all |= *p->at == 's';
    }
    if (*p->at == ')' || *p->at == ':') {
        return *p->at++ == ':';
    }
    if (*p->at == 'P' && p->at[1] == '<' && strchr(p->at, '>')) {
        p->at = strchr(p->at, '>') + 1;
        return true;
    }
    fail(p, "only (?: ), (?i), (?s) and (?P<name> ) are supported");
    return false;
}

static void parse_group(struct parser *p)
{
    if (*p->at == '?') {
        p->at++;
        if (!parse_flags(p)) {
            return; /* (?i): no group */
        }
    }
    if (++p->depth > DEPTH_MAX) {
        fail(p, "its groups are nested too deeply");
        return;
    }
    parse_alternatives(p);
    p->depth--;
    if (*p->at != ')') {
        fail(p, "a group is not closed");
        return;
    }
    p->at++;
}

static void parse_atom(struct parser *p)
{
    char c = *p->at;
    switch (c) {
    case '(':
        p->at++;
        parse_group(p);
        break;
    case '[':
        p->at++;
        parse_brackets(p);
        break;
    case '\\':
        p->at++;
        parse_escape(p);
        break;
    case '.':
        p->at++;
        emit(p, OC_RE_ANY, p->dot_all ? 1 : 0, 0);
        break;
    case '^':
    case '$':
        p->at++;
        emit(p, c == '^' ? OC_RE_BEGIN : OC_RE_END, 0, 0);
        break;
    case '*':
    case '+':
    case '?':
        fail(p, "a quantifier follows nothing");
        break;
    default:
        emit(p, OC_RE_CHAR, (int32_t)take_point(p), 0);
    }
}

/* ---- quantifiers ---- */

/* "{2}" "{2,}" "{2,5}" at p->at; anything else is a plain brace. */
static bool take_bounds(struct parser *p, int *low, int *high)
{
    const char *s = p->at + 1;
    int n[2] = {-1, -1};
    for (int i = 0; i < 2; i++) {
        for (; isdigit((unsigned char)*s); s++) {
            n[i] = (n[i] < 0 ? 0 : n[i]) * 10 + (*s - '0');
            n[i] = n[i] > REPEAT_MAX ? REPEAT_MAX + 1 : n[i];
        }
        if (i == 0 && *s == '}') {
            n[1] = n[0];
            break;
        }
        if (i == 0 && *s++ != ',') {
            return false;
        }
    }
    if (*s != '}' || n[0] < 0) {
        return false;
    }
    p->at = s + 1;
    *low = n[0];
    *high = n[1];
    return true;
}

static void repeat(struct parser *p, size_t start, int low, int high)
{
    size_t len = here(p) - start;
    if (low > REPEAT_MAX || high > REPEAT_MAX || (high >= 0 && high < low)) {
        fail(p, "a repetition is out of range");
        return;
    }
    struct oc_regex_instr *copy =
        len ? oc_memdup(p->re->program.items + start, len * sizeof *copy) : NULL;
    p->re->program.count = start;
    for (int i = 0; len && !p->wrong && i < (high < 0 ? low + 1 : high); i++) {
        if (i >= low) {
            emit(p, OC_RE_SPLIT, 1, (int32_t)len + (high < 0 ? 2 : 1));
        }
        for (size_t k = 0; k < len; k++) {
            emit(p, copy[k].op, copy[k].a, copy[k].b);
        }
        if (high < 0 && i == low) {
            emit(p, OC_RE_JUMP, -(int32_t)len - 1, 0);
        }
    }
    free(copy);
}

static void parse_quantifiers(struct parser *p, size_t start)
{
    int low, high;
    while (!p->wrong) {
        int32_t len = (int32_t)(here(p) - start);
        if (*p->at == '*') {
            insert(p, start, OC_RE_SPLIT, 1, len + 2);
            emit(p, OC_RE_JUMP, -len - 1, 0);
        } else if (*p->at == '+') {
            emit(p, OC_RE_SPLIT, -len, 1);
        } else if (*p->at == '?') {
            insert(p, start, OC_RE_SPLIT, 1, len + 1);
        } else if (*p->at == '{' && take_bounds(p, &low, &high)) {
            p->at--;
            repeat(p, start, low, high);
        } else {
            return;
        }
        p->at++;
        p->at += *p->at == '?' ? 1 : 0; /* lazy: the same strings */
    }
}

static void parse_sequence(struct parser *p)
{
    while (!p->wrong && *p->at && *p->at != '|' && *p->at != ')') {
        size_t start = here(p);
        parse_atom(p);
        parse_quantifiers(p, start);
    }
}

static void parse_alternatives(struct parser *p)
{
    OC_VEC(size_t) jumps = {0};
    for (;;) {
        size_t start = here(p);
        parse_sequence(p);
        if (p->wrong || *p->at != '|') {
            break;
        }
        p->at++;
        insert(p, start, OC_RE_SPLIT, 1, (int32_t)(here(p) - start) + 2);
        OC_VEC_PUSH(&jumps, here(p));
        emit(p, OC_RE_JUMP, 0, 0);
    }
    for (size_t i = 0; !p->wrong && i < jumps.count; i++) {
        p->re->program.items[jumps.items[i]].a = (int32_t)(here(p) - jumps.items[i]);
    }
    OC_VEC_FINISH(&jumps);
}

int oc_regex_parse(struct oc_regex *re, const char *pattern, struct oc_error *err)
{
    struct parser p = {.re = re, .at = pattern};
    size_t len = strlen(pattern);
    if (len > OC_REGEX_MAX || !oc_utf8_valid(pattern, len)) {
        return oc_error_set(err, OC_E_CONFIG, "a regular expression of %zu bytes is %s", len,
                            len > OC_REGEX_MAX ? "too long" : "no valid UTF-8");
    }
    parse_alternatives(&p);
    if (!p.wrong && *p.at == ')') {
        fail(&p, "a parenthesis was never opened");
    }
    emit(&p, OC_RE_MATCH, 0, 0);
    if (p.wrong) {
        oc_error_set(err, OC_E_CONFIG, "'%.100s' is no regular expression: %s", pattern, p.wrong);
        oc_error_hint(err, "Write one in the syntax of RE2, without \\p and back references.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}
