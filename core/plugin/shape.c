/* Strict checks of JSON documents against a table of keys. SPDX-License-Identifier: MIT */
#include "core/plugin/shape.h"

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

static int wrong_type(const char *path, const char *expected, const json_t *value,
                      struct oc_error *err)
{
    return oc_error_set(err, OC_E_CONFIG, "%s: expected %s, got %s", path, expected,
                        type_name(value));
}

static int check_text(const struct oc_shape *s, const json_t *value, const char *path,
                      struct oc_error *err)
{
    if (!json_is_string(value)) {
        return wrong_type(path, "a string", value, err);
    }
    const char *text = json_string_value(value);
    if (strlen(text) != json_string_length(value)) {
        return oc_error_set(err, OC_E_CONFIG, "%s: holds a NUL character", path);
    }
    if (s->choices && !oc_choice_has(s->choices, text)) {
        return oc_error_set(err, OC_E_CONFIG, "%s: expected one of %s, got \"%.*s\"", path,
                            s->choices, VALUE_MAX, text);
    }
    if (s->check && !s->check(text)) {
        return oc_error_set(err, OC_E_CONFIG, "%s: expected %s, got \"%.*s\"", path, s->expected,
                            VALUE_MAX, text);
    }
    return OC_OK;
}

static int check_items(const struct oc_shape *s, const json_t *list, const char *path,
                       struct oc_error *err)
{
    if (!json_is_array(list)) {
        return wrong_type(path, "a list", list, err);
    }
    int code = OC_OK;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        char *where = oc_asprintf("%s[%zu]", path, i);
        if (s->type == OC_SHAPE_STRINGS) {
            code = check_text(s, item, where, err);
        } else if (!json_is_object(item)) {
            code = wrong_type(where, "an object", item, err);
        } else if (s->keys) {
            code = oc_shape_check(s->keys, item, where, err);
        }
        free(where);
        if (code) {
            break;
        }
    }
    return code;
}

static int check_value(const struct oc_shape *s, const json_t *value, const char *path,
                       struct oc_error *err)
{
    if (s->or_bool && json_is_boolean(value)) {
        return OC_OK;
    }
    switch (s->type) {
    case OC_SHAPE_STRING:
        return check_text(s, value, path, err);
    case OC_SHAPE_BOOL:
        return json_is_boolean(value) ? OC_OK : wrong_type(path, "true or false", value, err);
    case OC_SHAPE_NUMBER:
        return json_is_number(value) ? OC_OK : wrong_type(path, "a number", value, err);
    case OC_SHAPE_STRINGS:
    case OC_SHAPE_OBJECTS:
        return check_items(s, value, path, err);
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

static int unknown_key(const struct oc_shape *keys, const char *path, const char *key,
                       struct oc_error *err)
{
    const char *known[KEYS_MAX];
    size_t count = 0;
    for (; keys->key && count < KEYS_MAX; keys++) {
        known[count++] = keys->key;
    }
    const char *nearest = oc_nearest(key, known, count);
    const int code = oc_error_set(err, OC_E_CONFIG, "%s%s%.*s: unknown key", path, *path ? "." : "",
                                  VALUE_MAX, key);
    if (nearest) {
        oc_error_hint(err, "Did you mean `%s`?", nearest);
    }
    return code;
}

static int check_member(const struct oc_shape *keys, const char *path, const char *key,
                        const json_t *value, struct oc_error *err)
{
    const struct oc_shape *s = find_key(keys, key);
    if (!s) {
        return unknown_key(keys, path, key, err);
    }
    char *where = oc_asprintf("%s%s%s", path, *path ? "." : "", key);
    const int code = check_value(s, value, where, err);
    free(where);
    return code;
}

int oc_shape_check(const struct oc_shape *keys, const json_t *object, const char *path,
                   struct oc_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const int code = check_member(keys, path, key, value, err);
        if (code) {
            return code;
        }
    }
    for (const struct oc_shape *s = keys; s->key; s++) {
        if (s->required && !json_object_get(object, s->key)) {
            return oc_error_set(err, OC_E_CONFIG, "%s%s%s: required and missing", path,
                                *path ? "." : "", s->key);
        }
    }
    return OC_OK;
}
