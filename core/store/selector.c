/* Metric selectors: parsing and matching. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/internal.h"
#include "core/store/query.h"

/* Parsing happens within the copy: parts are cut out by putting NULs behind them. */
struct parser {
    char *p;
    const char *begin;
    struct oc_error *err;
};

static int fail(struct parser *ps, const char *expected)
{
    oc_error_set(ps->err, OC_E_CONFIG, "selector: expected %s at character %d", expected,
                 (int)(ps->p - ps->begin) + 1);
    oc_error_hint(ps->err,
                  "Write it as in system.disk_percent{instance=\"cache\",target=~\"web*\"}.");
    return OC_E_CONFIG;
}

static void skip_space(struct parser *ps)
{
    while (*ps->p == ' ' || *ps->p == '\t') {
        ps->p++;
    }
}

static bool is_name(char c, bool metric)
{
    return isalnum((unsigned char)c) || c == '_' ||
           (metric && (c == ':' || c == '.' || c == '*' || c == '?'));
}

/* The run of name characters here; it is ended later, when what follows has been read. */
static const char *take_name(struct parser *ps, bool metric, char **end)
{
    const char *name = ps->p;
    while (is_name(*ps->p, metric)) {
        ps->p++;
    }
    *end = ps->p;
    return name;
}

static int take_operator(struct parser *ps, struct oc_selector_term *term)
{
    char c = *ps->p;

    if (c != '=' && c != '!') {
        return fail(ps, "= != =~ or !~");
    }
    char second = ps->p[1];
    term->negated = c == '!';
    term->glob = second == '~';
    if (c == '!' && second != '=' && second != '~') {
        return fail(ps, "!= or !~");
    }
    ps->p += term->negated || term->glob ? 2 : 1;
    return OC_OK;
}

/* A quoted text, unescaped in place. */
static int take_value(struct parser *ps, struct oc_selector_term *term)
{
    if (*ps->p != '"') {
        return fail(ps, "a value in double quotes");
    }
    char *to = ++ps->p;
    term->value = to;
    while (*ps->p != '"') {
        char c = *ps->p;
        if (c == '\\') {
            c = *++ps->p;
            c = c == 'n' ? '\n' : c;
        }
        if (!*ps->p) {
            return fail(ps, "a closing double quote");
        }
        *to++ = c;
        ps->p++;
    }
    ps->p++;
    *to = '\0'; /* at the latest where the closing quote was */
    return OC_OK;
}

static int take_term(struct parser *ps, struct oc_selector_term *term)
{
    char *end;
    int rc;

    term->label = take_name(ps, false, &end);
    if (end == term->label) {
        return fail(ps, "a label");
    }
    skip_space(ps);
    if ((rc = take_operator(ps, term)) != OC_OK) {
        return rc;
    }
    skip_space(ps);
    *end = '\0'; /* the operator has been read */
    rc = take_value(ps, term);
    skip_space(ps);
    return rc;
}

static int take_terms(struct parser *ps, struct oc_selector *sel)
{
    int rc;

    for (skip_space(ps); *ps->p != '}'; skip_space(ps)) {
        if (sel->count == OC_SELECTOR_TERMS) {
            return fail(ps, "fewer labels");
        }
        if ((rc = take_term(ps, &sel->terms[sel->count])) != OC_OK) {
            return rc;
        }
        sel->count++;
        if (*ps->p == ',') {
            ps->p++;
        } else if (*ps->p != '}') {
            return fail(ps, "a comma or }");
        }
    }
    ps->p++;
    return OC_OK;
}

static int parse(struct parser *ps, struct oc_selector *sel)
{
    char *end;
    int rc = OC_OK;

    skip_space(ps);
    sel->name = take_name(ps, true, &end);
    skip_space(ps);
    if (*ps->p == '{') {
        ps->p++;
        rc = take_terms(ps, sel);
        skip_space(ps);
    } else if (end == sel->name) {
        return fail(ps, "a metric name or {");
    }
    if (rc == OC_OK && *ps->p) {
        return fail(ps, end == ps->p ? "a metric name" : "the end");
    }
    *end = '\0';
    return rc;
}

int oc_selector_init(struct oc_selector *sel, const char *text, struct oc_error *err)
{
    *sel = (struct oc_selector){0};
    if (strnlen(text, OC_SELECTOR_MAX + 1) > OC_SELECTOR_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "a selector has at most %d bytes", OC_SELECTOR_MAX);
    }
    sel->text = oc_strdup(text);
    struct parser ps = {sel->text, sel->text, err};
    int rc = parse(&ps, sel);
    if (rc != OC_OK) {
        oc_selector_finish(sel);
    }
    return rc;
}

void oc_selector_finish(struct oc_selector *sel)
{
    free(sel->text);
    *sel = (struct oc_selector){0};
}

static const char *label_value(const struct oc_series *series, const char *name)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].name, name) == 0) {
            return series->labels[i].value;
        }
    }
    return "";
}

bool oc_selector_matches(const struct oc_selector *sel, const struct oc_series *series)
{
    if (*sel->name && !oc_glob(sel->name, series->name)) {
        return false;
    }
    for (size_t i = 0; i < sel->count; i++) {
        const struct oc_selector_term *term = &sel->terms[i];
        const char *value = label_value(series, term->label);
        bool equal = term->glob ? oc_glob(term->value, value) : strcmp(term->value, value) == 0;
        if (equal == term->negated) {
            return false;
        }
    }
    return true;
}

void oc_series_list_finish(struct oc_series_list *l)
{
    OC_VEC_FINISH(&l->list);
}

bool oc_store_select(struct oc_store *s, const struct oc_selector *sel, size_t max,
                     struct oc_series_list *out)
{
    for (size_t i = 0; i < s->registry.count; i++) {
        struct oc_series *series = &s->registry.items[i]->pub;
        if (!oc_selector_matches(sel, series)) {
            continue;
        }
        if (max && out->list.count == max) {
            return true;
        }
        OC_VEC_PUSH(&out->list, series);
    }
    return false;
}
