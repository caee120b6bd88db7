/* Parameters of operations as schemas, as a query, and as an example. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/api/query.h"
#include "core/base/json.h"
#include "core/config/bind.h"

static json_t *default_of(const struct oc_option *o)
{
    json_t *value;
    if (!o->default_text) {
        return NULL;
    }
    switch (o->type) {
    case OC_OPT_BOOL:
    case OC_OPT_INT:
    case OC_OPT_FLOAT:
        value = json_loads(o->default_text, JSON_DECODE_ANY, NULL);
        return value;
    case OC_OPT_STRING:
    case OC_OPT_DURATION:
    case OC_OPT_SIZE:
    case OC_OPT_ENUM:
        return json_string(o->default_text);
    default:
        return NULL;
    }
}

/* Limits that the types themselves have. */
static void sharpen(json_t *schema, const struct oc_option *o)
{
    bool required = o->flags & OC_OPT_REQUIRED;
    switch (o->type) {
    case OC_OPT_INT:
        if (!json_object_get(schema, "minimum")) {
            json_object_set_new(schema, "minimum", json_integer(INT64_MIN));
        }
        if (!json_object_get(schema, "maximum")) {
            json_object_set_new(schema, "maximum", json_integer(INT64_MAX));
        }
        oc_json_set_str(schema, "format", "int64");
        break;
    case OC_OPT_STRING:
    case OC_OPT_SECRET:
    case OC_OPT_PATH:
        if (required) {
            oc_json_set_int(schema, "minLength", 1);
        }
        break;
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
    case OC_OPT_GROUPS:
        if (required) {
            oc_json_set_int(schema, "minItems", 1);
        }
        break;
    default:
        break;
    }
    json_t *fallback = default_of(o);
    if (fallback) {
        json_object_set_new(schema, "default", fallback);
    }
}

json_t *oc_openapi_params(const struct oc_option *table)
{
    static const struct oc_option none[] = {{0}};
    table = table ? table : none;
    json_t *schema = oc_options_schema(table, sizeof *table);
    json_t *properties = json_object_get(schema, "properties");
    json_object_del(schema, "$schema"); /* the document says it for all */
    for (const struct oc_option *o = table; o->name; o++) {
        sharpen(json_object_get(properties, o->name), o);
    }
    if (json_array_size(json_object_get(schema, "required")) == 0) {
        json_object_del(schema, "required");
    }
    return schema;
}

/* ---- a query ---- */

static json_t *query_param(const struct oc_option *o, json_t *schema)
{
    json_t *p = json_object();
    oc_json_set_str(p, "name", o->name);
    oc_json_set_str(p, "in", "query");
    oc_json_set_str(p, "description", o->help);
    oc_json_set_bool(p, "required", o->flags & OC_OPT_REQUIRED);
    if (o->type == OC_OPT_SIZE) { /* a text here: "10MB", "1024" */
        json_t *either = json_object_get(schema, "anyOf"), *text = json_array_get(either, 1);
        json_incref(text);
        json_object_del(schema, "anyOf");
        json_object_update(schema, text);
        json_decref(text);
    }
    if (o->type == OC_OPT_MAP) {
        oc_json_set_str(p, "style", "deepObject");
    } else {
        oc_json_set_str(p, "style", "form");
    }
    oc_json_set_bool(p, "explode", true);
    json_object_del(schema, "description");
    json_object_set(p, "schema", schema);
    return p;
}

json_t *oc_openapi_query(const struct oc_option *table)
{
    json_t *list = json_array(), *schema = oc_openapi_params(table);
    for (const struct oc_option *o = table; o && o->name; o++) {
        json_t *own = json_object_get(json_object_get(schema, "properties"), o->name);
        if (oc_query_takes(o)) {
            json_array_append_new(list, query_param(o, own));
        }
    }
    json_decref(schema);
    return list;
}

/* ---- an example ---- */

#define WORDS_MAX 64

struct words {
    char *items[WORDS_MAX]; /* owned */
    size_t count;
};

/* The first line of a shell command as words: quotation marks and backslashes count, nothing is expanded. */
static void split(const char *s, struct words *words)
{
    while (words->count < WORDS_MAX) {
        struct oc_buf word = {0};
        char quote = '\0';
        s += strspn(s, " ");
        if (!*s || *s == '\n' || *s == '|' || *s == '>') {
            return;
        }
        for (; *s && *s != '\n' && (quote || *s != ' '); s++) {
            if (quote ? *s == quote : *s == '\'' || *s == '"') {
                quote = quote ? '\0' : *s;
            } else {
                s += *s == '\\' && s[1] && quote != '\'';
                oc_buf_addc(&word, *s);
            }
        }
        words->items[words->count++] = oc_buf_take(&word);
    }
}

static const struct oc_option *option_of(const struct oc_option *table, const char *flag)
{
    for (const struct oc_option *o = table; o && o->name; o++) {
        size_t i = 0;
        while (o->name[i] && (o->name[i] == flag[i] || (o->name[i] == '_' && flag[i] == '-'))) {
            i++;
        }
        if (!o->name[i] && (!flag[i] || flag[i] == '=')) {
            return o;
        }
    }
    return NULL;
}

/* The next option that is given by place; a list takes all that come. */
static const struct oc_option *positional(const struct oc_option *table, size_t *at)
{
    for (; table && table[*at].name; (*at)++) {
        if (table[*at].flags & OC_OPT_POSITIONAL) {
            bool list = table[*at].type == OC_OPT_STRINGS || table[*at].type == OC_OPT_INTS;
            return &table[list ? *at : (*at)++];
        }
    }
    return NULL;
}

/* The words behind the command as pairs; false when they do not fit. */
static bool pairs_of(const struct oc_op *op, const struct words *w, size_t first,
                     struct oc_query_pair *pairs, size_t *count)
{
    size_t place = 0;
    for (size_t i = first; i < w->count; i++) {
        const char *word = w->items[i];
        bool flag = word[0] == '-' && word[1] == '-';
        const struct oc_option *o =
            flag ? option_of(op->params, word + 2) : positional(op->params, &place);
        const char *value = word;
        if (!o) {
            return false;
        }
        if (flag && o->type == OC_OPT_BOOL) {
            value = "true";
        } else if (flag) {
            value = strchr(word, '=')  ? strchr(word, '=') + 1
                    : i + 1 < w->count ? w->items[++i]
                                       : NULL;
        }
        if (!value) {
            return false;
        }
        pairs[(*count)++] = (struct oc_query_pair){o->name, value};
    }
    return true;
}

/* How many words at the beginning are the command itself; 0 when they are another. */
static size_t command_words(const struct oc_op *op, const struct words *w)
{
    const char *name = op->name;
    size_t n = 1;
    if (w->count == 0 || strcmp(w->items[0], "openclaw") != 0) {
        return 0;
    }
    while (*name) {
        size_t len = strcspn(name, ".");
        if (n >= w->count || strlen(w->items[n]) != len || strncmp(w->items[n], name, len) != 0) {
            return 0;
        }
        name += len + (name[len] == '.');
        n++;
    }
    return n;
}

json_t *oc_openapi_example(const struct oc_op *op)
{
    struct words words = {0};
    struct oc_query_pair pairs[WORDS_MAX];
    size_t count = 0;
    json_t *example = NULL;
    split(op->example ? op->example : "", &words);
    size_t first = command_words(op, &words);
    if (first && pairs_of(op, &words, first, pairs, &count)) {
        example = oc_query_params(op->params, pairs, count, NULL);
    }
    for (size_t i = 0; i < words.count; i++) {
        free(words.items[i]);
    }
    json_t *whole = example ? example : json_object();
    oc_openapi_complete(whole, op->params);
    if (!example && json_object_size(whole) == 0) {
        json_decref(whole);
        return NULL;
    }
    return whole;
}
