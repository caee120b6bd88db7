/* Tokens of a rule expression. SPDX-License-Identifier: MIT */
#include "core/policy/scan.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"

/* Functions whose first argument is the name of a metric. */
static const char *const READERS[] = {"metric", "avg", "min", "max", "rate", "changes"};
static const char *const VALUES[] = {"metric"}; /* those that look back on nothing */
static const char *const LIBRARY[] = {"math", "string", "tonumber", "tostring", "type"};
static const char *const KEYWORDS[] = {"and", "or", "not", "nil", "true", "false"};
/* What begins or ends a statement or a function has no place in an expression. */
static const char *const STATEMENTS[] = {"break",    "do",   "else",  "elseif", "end",   "for",
                                         "function", "goto", "if",    "in",     "local", "repeat",
                                         "return",   "then", "until", "while"};

#define SPACE                   " \t\r\n\v\f"
#define LISTED(list, word, len) listed(list, OC_COUNT(list), word, len)

static bool listed(const char *const *list, size_t count, const char *word, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == len && memcmp(list[i], word, len) == 0) {
            return true;
        }
    }
    return false;
}

struct scan {
    const char *at;
    char last; /* last character of the token before, '\0' at the start */
    int depth; /* of parentheses, brackets and braces */
    json_t *names;
    struct oc_buf *chunk; /* what Lua will compile */
    struct oc_error *err;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void skip_space(struct scan *s)
{
    while (isspace((unsigned char)*s->at)) {
        oc_buf_addc(s->chunk, *s->at++);
    }
}

static int refuse(struct scan *s, const char *hint, const char *what, const char *at, size_t len)
{
    oc_error_set(s->err, OC_E_CONFIG, "%s \"%.*s\"", what, (int)(len < 100 ? len : 100), at);
    oc_error_hint(s->err, "%s", hint);
    return OC_E_CONFIG;
}

static int add_name(struct scan *s, const char *name, size_t len)
{
    if (len > OC_EXPR_NAME_MAX) {
        return refuse(s, "Names have at most 200 bytes.", "a name is too long:", name, len);
    }
    for (size_t i = 0; i < json_array_size(s->names); i++) {
        const char *known = json_string_value(json_array_get(s->names, i));
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            return OC_OK;
        }
    }
    if (json_array_size(s->names) == OC_EXPR_NAMES_MAX) {
        return refuse(s, "Split the rule in two.", "more than 32 names, the next is", name, len);
    }
    json_array_append_new(s->names, json_stringn(name, len));
    return OC_OK;
}

int oc_expr_window(const char *text, int64_t *ms, struct oc_error *err)
{
    int code = OC_OK;
    if (oc_duration_parse(text, ms) != OC_OK || *ms <= 0) {
        code = oc_error_set(err, OC_E_CONFIG, "\"%.60s\" is not a window such as 5m", text);
    } else if (*ms > OC_EXPR_WINDOW_MAX) {
        code = oc_error_set(err, OC_E_CONFIG, "\"%.60s\" is too long a window", text);
    }
    if (code != OC_OK) {
        oc_error_hint(err, "Write a duration of at most one day, such as \"5m\".");
    }
    return code;
}

/* Behind the name: , "5m"). What is not as plain as that is judged when it is asked for. */
static int check_window(struct scan *s, const char *after_name)
{
    const char *p = after_name + strspn(after_name, SPACE);
    if (*p != ',') {
        return OC_OK;
    }
    p += 1 + strspn(p + 1, SPACE);
    const char quote = *p;
    const size_t len = quote == '"' || quote == '\'' ? strcspn(p + 1, "\"'\\\n") : 0;
    if (len == 0 || p[1 + len] != quote) {
        return OC_OK;
    }
    const char *end = p + len + 2;
    if (end[strspn(end, SPACE)] != ')') {
        return OC_OK;
    }
    char *window = oc_strndup(p + 1, len);
    int64_t ms;
    const int code = oc_expr_window(window, &ms, s->err);
    free(window);
    return code;
}

/* avg("name", ...: the quoted name after the function. */
static int check_quoted_name(struct scan *s, const char *function, size_t function_len)
{
    const char *p = s->at + strspn(s->at, SPACE);
    bool call = *p == '(';
    p += call;
    p += strspn(p, SPACE);
    char quote = *p;
    if (!call || (quote != '"' && quote != '\'')) {
        return refuse(s, "Write it as avg(\"system.cpu_percent\", \"5m\").",
                      "a metric name in quotes must follow", function, function_len);
    }
    const char *end = ++p;
    while (is_word(*end) || *end == '.' || *end == ':') {
        end++;
    }
    if (*end != quote || end == p || isdigit((unsigned char)*p)) {
        return refuse(s, "A metric name has letters, digits, '_', '.' and ':'.",
                      "not a metric name:", p, strcspn(p, "\"'\n"));
    }
    const int code = add_name(s, p, (size_t)(end - p));
    return code == OC_OK && !LISTED(VALUES, function, function_len) ? check_window(s, end + 1)
                                                                    : code;
}

/* A dotted name of something outside: it becomes a call. */
static int scan_metric(struct scan *s, const char *start, size_t len)
{
    if (memchr(start, '.', len) == NULL) {
        return refuse(s, "A metric is written with its dots, or as metric(\"name\").",
                      "unknown name", start, len);
    }
    if (s->at[strspn(s->at, SPACE)] == '(') {
        return refuse(s, "Conditions can call avg, min, max, rate, changes, metric and math.*.",
                      "unknown function", start, len);
    }
    oc_buf_addf(s->chunk, "metric(\"%.*s\")", (int)len, start);
    return add_name(s, start, len);
}

/* Word ('.' word)* */
static int scan_word(struct scan *s)
{
    const char *start = s->at, *end = start;
    bool member = s->last == '.' || s->last == ':';
    while (is_word(*end)) {
        end++;
    }
    size_t first = (size_t)(end - start);
    while (*end == '.' && is_word(end[1]) && !isdigit((unsigned char)end[1])) {
        for (end++; is_word(*end); end++) {
        }
    }
    size_t len = (size_t)(end - start);
    s->at = end;
    s->last = end[-1];
    if (LISTED(STATEMENTS, start, first)) {
        return refuse(s, "A rule is one expression; `and` and `or` take the place of `if`.",
                      "an expression cannot hold", start, first);
    }
    bool reader = LISTED(READERS, start, first);
    if (!member && !reader && !LISTED(KEYWORDS, start, first) && !LISTED(LIBRARY, start, first)) {
        return scan_metric(s, start, len);
    }
    oc_buf_add(s->chunk, start, len);
    return reader && !member ? check_quoted_name(s, start, first) : OC_OK;
}

static int scan_string(struct scan *s)
{
    const char *start = s->at;
    char quote = *s->at++;
    while (*s->at != quote) {
        if (*s->at == '\\' && s->at[1] != '\0') {
            s->at++;
        }
        if (*s->at == '\0' || *s->at == '\n') {
            return refuse(s, "Close the quotation marks.", "an unfinished string", start,
                          strcspn(start, "\n"));
        }
        s->at++;
    }
    s->last = *s->at++;
    oc_buf_add(s->chunk, start, (size_t)(s->at - start));
    return OC_OK;
}

static int scan_symbol(struct scan *s)
{
    static const struct {
        const char *wrong, *hint;
    } FOREIGN[] = {
        {"!=", "Lua writes ~= for \"not equal\"."},
        {"&&", "Lua writes `and`."},
        {"||", "Lua writes `or`."},
        {"--", "A rule needs no comment: the configuration has its own."},
        {"[[", "Write strings in quotation marks."},
        {"[=", "Write strings in quotation marks."},
        {"::", "A rule is one expression."},
    };
    for (size_t i = 0; i < OC_COUNT(FOREIGN); i++) {
        if (strncmp(s->at, FOREIGN[i].wrong, 2) == 0) {
            return refuse(s, FOREIGN[i].hint, "an expression cannot hold", s->at, 2);
        }
    }
    if (strchr("([{", *s->at) != NULL) {
        s->depth++;
    } else if (strchr(")]}", *s->at) != NULL) {
        s->depth--;
    }
    if ((*s->at == ',' && s->depth <= 0) || *s->at == ';') {
        return refuse(s, "Join conditions with `and` or `or`.", "a second expression begins at",
                      s->at, strcspn(s->at, "\n"));
    }
    s->last = *s->at++;
    oc_buf_addc(s->chunk, s->last);
    return OC_OK;
}

/* Lua's own compiler judges the number; here only its extent matters. */
static void scan_number(struct scan *s)
{
    const char *start = s->at;
    while (is_word(*s->at) || *s->at == '.' ||
           (strchr("+-", *s->at) != NULL && *s->at != '\0' && strchr("eEpP", s->at[-1]) != NULL)) {
        s->at++;
    }
    s->last = s->at[-1];
    oc_buf_add(s->chunk, start, (size_t)(s->at - start));
}

static int scan_token(struct scan *s)
{
    char c = *s->at;
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)s->at[1]))) {
        scan_number(s);
        return OC_OK;
    }
    if (is_word(c)) {
        return scan_word(s);
    }
    if (c == '"' || c == '\'') {
        return scan_string(s);
    }
    return scan_symbol(s);
}

int oc_expr_scan(const char *text, json_t **names, struct oc_buf *chunk, struct oc_error *err)
{
    struct scan s = {.at = text, .names = json_array(), .chunk = chunk, .err = err};
    int code = OC_OK;
    *names = NULL;
    oc_buf_adds(chunk, "return ");
    if (strlen(text) > OC_EXPR_MAX) {
        code = oc_error_set(err, OC_E_CONFIG, "an expression of more than %d bytes", OC_EXPR_MAX);
    }
    for (skip_space(&s); code == OC_OK && *s.at != '\0'; skip_space(&s)) {
        code = scan_token(&s);
    }
    if (code == OC_OK && s.last == '\0') {
        code = oc_error_set(err, OC_E_CONFIG, "the expression is empty");
    }
    if (code != OC_OK) {
        json_decref(s.names);
        return code;
    }
    *names = s.names;
    return OC_OK;
}
