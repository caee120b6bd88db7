/* Matchers: parsing, matching, writing. SPDX-License-Identifier: MIT */
#include "matcher.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/regex.h"
#include "core/base/text.h"
#include "core/service/alert/table/record.h"

/* Of one value: what takes longer matches nothing. Expressions of the usual kind take a few steps for each byte, or none but a look into a table. */
#define MATCH_STEPS 20000

/* What people call the name of an alert, and what it is called everywhere else. */
#define RULE "rule"
#define NAME "alertname"

/* By enum oc_matcher_op. */
static const char *const operators[] = {"=", "!=", "=~", "!~", "=~/", "!~/"};

static int refuse(struct oc_error *err, const char *text)
{
    oc_error_set(err, OC_E_CONFIG, "'%.100s' is no matcher", text);
    oc_error_hint(
        err, "Write a rule's name, or NAME=VALUE, NAME!=VALUE, NAME=~REGEX or NAME!~REGEX with "
             "rule, severity, instance, target, category or a label as NAME.");
    return OC_E_CONFIG;
}

/* Who knows globs writes "*web", which is no regular expression. */
static int explain_regex(const char *value, struct oc_error *err)
{
    if (err && strchr("*?+", *value) && *value) {
        oc_error_hint(err, "=~ takes a regular expression: .* matches anything, web-.* what begins "
                           "with web-.");
    }
    return OC_E_CONFIG;
}

bool oc_matcher_is_regex(const struct oc_matcher *m)
{
    return m->op != OC_MATCH_EQUAL && m->op != OC_MATCH_UNEQUAL;
}

bool oc_matcher_is_equal(const struct oc_matcher *m)
{
    return m->op == OC_MATCH_EQUAL || m->op == OC_MATCH_GLOB || m->op == OC_MATCH_REGEX;
}

int oc_matcher_make(const char *name, enum oc_matcher_op op, const char *value,
                    struct oc_matcher *m, struct oc_error *err)
{
    memset(m, 0, sizeof *m);
    if (!*name || strlen(name) + strlen(value) > OC_MATCHER_TEXT_MAX ||
        !oc_utf8_valid(name, strlen(name)) || !oc_utf8_valid(value, strlen(value))) {
        return refuse(err, name);
    }
    if (op == OC_MATCH_REGEX || op == OC_MATCH_NOT_REGEX) {
        m->regex = oc_regex_create(value, err);
        if (!m->regex) {
            return explain_regex(value, err);
        }
    }
    m->name = oc_strdup(name);
    m->value = oc_strdup(value);
    m->op = op;
    return OC_OK;
}

int oc_matcher_copy(const struct oc_matcher *from, struct oc_matcher *m)
{
    return oc_matcher_make(from->name, from->op, from->value, m, NULL);
}

void oc_matcher_finish(struct oc_matcher *m)
{
    OC_FREE(m->name);
    OC_FREE(m->value);
    oc_regex_destroy(m->regex);
    m->regex = NULL;
}

/* ---- as the store has them ---- */

/* The operator that begins at s, or -1. "=~/" is a regular expression, as oc_matcher_stored_text writes it. */
static int operator_at(const char *s)
{
    if (s[0] == '=' && s[1] == '~') {
        return s[2] == '/' && s[3] == '(' ? OC_MATCH_REGEX : OC_MATCH_GLOB;
    }
    if (s[0] == '!' && s[1] == '~') {
        return s[2] == '/' && s[3] == '(' ? OC_MATCH_NOT_REGEX : OC_MATCH_NOT_GLOB;
    }
    if (s[0] == '=') {
        return OC_MATCH_EQUAL;
    }
    return s[0] == '!' && s[1] == '=' ? OC_MATCH_UNEQUAL : -1;
}

/* What follows "=~/": "(EXPRESSION)/". */
static char *unwrapped(const char *s)
{
    size_t len = strlen(s);
    return len >= 3 && s[len - 1] == '/' && s[len - 2] == ')' ? oc_strndup(s + 1, len - 3) : NULL;
}

static int parse_parts(const char *text, size_t name, int op, struct oc_matcher *m,
                       struct oc_error *err)
{
    const char *value = text + name + strlen(operators[op]);
    bool regex = op == OC_MATCH_REGEX || op == OC_MATCH_NOT_REGEX;
    char *expression = regex ? unwrapped(value) : oc_strdup(value);
    char *label = oc_strndup(text, name);
    int rc = expression ? oc_matcher_make(label, (enum oc_matcher_op)op, expression, m, err)
                        : refuse(err, text);
    free(label);
    free(expression);
    return rc;
}

int oc_matcher_parse_stored(const char *text, struct oc_matcher *m, struct oc_error *err)
{
    size_t name = strcspn(text, "=!");
    memset(m, 0, sizeof *m);
    if (!*text || strlen(text) > OC_MATCHER_TEXT_MAX || !oc_utf8_valid(text, strlen(text))) {
        return refuse(err, text);
    }
    if (!text[name]) {
        return oc_matcher_make("rule", OC_MATCH_GLOB, text, m, err);
    }
    int op = operator_at(text + name);
    if (name == 0 || op < 0) {
        return refuse(err, text);
    }
    return parse_parts(text, name, op, m, err);
}

char *oc_matcher_stored_text(const struct oc_matcher *m)
{
    bool regex = m->op == OC_MATCH_REGEX || m->op == OC_MATCH_NOT_REGEX;
    return oc_asprintf("%s%s%s%s%s", m->name, operators[m->op], regex ? "(" : "", m->value,
                       regex ? ")/" : "");
}

/* ---- Alertmanager's ---- */

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t\n\r");
}

static int refuse_v2(struct oc_error *err, const char *text)
{
    oc_error_set(err, OC_E_CONFIG, "bad matcher format: %.200s", text);
    oc_error_hint(err, "Write NAME=VALUE, NAME!=VALUE, NAME=~REGEX or NAME!~REGEX, with quotes "
                       "around a VALUE of several words.");
    return OC_E_CONFIG;
}

/* A word in quotes, with \" \\ \n; NULL when it does not end. *end is behind it. */
static char *quoted(const char *s, const char **end)
{
    struct oc_buf out = {0};
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && s[1]) {
            s++;
            oc_buf_addc(&out, *s == 'n' ? '\n' : *s);
            if (*s != 'n' && *s != '"' && *s != '\\') { /* other escapes are the expression's */
                out.len--;
                oc_buf_addc(&out, '\\');
                oc_buf_addc(&out, *s);
            }
        } else {
            oc_buf_addc(&out, *s);
        }
    }
    if (*s != '"') {
        oc_buf_finish(&out);
        return NULL;
    }
    *end = s + 1;
    return oc_buf_take(&out);
}

static char *trimmed(const char *s, size_t len)
{
    while (len > 0 && strchr(" \t\n\r", s[len - 1])) {
        len--;
    }
    return oc_strndup(s, len);
}

static int v2_operator(const char **s)
{
    int op = -1;
    if ((*s)[0] == '=') {
        op = (*s)[1] == '~' ? OC_MATCH_REGEX : OC_MATCH_EQUAL;
    } else if ((*s)[0] == '!') {
        op = (*s)[1] == '=' ? OC_MATCH_UNEQUAL : (*s)[1] == '~' ? OC_MATCH_NOT_REGEX : -1;
    }
    *s += op < 0 ? 0 : op == OC_MATCH_EQUAL ? 1 : 2;
    return op;
}

/* `text` without the braces around it and the comma at its end; owned by the caller. */
static char *bare(const char *text)
{
    const char *s = skip_space(text);
    char *copy = trimmed(s, strlen(s));
    size_t len = strlen(copy);
    if (len >= 2 && copy[0] == '{' && copy[len - 1] == '}') {
        char *inner =
            trimmed(skip_space(copy + 1), len - 1 - (size_t)(skip_space(copy + 1) - copy));
        free(copy);
        copy = inner;
        len = strlen(copy);
    }
    if (len > 0 && copy[len - 1] == ',') {
        copy[len - 1] = '\0';
    }
    return copy;
}

static int parse_v2(const char *s, const char *text, struct oc_matcher *m, struct oc_error *err)
{
    char *name = NULL, *value = NULL;
    const char *end = s;
    if (*s == '"') {
        name = quoted(s, &end);
    } else {
        end = s + strcspn(s, "=!");
        name = trimmed(s, (size_t)(end - s));
    }
    end = skip_space(end);
    int op = v2_operator(&end);
    end = skip_space(end);
    if (name && *name && op >= 0) {
        bool quotes = *end == '"';
        value = quotes ? quoted(end, &end) : trimmed(end, strlen(end));
        if (quotes && value && *skip_space(end)) {
            OC_FREE(value); /* something follows the last quote */
        }
    }
    int rc =
        value ? oc_matcher_make(name, (enum oc_matcher_op)op, value, m, err) : refuse_v2(err, text);
    free(name);
    free(value);
    return rc;
}

int oc_matcher_parse_v2(const char *text, struct oc_matcher *m, struct oc_error *err)
{
    memset(m, 0, sizeof *m);
    if (strlen(text) > OC_MATCHER_TEXT_MAX || !oc_utf8_valid(text, strlen(text))) {
        return refuse_v2(err, text);
    }
    char *inner = bare(text);
    int rc = parse_v2(inner, text, m, err);
    free(inner);
    return rc;
}

/* A name in quotes is a label's, whatever it is called. */
static bool is_quoted(const char *text)
{
    return text[strspn(text, " \t\n\r{")] == '"';
}

int oc_matcher_parse(const char *text, struct oc_matcher *m, struct oc_error *err)
{
    memset(m, 0, sizeof *m);
    if (!*text || strlen(text) > OC_MATCHER_TEXT_MAX || !oc_utf8_valid(text, strlen(text))) {
        return refuse(err, text);
    }
    if (!strpbrk(text, "=!{}\"~")) {
        return oc_matcher_make(NAME, strpbrk(text, "*?") ? OC_MATCH_GLOB : OC_MATCH_EQUAL, text, m,
                               err);
    }
    int rc = oc_matcher_parse_v2(text, m, err);
    if (rc == OC_OK && strcmp(m->name, RULE) == 0 && !is_quoted(text)) {
        free(m->name);
        m->name = oc_strdup(NAME);
    }
    return rc;
}

/* Whether it is read as it stands, without quotes around it. */
static bool is_plain(const char *s, const char *forbidden)
{
    size_t len = strlen(s);
    return !strpbrk(s, forbidden) &&
           (len == 0 || (!strchr(" \t\n\r~", *s) && !strchr(" \t\n\r,", s[len - 1])));
}

static void add_word(struct oc_buf *out, const char *s, bool plain)
{
    oc_buf_adds(out, plain ? "" : "\"");
    for (; *s; s++) {
        oc_buf_adds(out, !plain && strchr("\"\\\n", *s) ? "\\" : "");
        oc_buf_addc(out, !plain && *s == '\n' ? 'n' : *s);
    }
    oc_buf_adds(out, plain ? "" : "\"");
}

char *oc_matcher_text(const struct oc_matcher *m)
{
    static const char *const written[] = {"=", "!=", "=~", "!~", "=~", "!~"};
    struct oc_buf out = {0};
    char *value = oc_matcher_v2_value(m);
    /* without quotes it would be the alert's name */
    add_word(&out, m->name, is_plain(m->name, "=!{}\"~\n") && strcmp(m->name, RULE) != 0);
    oc_buf_adds(&out, written[m->op]);
    add_word(&out, value, is_plain(value, "\"\n"));
    free(value);
    return oc_buf_take(&out);
}

char *oc_matcher_v2_value(const struct oc_matcher *m)
{
    struct oc_buf out = {0};
    if (m->op != OC_MATCH_GLOB && m->op != OC_MATCH_NOT_GLOB) {
        return oc_strdup(m->value);
    }
    for (const char *s = m->value; *s; s++) {
        if (*s == '*' || *s == '?') {
            oc_buf_adds(&out, *s == '*' ? ".*" : ".");
        } else {
            if (strchr("\\.+()[]{}|^$", *s)) {
                oc_buf_addc(&out, '\\');
            }
            oc_buf_addc(&out, *s);
        }
    }
    return oc_buf_take(&out);
}

/* ---- matching ---- */

bool oc_matcher_holds_text(const struct oc_matcher *m, const char *value, size_t len)
{
    switch (m->op) {
    case OC_MATCH_EQUAL:
        return strcmp(value, m->value) == 0;
    case OC_MATCH_UNEQUAL:
        return strcmp(value, m->value) != 0;
    case OC_MATCH_GLOB:
        return oc_glob(m->value, value);
    case OC_MATCH_NOT_GLOB:
        return !oc_glob(m->value, value);
    case OC_MATCH_REGEX:
        return oc_regex_match_within(m->regex, value, len, MATCH_STEPS);
    case OC_MATCH_NOT_REGEX:
        return !oc_regex_match_within(m->regex, value, len, MATCH_STEPS);
    }
    return false;
}

bool oc_matcher_holds_value(const struct oc_matcher *m, const char *value)
{
    return oc_matcher_holds_text(m, value, strlen(value));
}

bool oc_matcher_holds(const struct oc_matcher *m, const struct oc_alerts *t,
                      const struct oc_alert *alert)
{
    return oc_matcher_holds_value(m, oc_alert_record_field(t, alert, m->name));
}

bool oc_matcher_same(const struct oc_matcher *a, const struct oc_matcher *b)
{
    return a->op == b->op && strcmp(a->name, b->name) == 0 && strcmp(a->value, b->value) == 0;
}
