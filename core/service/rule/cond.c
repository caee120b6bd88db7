/* Parsing and evaluating the conditions of rules. SPDX-License-Identifier: MIT */
#include "core/service/rule/cond.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* ---- the native form: name op constant ---- */

struct reader {
    const char *at;
};

static void skip_space(struct reader *r)
{
    while (isspace((unsigned char)*r->at)) {
        r->at++;
    }
}

/* Word ('.' word)*; its length, 0 when there is none. */
static size_t read_name(struct reader *r, const char **name)
{
    skip_space(r);
    *name = r->at;
    if (isdigit((unsigned char)*r->at)) {
        return 0;
    }
    while (isalnum((unsigned char)*r->at) || *r->at == '_' || (*r->at == '.' && r->at > *name)) {
        r->at++;
    }
    return (size_t)(r->at - *name);
}

static enum oc_compare read_compare(struct reader *r)
{
    static const struct {
        const char *text;
        enum oc_compare compare;
    } OPERATORS[] = {{"<=", OC_COMPARE_LE}, {">=", OC_COMPARE_GE}, {"==", OC_COMPARE_EQ},
                     {"~=", OC_COMPARE_NE}, {"<", OC_COMPARE_LT},  {">", OC_COMPARE_GT}};
    skip_space(r);
    for (size_t i = 0; i < OC_COUNT(OPERATORS); i++) {
        if (oc_starts(r->at, OPERATORS[i].text)) {
            r->at += strlen(OPERATORS[i].text);
            return OPERATORS[i].compare;
        }
    }
    return OC_COMPARE_NONE;
}

/* Plain decimals of at most 15 digits are the same double for Lua and for us, and exactly
 * comparable either way. */
static bool read_number(struct reader *r, double *number)
{
    const char *start = r->at;
    char *end;
    size_t digits = 0;
    const char *p = start + (*start == '-');
    for (; isdigit((unsigned char)*p) ||
           (*p == '.' && memchr(start, '.', (size_t)(p - start)) == NULL);
         p++) {
        digits += *p != '.';
    }
    if (digits == 0 || digits > 15 || isalnum((unsigned char)*p) || *p == '.' || *p == '_') {
        return false;
    }
    *number = strtod(start, &end);
    if (end != p) {
        return false;
    }
    r->at = p;
    return true;
}

static bool read_constant(struct reader *r, const struct oc_thresholds *t,
                          struct oc_lua_value *value)
{
    const char *name;
    skip_space(r);
    *value = (struct oc_lua_value){.type = OC_LUA_NUMBER};
    if (isdigit((unsigned char)*r->at) || *r->at == '-' || *r->at == '.') {
        return read_number(r, &value->number);
    }
    size_t len = read_name(r, &name);
    char *word = oc_strndup(name, len);
    const struct oc_lua_value *threshold = oc_thresholds_get(t, word);
    bool known = true;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        *value = (struct oc_lua_value){.type = OC_LUA_BOOL, .boolean = *word == 't'};
    } else if (threshold != NULL && threshold->type != OC_LUA_STRING) {
        *value = *threshold;
    } else {
        known = false;
    }
    free(word);
    return known;
}

/* Leaves compare NONE unless the whole text is one comparison of the only metric with a constant.
 */
static void find_native(struct oc_cond *c, const struct oc_thresholds *t, const char *text)
{
    struct reader r = {.at = text};
    struct oc_lua_value value;
    const char *name;
    size_t len = read_name(&r, &name);
    if (c->metrics.count != 1 || strlen(c->metrics.items[0]) != len ||
        memcmp(c->metrics.items[0], name, len) != 0) {
        return;
    }
    enum oc_compare compare = read_compare(&r);
    if (compare == OC_COMPARE_NONE || !read_constant(&r, t, &value)) {
        return;
    }
    skip_space(&r);
    if (*r.at != '\0' || (value.type == OC_LUA_NUMBER && isnan(value.number))) {
        return;
    }
    c->compare = compare;
    c->constant = value;
    c->has_constant = true;
}

static bool compare_numbers(enum oc_compare compare, double a, double b)
{
    switch (compare) {
    case OC_COMPARE_LT:
        return a < b;
    case OC_COMPARE_LE:
        return a <= b;
    case OC_COMPARE_GT:
        return a > b;
    case OC_COMPARE_GE:
        return a >= b;
    case OC_COMPARE_EQ:
        return a == b;
    case OC_COMPARE_NE:
        return a != b;
    case OC_COMPARE_NONE:
    default:
        return false;
    }
}

bool oc_cond_native(const struct oc_cond *c, uint32_t kind, double value, bool *truth)
{
    bool boolean = kind == OC_KIND_BOOL;
    if (c->compare == OC_COMPARE_NONE || isnan(value) ||
        boolean != (c->constant.type == OC_LUA_BOOL)) {
        return false;
    }
    if (!boolean) {
        *truth = compare_numbers(c->compare, value, c->constant.number);
        return true;
    }
    bool equal = (value != 0) == c->constant.boolean;
    *truth = c->compare == OC_COMPARE_EQ ? equal : !equal;
    return c->compare == OC_COMPARE_EQ || c->compare == OC_COMPARE_NE;
}

/* ---- compiling ---- */

static int check_threshold(const struct oc_thresholds *t, const char *name, struct oc_error *err)
{
    if (oc_thresholds_get(t, name) != NULL) {
        return OC_OK;
    }
    const char *near = oc_thresholds_nearest(t, name);
    oc_error_set(err, OC_E_CONFIG, "there is no threshold %s", name);
    if (near != NULL) {
        oc_error_hint(err, "Did you mean `%s`?", near);
    } else {
        oc_error_hint(err, "Add it to `thresholds` in the configuration.");
    }
    return OC_E_CONFIG;
}

/* A condition that reads one threshold is about that one, whatever else it calculates. */
static void keep_threshold(struct oc_cond *c, const struct oc_lua_value *value)
{
    if (value->type != OC_LUA_STRING) {
        c->constant = *value;
        c->has_constant = true;
    }
}

static int sort_names(struct oc_cond *c, const struct oc_thresholds *t, const json_t *names,
                      struct oc_error *err)
{
    const char *threshold = NULL;
    size_t thresholds = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (oc_starts(name, OC_THRESHOLDS_PREFIX)) {
            int code = check_threshold(t, name, err);
            if (code != OC_OK) {
                return code;
            }
            threshold = name;
            thresholds++;
        } else if (!oc_starts(name, "label.")) {
            OC_VEC_PUSH(&c->metrics, oc_strdup(name));
        }
    }
    if (thresholds == 1) {
        keep_threshold(c, oc_thresholds_get(t, threshold));
    }
    return OC_OK;
}

/* ---- what it surely gives ---- */

#define TRIAL_METRICS_MAX 4

/* Numbers on either side of most limits. */
static const struct oc_lua_value trial_values[] = {{.type = OC_LUA_NUMBER, .number = 1},
                                                   {.type = OC_LUA_NUMBER, .number = 0},
                                                   {.type = OC_LUA_NUMBER, .number = 1e9},
                                                   {.type = OC_LUA_BOOL, .boolean = true},
                                                   {.type = OC_LUA_BOOL}};

struct trial {
    const struct oc_cond *cond;
    const struct oc_thresholds *thresholds;
    size_t number; /* a digit for each metric: which of the values it has */
};

/* NULL: an expression has put the name together, and nobody knows it before. */
static const struct oc_lua_value *trial_value(const struct trial *trial, const char *name)
{
    static const struct oc_lua_value label = {.type = OC_LUA_STRING, .string = "a"};
    size_t number = trial->number;
    if (oc_starts(name, OC_THRESHOLDS_PREFIX)) {
        return oc_thresholds_get(trial->thresholds, name);
    }
    if (oc_starts(name, "label.")) {
        return &label;
    }
    if (strchr(name, '(') != NULL) {
        return &trial_values[0]; /* of a window */
    }
    for (size_t i = 0; i < trial->cond->metrics.count; i++) {
        if (strcmp(trial->cond->metrics.items[i], name) == 0) {
            return &trial_values[number % OC_COUNT(trial_values)];
        }
        number /= OC_COUNT(trial_values);
    }
    return NULL;
}

static bool try_value(void *ctx, const char *name, struct oc_lua_value *value)
{
    const struct oc_lua_value *found = trial_value(ctx, name);
    if (found != NULL) {
        *value = *found;
    }
    return found != NULL;
}

/* A condition is true or false. One that is neither, whichever of its metrics are numbers and which booleans, never will be;
 * of others the samples tell. */
static int check_answer(const struct oc_cond *c, struct oc_lua *lua, const struct oc_thresholds *t,
                        struct oc_error *err)
{
    struct trial trial = {.cond = c, .thresholds = t};
    struct oc_error odd;
    size_t count = c->metrics.count <= TRIAL_METRICS_MAX;
    int code = OC_OK;
    for (size_t i = 0; count && i < c->metrics.count; i++) {
        count *= OC_COUNT(trial_values);
    }
    for (; trial.number < count; trial.number++) {
        struct oc_error failure;
        bool truth;
        const int answer = oc_lua_eval(lua, c->expr, try_value, &trial, &truth, &failure);
        if (answer == OC_OK || answer == OC_E_TIMEOUT) {
            return OC_OK;
        }
        if (answer == OC_E_CONFIG) {
            odd = failure;
            code = answer;
        }
    }
    if (code != OC_OK && err != NULL) {
        *err = odd;
    }
    return code;
}

int oc_cond_init(struct oc_cond *c, struct oc_lua *lua, const struct oc_thresholds *t,
                 const char *text, struct oc_error *err)
{
    *c = (struct oc_cond){0};
    int expr = oc_lua_expr(lua, "expr", text, err);
    if (expr < 0) {
        return expr;
    }
    c->expr = expr;
    json_t *names = oc_lua_expr_names(lua, expr);
    int code = sort_names(c, t, names, err);
    json_decref(names);
    if (code == OC_OK) {
        find_native(c, t, text);
    }
    return code == OC_OK && c->compare == OC_COMPARE_NONE ? check_answer(c, lua, t, err) : code;
}

void oc_cond_finish(struct oc_cond *c)
{
    for (size_t i = 0; i < c->metrics.count; i++) {
        free(c->metrics.items[i]);
    }
    OC_VEC_FINISH(&c->metrics);
    c->expr = 0;
}
