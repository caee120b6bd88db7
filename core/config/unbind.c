/* From a bound struct back to JSON: what an operation really understood. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/config/binder.h"
#include "core/config/mask.h"

static json_t *text_json(const char *text)
{
    return text ? json_string(text) : NULL;
}

static json_t *choice_json(const struct oc_option *option, const void *slot)
{
    struct oc_arena arena = {0};
    const char **choices;
    int32_t index;
    memcpy(&index, slot, sizeof index);
    size_t count = oc_choices_split(option->choices, &arena, &choices);
    json_t *json = index >= 0 && (size_t)index < count ? json_string(choices[index]) : NULL;
    oc_arena_finish(&arena);
    return json;
}

static json_t *scalar_json(const struct oc_option *option, const void *slot)
{
    int32_t truth;
    int64_t integer;
    double number;
    const char *text;
    switch (option->type) {
    case OC_OPT_BOOL:
        memcpy(&truth, slot, sizeof truth);
        return json_boolean(truth != 0);
    case OC_OPT_INT:
    case OC_OPT_DURATION:
    case OC_OPT_SIZE:
        memcpy(&integer, slot, sizeof integer);
        return json_integer(integer);
    case OC_OPT_FLOAT:
        memcpy(&number, slot, sizeof number);
        return json_real(number);
    case OC_OPT_ENUM:
        return choice_json(option, slot);
    case OC_OPT_SECRET:
        memcpy(&text, slot, sizeof text);
        return text ? json_string(OC_MASK) : NULL;
    default:
        memcpy(&text, slot, sizeof text);
        return text_json(text);
    }
}

static json_t *table_json(const struct oc_option *table, const json_t *given, const char *base,
                          int depth);

static json_t *map_json(const struct oc_list *list)
{
    const struct oc_pair *pairs = list->items;
    json_t *json = json_object();
    for (uint64_t i = 0; i < list->count; i++) {
        json_object_set_new(json, pairs[i].name, json_string(pairs[i].value));
    }
    return json;
}

static json_t *list_json(const struct oc_option *option, const struct oc_list *list, int depth)
{
    json_t *json = json_array();
    for (uint64_t i = 0; i < list->count; i++) {
        if (option->type == OC_OPT_STRINGS) {
            json_array_append_new(json, json_string(((const char *const *)list->items)[i]));
        } else if (option->type == OC_OPT_INTS) {
            json_array_append_new(json, json_integer(((const int64_t *)list->items)[i]));
        } else {
            const char *item = (const char *)list->items + i * option->item_size;
            json_array_append_new(json, table_json(option->options, NULL, item, depth + 1));
        }
    }
    return json;
}

static json_t *value_json(const struct oc_option *option, const json_t *given, const char *slot,
                          int depth)
{
    struct oc_list list;
    switch (option->type) {
    case OC_OPT_GROUP:
        return table_json(option->options, given, slot, depth + 1);
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
    case OC_OPT_GROUPS:
    case OC_OPT_MAP:
        memcpy(&list, slot, sizeof list);
        return option->type == OC_OPT_MAP ? map_json(&list) : list_json(option, &list, depth);
    default:
        return scalar_json(option, slot);
    }
}

/* `given` NULL: all of them. */
static json_t *table_json(const struct oc_option *table, const json_t *given, const char *base,
                          int depth)
{
    json_t *json = json_object();
    if (depth > OC_BIND_MAX_DEPTH) {
        return json;
    }
    for (const struct oc_option *o = table; o && o->name; o++) {
        const json_t *member = json_object_get(given, o->name);
        if (!given || member) {
            json_t *value = value_json(o, member, base + o->offset, depth);
            if (value) {
                json_object_set_new(json, o->name, value);
            }
        }
    }
    return json;
}

json_t *oc_unbind_json(const struct oc_option *table, const json_t *given, const void *target)
{
    return table_json(table, given, target, 0);
}
