/* What option tables say about themselves, as JSON. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/config/binder.h"

/* ---- JSON Schema ---- */

static json_t *table_schema(const struct oc_option *table, size_t stride, int depth);

static json_t *strings_of(const char *choices)
{
    json_t *list = json_array();
    while (choices && *choices) {
        size_t len = strcspn(choices, "|");
        json_array_append_new(list, json_stringn(choices, len));
        choices += len + (choices[len] == '|');
    }
    return list;
}

static json_t *typed(const char *type)
{
    json_t *schema = json_object();
    oc_json_set_str(schema, "type", type);
    return schema;
}

static void add_limits(json_t *schema, const struct oc_option *option)
{
    bool limited = option->min != 0 || option->max != 0;
    if (limited) {
        oc_json_set_num(schema, "minimum", option->min);
    }
    if (limited && option->max >= option->min) {
        oc_json_set_num(schema, "maximum", option->max);
    }
}

static json_t *number_schema(const struct oc_option *option, const char *type)
{
    json_t *schema = typed(type);
    add_limits(schema, option);
    return schema;
}

static json_t *pattern_schema(const char *pattern)
{
    json_t *schema = typed("string");
    oc_json_set_str(schema, "pattern", pattern);
    return schema;
}

static json_t *list_schema(json_t *items)
{
    json_t *schema = typed("array");
    oc_json_take(schema, "items", items);
    return schema;
}

static json_t *size_schema(void)
{
    json_t *schema = json_object(), *either = json_array();
    json_array_append_new(either, typed("integer"));
    json_array_append_new(either, pattern_schema("^[0-9]+([kKmMgGtT]?[bB])?$"));
    oc_json_take(schema, "anyOf", either);
    return schema;
}

/* A value of a map: kept as text, whatever it is written as. */
static json_t *scalar_schema(void)
{
    return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

/* An object, or one as text. */
static json_t *json_schema(void)
{
    json_t *schema = json_object(), *either = json_array();
    json_array_append_new(either, typed("object"));
    json_array_append_new(either, typed("string"));
    oc_json_take(schema, "anyOf", either);
    return schema;
}

static json_t *option_type_schema(const struct oc_option *option, size_t stride, int depth)
{
    json_t *schema;

    switch (option->type) {
    case OC_OPT_BOOL:
        return typed("boolean");
    case OC_OPT_INT:
        return number_schema(option, "integer");
    case OC_OPT_FLOAT:
        return number_schema(option, "number");
    case OC_OPT_DURATION:
        return pattern_schema("^(0|([0-9]+(d|h|m|s|ms))+)$");
    case OC_OPT_SIZE:
        return size_schema();
    case OC_OPT_ENUM:
        schema = typed("string");
        oc_json_take(schema, "enum", strings_of(option->choices));
        return schema;
    case OC_OPT_URL:
        schema = typed("string");
        oc_json_set_str(schema, "format", "uri");
        return schema;
    case OC_OPT_STRINGS:
        return list_schema(typed("string"));
    case OC_OPT_INTS:
        return list_schema(number_schema(option, "integer"));
    case OC_OPT_MAP:
        schema = typed("object");
        oc_json_take(schema, "additionalProperties", scalar_schema());
        return schema;
    case OC_OPT_GROUP:
        return table_schema(option->options, stride, depth + 1);
    case OC_OPT_GROUPS:
        return list_schema(table_schema(option->options, stride, depth + 1));
    default:
        return oc_option_is_json(option) ? json_schema() : typed("string");
    }
}

static json_t *option_schema(const struct oc_option *option, size_t stride, int depth)
{
    json_t *schema = option_type_schema(option, stride, depth);
    if (option->help) {
        oc_json_set_str(schema, "description", option->help);
    }
    if (option->type == OC_OPT_SECRET) {
        oc_json_set_bool(schema, "writeOnly", true);
    }
    return schema;
}

static json_t *table_schema(const struct oc_option *table, size_t stride, int depth)
{
    json_t *schema = typed("object"), *properties = json_object(), *required = json_array();
    const struct oc_option *option;

    for (size_t i = 0;
         table && depth < OC_BIND_MAX_DEPTH && (option = oc_option_at(table, stride, i))->name;
         i++) {
        oc_json_take(properties, option->name, option_schema(option, stride, depth));
        if (option->flags & OC_OPT_REQUIRED) {
            json_array_append_new(required, json_string(option->name));
        }
    }
    oc_json_take(schema, "properties", properties);
    oc_json_take(schema, "required", required);
    oc_json_set_bool(schema, "additionalProperties", false);
    return schema;
}

json_t *oc_options_schema(const struct oc_option *table, size_t stride)
{
    json_t *schema = json_object(), *body = table_schema(table, stride, 0);
    oc_json_set_str(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_object_update(schema, body);
    json_decref(body);
    return schema;
}

/* ---- reference ---- */

static json_t *table_json(const struct oc_option *table, size_t stride, int depth)
{
    json_t *rows = json_array();
    const struct oc_option *option;

    for (size_t i = 0;
         table && depth < OC_BIND_MAX_DEPTH && (option = oc_option_at(table, stride, i))->name;
         i++) {
        bool limited = option->min != 0 || option->max != 0;
        json_t *row = json_object();
        oc_json_set_str(row, "name", option->name);
        oc_json_set_str(row, "type", oc_option_type_name(option->type));
        oc_json_set_str(row, "default", option->default_text);
        oc_json_set_bool(row, "required", option->flags & OC_OPT_REQUIRED);
        oc_json_set_bool(row, "positional", option->flags & OC_OPT_POSITIONAL);
        oc_json_set_bool(row, "advanced", option->flags & OC_OPT_ADVANCED);
        oc_json_take(row, "choices", strings_of(option->choices));
        oc_json_take(row, "min", limited ? json_real(option->min) : json_null());
        oc_json_take(row, "max",
                     limited && option->max >= option->min ? json_real(option->max) : json_null());
        oc_json_set_str(row, "help", option->help ? option->help : "");
        oc_json_take(row, "options", table_json(option->options, stride, depth + 1));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *oc_options_json(const struct oc_option *table, size_t stride)
{
    return table_json(table, stride, 0);
}
