/* Checks a value against a schema. SPDX-License-Identifier: MIT */
#include "core/base/jsonschema.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define DEPTH_MAX 64
#define WORK_MAX  200000u /* schemas looked at for one value: anyOf of anyOf grows fast */
#define TEXT_MAX  80      /* of a value in a message */

struct check {
    struct oc_buf path; /* "arguments.a[0]" */
    size_t work;
    bool quiet; /* within anyOf and its like: only whether it fits is asked */
    struct oc_error *err;
};

static int look(struct check *c, const json_t *schema, const json_t *value, int depth);

static int fail(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct check *c, const char *fmt, ...)
{
    if (c->quiet) {
        return OC_E_CONFIG;
    }
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_error_set(c->err, OC_E_CONFIG, "%s: %s", c->path.data, text);
    free(text);
    return OC_E_CONFIG;
}

/* ---- what a value is called ---- */

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static const struct {
    const char *name, *said;
} types[] = {{"object", "an object"}, {"array", "a list"},
             {"string", "a text"},    {"integer", "a whole number"},
             {"number", "a number"},  {"boolean", "true or false"},
             {"null", "null"}};

static bool is_whole(const json_t *value)
{
    return json_is_integer(value) ||
           (json_is_real(value) && floor(json_real_value(value)) == json_real_value(value));
}

static bool is_type(const char *name, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(name, "object") == 0;
    case JSON_ARRAY:
        return strcmp(name, "array") == 0;
    case JSON_STRING:
        return strcmp(name, "string") == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return strcmp(name, "number") == 0 || (strcmp(name, "integer") == 0 && is_whole(value));
    case JSON_TRUE:
    case JSON_FALSE:
        return strcmp(name, "boolean") == 0;
    case JSON_NULL:
        break;
    }
    return strcmp(name, "null") == 0;
}

static const char *said(const char *type)
{
    for (size_t i = 0; i < OC_COUNT(types); i++) {
        if (strcmp(types[i].name, type) == 0) {
            return types[i].said;
        }
    }
    return type;
}

static int check_type(struct check *c, const json_t *type, const json_t *value)
{
    const json_t *item;
    size_t i;
    struct oc_buf expected = {0};
    if (json_is_string(type)) {
        return is_type(json_string_value(type), value)
                   ? OC_OK
                   : fail(c, "expected %s, found %s", said(json_string_value(type)),
                          kind_of(value));
    }
    json_array_foreach(type, i, item)
    {
        const char *name = json_string_value(item);
        if (name && is_type(name, value)) {
            oc_buf_finish(&expected);
            return OC_OK;
        }
        oc_buf_addf(&expected, "%s%s", i ? " or " : "", name ? said(name) : "?");
    }
    const int code =
        fail(c, "expected %s, found %s", expected.len ? expected.data : "nothing", kind_of(value));
    oc_buf_finish(&expected);
    return code;
}

/* ---- equality ---- */

/* 1 and 1.0 are the same number to JSON Schema. */
static bool is_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        return json_number_value(a) == json_number_value(b);
    }
    return json_equal(a, b);
}

static int check_enum(struct check *c, const json_t *list, const json_t *value)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (is_equal(item, value)) {
            return OC_OK;
        }
    }
    char *all = oc_json_text(list);
    const int code = fail(c, "expected one of %.*s", 4 * TEXT_MAX, all);
    free(all);
    return code;
}

static int check_const(struct check *c, const json_t *wanted, const json_t *value)
{
    if (is_equal(wanted, value)) {
        return OC_OK;
    }
    char *text = oc_json_text(wanted);
    const int code = fail(c, "expected %.*s", TEXT_MAX, text);
    free(text);
    return code;
}

/* ---- numbers and texts ---- */

static int check_number(struct check *c, const json_t *schema, const json_t *value)
{
    const double v = json_number_value(value);
    const json_t *limit;
    if (json_is_number(limit = json_object_get(schema, "minimum")) &&
        v < json_number_value(limit)) {
        return fail(c, "expected at least %g, found %g", json_number_value(limit), v);
    }
    if (json_is_number(limit = json_object_get(schema, "maximum")) &&
        v > json_number_value(limit)) {
        return fail(c, "expected at most %g, found %g", json_number_value(limit), v);
    }
    if (json_is_number(limit = json_object_get(schema, "exclusiveMinimum")) &&
        v <= json_number_value(limit)) {
        return fail(c, "expected more than %g, found %g", json_number_value(limit), v);
    }
    if (json_is_number(limit = json_object_get(schema, "exclusiveMaximum")) &&
        v >= json_number_value(limit)) {
        return fail(c, "expected less than %g, found %g", json_number_value(limit), v);
    }
    const json_int_t step = json_integer_value(json_object_get(schema, "multipleOf"));
    if (step > 0 && fmod(v, (double)step) != 0) {
        return fail(c, "expected a multiple of %lld, found %g", (long long)step, v);
    }
    return OC_OK;
}

/* A count against minX and maxX; `what` is what is counted. */
static int check_count(struct check *c, const json_t *schema, const char *least_key,
                       const char *most_key, size_t count, const char *what)
{
    const json_t *least = json_object_get(schema, least_key);
    const json_t *most = json_object_get(schema, most_key);
    if (json_is_number(least) && (double)count < json_number_value(least)) {
        return fail(c, "expected at least %g %s, found %zu", json_number_value(least), what, count);
    }
    if (json_is_number(most) && (double)count > json_number_value(most)) {
        return fail(c, "expected at most %g %s, found %zu", json_number_value(most), what, count);
    }
    return OC_OK;
}

static size_t code_points(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* ---- objects and lists ---- */

static int look_at_member(struct check *c, const json_t *schema, const char *key,
                          const json_t *value, int depth)
{
    const size_t before = c->path.len;
    oc_buf_addf(&c->path, ".%.*s", TEXT_MAX, key);
    const int code = look(c, schema, value, depth);
    c->path.len = before;
    c->path.data[before] = '\0';
    return code;
}

static int unknown_member(struct check *c, const json_t *properties, const char *key)
{
    const char *names[64], *name;
    size_t count = 0;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)properties, name, value)
    {
        if (count < OC_COUNT(names)) {
            names[count++] = name;
        }
    }
    const int code = fail(c, "\"%.*s\" is not known", TEXT_MAX, key);
    const char *near = c->quiet ? NULL : oc_nearest(key, names, count);
    if (near) {
        oc_error_hint(c->err, "Did you mean %s?", near);
    }
    return code;
}

static int check_members(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *rest = json_object_get(schema, "additionalProperties");
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const json_t *own = json_object_get(properties, key);
        int code = OC_OK;
        if (own) {
            code = look_at_member(c, own, key, member, depth);
        } else if (json_is_false(rest)) {
            code = unknown_member(c, properties, key);
        } else if (rest) {
            code = look_at_member(c, rest, key, member, depth);
        }
        if (code != OC_OK) {
            return code;
        }
    }
    return OC_OK;
}

static int check_object(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    const json_t *name;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        if (json_is_string(name) && !json_object_get(value, json_string_value(name))) {
            return fail(c, "\"%s\" is required and missing", json_string_value(name));
        }
    }
    const int code = check_count(c, schema, "minProperties", "maxProperties",
                                 json_object_size(value), "members");
    return code == OC_OK ? check_members(c, schema, value, depth) : code;
}

static int check_unique(struct check *c, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        for (size_t k = 0; k < i; k++) {
            if (++c->work > WORK_MAX) {
                return fail(c, "too much to compare");
            }
            if (is_equal(json_array_get(value, i), json_array_get(value, k))) {
                return fail(c, "items %zu and %zu are the same", k, i);
            }
        }
    }
    return OC_OK;
}

static int check_array(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    const json_t *items = json_object_get(schema, "items"), *item;
    size_t i;
    int code = check_count(c, schema, "minItems", "maxItems", json_array_size(value), "items");
    if (code == OC_OK && json_is_true(json_object_get(schema, "uniqueItems"))) {
        code = check_unique(c, value);
    }
    json_array_foreach(value, i, item)
    {
        if (code == OC_OK && items && !json_is_array(items)) {
            const size_t before = c->path.len;
            oc_buf_addf(&c->path, "[%zu]", i);
            code = look(c, items, item, depth);
            c->path.len = before;
            c->path.data[before] = '\0';
        }
    }
    return code;
}

/* ---- schemas of schemas ---- */

static size_t count_fitting(struct check *c, const json_t *list, const json_t *value, int depth)
{
    const bool before = c->quiet;
    const json_t *schema;
    size_t i, fitting = 0;
    c->quiet = true;
    json_array_foreach(list, i, schema)
    {
        fitting += look(c, schema, value, depth) == OC_OK;
    }
    c->quiet = before;
    return fitting;
}

static int check_combined(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    const json_t *list, *item;
    size_t i;
    json_array_foreach(json_object_get(schema, "allOf"), i, item)
    {
        const int code = look(c, item, value, depth);
        if (code != OC_OK) {
            return code;
        }
    }
    list = json_object_get(schema, "anyOf");
    if (json_is_array(list) && count_fitting(c, list, value, depth) == 0) {
        return fail(c, "fits none of the %zu forms that it may have", json_array_size(list));
    }
    list = json_object_get(schema, "oneOf");
    if (json_is_array(list)) {
        const size_t fitting = count_fitting(c, list, value, depth);
        if (fitting != 1) {
            return fail(c, "fits %zu of the %zu forms of which it has to have one", fitting,
                        json_array_size(list));
        }
    }
    const json_t *not = json_object_get(schema, "not");
    if (not ) {
        json_t *one = json_pack("[O]", not );
        const size_t fitting = count_fitting(c, one, value, depth);
        json_decref(one);
        if (fitting) {
            return fail(c, "has a form that it may not have");
        }
    }
    return OC_OK;
}

static int check_by_kind(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    if (json_is_object(value)) {
        return check_object(c, schema, value, depth);
    }
    if (json_is_array(value)) {
        return check_array(c, schema, value, depth);
    }
    if (json_is_number(value)) {
        return check_number(c, schema, value);
    }
    if (json_is_string(value)) {
        return check_count(c, schema, "minLength", "maxLength",
                           code_points(json_string_value(value)), "characters");
    }
    return OC_OK;
}

static int look(struct check *c, const json_t *schema, const json_t *value, int depth)
{
    const json_t *part;
    int code = OC_OK;
    if (json_is_true(schema)) {
        return OC_OK;
    }
    if (json_is_false(schema)) {
        return fail(c, "nothing may be here");
    }
    if (!json_is_object(schema) || depth > DEPTH_MAX || ++c->work > WORK_MAX) {
        return fail(c, json_is_object(schema) ? "the schema is too deep or too wide"
                                              : "the schema is none");
    }
    if (json_object_get(schema, "$ref") || json_object_get(schema, "$dynamicRef")) {
        return fail(c, "the schema has a $ref, which is not supported");
    }
    if ((part = json_object_get(schema, "type"))) {
        code = check_type(c, part, value);
    }
    if (code == OC_OK && json_is_array(part = json_object_get(schema, "enum"))) {
        code = check_enum(c, part, value);
    }
    if (code == OC_OK && (part = json_object_get(schema, "const"))) {
        code = check_const(c, part, value);
    }
    if (code == OC_OK) {
        code = check_by_kind(c, schema, value, depth + 1);
    }
    return code == OC_OK ? check_combined(c, schema, value, depth + 1) : code;
}

int oc_jsonschema_check(const json_t *schema, const json_t *value, const char *name,
                        struct oc_error *err)
{
    struct check c = {.err = err};
    oc_buf_adds(&c.path, name);
    const int code = look(&c, schema, value, 0);
    oc_buf_finish(&c.path);
    return code;
}
