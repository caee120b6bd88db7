/* Parser of the Prometheus text format and of OpenMetrics. SPDX-License-Identifier: MIT */
#include "exposition/exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum type { UNTYPED, COUNTER, GAUGE, HISTOGRAM, SUMMARY, INFO, STATESET };

/* A run of bytes that is being eaten from the front. */
struct cursor {
    char *at, *end;
};

struct parser {
    struct oc_view family; /* of the last TYPE line */
    enum type type;
    bool openmetrics; /* times are in seconds */
    struct oc_label labels[EXPOSITION_LABELS_MAX];
    struct exposition_sample sample;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at)) {
        c->at++;
    }
}

/* A name of letters, digits, '_' and, in metrics, ':'; empty when there is none. */
static struct oc_view take_name(struct cursor *c, bool colon)
{
    char *from = c->at;
    while (c->at < c->end) {
        unsigned char b = (unsigned char)*c->at;
        bool first = isalpha(b) || b == '_' || (colon && b == ':');
        if (!first && !(isdigit(b) && c->at > from)) {
            break;
        }
        c->at++;
    }
    return (struct oc_view){from, (uint64_t)(c->at - from)};
}

/* A word up to the next blank. */
static struct oc_view take_word(struct cursor *c)
{
    char *from = c->at;
    while (c->at < c->end && !is_blank(*c->at)) {
        c->at++;
    }
    return (struct oc_view){from, (uint64_t)(c->at - from)};
}

static bool view_is(struct oc_view v, const char *text)
{
    return strlen(text) == v.len && memcmp(v.ptr, text, v.len) == 0;
}

/* ---- labels ---- */

/* The value between quotes, unescaped in place; c is behind the closing quote. False when it has no
 * end. */
static bool take_value(struct cursor *c, struct oc_view *value)
{
    char *to = c->at;
    value->ptr = to;
    while (c->at < c->end && *c->at != '"') {
        char b = *c->at++;
        if (b == '\\' && c->at < c->end) {
            b = *c->at++;
            if (b == 'n') {
                b = '\n';
            } else if (b != '\\' && b != '"') {
                *to++ = '\\'; /* unknown escapes stay as they are */
            }
        }
        *to++ = b;
    }
    value->len = (uint64_t)(to - value->ptr);
    if (c->at == c->end) {
        return false;
    }
    c->at++;
    return true;
}

static const char *take_label(struct parser *p, struct cursor *c)
{
    if (p->sample.label_count == EXPOSITION_LABELS_MAX) {
        return "more than 64 labels";
    }
    struct oc_label *label = &p->labels[p->sample.label_count];
    label->name = take_name(c, false);
    skip_blanks(c);
    if (label->name.len == 0 || c->at == c->end || *c->at != '=') {
        return "a label has no name or no value";
    }
    c->at++;
    skip_blanks(c);
    if (c->at == c->end || *c->at != '"') {
        return "a label's value is not quoted";
    }
    c->at++;
    if (!take_value(c, &label->value)) {
        return "a label's value has no closing quote";
    }
    p->sample.label_count++;
    return NULL;
}

/* What is wrong, or NULL; c is behind the brace. */
static const char *take_labels(struct parser *p, struct cursor *c)
{
    c->at++;
    for (;;) {
        skip_blanks(c);
        if (c->at < c->end && *c->at == '}') {
            c->at++;
            return NULL;
        }
        const char *problem = take_label(p, c);
        if (problem) {
            return problem;
        }
        skip_blanks(c);
        if (c->at < c->end && *c->at == ',') {
            c->at++;
        } else if (c->at == c->end || *c->at != '}') {
            return "labels without a closing brace";
        }
    }
}

/* ---- numbers ---- */

static bool to_number(struct oc_view word, double *value)
{
    char text[64];
    char *end = NULL;
    if (word.len == 0 || word.len >= sizeof text) {
        return false;
    }
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    *value = strtod(text, &end);
    return *end == '\0' && !isspace((unsigned char)text[0]);
}

static const char *take_time(struct parser *p, struct cursor *c)
{
    double time;
    if (c->at == c->end || *c->at == '#') {
        return NULL;
    }
    if (!to_number(take_word(c), &time) || !isfinite(time) || fabs(time) > 1e15) {
        return "the time is not a number";
    }
    p->sample.time_ms = (int64_t)(p->openmetrics ? time * 1000 : time);
    skip_blanks(c);
    /* An exemplar follows a '#'; it says nothing about the value. */
    return c->at == c->end || *c->at == '#' ? NULL : "something follows the time";
}

/* ---- kinds ---- */

/* What is left of `name` behind the family's, or NULL when it is of another family. */
static bool suffix_of(const struct parser *p, struct oc_view name, struct oc_view *suffix)
{
    if (p->family.len == 0 || name.len < p->family.len ||
        memcmp(name.ptr, p->family.ptr, p->family.len) != 0) {
        return false;
    }
    *suffix = (struct oc_view){name.ptr + p->family.len, name.len - p->family.len};
    return true;
}

static uint32_t distribution_kind(const struct parser *p, struct oc_view suffix)
{
    bool sums = view_is(suffix, "_sum") || view_is(suffix, "_count");
    bool bucket = p->type == HISTOGRAM && view_is(suffix, "_bucket");
    return sums || bucket ? OC_KIND_COUNTER : OC_KIND_GAUGE;
}

static void set_kind(struct parser *p)
{
    struct exposition_sample *s = &p->sample;
    struct oc_view suffix;
    s->kind = OC_KIND_GAUGE;
    if (!suffix_of(p, s->name, &suffix)) {
        return;
    }
    bool cumulative = p->type == COUNTER || p->type == HISTOGRAM || p->type == SUMMARY;
    s->created = cumulative && view_is(suffix, "_created");
    if (s->created) {
        return;
    }
    if (p->type == COUNTER && (suffix.len == 0 || view_is(suffix, "_total"))) {
        s->kind = OC_KIND_COUNTER;
    } else if (p->type == HISTOGRAM || p->type == SUMMARY) {
        s->kind = distribution_kind(p, suffix);
    } else if (p->type == STATESET && suffix.len == 0) {
        s->kind = OC_KIND_BOOL;
    }
}

/* ---- lines ---- */

static void comment_line(struct parser *p, struct cursor *c)
{
    static const struct {
        const char *name;
        enum type type;
    } types[] = {{"counter", COUNTER}, {"gauge", GAUGE}, {"histogram", HISTOGRAM},
                 {"summary", SUMMARY}, {"info", INFO},   {"stateset", STATESET}};
    c->at++;
    skip_blanks(c);
    if (!view_is(take_word(c), "TYPE")) {
        return;
    }
    skip_blanks(c);
    p->family = take_name(c, true);
    p->type = UNTYPED;
    skip_blanks(c);
    struct oc_view word = take_word(c);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (view_is(word, types[i].name)) {
            p->type = types[i].type;
        }
    }
}

/* Fills p->sample; returns what is wrong, or NULL. */
static const char *sample_line(struct parser *p, struct cursor *c)
{
    memset(&p->sample, 0, sizeof p->sample);
    p->sample.labels = p->labels;
    p->sample.name = take_name(c, true);
    if (p->sample.name.len == 0) {
        return "the line does not begin with a metric's name";
    }
    skip_blanks(c);
    if (c->at < c->end && *c->at == '{') {
        const char *problem = take_labels(p, c);
        if (problem) {
            return problem;
        }
        skip_blanks(c);
    }
    if (!to_number(take_word(c), &p->sample.value)) {
        return "the value is not a number";
    }
    skip_blanks(c);
    set_kind(p);
    return take_time(p, c);
}

static bool ends_with_eof(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    return len >= 5 && memcmp(text + len - 5, "# EOF", 5) == 0;
}

static void note_bad(struct exposition_result *result, size_t number, const char *problem)
{
    if (result->bad++ == 0) {
        result->first_bad = number;
        result->reason = problem;
    }
}

/* One line without its end; false = no more wanted. */
static bool take_line(struct parser *p, struct cursor line, size_t number, exposition_fn fn,
                      void *ctx, struct exposition_result *result)
{
    if (line.end > line.at && line.end[-1] == '\r') {
        line.end--;
    }
    skip_blanks(&line);
    if (line.at == line.end) {
        return true;
    }
    if (*line.at == '#') {
        comment_line(p, &line);
        return true;
    }
    const char *problem = sample_line(p, &line);
    if (problem) {
        note_bad(result, number, problem);
        return true;
    }
    result->lines++;
    return fn(ctx, &p->sample);
}

void exposition_parse(char *text, size_t len, exposition_fn fn, void *ctx,
                      struct exposition_result *result)
{
    struct parser p;
    char *at = text;
    char *end = text + len;
    memset(result, 0, sizeof *result);
    memset(&p, 0, sizeof p);
    p.openmetrics = ends_with_eof(text, len);
    for (size_t number = 1; at < end; number++) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        struct cursor line = {at, newline ? newline : end};
        if (!take_line(&p, line, number, fn, ctx, result)) {
            return;
        }
        at = line.end + (newline ? 1 : 0);
    }
}
