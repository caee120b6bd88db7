/* Puts values into template files so that they stay values. SPDX-License-Identifier: MIT */
#include "core/package/author/subst.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* ---- what kind of text a file holds ---- */

enum escape { ESC_RAW, ESC_C, ESC_PLAIN, ESC_SHELL, ESC_CMAKE, ESC_JSON, ESC_YAML, ESC_MARKUP };

struct style {
    const char *endings; /* ".c.h" */
    enum escape escape;
    const char *line_comment; /* NULL = none */
    bool block_comment;       /* slash and star */
    const char *quotes;
};

static const struct style styles[] = {
    {".c.h.cc.hh.cpp.hpp.cxx.", ESC_C, "//", true, "\"'"},
    {".rs.", ESC_PLAIN, "//", true, "\""},
    {".js.mjs.cjs.ts.go.java.", ESC_PLAIN, "//", true, "\"'`"},
    {".py.toml.ini.conf.cfg.", ESC_PLAIN, "#", false, "\"'"},
    {".sh.bash.env.example.", ESC_SHELL, "#", false, "\"'"},
    {".cmake.CMakeLists.txt.", ESC_CMAKE, "#", false, "\""},
    {".json.", ESC_JSON, NULL, false, "\""},
    {".yaml.yml.", ESC_YAML, "#", false, "\"'"},
    {".html.htm.xml.svg.xhtml.", ESC_MARKUP, NULL, false, ""},
};
static const struct style raw_style = {"", ESC_RAW, NULL, false, ""};
static const struct style yaml_style = {"", ESC_YAML, "#", false, "\"'"};

static const struct style *style_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    if (strcmp(name, "CMakeLists.txt") == 0) {
        dot = ".cmake";
    } else if (dot && strcasecmp(dot, ".txt") == 0) {
        dot = NULL;
    }
    char want[24] = {0};
    if (!dot || strlen(dot) > sizeof want - 2) {
        return &raw_style;
    }
    for (size_t i = 0; dot[i]; i++) {
        want[i] = (char)tolower((unsigned char)dot[i]);
    }
    want[strlen(want)] = '.';
    for (size_t i = 0; i < OC_COUNT(styles); i++) {
        if (strstr(styles[i].endings, want)) {
            return &styles[i];
        }
    }
    return &raw_style;
}

/* ---- the state of the text before a variable ---- */

enum where { IN_CODE, IN_LINE_COMMENT, IN_BLOCK_COMMENT, IN_STRING };

struct lexer {
    const struct style *style;
    enum where where;
    char quote;
    char last; /* the character before */
};

static bool begins_comment(const struct lexer *x, const char *text, size_t left)
{
    const char *mark = x->style->line_comment;
    const size_t n = mark ? strlen(mark) : 0;
    if (!n || left < n || strncmp(text, mark, n) != 0) {
        return false;
    }
    return *mark != '#' || !x->last || isspace((unsigned char)x->last); /* "$#" begins none */
}

static size_t step_code(struct lexer *x, const char *text, size_t left)
{
    if (begins_comment(x, text, left)) {
        x->where = IN_LINE_COMMENT;
    } else if (x->style->block_comment && left > 1 && text[0] == '/' && text[1] == '*') {
        x->where = IN_BLOCK_COMMENT;
        return 2;
    } else if (*text && strchr(x->style->quotes, *text)) {
        x->where = IN_STRING;
        x->quote = *text;
    }
    return 1;
}

static size_t step_string(struct lexer *x, const char *text, size_t left)
{
    const bool literal =
        x->quote == '\'' && (x->style->escape == ESC_SHELL || x->style->escape == ESC_YAML);
    if (*text == '\\' && left > 1 && !literal) {
        return 2;
    }
    if (*text == x->quote || (*text == '\n' && x->style->escape == ESC_C)) {
        x->where = IN_CODE;
    }
    return 1;
}

/* Looks at the next character or two; returns how many it took. */
static size_t step(struct lexer *x, const char *text, size_t left)
{
    size_t took = 1;
    switch (x->where) {
    case IN_CODE:
        took = step_code(x, text, left);
        break;
    case IN_LINE_COMMENT:
        x->where = *text == '\n' ? IN_CODE : x->where;
        break;
    case IN_BLOCK_COMMENT:
        if (left > 1 && text[0] == '*' && text[1] == '/') {
            x->where = IN_CODE;
            took = 2;
        }
        break;
    case IN_STRING:
        took = step_string(x, text, left);
        break;
    }
    x->last = text[took - 1];
    return took;
}

/* ---- putting a value in ---- */

/* What reads as one word in every language here. */
static bool is_word(const char *value)
{
    for (const char *c = value; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c)) {
            return false;
        }
    }
    return *value != '\0';
}

/* A plain scalar of YAML that means its own text (YAML 1.2.2, 7.3.3), drawn narrowly. */
static bool is_plain_scalar(const char *value)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcasecmp(words[i], value) == 0) {
            return false;
        }
    }
    if (!isalpha((unsigned char)*value) || value[strlen(value) - 1] == ' ') {
        return false;
    }
    for (const char *c = value; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(" _.@/+-", *c)) {
            return false;
        }
    }
    return true;
}

static void add_json(struct oc_buf *out, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\') {
            oc_buf_addc(out, '\\');
        }
        oc_buf_addc(out, *c);
    }
}

/* What the reader of the file sees counts, and not the value alone: "*\" becomes "*" and "/", and the text on either side
 * may hold the other half of a mark. */
static void add_comment(const struct lexer *x, struct oc_buf *out, const char *value)
{
    char before = '\0';
    if (out->len) {
        before = out->data[out->len - 1];
    }
    for (const char *c = value; *c; c++) {
        const char shown = *c == '\\' ? '/' : *c; /* a backslash would join the next line */
        if ((before == '*' && shown == '/') || (before == '/' && shown == '*')) {
            oc_buf_addc(out, ' ');
        }
        oc_buf_addc(out, shown);
        before = shown;
    }
    if (*value && x->where == IN_BLOCK_COMMENT && (before == '*' || before == '/')) {
        oc_buf_addc(out, ' ');
    }
}

static void add_c(struct oc_buf *out, const char *value)
{
    for (const char *c = value; *c; c++) {
        const bool trigraph = *c == '?' && c > value && c[-1] == '?';
        if (strchr("\"\\'", *c) || trigraph) {
            oc_buf_addc(out, '\\');
        }
        oc_buf_addc(out, *c);
    }
}

static void add_escaping(struct oc_buf *out, const char *value, const char *special)
{
    for (const char *c = value; *c; c++) {
        if (strchr(special, *c)) {
            oc_buf_addc(out, '\\');
        }
        oc_buf_addc(out, *c);
    }
}

static void add_doubling(struct oc_buf *out, const char *value, const char *quoted)
{
    for (const char *c = value; *c; c++) {
        if (*c == '\'') {
            oc_buf_adds(out, quoted);
        } else {
            oc_buf_addc(out, *c);
        }
    }
}

static void add_string(const struct lexer *x, const char *value, struct oc_buf *out)
{
    const char own[] = {'\\', x->quote, x->quote == '`' ? '$' : '\0', '\0'};
    switch (x->style->escape) {
    case ESC_C:
        add_c(out, value);
        break;
    case ESC_SHELL:
        if (x->quote == '\'') {
            add_doubling(out, value, "'\\''");
        } else {
            add_escaping(out, value, "\\\"$`");
        }
        break;
    case ESC_CMAKE:
        add_escaping(out, value, "\\\"$");
        break;
    case ESC_YAML:
        if (x->quote == '\'') {
            add_doubling(out, value, "''");
        } else {
            add_json(out, value);
        }
        break;
    case ESC_JSON:
        add_json(out, value);
        break;
    case ESC_PLAIN:
        add_escaping(out, value, own);
        break;
    case ESC_RAW:
    case ESC_MARKUP:
        oc_buf_adds(out, value);
        break;
    }
}

/* Outside strings and comments. False when the value may not stand there. */
static bool add_bare(const struct lexer *x, const char *value, bool whole, struct oc_buf *out)
{
    if (x->style->escape == ESC_RAW) {
        oc_buf_adds(out, value);
    } else if (x->style->escape == ESC_MARKUP) {
        oc_markup_add(out, value);
    } else if (x->style->escape == ESC_YAML && is_plain_scalar(value)) {
        oc_buf_adds(out, value);
    } else if (x->style->escape == ESC_YAML && whole) {
        oc_buf_addc(out, '"');
        add_json(out, value);
        oc_buf_addc(out, '"');
    } else if (is_word(value)) {
        oc_buf_adds(out, value);
    } else {
        return false;
    }
    return true;
}

static bool add_value(const struct lexer *x, const char *value, bool whole, struct oc_buf *out)
{
    switch (x->where) {
    case IN_LINE_COMMENT:
    case IN_BLOCK_COMMENT:
        add_comment(x, out, value);
        return true;
    case IN_STRING:
        add_string(x, value, out);
        return true;
    case IN_CODE:
        break;
    }
    return add_bare(x, value, whole, out);
}

/* ---- the text ---- */

/* The name in "{{ name }}" at `text`; *len is how long the whole thing is. NULL when there is none. Owned. */
static char *variable_at(const char *text, size_t left, size_t *len)
{
    size_t i = 2;
    if (left < 5 || text[0] != '{' || text[1] != '{') {
        return NULL;
    }
    while (i < left && text[i] == ' ') {
        i++;
    }
    const size_t from = i;
    while (i < left && i - from < 64 && (isalnum((unsigned char)text[i]) || text[i] == '_')) {
        i++;
    }
    const size_t to = i;
    while (i < left && text[i] == ' ') {
        i++;
    }
    if (to == from || i + 1 >= left || text[i] != '}' || text[i + 1] != '}') {
        return NULL;
    }
    *len = i + 2;
    return oc_strndup(text + from, to - from);
}

static void note_unknown(json_t *unknown, const char *name)
{
    const json_t *item;
    size_t i;
    json_array_foreach(unknown, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0) {
            return;
        }
    }
    json_array_append_new(unknown, json_string(name));
}

static size_t line_of(const char *text, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n';
    }
    return line;
}

/* Is the variable all that follows "key: " or "- " on its line? */
static bool is_whole_scalar(const char *text, size_t at, size_t end, size_t len)
{
    const bool after = end == len || text[end] == '\n' || text[end] == '\r';
    return after && at > 1 && text[at - 1] == ' ' && (text[at - 2] == ':' || text[at - 2] == '-');
}

/* Where the front matter of a Markdown file ends: behind its second "---"; 0 when it has none. */
static size_t front_matter_end(const char *path, const char *text, size_t len)
{
    if (!oc_ends(path, ".md") || len < 8 || strncmp(text, "---\n", 4) != 0) {
        return 0;
    }
    for (size_t i = 4; i + 3 < len; i++) {
        if (text[i - 1] == '\n' && strncmp(text + i, "---\n", 4) == 0) {
            return i;
        }
    }
    return 0;
}

static int refuse_value(const char *path, size_t line, const char *name, const char *value,
                        struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "%s:%zu: \"%s\" cannot stand for {{%s}} there", path, line,
                 value, name);
    oc_error_hint(err, "Choose one word of letters, digits, dots, dashes and underscores.");
    return OC_E_CONFIG;
}

int oc_subst_text(const char *path, const char *text, size_t len, const json_t *vars,
                  json_t *unknown, struct oc_buf *out, struct oc_error *err)
{
    const size_t front = front_matter_end(path, text, len);
    struct lexer x = {.style = front ? &yaml_style : style_of(path)};
    size_t i = 0, took;
    while (i < len) {
        if (front && i == front) {
            x = (struct lexer){.style = &raw_style};
        }
        char *name = variable_at(text + i, len - i, &took);
        const char *value = name ? oc_json_str(vars, name, NULL) : NULL;
        if (value && !add_value(&x, value, is_whole_scalar(text, i, i + took, len), out)) {
            const int code = refuse_value(path, line_of(text, i), name, value, err);
            free(name);
            return code;
        }
        if (!value) {
            if (name && unknown) {
                note_unknown(unknown, name);
            }
            took = step(&x, text + i, len - i);
            oc_buf_add(out, text + i, took);
        }
        i += took;
        free(name);
    }
    return OC_OK;
}

int oc_subst_check_value(const char *name, const char *value, struct oc_error *err)
{
    const size_t len = strlen(value);
    if (len > OC_SUBST_VALUE_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "%s: longer than %u bytes", name, OC_SUBST_VALUE_MAX);
    }
    if (!oc_utf8_valid(value, len)) {
        return oc_error_set(err, OC_E_CONFIG, "%s: not UTF-8", name);
    }
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return oc_error_set(err, OC_E_CONFIG,
                                "%s: has to be one line without control characters", name);
        }
    }
    return OC_OK;
}

/* ---- names ---- */

int oc_subst_path_check(const char *path, struct oc_error *err)
{
    bool bad = !*path || *path == '/' || strlen(path) > 240 || strchr(path, '\\');
    for (const char *part = path; !bad && *part;) {
        const size_t n = strcspn(part, "/");
        bad = n == 0 || (n == 1 && *part == '.') || (n == 2 && strncmp(part, "..", 2) == 0) ||
              (part[n] == '/' && !part[n + 1]);
        for (size_t i = 0; !bad && i < n; i++) {
            bad = (unsigned char)part[i] < 0x20 || part[i] == 0x7f;
        }
        part += n + (part[n] == '/');
    }
    if (bad) {
        oc_error_set(err, OC_E_REFUSED, "\"%s\" is no path inside the new folder", path);
        oc_error_hint(err, "Do not use this template: its file names lead out of the folder.");
        return OC_E_REFUSED;
    }
    return OC_OK;
}

int oc_subst_path(const char *path, const json_t *vars, char **out, struct oc_error *err)
{
    struct oc_buf name = {0};
    size_t i = 0, took;
    const size_t len = strlen(path);
    int code = OC_OK;
    while (i < len && code == OC_OK) {
        char *variable = variable_at(path + i, len - i, &took);
        const char *value = variable ? oc_json_str(vars, variable, "") : NULL;
        if (!variable) {
            took = 1;
            oc_buf_addc(&name, path[i]);
        } else if (!oc_name_valid(value)) {
            code = oc_error_set(err, OC_E_CONFIG, "{{%s}} is \"%s\", which is no name for a file",
                                variable, value);
        } else {
            oc_buf_adds(&name, value);
        }
        i += took;
        free(variable);
    }
    *out = oc_buf_take(&name);
    if (code == OC_OK) {
        code = oc_subst_path_check(*out, err);
    }
    if (code != OC_OK) {
        OC_FREE(*out);
    }
    return code;
}
