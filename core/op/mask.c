/* Parameters as they may be kept and shown: without what is secret. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/op/op.h"

#define MASK      "********"
#define DEPTH_MAX 4 /* of operations that hold the parameters of operations */

static void mask(struct oc_ops *ops, const struct oc_op *op, json_t *params, unsigned depth);

/* Of an operation that is not known: whatever is a secret of any. */
static void mask_unknown(struct oc_ops *ops, json_t *params)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(params, next, key, value)
    {
        if (oc_ops_any_secret(ops, key)) {
            json_object_set_new(params, key, json_string(MASK));
        }
    }
}

static void mask_inner(struct oc_ops *ops, const char *name, json_t *params, unsigned depth)
{
    const struct oc_op *op = name ? oc_ops_find(ops, name) : NULL;
    if (op) {
        mask(ops, op, params, depth);
    } else {
        mask_unknown(ops, params);
    }
}

/* `key` holds the parameters of the operation that `op_key` names: an object, or one as text. */
static void mask_held(struct oc_ops *ops, json_t *params, const char *op_key, const char *key,
                      unsigned depth)
{
    json_t *held = json_object_get(params, key);
    const char *name = oc_json_str(params, op_key, NULL);
    if (!held || (!json_is_object(held) && !json_is_string(held))) {
        return;
    }
    if (depth >= DEPTH_MAX) {
        oc_json_set_str(params, key, MASK);
    } else if (json_is_object(held)) {
        mask_inner(ops, name, held, depth + 1);
    } else {
        json_t *parsed = oc_json_parse(json_string_value(held), json_string_length(held), NULL);
        if (json_is_object(parsed)) {
            mask_inner(ops, name, parsed, depth + 1);
            oc_json_take(params, key, parsed);
        } else {
            json_decref(parsed);
            oc_json_set_str(params, key, MASK); /* nobody can tell what it holds */
        }
    }
}

static void mask(struct oc_ops *ops, const struct oc_op *op, json_t *params, unsigned depth)
{
    for (const struct oc_option *o = op->params; o && o->name; o++) {
        if (o->type == OC_OPT_SECRET && json_object_get(params, o->name)) {
            oc_json_set_str(params, o->name, MASK);
        }
    }
    mask_held(ops, params, "op", "params", depth);
    mask_held(ops, params, "rollback_op", "rollback_params", depth);
}

json_t *oc_op_masked_params(struct oc_ops *ops, const struct oc_op *op, const json_t *json)
{
    json_t *copy = json_is_object(json) ? json_deep_copy(json) : json_object();
    mask(ops, op, copy, 0);
    return copy;
}
