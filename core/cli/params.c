/* From words to the parameters of an operation. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cli/cli.h"
#include "core/sys/file.h"

#define CHOICES_MAX 64
#define CONTENT_MAX (1u << 20)

struct parse {
    const struct cli_op *op;
    int argc;
    char **argv;
    json_t *params;
    const char *content; /* the file by place whose content is sent, or NULL */
    struct oc_error *err;
};

void oc_op_words(const char *name, char *buf, size_t size)
{
    oc_copy(buf, size, name);
    for (char *c = buf; *c; c++) {
        *c = *c == '.' ? ' ' : *c == '_' ? '-' : *c;
    }
}

/* Says what a text means that is no choice: "content", "file", "name|file". */
static bool is_kind(const struct cli_param *param, const char *kind)
{
    return (param->type == OC_OPT_STRING || param->type == OC_OPT_STRINGS) && param->choices &&
           strcmp(param->choices, kind) == 0;
}

static bool is_content(const struct cli_param *param)
{
    return param->type == OC_OPT_STRING && is_kind(param, "content");
}

bool oc_param_is_file(const struct cli_param *param)
{
    return param->type == OC_OPT_PATH || is_content(param) || is_kind(param, "file") ||
           is_kind(param, "name|file");
}

const char *oc_param_word(const struct cli_param *param)
{
    static const char *const words[] = {[OC_OPT_BOOL] = "",         [OC_OPT_INT] = "N",
                                        [OC_OPT_FLOAT] = "NUMBER",  [OC_OPT_DURATION] = "DURATION",
                                        [OC_OPT_SIZE] = "SIZE",     [OC_OPT_STRING] = "TEXT",
                                        [OC_OPT_SECRET] = "SECRET", [OC_OPT_ENUM] = "CHOICE",
                                        [OC_OPT_PATH] = "FILE",     [OC_OPT_URL] = "URL",
                                        [OC_OPT_STRINGS] = "TEXT",  [OC_OPT_INTS] = "N",
                                        [OC_OPT_MAP] = "KEY=VALUE"};
    if (is_content(param)) {
        return words[OC_OPT_PATH];
    }
    return param->type < OC_COUNT(words) && words[param->type] ? words[param->type] : "VALUE";
}

void oc_param_spell(const struct cli_param *param, char *buf, size_t size)
{
    bool place = param->flags & OC_OPT_POSITIONAL;
    snprintf(buf, size, "%s%s", place ? "" : "--", param->name);
    for (char *c = buf; *c; c++) {
        *c = *c == '_' ? '-' : *c;
        if (place && *c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
}

static const struct cli_param *find(const struct cli_op *op, const char *word, size_t len);
static int fail(const struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(const struct parse *p, const char *fmt, ...)
{
    char words[128];
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_op_words(p->op->name, words, sizeof words);
    oc_error_set(p->err, OC_E_CONFIG, "%s", text);
    oc_error_hint(p->err, "`openclaw help %s` shows what it takes.", words);
    free(text);
    return OC_E_CONFIG;
}

/* ---- one value ---- */

static int wrong(const struct parse *p, const struct cli_param *param, const char *expected,
                 const char *text)
{
    char name[96];
    oc_param_spell(param, name, sizeof name);
    return fail(p, "%s: expected %s, found %s", name, expected, *text ? text : "nothing");
}

static int parse_choice(const struct parse *p, const struct cli_param *param, const char *text)
{
    char all[512], expected[640];
    const char *list[CHOICES_MAX];
    size_t count = 0;
    oc_copy(all, sizeof all, param->choices ? param->choices : "");
    snprintf(expected, sizeof expected, "one of %s", all);
    for (char *rest = all, *word; count < CHOICES_MAX && (word = strsep(&rest, "|"));) {
        if (strcmp(word, text) == 0) {
            return OC_OK;
        }
        list[count++] = word;
    }
    const char *near = oc_nearest(text, list, count);
    wrong(p, param, expected, text);
    if (near) {
        oc_error_hint(p->err, "Did you mean %s?", near);
    }
    return OC_E_CONFIG;
}

static int parse_integer(const struct parse *p, const struct cli_param *param, const char *text,
                         json_t **value)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end) {
        return wrong(p, param, "a whole number", text);
    }
    *value = json_integer(number);
    return OC_OK;
}

static int parse_real(const struct parse *p, const struct cli_param *param, const char *text,
                      json_t **value)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number)) {
        return wrong(p, param, "a number", text);
    }
    *value = json_real(number);
    return OC_OK;
}

static int parse_switch(const struct parse *p, const struct cli_param *param, const char *text,
                        json_t **value)
{
    bool on = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;
    if (!on && strcmp(text, "false") != 0 && strcmp(text, "no") != 0 && strcmp(text, "0") != 0) {
        return wrong(p, param, "true or false", text);
    }
    *value = json_boolean(on);
    return OC_OK;
}

/* An address ("https://..") in the place of a path stays as it is. */
static json_t *absolute(const char *path)
{
    if (strstr(path, "://")) {
        return json_string(path);
    }
    char *full = oc_path_expand(path, NULL);
    json_t *value = json_string(full);
    free(full);
    return value;
}

/* A text that may be a file as well as a name (choices "name|file"): what looks like a path is one. The operation runs
 * elsewhere, so it must be absolute. */
static bool is_path(const struct cli_param *param, const char *text)
{
    if (param->type == OC_OPT_STRINGS && is_kind(param, "file")) {
        return true;
    }
    return is_kind(param, "name|file") &&
           (strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || oc_starts(text, "./") ||
            oc_starts(text, "../") || oc_starts(text, "~/") || oc_ends(text, ".ocp") ||
            oc_ends(text, ".pub"));
}

/* A text whose word on the command line is a file (choices "content"): what is in the file is sent, so that it is the same
 * whenever it is used. The file gives `name` its value unless that is said. */
static int read_content(const struct parse *p, const struct cli_param *param, const char *path,
                        json_t **value)
{
    struct oc_buf text = {0};
    char *full = oc_path_expand(path, NULL);
    int rc = oc_file_read(full, CONTENT_MAX, &text, p->err);
    if (rc == OC_OK) {
        *value = json_stringn(text.data ? text.data : "", text.len);
        rc = *value ? OC_OK : wrong(p, param, "a file of text in UTF-8", path);
    }
    oc_buf_finish(&text);
    free(full);
    return rc;
}

/* "policies/route.lua" names what is in it "route". */
static void name_content(struct parse *p)
{
    const struct cli_param *name = find(p->op, "name", strlen("name"));
    if (!name || !p->content || json_object_get(p->params, "name")) {
        return;
    }
    const char *base = strrchr(p->content, '/');
    base = base ? base + 1 : p->content;
    json_object_set_new(p->params, "name", json_stringn(base, strcspn(base, ".")));
}

/* The value of one word; of one element when the type is a list. */
static int parse_value(const struct parse *p, const struct cli_param *param, const char *text,
                       json_t **value)
{
    int64_t number;
    *value = NULL;
    switch (param->type) {
    case OC_OPT_BOOL:
        return parse_switch(p, param, text, value);
    case OC_OPT_INT:
    case OC_OPT_INTS:
        return parse_integer(p, param, text, value);
    case OC_OPT_FLOAT:
        return parse_real(p, param, text, value);
    case OC_OPT_DURATION:
        if (oc_duration_parse(text, &number) != OC_OK) {
            return wrong(p, param, "a duration such as 10s or 2h", text);
        }
        break;
    case OC_OPT_SIZE:
        if (oc_size_parse(text, &number) != OC_OK) {
            return wrong(p, param, "a size such as 10MB", text);
        }
        break;
    case OC_OPT_ENUM:
        if (parse_choice(p, param, text) != OC_OK) {
            return OC_E_CONFIG;
        }
        break;
    case OC_OPT_PATH:
        *value = absolute(text);
        return *value ? OC_OK : wrong(p, param, "text in UTF-8", "other bytes");
    default:
        break;
    }
    if (is_content(param)) {
        return read_content(p, param, text, value);
    }
    if (is_path(param, text)) {
        *value = absolute(text);
        return *value ? OC_OK : wrong(p, param, "text in UTF-8", "other bytes");
    }
    *value = json_string(text);
    return *value ? OC_OK : wrong(p, param, "text in UTF-8", "other bytes");
}

static bool is_list(const struct cli_param *param)
{
    return param->type == OC_OPT_STRINGS || param->type == OC_OPT_INTS;
}

static json_t *member(const struct parse *p, const struct cli_param *param, json_t *empty)
{
    json_t *value = json_object_get(p->params, param->name);
    if (value) {
        json_decref(empty);
        return value;
    }
    json_object_set_new(p->params, param->name, empty);
    return empty;
}

static int add_pair(const struct parse *p, const struct cli_param *param, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !oc_utf8_valid(text, strlen(text))) {
        return wrong(p, param, "KEY=VALUE", text);
    }
    char *key = oc_strndup(text, (size_t)(equals - text));
    oc_json_set_str(member(p, param, json_object()), key, equals + 1);
    free(key);
    return OC_OK;
}

static int add(const struct parse *p, const struct cli_param *param, const char *text)
{
    json_t *value;
    if (param->type == OC_OPT_MAP) {
        return add_pair(p, param, text);
    }
    if (!is_list(param) && json_object_get(p->params, param->name)) {
        char name[96];
        oc_param_spell(param, name, sizeof name);
        return fail(p, "%s is given twice", name);
    }
    int rc = parse_value(p, param, text, &value);
    if (rc == OC_OK && is_list(param)) {
        json_array_append_new(member(p, param, json_array()), value);
    } else if (rc == OC_OK) {
        json_object_set_new(p->params, param->name, value);
    }
    return rc;
}

/* ---- by name ---- */

static bool same_name(const char *name, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name[i] != word[i] && !(name[i] == '_' && word[i] == '-')) {
            return false;
        }
    }
    return !name[len];
}

static const struct cli_param *find(const struct cli_op *op, const char *word, size_t len)
{
    for (size_t i = 0; i < op->param_count; i++) {
        if (strlen(op->params[i].name) == len && same_name(op->params[i].name, word, len)) {
            return &op->params[i];
        }
    }
    return NULL;
}

static int unknown_option(const struct parse *p, const char *word, size_t len)
{
    char spelled[32][96], given[96];
    const char *list[32];
    size_t count = 0;
    for (; count < p->op->param_count && count < OC_COUNT(list); count++) {
        snprintf(spelled[count], sizeof spelled[count], "%s", p->op->params[count].name);
        for (char *c = spelled[count]; *c; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        list[count] = spelled[count];
    }
    snprintf(given, sizeof given, "%.*s", (int)len, word);
    const char *near = oc_nearest(given, list, count);
    fail(p, "there is no option --%s", given);
    if (near) {
        oc_error_hint(p->err, "Did you mean --%s?", near);
    }
    return OC_E_CONFIG;
}

/* Takes argv[*at], which begins with "--", and its value. */
static int take_option(const struct parse *p, int *at)
{
    const char *word = p->argv[*at] + 2;
    size_t len = strcspn(word, "=");
    const struct cli_param *param = find(p->op, word, len);
    if (!param && oc_starts(word, "no-") && !word[len]) {
        param = find(p->op, word + 3, len - 3);
        if (param && param->type == OC_OPT_BOOL) {
            return add(p, param, "false");
        }
        param = NULL;
    }
    if (!param) {
        return unknown_option(p, word, len);
    }
    if (word[len] == '=') {
        return add(p, param, word + len + 1);
    }
    if (param->type == OC_OPT_BOOL) {
        return add(p, param, "true");
    }
    if (*at + 1 == p->argc) {
        return fail(p, "--%s wants a value: %s", word, oc_param_word(param));
    }
    return add(p, param, p->argv[++*at]);
}

/* ---- by place ---- */

/* The parameter at that place that has not been given by name; the last one takes the rest when it
 * is a list. */
static const struct cli_param *next_place(const struct parse *p)
{
    for (size_t i = 0; i < p->op->param_count; i++) {
        const struct cli_param *param = &p->op->params[i];
        if (param->flags & OC_OPT_POSITIONAL && (is_list(param) || param->type == OC_OPT_MAP ||
                                                 !json_object_get(p->params, param->name))) {
            return param;
        }
    }
    return NULL;
}

static int take_place(struct parse *p, const char *word)
{
    const struct cli_param *param = next_place(p);
    if (param && is_content(param)) {
        p->content = word;
    }
    return param ? add(p, param, word) : fail(p, "`%s` is one word too many", word);
}

/* "-z", or a number below 0 where one is expected by place. */
static int unknown_letter(const struct parse *p, const char *word)
{
    const struct cli_param *param = next_place(p);
    char name[96];
    if (param && (param->type == OC_OPT_INT || param->type == OC_OPT_FLOAT) &&
        strchr("0123456789.", word[1])) {
        oc_param_spell(param, name, sizeof name);
        fail(p, "%s: %s is a negative number", name, word);
        oc_error_hint(p->err, "What begins with - is taken for an option; write `--` before it "
                              "where it is meant.");
        return OC_E_CONFIG;
    }
    return fail(p, "there is no option %s", word);
}

static int check_required(const struct parse *p)
{
    struct oc_buf missing = {0};
    char name[96], words[128];
    for (size_t i = 0; i < p->op->param_count; i++) {
        const struct cli_param *param = &p->op->params[i];
        if (param->flags & OC_OPT_REQUIRED && !json_object_get(p->params, param->name)) {
            oc_param_spell(param, name, sizeof name);
            oc_buf_addf(&missing, "%s%s (%s)", missing.len ? " and " : "", name,
                        param->help ? param->help : "");
        }
    }
    int rc = OC_OK;
    if (missing.len) {
        oc_op_words(p->op->name, words, sizeof words);
        rc = fail(p, "`openclaw %s` needs %s", words, missing.data);
    }
    oc_buf_finish(&missing);
    return rc;
}

json_t *oc_params_parse(const struct cli_op *op, int argc, char **argv, struct oc_error *err)
{
    struct parse p = {.op = op, .argc = argc, .argv = argv, .params = json_object(), .err = err};
    bool literal = false;
    int rc = OC_OK;
    for (int i = 0; i < argc && rc == OC_OK; i++) {
        if (!literal && strcmp(argv[i], "--") == 0) {
            literal = true;
        } else if (!literal && oc_starts(argv[i], "--")) {
            rc = take_option(&p, &i);
        } else if (!literal && argv[i][0] == '-' && argv[i][1]) {
            rc = unknown_letter(&p, argv[i]);
        } else {
            rc = take_place(&p, argv[i]);
        }
    }
    name_content(&p);
    rc = rc == OC_OK ? check_required(&p) : rc;
    if (rc != OC_OK) {
        json_decref(p.params);
        return NULL;
    }
    return p.params;
}
