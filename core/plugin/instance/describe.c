/* What a plugin's code says of itself, as JSON and back. SPDX-License-Identifier: MIT */
#include "core/plugin/instance/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"

#define DEPTH_MAX   8
#define OPTIONS_MAX 1024u /* of all tables together */
#define METHODS_MAX 64u
#define TEXT_MAX    4096u
#define LIMIT_MAX   9.2e18 /* limits of whole numbers are turned into int64_t */
#define SLOT        16u    /* every value fits into it, and is aligned for it */

/* ---- to JSON ---- */

static json_t *table_json(const struct oc_option *table, size_t stride, int depth)
{
    json_t *rows = json_array();
    for (size_t i = 0; table && depth < DEPTH_MAX && oc_option_at(table, stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, stride, i);
        json_t *row = json_object();
        oc_json_set_str(row, "name", o->name);
        oc_json_set_str(row, "type", oc_option_type_name(o->type));
        oc_json_set_int(row, "flags", o->flags);
        oc_json_set_int(row, "offset", o->offset);
        oc_json_set_int(row, "item_size", o->item_size);
        oc_json_set_str(row, "default", o->default_text);
        oc_json_set_str(row, "choices", o->choices);
        oc_json_set_num(row, "min", o->min);
        oc_json_set_num(row, "max", o->max);
        oc_json_set_str(row, "help", o->help);
        if (o->options) {
            oc_json_take(row, "options", table_json(o->options, stride, depth + 1));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *oc_describe_entry(const struct oc_plugin_entry *e)
{
    json_t *o = json_object(), *methods = json_array();
    char abi[32];
    snprintf(abi, sizeof abi, "%u.%u", e->abi_major, e->abi_minor);
    for (const struct oc_method *m = e->methods; m && m->id;
         m = (const struct oc_method *)(const void *)((const char *)m + e->method_size)) {
        json_array_append_new(methods, json_string(m->id));
    }
    oc_json_set_str(o, "abi", abi);
    oc_json_set_int(o, "instance_size", (int64_t)e->instance_size);
    oc_json_take(o, "methods", methods);
    oc_json_take(o, "options", table_json(e->options, e->option_size, 0));
    return o;
}

/* ---- from JSON ---- */

struct reader {
    struct oc_arena *arena;
    struct oc_error *err;
    unsigned options;
    int depth;
};

static const struct oc_option *read_table(struct reader *r, const json_t *rows, size_t *size);

static int wrong(struct reader *r, const char *name, const char *what)
{
    return oc_error_set(r->err, OC_E_CONFIG, "description: option %.64s: %s", name, what);
}

/* A short text, NULL when it is not there; *bad when it is something else. */
static const char *read_text(struct reader *r, const json_t *row, const char *key, bool *bad)
{
    const json_t *value = json_object_get(row, key);
    if (!value || json_is_null(value)) {
        return NULL;
    }
    const size_t len = json_string_length(value);
    if (!json_is_string(value) || len > TEXT_MAX || strlen(json_string_value(value)) != len) {
        *bad = true;
        return NULL;
    }
    return oc_arena_strdup(r->arena, json_string_value(value));
}

static uint32_t read_type(const char *name)
{
    for (uint32_t type = OC_OPT_BOOL; name && type <= OC_OPT_GROUPS; type++) {
        if (strcmp(oc_option_type_name(type), name) == 0) {
            return type;
        }
    }
    return 0;
}

static int read_nested(struct reader *r, const json_t *row, struct oc_option *o, size_t *size)
{
    const bool nested = o->type == OC_OPT_GROUP || o->type == OC_OPT_GROUPS;
    if (!nested) {
        return OC_OK;
    }
    size_t inner = 0;
    r->depth++;
    o->options = read_table(r, json_object_get(row, "options"), &inner);
    r->depth--;
    if (!o->options) {
        return OC_E_CONFIG;
    }
    if (o->type == OC_OPT_GROUP) {
        *size += inner;
    } else {
        o->item_size = (uint32_t)inner;
        *size += SLOT;
    }
    return OC_OK;
}

/* However it is written, it would be read from our files and our environment and given to the process. */
static bool refers(const struct oc_option *o)
{
    struct oc_option alone[2] = {
        {.name = o->name, .type = o->type, .default_text = o->default_text}};
    struct oc_arena arena = {0};
    struct oc_error ignored;
    const char *text = NULL;
    oc_error_init(&ignored);
    if (o->type == OC_OPT_SECRET) {
        oc_bind_json(alone, NULL, &text, sizeof text, &arena,
                     &ignored); /* a secret is its text there */
    }
    const bool found = text && (oc_starts(text, "$env:") || oc_starts(text, "$file:"));
    oc_arena_finish(&arena);
    return found;
}

static int read_option(struct reader *r, const json_t *row, struct oc_option *o, size_t *size)
{
    bool bad = !json_is_object(row);
    o->name = read_text(r, row, "name", &bad);
    o->default_text = read_text(r, row, "default", &bad);
    o->choices = read_text(r, row, "choices", &bad);
    o->help = read_text(r, row, "help", &bad);
    o->type = read_type(oc_json_str(row, "type", NULL));
    o->flags = (uint32_t)oc_json_int(row, "flags", 0) &
               (OC_OPT_REQUIRED | OC_OPT_POSITIONAL | OC_OPT_ADVANCED | OC_OPT_SENSITIVE);
    o->min = fmin(fmax(oc_json_num(row, "min", 0), -LIMIT_MAX), LIMIT_MAX);
    o->max = fmin(fmax(oc_json_num(row, "max", 0), -LIMIT_MAX), LIMIT_MAX);
    o->offset = (uint32_t)*size;
    if (bad || !o->name) {
        return wrong(r, o->name ? o->name : "?", "a text is missing, too long, or none");
    }
    if (!o->type) {
        return wrong(r, o->name, "unknown type");
    }
    if (refers(o)) {
        return wrong(r, o->name, "its default names a file or a variable of the host");
    }
    if (o->type != OC_OPT_GROUP && o->type != OC_OPT_GROUPS) {
        *size += SLOT;
    }
    return read_nested(r, row, o, size);
}

static const struct oc_option *read_table(struct reader *r, const json_t *rows, size_t *size)
{
    const size_t count = json_array_size(rows);
    if ((rows && !json_is_array(rows)) || r->depth > DEPTH_MAX || count > OPTIONS_MAX ||
        (r->options += (unsigned)count) > OPTIONS_MAX) {
        oc_error_set(r->err, OC_E_CONFIG, "description: too many options, or no list of them");
        return NULL;
    }
    struct oc_option *table = oc_arena_alloc(r->arena, (count + 1) * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        if (read_option(r, json_array_get(rows, i), &table[i], size)) {
            return NULL;
        }
    }
    *size = *size ? *size : SLOT;
    return table;
}

static int check_methods(const json_t *methods, struct oc_error *err)
{
    size_t i;
    json_t *id;
    if (!json_is_array(methods) || json_array_size(methods) == 0 ||
        json_array_size(methods) > METHODS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "description: expected 1 to %u methods", METHODS_MAX);
    }
    json_array_foreach(methods, i, id)
    {
        if (!json_is_string(id) || !oc_method_id_valid(json_string_value(id))) {
            return oc_error_set(err, OC_E_CONFIG, "description: method %zu has no sound id", i);
        }
    }
    return OC_OK;
}

static int check_table(const struct oc_description *d, struct oc_error *err)
{
    struct oc_error why;
    oc_error_init(&why);
    if (oc_options_check(d->options, sizeof *d->options, d->size, &why)) {
        return oc_error_set(err, OC_E_CONFIG, "description: %s", why.message);
    }
    return OC_OK;
}

struct oc_description *oc_description_parse(const json_t *json, struct oc_error *err)
{
    struct oc_description *d = oc_calloc(1, sizeof *d);
    struct reader r = {.arena = &d->arena, .err = err};
    int code = json_is_object(json) ? check_methods(json_object_get(json, "methods"), err)
                                    : oc_error_set(err, OC_E_CONFIG, "description: no object");
    if (!code) {
        d->json = json_deep_copy(json);
        d->options = read_table(&r, json_object_get(json, "options"), &d->size);
        code = d->options ? check_table(d, err) : OC_E_CONFIG;
    }
    if (code) {
        oc_description_free(d);
        return NULL;
    }
    return d;
}

void oc_description_free(struct oc_description *d)
{
    if (d) {
        oc_arena_finish(&d->arena);
        json_decref(d->json);
        free(d);
    }
}

bool oc_description_has_method(const struct oc_description *d, const char *method)
{
    const json_t *methods = json_object_get(d->json, "methods");
    for (size_t i = 0; i < json_array_size(methods); i++) {
        if (strcmp(json_string_value(json_array_get(methods, i)), method) == 0) {
            return true;
        }
    }
    return false;
}
