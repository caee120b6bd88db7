/* Parameters as an operation understands them. SPDX-License-Identifier: MIT */
#include "core/base/arena.h"
#include "core/config/bind.h"
#include "core/op/op.h"

/* Without a table the handler reads what was given. */
static json_t *bound(const struct oc_op *op, const json_t *given, const void *target)
{
    return op->params ? oc_unbind_json(op->params, given, target) : json_deep_copy(given);
}

json_t *oc_call_bound(const struct oc_call *call)
{
    return bound(oc_call_op(call), oc_call_json(call), oc_call_params(call));
}

/* "15m" is 15 minutes to whoever reads it; "yes" may be a word. */
static bool is_loose(const struct oc_option *option)
{
    return option->type == OC_OPT_BOOL || option->type == OC_OPT_INT ||
           option->type == OC_OPT_FLOAT || option->type == OC_OPT_STRINGS ||
           option->type == OC_OPT_INTS;
}

json_t *oc_call_plain(const struct oc_call *call)
{
    json_t *plain = json_copy((json_t *)(uintptr_t)oc_call_json(call));
    json_t *taken = oc_call_bound(call);
    for (const struct oc_option *o = oc_call_op(call)->params; o && o->name; o++) {
        json_t *value = json_object_get(taken, o->name);
        if (value && is_loose(o)) {
            json_object_set(plain, o->name, value);
        }
    }
    json_decref(taken);
    return plain;
}

json_t *oc_op_bound(const struct oc_op *op, const json_t *params, struct oc_error *err)
{
    struct oc_arena arena = {0};
    json_t *none = json_object(), *json = NULL;
    const json_t *given = params ? params : none;
    void *target = oc_arena_alloc(&arena, op->params_size ? op->params_size : 1);
    if (!op->params ||
        oc_bind_json(op->params, given, target, op->params_size, &arena, err) == OC_OK) {
        json = bound(op, given, target);
    }
    oc_arena_finish(&arena);
    json_decref(none);
    return json;
}
