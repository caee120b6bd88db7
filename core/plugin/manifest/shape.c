/* Strict checks of JSON documents against a table of keys. SPDX-License-Identifier: MIT */
#include "core/plugin/manifest/shape.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

#define KEYS_MAX  64 /* candidates for "did you mean" */
#define VALUE_MAX 80 /* bytes of a wrong value that are shown */

bool oc_choice_has(const char *choices, const char *text)
{
    const size_t len = strlen(text);
    while (choices) {
        const size_t word = strcspn(choices, "|");
        if (word == len && strncmp(choices, text, len) == 0) {
            return true;
        }
        choices = choices[word] ? choices + word + 1 : NULL;
    }
    return false;
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "nothing";
}

/* Where in the document something stands. A path is written only for a message: nearly every document is right. */
struct place {
    const struct place *outer; /* NULL: `key` is the whole path */
    const char *key;           /* NULL: `index` is meant */
    size_t index;
};

/* Owned by the caller. */
static char *path_of(const struct place *at)
{
    char *outer = at->outer ? path_of(at->outer) : NULL;
    char *path = !outer    ? oc_strdup(at->key)
                 : at->key ? oc_asprintf("%s%s%s", outer, *outer ? "." : "", at->key)
                           : oc_asprintf("%s[%zu]", outer, at->index);
    free(outer);
    return path;
}

static int complain(const struct place *at, struct oc_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(const struct place *at, struct oc_error *err, const char *fmt, ...)
{
    char *path = path_of(at);
    va_list ap;
    va_start(ap, fmt);
    char *what = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_error_set(err, OC_E_CONFIG, "%s: %s", path, what);
    free(what);
    free(path);
    return OC_E_CONFIG;
}

static int wrong_type(const struct place *at, const char *expected, const json_t *value,
                      struct oc_error *err)
{
    return complain(at, err, "expected %s, got %s", expected, type_name(value));
}

static int check_text(const struct oc_shape *s, const json_t *value, const struct place *at,
                      struct oc_error *err)
{
    if (!json_is_string(value)) {
        return wrong_type(at, "a string", value, err);
    }
    const char *text = json_string_value(value);
    if (strlen(text) != json_string_length(value)) {
        return complain(at, err, "holds a NUL character");
    }
    if (!oc_utf8_printable(text, strlen(text), true)) {
        return complain(at, err, "holds a control character, or one that turns the writing");
    }
    if (s->choices && !oc_choice_has(s->choices, text)) {
        return complain(at, err, "expected one of %s, got \"%.*s\"", s->choices, VALUE_MAX, text);
    }
    if (s->check && !s->check(text)) {
        return complain(at, err, "expected %s, got \"%.*s\"", s->expected, VALUE_MAX, text);
    }
    return OC_OK;
}

static int check_object(const struct oc_shape *keys, const json_t *object, const struct place *at,
                        struct oc_error *err);

static int check_items(const struct oc_shape *s, const json_t *list, const struct place *at,
                       struct oc_error *err)
{
    if (!json_is_array(list)) {
        return wrong_type(at, "a list", list, err);
    }
    int code = OC_OK;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const struct place where = {.outer = at, .index = i};
        if (s->type == OC_SHAPE_STRINGS) {
            code = check_text(s, item, &where, err);
        } else if (!json_is_object(item)) {
            code = wrong_type(&where, "an object", item, err);
        } else if (s->keys) {
            code = check_object(s->keys, item, &where, err);
        }
        if (code) {
            break;
        }
    }
    return code;
}

static int check_value(const struct oc_shape *s, const json_t *value, const struct place *at,
                       struct oc_error *err)
{
    if (s->or_bool && json_is_boolean(value)) {
        return OC_OK;
    }
    switch (s->type) {
    case OC_SHAPE_STRING:
        return check_text(s, value, at, err);
    case OC_SHAPE_BOOL:
        return json_is_boolean(value) ? OC_OK : wrong_type(at, "true or false", value, err);
    case OC_SHAPE_NUMBER:
        return json_is_number(value) ? OC_OK : wrong_type(at, "a number", value, err);
    case OC_SHAPE_STRINGS:
    case OC_SHAPE_OBJECTS:
        return check_items(s, value, at, err);
    case OC_SHAPE_ANY:
        return OC_OK;
    }
    return OC_OK;
}

static const struct oc_shape *find_key(const struct oc_shape *keys, const char *key)
{
    while (keys->key && strcmp(keys->key, key) != 0) {
        keys++;
    }
    return keys->key ? keys : NULL;
}

static int unknown_key(const struct oc_shape *keys, const struct place *at, struct oc_error *err)
{
    const char *known[KEYS_MAX];
    size_t count = 0;
    for (; keys->key && count < KEYS_MAX; keys++) {
        known[count++] = keys->key;
    }
    char *outer = path_of(at->outer);
    const char *nearest = oc_nearest(at->key, known, count);
    const int code = oc_error_set(err, OC_E_CONFIG, "%s%s%.*s: unknown key", outer,
                                  *outer ? "." : "", VALUE_MAX, at->key);
    if (nearest) {
        oc_error_hint(err, "Did you mean `%s`?", nearest);
    }
    free(outer);
    return code;
}

static int check_object(const struct oc_shape *keys, const json_t *object, const struct place *at,
                        struct oc_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const struct oc_shape *s = find_key(keys, key);
        const struct place where = {.outer = at, .key = key};
        const int code = s ? check_value(s, value, &where, err) : unknown_key(keys, &where, err);
        if (code) {
            return code;
        }
    }
    for (const struct oc_shape *s = keys; s->key; s++) {
        if (s->required && !json_object_get(object, s->key)) {
            return complain(&(struct place){.outer = at, .key = s->key}, err,
                            "required and missing");
        }
    }
    return OC_OK;
}

int oc_shape_check(const struct oc_shape *keys, const json_t *object, const char *path,
                   struct oc_error *err)
{
    return check_object(keys, object, &(struct place){.key = path}, err);
}
