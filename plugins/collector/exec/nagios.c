/* Output of monitoring plugins: text | 'label'=value[unit];... SPDX-License-Identifier: MIT */
#include "nagios.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *p, *end;
};

struct unit {
    const char *suffix, *base;
    double factor;
};

/* The guidelines leave open what a kilobyte is; the Debian checks count 1024. */
static const struct unit units[] = {
    {"", "", 1},
    {"%", "percent", 1},
    {"s", "seconds", 1},
    {"ms", "seconds", 1e-3},
    {"us", "seconds", 1e-6},
    {"ns", "seconds", 1e-9},
    {"B", "bytes", 1},
    {"KB", "bytes", 1024},
    {"kB", "bytes", 1024},
    {"KiB", "bytes", 1024},
    {"MB", "bytes", 1048576},
    {"MiB", "bytes", 1048576},
    {"GB", "bytes", 1073741824},
    {"GiB", "bytes", 1073741824},
    {"TB", "bytes", 1099511627776},
    {"TiB", "bytes", 1099511627776},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct cursor *c)
{
    while (c->p < c->end && is_blank(*c->p)) {
        c->p++;
    }
}

static void skip_item(struct cursor *c)
{
    while (c->p < c->end && !is_blank(*c->p)) {
        c->p++;
    }
}

static bool take(struct cursor *c, char expected)
{
    if (c->p < c->end && *c->p == expected) {
        c->p++;
        return true;
    }
    return false;
}

static char visible(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
}

/* Takes a run of characters that may belong to a number and reads it; "inf" and hexadecimal are no
 * numbers here. */
static bool take_number(struct cursor *c, double *value)
{
    char digits[64];
    size_t n = 0;
    bool any = false;
    const char *p = c->p;
    while (p < c->end && n + 1 < sizeof digits) {
        bool exponent = any && (*p == 'e' || *p == 'E') && p + 1 < c->end &&
                        (is_digit(p[1]) || p[1] == '-' || p[1] == '+');
        bool sign = (*p == '-' || *p == '+') && (n == 0 || digits[n - 1] == 'e');
        if (!is_digit(*p) && *p != '.' && !exponent && !sign) {
            break;
        }
        any |= is_digit(*p);
        digits[n++] = exponent ? 'e' : *p;
        p++;
    }
    digits[n] = '\0';
    char *end;
    double parsed = strtod(digits, &end);
    if (!any || *end || !isfinite(parsed)) {
        return false;
    }
    c->p = p;
    *value = parsed;
    return true;
}

static const struct unit *take_unit(struct cursor *c)
{
    const char *from = c->p;
    while (c->p < c->end && !is_blank(*c->p) && *c->p != ';') {
        c->p++;
    }
    size_t len = (size_t)(c->p - from);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].suffix) == len && memcmp(units[i].suffix, from, len) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* A label in quotes may hold blanks and '=', and '' for one quote; without quotes it ends at '='.
 */
static bool take_label(struct cursor *c, char label[OC_PERF_LABEL_MAX])
{
    bool quoted = take(c, '\'');
    size_t n = 0;
    for (; c->p < c->end; c->p++) {
        if (quoted && *c->p == '\'') {
            if (c->end - c->p < 2 || c->p[1] != '\'') {
                c->p++;
                break;
            }
            c->p++;
        } else if (!quoted && (*c->p == '=' || is_blank(*c->p))) {
            break;
        }
        if (n + 1 < OC_PERF_LABEL_MAX) {
            label[n++] = visible(*c->p);
        }
    }
    label[n] = '\0';
    return n > 0 && take(c, '=');
}

static void take_range(struct cursor *c, double factor, struct oc_perf_range *range)
{
    double number;
    range->inside = take(c, '@');
    range->start = 0;
    range->end = INFINITY;
    bool below_all = take(c, '~');
    bool has_number = !below_all && take_number(c, &number);
    bool colon = take(c, ':');
    if (below_all) {
        range->start = -INFINITY;
    } else if (has_number && colon) {
        range->start = number * factor;
    } else if (has_number) {
        range->end = number * factor;
    }
    if (colon && take_number(c, &number)) {
        range->end = number * factor;
    }
    range->set = has_number || (colon && (below_all || isfinite(range->end)));
}

static bool take_limit(struct cursor *c, double factor, double *limit)
{
    double number;
    if (!take_number(c, &number)) {
        return false;
    }
    *limit = number * factor;
    return true;
}

static void next_field(struct cursor *c)
{
    while (c->p < c->end && !is_blank(*c->p) && *c->p != ';') {
        c->p++;
    }
    take(c, ';');
}

static bool take_item(struct cursor *c, struct oc_perf *perf)
{
    double value;
    memset(perf, 0, sizeof *perf);
    if (!take_label(c, perf->label) || !take_number(c, &value)) {
        return false; /* also "label=U": the check could not tell */
    }
    const char *suffix = c->p;
    const struct unit *unit = take_unit(c);
    perf->counter = !unit && c->p - suffix == 1 && *suffix == 'c';
    double factor = unit ? unit->factor : 1;
    perf->unit = unit ? unit->base : "";
    perf->value = value * factor;
    take(c, ';');
    take_range(c, factor, &perf->warn);
    next_field(c);
    take_range(c, factor, &perf->crit);
    next_field(c);
    perf->has_min = take_limit(c, factor, &perf->min);
    next_field(c);
    perf->has_max = take_limit(c, factor, &perf->max);
    return isfinite(perf->value);
}

static size_t take_items(struct cursor c, oc_perf_fn fn, void *ctx)
{
    size_t count = 0;
    for (skip_blanks(&c); c.p < c.end; skip_blanks(&c)) {
        struct oc_perf perf;
        const char *before = c.p;
        if (take_item(&c, &perf)) {
            fn(ctx, &perf);
            count++;
        }
        skip_item(&c);
        if (c.p == before) { /* an item always moves on; this is for the reader of the loop */
            break;
        }
    }
    return count;
}

static void copy_text(struct cursor line, char *text, size_t cap)
{
    size_t n = 0;
    skip_blanks(&line);
    while (line.end > line.p && is_blank(line.end[-1])) {
        line.end--;
    }
    for (; line.p < line.end && n + 1 < cap; line.p++) {
        text[n++] = visible(*line.p);
    }
    text[n] = '\0';
}

static const char *find(struct cursor c, char wanted)
{
    const char *at = c.p < c.end ? memchr(c.p, wanted, (size_t)(c.end - c.p)) : NULL;
    return at ? at : c.end;
}

size_t oc_nagios_parse(const char *output, size_t len, char *text, size_t cap, oc_perf_fn perf,
                       void *ctx)
{
    struct cursor all = {output, output + len};
    struct cursor first = {output, find(all, '\n')};
    struct cursor words = {first.p, find(first, '|')};
    struct cursor data = {words.end < first.end ? words.end + 1 : first.end, first.end};
    struct cursor rest = {first.end, all.end};
    const char *bar = find(rest, '|');
    struct cursor more = {bar < all.end ? bar + 1 : all.end, all.end};
    copy_text(words, text, cap);
    size_t count = take_items(data, perf, ctx);
    return count + take_items(more, perf, ctx);
}
