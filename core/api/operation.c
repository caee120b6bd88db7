/* Which operations the API has. SPDX-License-Identifier: MIT */
#include "core/api/operation.h"

#include "core/config/bind.h"

bool oc_api_op_is_shown(const struct oc_op *op)
{
    return !(op->flags & (OC_OP_INTERNAL | OC_OP_PRIVATE));
}

bool oc_api_op_reads(const struct oc_op *op)
{
    return !(op->flags & (OC_OP_MUTATES | OC_OP_DESTRUCTIVE | OC_OP_PLANS | OC_OP_ACTS));
}

bool oc_api_op_may_ask(const struct oc_op *op, const json_t *params, enum oc_role role)
{
    for (const struct oc_option *o = op->params; o && o->name && role < OC_ROLE_ADMIN; o++) {
        const json_t *value = json_object_get(params, o->name);
        if (o->type == OC_OPT_PATH && value && !json_is_null(value)) {
            return false;
        }
    }
    return true;
}
