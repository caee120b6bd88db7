/* Parsing and ordering of versions, matching of ranges. SPDX-License-Identifier: MIT */
#include "core/package/semver.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

#define PART_MAX UINT64_C(999999999999)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* ---- versions ---- */

/* A number without leading zeros; NULL when there is none. */
static const char *read_part(const char *s, uint64_t *value)
{
    *value = 0;
    if (!is_digit(*s) || (*s == '0' && is_digit(s[1]))) {
        return NULL;
    }
    for (; is_digit(*s); s++) {
        *value = *value * 10 + (uint64_t)(*s - '0');
        if (*value > PART_MAX) {
            return NULL;
        }
    }
    return s;
}

/* Identifiers joined by dots; `numeric` ones (of a pre-release) have no leading zero. */
static const char *read_idents(const char *s, bool numeric)
{
    for (;;) {
        const char *begin = s;
        bool digits = true;
        for (; is_ident(*s); s++) {
            digits = digits && is_digit(*s);
        }
        if (s == begin || (numeric && digits && *begin == '0' && s - begin > 1)) {
            return NULL;
        }
        if (*s != '.') {
            return s;
        }
        s++;
    }
}

/* "-rc.1+build" after the numbers; NULL when it is wrong. */
static const char *read_tail(const char *s, struct oc_semver *v)
{
    v->pre = NULL;
    v->pre_len = 0;
    if (*s == '-') {
        v->pre = ++s;
        s = read_idents(s, true);
        v->pre_len = s ? (size_t)(s - v->pre) : 0;
    }
    if (s && *s == '+') {
        s = read_idents(s + 1, false);
    }
    return s;
}

bool oc_semver_parse(const char *text, struct oc_semver *v)
{
    const char *s = text;
    if (strlen(text) > OC_SEMVER_MAX) {
        return false;
    }
    for (int i = 0; s && i < 3; i++) {
        s = i && *s++ != '.' ? NULL : read_part(s, &v->part[i]);
    }
    s = s ? read_tail(s, v) : NULL;
    return s && *s == '\0';
}

/* One identifier against another: numbers by value and before words, words by their bytes. */
static int order_ident(const char *a, size_t a_len, const char *b, size_t b_len)
{
    const bool a_num = strspn(a, "0123456789") >= a_len, b_num = strspn(b, "0123456789") >= b_len;
    if (a_num != b_num) {
        return a_num ? -1 : 1;
    }
    if (a_num && a_len != b_len) {
        return a_len < b_len ? -1 : 1;
    }
    const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order || a_len == b_len ? order : a_len < b_len ? -1 : 1;
}

static size_t ident_len(const char *s, size_t len)
{
    const char *dot = memchr(s, '.', len);
    return dot ? (size_t)(dot - s) : len;
}

static int order_pre(const struct oc_semver *a, const struct oc_semver *b)
{
    const char *x = a->pre, *y = b->pre;
    size_t x_left = a->pre_len, y_left = b->pre_len;
    if (!x_left || !y_left) {
        return (x_left == 0) - (y_left == 0); /* a release comes after its pre-releases */
    }
    while (x_left && y_left) {
        const size_t m = ident_len(x, x_left), n = ident_len(y, y_left);
        const int order = order_ident(x, m, y, n);
        if (order) {
            return order;
        }
        const size_t x_step = m + (m < x_left), y_step = n + (n < y_left);
        x += x_step, x_left -= x_step;
        y += y_step, y_left -= y_step;
    }
    return (x_left > 0) - (y_left > 0);
}

int oc_semver_order(const struct oc_semver *a, const struct oc_semver *b)
{
    for (int i = 0; i < 3; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return order_pre(a, b);
}

int oc_semver_compare(const char *a, const char *b)
{
    struct oc_semver x, y;
    const bool x_ok = oc_semver_parse(a, &x), y_ok = oc_semver_parse(b, &y);
    if (!x_ok || !y_ok) {
        return x_ok - y_ok;
    }
    return oc_semver_order(&x, &y);
}

/* ---- ranges ---- */

/* One condition: low <= v < high, where the ends may be left out or turned round. */
struct condition {
    struct oc_semver low, high;
    bool has_low, low_open, has_high, high_closed;
    bool names_pre; /* the condition was written with a pre-release */
    bool exact;
};

/* "1", "1.2", "1.x", "1.2.3-rc.1", "*": count of the parts that are given, -1 when it is wrong. */
static int read_partial(const char **text, struct oc_semver *v)
{
    const char *s = *text;
    int count = 0;
    bool wild = false;
    *v = (struct oc_semver){0};
    for (int i = 0; i < 3; i++) {
        if (i && *s != '.') {
            break;
        }
        s += i > 0;
        if (*s == 'x' || *s == 'X' || *s == '*') {
            wild = true;
            s++;
            continue;
        }
        if (wild || !(s = read_part(s, &v->part[i]))) {
            return -1;
        }
        count++;
    }
    if (count == 3) {
        s = read_tail(s, v);
    }
    *text = s;
    return s ? count : -1;
}

/* The first version that differs from `v` in its first `keep` parts: of 1.2.3 and 2 that is 1.3.0. */
static struct oc_semver next_after(const struct oc_semver *v, int keep)
{
    struct oc_semver next = {0};
    for (int i = 0; i < keep; i++) {
        next.part[i] = v->part[i];
    }
    next.part[keep - 1]++;
    /* "-0" is the lowest pre-release there can be: those of the next version are beyond the range as well */
    next.pre = "0";
    next.pre_len = 1;
    return next;
}

static int caret_keep(const struct oc_semver *v, int count)
{
    int keep = 1;
    while (keep < count && v->part[keep - 1] == 0) {
        keep++;
    }
    return keep;
}

/* v and everything that begins with its first `keep` parts, upwards. */
static void set_span(struct condition *c, const struct oc_semver *v, int keep)
{
    c->low = *v;
    c->has_low = true;
    c->has_high = keep > 0;
    if (keep > 0) {
        c->high = next_after(v, keep);
    }
}

static void set_bound(struct condition *c, const char *op, const struct oc_semver *v, int count)
{
    const bool whole = count == 3, closed = op[1] == '=';
    if (op[0] == '>') {
        /* "> 1.2" begins after all of 1.2 */
        c->low = whole || closed || count == 0 ? *v : next_after(v, count);
        c->has_low = true;
        c->low_open = !closed && whole;
    } else {
        c->high = whole || !closed || count == 0 ? *v : next_after(v, count);
        c->has_high = count > 0;
        c->high_closed = closed && whole;
    }
}

/* Reads one condition; false when it is wrong. `*text` moves behind it. */
static bool read_condition(const char **text, struct condition *c)
{
    static const char *const ops[] = {">=", "<=", ">", "<", "^", "~", "="};
    const char *s = *text, *op = "";
    struct oc_semver v;
    *c = (struct condition){0};
    for (size_t i = 0; i < OC_COUNT(ops) && !*op; i++) {
        if (oc_starts(s, ops[i])) {
            op = ops[i];
        }
    }
    s += strlen(op);
    s += strspn(s, " ");
    const int count = read_partial(&s, &v);
    if (count < 0 || (*s && !strchr(" ,", *s))) {
        return false;
    }
    c->names_pre = v.pre_len > 0;
    if (*op == '>' || *op == '<') {
        set_bound(c, op, &v, count);
    } else if (count == 3 && *op != '^' && *op != '~') {
        c->low = c->high = v;
        c->has_low = c->has_high = c->high_closed = c->exact = true;
    } else {
        set_span(c, &v, *op == '^' ? (count ? caret_keep(&v, count) : 0) : count == 3 ? 2 : count);
    }
    *text = s;
    return true;
}

static bool within(const struct condition *c, const struct oc_semver *v)
{
    const int low = c->has_low ? oc_semver_order(v, &c->low) : 1;
    const int high = c->has_high ? oc_semver_order(v, &c->high) : -1;
    return (c->low_open ? low > 0 : low >= 0) && (c->high_closed ? high <= 0 : high < 0);
}

static bool same_release(const struct oc_semver *a, const struct oc_semver *b)
{
    return memcmp(a->part, b->part, sizeof a->part) == 0;
}

static bool names_release_of(const struct condition *c, const struct oc_semver *v)
{
    return c->names_pre &&
           ((c->has_low && same_release(&c->low, v)) || (c->has_high && same_release(&c->high, v)));
}

static const char *skip_spaces(const char *s)
{
    return s + strspn(s, " ,");
}

static const char *begin_of(const char *range)
{
    return strcmp(range, "latest") == 0 ? "" : skip_spaces(range);
}

int oc_range_check(const char *range, struct oc_error *err)
{
    struct condition c;
    if (strlen(range) > OC_RANGE_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "a version range has at most %d characters",
                            OC_RANGE_MAX);
    }
    for (const char *s = begin_of(range); *s; s = skip_spaces(s)) {
        if (!read_condition(&s, &c)) {
            oc_error_set(err, OC_E_CONFIG, "'%.64s' is no version range", s);
            oc_error_hint(err, "Ranges are written 1.2.3, ^1.2, ~1.2.3, 1.x, or \">=1.2 <2\".");
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

bool oc_range_matches(const char *range, const char *version)
{
    struct oc_semver v;
    struct condition c;
    if (!oc_semver_parse(version, &v) || strlen(range) > OC_RANGE_MAX) {
        return false;
    }
    bool pre_ok = v.pre_len == 0;
    for (const char *s = begin_of(range); *s; s = skip_spaces(s)) {
        if (!read_condition(&s, &c) || !within(&c, &v)) {
            return false;
        }
        pre_ok = pre_ok || names_release_of(&c, &v);
    }
    return pre_ok;
}

const char *oc_range_exact(const char *range)
{
    struct oc_semver v;
    const char *s = begin_of(range);
    if (*s == '=') {
        s += 1 + strspn(s + 1, " ");
    }
    return strlen(range) <= OC_RANGE_MAX && oc_semver_parse(s, &v) ? s : NULL;
}
