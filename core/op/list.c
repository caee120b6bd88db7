/* The operation table as JSON, from which help, completions, routes and reference pages come. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/config/bind.h"
#include "core/op/internal.h"

const char *oc_role_name(enum oc_role role)
{
    switch (role) {
    case OC_ROLE_VIEWER:
        return "viewer";
    case OC_ROLE_OPERATOR:
        return "operator";
    case OC_ROLE_ADMIN:
        break;
    }
    return "admin";
}

static json_t *flags_json(uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {{OC_OP_MUTATES, "mutates"},
                 {OC_OP_DESTRUCTIVE, "destructive"},
                 {OC_OP_REPLAY_SAFE, "replay_safe"},
                 {OC_OP_STREAMS, "streams"},
                 {OC_OP_EPHEMERAL, "ephemeral"},
                 {OC_OP_INTERNAL, "internal"},
                 {OC_OP_COLLECTS, "collects"},
                 {OC_OP_PRIVATE, "private"},
                 {OC_OP_PLANS, "plans"},
                 {OC_OP_PREVIEWS, "previews"},
                 {OC_OP_BARE, "bare"},
                 {OC_OP_PLAIN, "plain"},
                 {OC_OP_ACTS, "acts"},
                 {OC_OP_ONCE, "once"},
                 {OC_OP_TELLS_SECRET, "tells_secret"}};
    json_t *list = json_array();
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (flags & names[i].flag) {
            json_array_append_new(list, json_string(names[i].name));
        }
    }
    return list;
}

static json_t *op_json(const struct oc_op *op)
{
    static const struct oc_option none[] = {{0}};
    const struct oc_option *params = op->params ? op->params : none;
    json_t *o = json_object();
    oc_json_set_str(o, "name", op->name);
    oc_json_set_str(o, "summary", op->summary);
    oc_json_set_str(o, "role", oc_role_name(op->role));
    oc_json_take(o, "flags", flags_json(op->flags));
    oc_json_take(o, "params", oc_options_json(params, sizeof *params));
    oc_json_take(o, "schema", oc_options_schema(params, sizeof *params));
    oc_json_set_str(o, "view", op->view);
    oc_json_set_str(o, "description", op->description);
    oc_json_set_str(o, "example", op->example);
    return o;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *oc_ops_json(struct oc_ops *ops, bool internal)
{
    OC_VEC(const char *) names = {0};
    const char *key;
    for (size_t it = 0; oc_map_next(&ops->table, &it, &key, NULL);) {
        OC_VEC_PUSH(&names, key);
    }
    if (names.count) {
        qsort(names.items, names.count, sizeof *names.items, by_name);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < names.count; i++) {
        const struct oc_op *op = oc_ops_find(ops, names.items[i]);
        if (internal || !(op->flags & OC_OP_INTERNAL)) {
            json_array_append_new(list, op_json(op));
        }
    }
    OC_VEC_FINISH(&names);
    return list;
}
