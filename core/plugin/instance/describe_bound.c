/* Bound options as JSON that another process binds to the same. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/instance/describe.h"

/* Values are read by memcpy, as they were written: the table says where they lie. */
#define READ(type, at)                                                                             \
    __extension__({                                                                                \
        type read_value;                                                                           \
        memcpy(&read_value, (at), sizeof read_value);                                              \
        read_value;                                                                                \
    })

static json_t *choice(const char *choices, int32_t index)
{
    while (choices && *choices) {
        const size_t len = strcspn(choices, "|");
        if (index-- == 0) {
            return json_stringn(choices, len);
        }
        choices += len + (choices[len] == '|');
    }
    return NULL;
}

static json_t *duration(int64_t ms)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 "ms", ms);
    return json_string(text);
}

/* "" and a path that is not there are the same to the binder. */
static json_t *text(const struct oc_option *o, const char *value)
{
    if (!value) {
        return o->type == OC_OPT_PATH && o->default_text ? json_string("") : NULL;
    }
    return json_string(value);
}

static json_t *strings(struct oc_list list)
{
    json_t *out = json_array();
    for (uint64_t i = 0; i < list.count; i++) {
        json_array_append_new(out, json_string(((const char *const *)list.items)[i]));
    }
    return out;
}

static json_t *integers(struct oc_list list)
{
    json_t *out = json_array();
    for (uint64_t i = 0; i < list.count; i++) {
        json_array_append_new(out, json_integer(((const int64_t *)list.items)[i]));
    }
    return out;
}

static json_t *pairs(struct oc_list list)
{
    json_t *out = json_object();
    for (uint64_t i = 0; i < list.count; i++) {
        const struct oc_pair *p = &((const struct oc_pair *)list.items)[i];
        json_object_set_new(out, p->name, json_string(p->value ? p->value : ""));
    }
    return out;
}

static const struct oc_node *member(const struct oc_node *group, const char *key)
{
    for (size_t i = 0; group && group->type == OC_NODE_GROUP && i < group->count; i++) {
        if (strcmp(group->children[i]->key, key) == 0) {
            return group->children[i];
        }
    }
    return NULL;
}

static json_t *groups(const struct oc_option *o, size_t stride, const struct oc_node *node,
                      struct oc_list list)
{
    json_t *out = json_array();
    for (uint64_t i = 0; i < list.count; i++) {
        const struct oc_node *item = node && i < node->count ? node->children[i] : NULL;
        json_array_append_new(
            out, oc_describe_bound(o->options, stride, item,
                                   (const char *)list.items + i * (uint64_t)o->item_size));
    }
    return out;
}

/* A group that is not written down asks for nothing; one that is, for its required keys. */
static bool asks(const struct oc_option *table, size_t stride)
{
    for (size_t i = 0; oc_option_at(table, stride, i)->name; i++) {
        if (oc_option_at(table, stride, i)->flags & OC_OPT_REQUIRED) {
            return true;
        }
    }
    return false;
}

static json_t *list_json(const struct oc_option *o, size_t stride, const struct oc_node *node,
                         const void *at)
{
    const struct oc_list list = READ(struct oc_list, at);
    if (list.count == 0 && !node && !o->default_text) {
        return NULL;
    }
    switch (o->type) {
    case OC_OPT_STRINGS:
        return strings(list);
    case OC_OPT_INTS:
        return integers(list);
    case OC_OPT_MAP:
        return pairs(list);
    default:
        return groups(o, stride, node, list);
    }
}

static json_t *value(const struct oc_option *o, size_t stride, const struct oc_node *node,
                     const void *at)
{
    switch (o->type) {
    case OC_OPT_BOOL:
        return json_boolean(READ(int32_t, at));
    case OC_OPT_INT:
    case OC_OPT_SIZE:
        return json_integer(READ(int64_t, at));
    case OC_OPT_DURATION:
        return duration(READ(int64_t, at));
    case OC_OPT_FLOAT:
        return json_real(READ(double, at));
    case OC_OPT_ENUM:
        return choice(o->choices, READ(int32_t, at));
    case OC_OPT_GROUP:
        return node || !asks(o->options, stride) ? oc_describe_bound(o->options, stride, node, at)
                                                 : NULL;
    case OC_OPT_STRINGS:
    case OC_OPT_INTS:
    case OC_OPT_MAP:
    case OC_OPT_GROUPS:
        return list_json(o, stride, node, at);
    default:
        return text(o, READ(const char *, at));
    }
}

/* Was the value given, or is there a default? Zero of a limited number may be beyond its limits. */
static bool is_set(const struct oc_option *o, const struct oc_node *node)
{
    return node || o->default_text || o->type == OC_OPT_GROUP;
}

json_t *oc_describe_bound(const struct oc_option *table, size_t stride, const struct oc_node *group,
                          const void *bound)
{
    json_t *out = json_object();
    for (size_t i = 0; table && oc_option_at(table, stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, stride, i);
        const struct oc_node *node = member(group, o->name);
        json_t *v =
            is_set(o, node) ? value(o, stride, node, (const char *)bound + o->offset) : NULL;
        if (v) {
            json_object_set_new(out, o->name, v);
        }
    }
    return out;
}
