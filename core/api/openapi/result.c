/* The shape of an operation's result, as its table says it, as a schema. SPDX-License-Identifier: MIT
 *
 * "[{id: string, value: number|null, note?: string, labels: {*: string}}]": see `result` in core/op/op.h. The texts are ours
 * and those of nobody else; nesting is bounded all the same. */
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"

#define NESTED_MAX 16

struct reading {
    const char *at;
    unsigned depth;
};

static json_t *read_shape(struct reading *r);

/* Behind white space; true when it is this character, which is then passed. */
static bool take(struct reading *r, char c)
{
    r->at += strspn(r->at, " \n");
    if (*r->at != c) {
        return false;
    }
    r->at++;
    return true;
}

static size_t word_len(struct reading *r)
{
    r->at += strspn(r->at, " \n");
    return strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

static json_t *read_word(struct reading *r)
{
    static const char *const types[] = {"string", "integer", "number", "boolean", "null"};
    size_t len = word_len(r);
    json_t *o = json_object();
    const char *word = r->at;
    r->at += len;
    for (size_t i = 0; i < OC_COUNT(types); i++) {
        if (strlen(types[i]) == len && strncmp(word, types[i], len) == 0) {
            oc_json_set_str(o, "type", types[i]);
            return o;
        }
    }
    if (len == 4 && (strncmp(word, "time", 4) == 0 || strncmp(word, "uuid", 4) == 0)) {
        oc_json_set_str(o, "type", "string");
        oc_json_set_str(o, "format", *word == 't' ? "date-time" : "uuid");
        return o;
    }
    if (len == 3 && strncmp(word, "any", 3) == 0) {
        return o;
    }
    json_decref(o);
    return NULL;
}

static json_t *read_list(struct reading *r)
{
    json_t *items = read_shape(r);
    if (!items || !take(r, ']')) {
        json_decref(items);
        return NULL;
    }
    json_t *o = json_object();
    oc_json_set_str(o, "type", "array");
    oc_json_take(o, "items", items);
    return o;
}

/* "name: shape" or "name?: shape" */
static bool read_member(struct reading *r, json_t *properties, json_t *required)
{
    size_t len = word_len(r);
    json_t *name = len ? json_stringn(r->at, len) : NULL;
    r->at += len;
    bool optional = take(r, '?');
    json_t *shape = name && take(r, ':') ? read_shape(r) : NULL;
    if (shape) {
        oc_json_take(properties, json_string_value(name), shape);
    }
    if (shape && !optional) {
        json_array_append(required, name);
    }
    json_decref(name);
    return shape;
}

/* "*: shape}" */
static json_t *read_map(struct reading *r)
{
    json_t *values = take(r, ':') ? read_shape(r) : NULL;
    if (!values || !take(r, '}')) {
        json_decref(values);
        return NULL;
    }
    json_t *o = json_object();
    oc_json_set_str(o, "type", "object");
    oc_json_take(o, "additionalProperties", values);
    return o;
}

static json_t *read_object(struct reading *r)
{
    if (take(r, '*')) {
        return read_map(r);
    }
    json_t *o = json_object(), *properties = json_object(), *required = json_array();
    bool good = true;
    oc_json_set_str(o, "type", "object");
    if (!take(r, '}')) {
        do {
            good = read_member(r, properties, required);
        } while (good && take(r, ','));
        good = good && take(r, '}');
    }
    if (json_array_size(required)) {
        json_object_set(o, "required", required);
    }
    json_decref(required);
    oc_json_take(o, "properties", properties);
    if (!good) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *read_one(struct reading *r)
{
    if (take(r, '{')) {
        return read_object(r);
    }
    return take(r, '[') ? read_list(r) : read_word(r);
}

/* "string|null" */
static json_t *read_shape(struct reading *r)
{
    if (r->depth >= NESTED_MAX) {
        return NULL;
    }
    r->depth++;
    json_t *one = read_one(r), *either = NULL;
    while (one && take(r, '|')) {
        if (!either) {
            either = json_array();
        }
        json_array_append_new(either, one);
        one = read_one(r);
    }
    r->depth--;
    if (either && one) {
        json_array_append_new(either, one);
        one = json_object();
        oc_json_take(one, "anyOf", either);
    } else {
        json_decref(either);
    }
    return one;
}

json_t *oc_openapi_result(const char *text)
{
    struct reading r = {.at = text};
    json_t *schema = read_shape(&r);
    if (schema && word_len(&r) == 0 && *r.at == '\0') {
        return schema;
    }
    json_decref(schema);
    return NULL;
}
