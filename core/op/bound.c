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
