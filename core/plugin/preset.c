/* Presets: instances of other plugins with "${option}" in them. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/shape.h"

#define NAME_OPTION "name" /* always there: the name of the preset's group */
#define OPTIONS_MAX 64
#define VALUES_MAX  (1u << 20) /* bytes that references put into the instances */

/* ---- finding "${option}" in a text; "$${" stands for "${" ---- */

struct reference {
    const char *begin, *end; /* "${...}"; begin NULL = none */
    const char *name;
    size_t name_len;
};

static struct reference next_reference(const char *text)
{
    const char *at = strstr(text, "${");
    while (at && at > text && at[-1] == '$') {
        at = strstr(at + 2, "${");
    }
    const char *close = at ? strchr(at, '}') : NULL;
    if (!close) {
        return (struct reference){0};
    }
    return (struct reference){at, close + 1, at + 2, (size_t)(close - at - 2)};
}

static bool is_whole(const struct reference *r, const char *text)
{
    return r->begin == text && !*r->end;
}

static void add_literal(struct oc_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (len - i >= 3 && memcmp(text + i, "$${", 3) == 0) {
            continue;
        }
        oc_buf_addc(out, text[i]);
    }
}

/* ---- the check of a manifest ---- */

static int check_text(const struct oc_map *options, const char *text, struct oc_error *err)
{
    struct reference r = next_reference(text);
    for (; r.begin; r = next_reference(r.end)) {
        if (!oc_map_getn(options, r.name, r.name_len)) {
            return oc_error_set(err, OC_E_CONFIG, "instances: no option is called \"%.*s\"",
                                (int)(r.name_len < 64 ? r.name_len : 64), r.name);
        }
    }
    return OC_OK;
}

static int check_references(const struct oc_map *options, const json_t *value, struct oc_error *err)
{
    if (json_is_string(value)) {
        return check_text(options, json_string_value(value), err);
    }
    int code = OC_OK;
    size_t i;
    json_t *item;
    const char *key;
    json_array_foreach(value, i, item)
    {
        if (!code) {
            code = check_references(options, item, err);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!code) {
            code = check_references(options, item, err);
        }
    }
    return code;
}

/* What a reference may name. */
static struct oc_map names_of(const json_t *manifest)
{
    struct oc_map names = {0};
    size_t i;
    json_t *option;
    oc_map_set(&names, NAME_OPTION, (void *)(uintptr_t)manifest);
    json_array_foreach(json_object_get(manifest, "options"), i, option)
    {
        oc_map_set(&names, oc_json_str(option, "name", ""), option);
    }
    return names;
}

int oc_preset_check(const json_t *manifest, struct oc_error *err)
{
    const json_t *instances = json_object_get(manifest, "instances");
    size_t i;
    json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        if (!oc_json_str(instance, "plugin", NULL)) {
            return oc_error_set(err, OC_E_CONFIG, "instances[%zu].plugin: required and missing", i);
        }
    }
    struct oc_map names = names_of(manifest);
    const int code = check_references(&names, instances, err);
    oc_map_finish(&names, NULL);
    return code;
}

/* ---- the values of the options ---- */

static bool type_fits(const char *type, const json_t *value)
{
    if (oc_choice_has("string|secret|path|url|enum", type)) {
        return json_is_string(value);
    }
    if (oc_choice_has("duration|size", type)) {
        return json_is_string(value) || json_is_integer(value);
    }
    if (strcmp(type, "bool") == 0) {
        return json_is_boolean(value);
    }
    if (strcmp(type, "int") == 0) {
        return json_is_integer(value);
    }
    if (strcmp(type, "float") == 0) {
        return json_is_number(value);
    }
    return oc_choice_has("map|group", type) ? json_is_object(value) : json_is_array(value);
}

/* "a|b" or ["a", "b"]. */
static bool choice_fits(const json_t *choices, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!choices || !text) {
        return true;
    }
    if (json_is_string(choices)) {
        return oc_choice_has(json_string_value(choices), text);
    }
    size_t i;
    json_t *choice;
    json_array_foreach(choices, i, choice)
    {
        if (json_is_string(choice) && strcmp(json_string_value(choice), text) == 0) {
            return true;
        }
    }
    return false;
}

static int check_value(const json_t *option, const json_t *value, struct oc_error *err)
{
    const char *name = oc_json_str(option, "name", "");
    const char *type = oc_json_str(option, "type", "");
    char *text = oc_json_text(value);
    int code = OC_OK;
    if (!type_fits(type, value)) {
        code = oc_error_set(err, OC_E_CONFIG, "%s: expected %s, got %.80s", name, type, text);
    } else if (strcmp(type, "enum") == 0 &&
               !choice_fits(json_object_get(option, "choices"), value)) {
        char *choices = oc_json_text(json_object_get(option, "choices"));
        code = oc_error_set(err, OC_E_CONFIG, "%s: expected one of %s, got %.80s", name, choices,
                            text);
        free(choices);
    }
    free(text);
    return code;
}

static const json_t *find_option(const json_t *options, const char *name)
{
    size_t i;
    json_t *option;
    json_array_foreach(options, i, option)
    {
        if (strcmp(oc_json_str(option, "name", ""), name) == 0) {
            return option;
        }
    }
    return NULL;
}

static int check_known(const struct oc_manifest *m, const json_t *config, struct oc_error *err)
{
    const json_t *options = json_object_get(m->json, "options");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)config, key, value)
    {
        const json_t *option = find_option(options, key);
        if (option) {
            const int code = check_value(option, value, err);
            if (code) {
                return code;
            }
            continue;
        }
        const char *known[OPTIONS_MAX];
        size_t count =
            json_array_size(options) < OPTIONS_MAX ? json_array_size(options) : OPTIONS_MAX;
        for (size_t i = 0; i < count; i++) {
            known[i] = oc_json_str(json_array_get(options, i), "name", "");
        }
        const char *nearest = oc_nearest(key, known, count);
        oc_error_set(err, OC_E_CONFIG, "%s: preset %s has no such option", key, m->name);
        if (nearest) {
            oc_error_hint(err, "Did you mean `%s`?", nearest);
        }
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* What is given, or the default; borrowed, NULL: neither. */
static json_t *value_for(const json_t *option, const json_t *config)
{
    json_t *value = json_object_get(config, oc_json_str(option, "name", ""));
    return value ? value : json_object_get(option, "default");
}

/* name -> value; an option that is neither given nor has a default is not in it. Owned by the
 * caller. */
static json_t *gather_values(const struct oc_manifest *m, const char *name, const json_t *config,
                             struct oc_error *err)
{
    json_t *values = json_object();
    oc_json_set_str(values, NAME_OPTION, name);
    size_t i;
    json_t *option;
    json_array_foreach(json_object_get(m->json, "options"), i, option)
    {
        const char *key = oc_json_str(option, "name", "");
        json_t *value = value_for(option, config);
        if (value) {
            json_object_set(values, key, value);
        } else if (oc_json_bool(option, "required", false)) {
            oc_error_set(err, OC_E_CONFIG, "%s: required and missing", key);
            oc_error_hint(err, "Preset %s needs it: %s.", m->name, oc_json_str(option, "help", ""));
            json_decref(values);
            return NULL;
        }
    }
    return values;
}

/* ---- substitution ---- */

struct expansion {
    const json_t *values;
    size_t
        left; /* of VALUES_MAX: many references to a long text would make gigabytes of a small manifest */
    struct oc_error *err;
};

/* As it stands inside a text, owned by the caller; NULL and an error when that is too much. */
static char *value_text(struct expansion *x, const json_t *value)
{
    char *text = json_is_string(value) ? oc_strdup(json_string_value(value)) : oc_json_text(value);
    const size_t len = strlen(text);
    if (len > x->left) {
        oc_error_set(x->err, OC_E_CONFIG,
                     "instances: the values of options are more than %u bytes in them", VALUES_MAX);
        free(text);
        return NULL;
    }
    x->left -= len;
    return text;
}

static const json_t *value_of(const json_t *values, const struct reference *r)
{
    char *name = oc_strndup(r->name, r->name_len);
    const json_t *value = json_object_get(values, name);
    free(name);
    return value;
}

static json_t *copy_of(struct expansion *x, const json_t *value)
{
    char *text = value ? value_text(x, value) : NULL;
    json_t *copy = text ? json_deep_copy(value) : NULL;
    free(text);
    return copy;
}

static bool add_value(struct expansion *x, struct oc_buf *out, const struct reference *r,
                      const char *in)
{
    const json_t *value = value_of(x->values, r);
    char *text = value ? value_text(x, value) : NULL;
    if (!value) {
        oc_error_set(x->err, OC_E_CONFIG, "%.*s: not set, and needed in \"%.80s\"",
                     (int)(r->name_len < 64 ? r->name_len : 64), r->name, in);
    }
    oc_buf_adds(out, text ? text : "");
    free(text);
    return text != NULL;
}

/* NULL without an error: the text was one unset option, so its key is left out. */
static json_t *substitute_text(struct expansion *x, const char *text)
{
    struct reference r = next_reference(text);
    if (r.begin && is_whole(&r, text)) {
        return copy_of(x, value_of(x->values, &r));
    }
    struct oc_buf out = {0};
    bool fits = true;
    for (; r.begin && fits; r = next_reference(text)) {
        add_literal(&out, text, (size_t)(r.begin - text));
        fits = add_value(x, &out, &r, text);
        text = r.end;
    }
    add_literal(&out, text, strlen(text));
    json_t *result = fits ? json_stringn(out.data ? out.data : "", out.len) : NULL;
    oc_buf_finish(&out);
    return result;
}

/* NULL: it is left out, or there is an error. */
static json_t *substitute(struct expansion *x, const json_t *value)
{
    if (json_is_string(value)) {
        return substitute_text(x, json_string_value(value));
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        return json_deep_copy(value);
    }
    json_t *copy = json_is_object(value) ? json_object() : json_array();
    size_t i;
    json_t *item;
    const char *key;
    json_array_foreach(value, i, item)
    {
        json_t *done = x->err->code ? NULL : substitute(x, item);
        if (done) {
            json_array_append_new(copy, done);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        json_t *done = x->err->code ? NULL : substitute(x, item);
        if (done) {
            json_object_set_new(copy, key, done);
        }
    }
    return copy;
}

/* Takes values. */
static json_t *fill_in(const struct oc_manifest *m, json_t *values, struct oc_error *err)
{
    struct expansion x = {.values = values, .left = VALUES_MAX, .err = err};
    json_t *instances = substitute(&x, json_object_get(m->json, "instances"));
    json_decref(values);
    if (err->code) {
        json_decref(instances);
        return NULL;
    }
    return instances;
}

json_t *oc_manifest_expand(const struct oc_manifest *m, const char *name, const json_t *config,
                           struct oc_error *err)
{
    struct oc_error ignored;
    err = err ? err : &ignored;
    oc_error_init(err);
    if (check_known(m, config, err)) {
        return NULL;
    }
    json_t *values = gather_values(m, name, config, err);
    return values ? fill_in(m, values, err) : NULL;
}

json_t *oc_manifest_sample(const struct oc_manifest *m, const json_t *config)
{
    json_t *values = json_object(), *option;
    struct oc_error ignored;
    size_t i;
    oc_error_init(&ignored);
    oc_json_set_str(values, NAME_OPTION, m->name);
    json_array_foreach(json_object_get(m->json, "options"), i, option)
    {
        json_t *value = value_for(option, config);
        json_object_set_new(values, oc_json_str(option, "name", ""),
                            value ? json_incref(value) : json_string("?"));
    }
    return fill_in(m, values, &ignored);
}
