/* Reading a query by an option table. SPDX-License-Identifier: MIT */
#include "core/api/query.h"

#include <ctype.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/bind.h"

#define SHOWN 60 /* bytes of a wrong name or value in a message */

bool oc_query_takes(const struct oc_option *option)
{
    return option->type != OC_OPT_SECRET && option->type != OC_OPT_GROUP &&
           option->type != OC_OPT_GROUPS;
}

static bool is_list(const struct oc_option *option)
{
    return option->type == OC_OPT_STRINGS || option->type == OC_OPT_INTS;
}

static void wrong(const struct oc_query_pair *pair, const char *expected, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "%.*s: expected %s, found \"%.*s\"", SHOWN, pair->name, expected,
                 SHOWN, pair->value);
}

/* A number exactly as JSON writes it; NULL when it is none. */
static json_t *number_of(const char *text, bool whole)
{
    size_t len = strlen(text);
    if (len == 0 || isspace((unsigned char)text[0]) || isspace((unsigned char)text[len - 1])) {
        return NULL;
    }
    json_t *value = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (whole ? json_is_integer(value) : json_is_number(value)) {
        return value;
    }
    json_decref(value);
    return NULL;
}

/* One value as the type wants it; NULL and err. Texts stay texts: the binder reads durations, sizes and choices. */
static json_t *value_of(const struct oc_option *option, const struct oc_query_pair *pair,
                        struct oc_error *err)
{
    json_t *value;
    switch (option->type) {
    case OC_OPT_BOOL:
        if (strcmp(pair->value, "true") == 0 || strcmp(pair->value, "false") == 0) {
            return json_boolean(pair->value[0] == 't');
        }
        wrong(pair, "true or false", err);
        return NULL;
    case OC_OPT_INT:
    case OC_OPT_INTS:
        value = number_of(pair->value, true);
        if (!value) {
            wrong(pair, "a whole number", err);
        }
        return value;
    case OC_OPT_FLOAT:
        value = number_of(pair->value, false);
        if (!value) {
            wrong(pair, "a number", err);
        }
        return value;
    default:
        value = json_string(pair->value);
        if (!value) {
            oc_error_set(err, OC_E_CONFIG, "%.*s: the value is not UTF-8", SHOWN, pair->name);
        }
        return value;
    }
}

static void unknown(const struct oc_option *table, const char *name, struct oc_error *err)
{
    const char *names[OC_QUERY_PAIRS_MAX];
    size_t count = 0;
    for (size_t i = 0; table && table[i].name && count < OC_QUERY_PAIRS_MAX; i++) {
        if (oc_query_takes(&table[i])) {
            names[count++] = table[i].name;
        }
    }
    const char *near = oc_nearest(name, names, count);
    oc_error_set(err, OC_E_CONFIG, "no parameter is named %.*s", SHOWN, name);
    if (near) {
        oc_error_hint(err, "Did you mean %s?", near);
    } else {
        oc_error_hint(err, count ? "/api/docs lists the parameters." : "It takes no parameters.");
    }
}

/* "labels[team]": the option and, for a map, where its key begins and ends. */
static const struct oc_option *find(const struct oc_option *table, const char *name, size_t *key,
                                    size_t *key_len)
{
    size_t len = strlen(name), bracket = strcspn(name, "[");
    *key = *key_len = 0;
    for (const struct oc_option *o = table; o && o->name; o++) {
        if (strcmp(o->name, name) == 0) {
            return o;
        }
        if (o->type == OC_OPT_MAP && bracket + 2 <= len && name[len - 1] == ']' &&
            strlen(o->name) == bracket && strncmp(o->name, name, bracket) == 0) {
            *key = bracket + 1;
            *key_len = len - bracket - 2;
            return o;
        }
    }
    return NULL;
}

static void refuse_kind(const struct oc_option *option, struct oc_error *err)
{
    if (option->type == OC_OPT_SECRET) {
        oc_error_set(err, OC_E_CONFIG, "%s: a secret does not belong in a URL", option->name);
    } else {
        oc_error_set(err, OC_E_CONFIG, "%s cannot be written in a query", option->name);
    }
    oc_error_hint(err, "Send the parameters as JSON with POST.");
}

static int add_map(json_t *params, const struct oc_option *option, const struct oc_query_pair *pair,
                   size_t key, size_t key_len, struct oc_error *err)
{
    if (key_len == 0) {
        oc_error_set(err, OC_E_CONFIG, "%s is a map", option->name);
        oc_error_hint(err, "Write %s[name]=value.", option->name);
        return err->code;
    }
    char *name = oc_strndup(pair->name + key, key_len);
    json_t *map = json_object_get(params, option->name), *value = json_string(pair->value);
    int rc = OC_OK;
    if (!map) {
        map = json_object();
        oc_json_take(params, option->name, map);
    }
    if (json_object_get(map, name)) {
        rc = oc_error_set(err, OC_E_CONFIG, "%.*s is given twice", SHOWN, pair->name);
    } else if (!value || json_object_set(map, name, value) != 0) {
        rc = oc_error_set(err, OC_E_CONFIG, "%.*s: not UTF-8", SHOWN, option->name);
    }
    json_decref(value);
    free(name);
    return rc;
}

static int add_value(json_t *params, const struct oc_option *option,
                     const struct oc_query_pair *pair, struct oc_error *err)
{
    json_t *there = json_object_get(params, option->name);
    if (there && !is_list(option)) {
        return oc_error_set(err, OC_E_CONFIG, "%s is given twice", option->name);
    }
    json_t *value = value_of(option, pair, err);
    if (!value) {
        return err->code;
    }
    if (!is_list(option)) {
        oc_json_take(params, option->name, value);
        return OC_OK;
    }
    if (!there) {
        there = json_array();
        oc_json_take(params, option->name, there);
    }
    json_array_append_new(there, value);
    return OC_OK;
}

static int add(json_t *params, const struct oc_option *table, const struct oc_query_pair *pair,
               struct oc_error *err)
{
    size_t key, key_len;
    const struct oc_option *option = find(table, pair->name, &key, &key_len);
    if (!option) {
        unknown(table, pair->name, err);
    } else if (!oc_query_takes(option)) {
        refuse_kind(option, err);
    } else if (option->type == OC_OPT_MAP) {
        return add_map(params, option, pair, key, key_len, err);
    } else {
        return add_value(params, option, pair, err);
    }
    return err->code;
}

json_t *oc_query_params(const struct oc_option *table, const struct oc_query_pair *pairs,
                        size_t count, struct oc_error *err)
{
    struct oc_error ignored;
    oc_error_init(&ignored);
    err = err ? err : &ignored;
    if (count > OC_QUERY_PAIRS_MAX) {
        oc_error_set(err, OC_E_CONFIG, "more than %d parameters", OC_QUERY_PAIRS_MAX);
        return NULL;
    }
    json_t *params = json_object();
    for (size_t i = 0; i < count; i++) {
        if (add(params, table, &pairs[i], err) != OC_OK) {
            json_decref(params);
            return NULL;
        }
    }
    return params;
}
