/* Plans as those who decide are shown them. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/op/op.h"

#define PLAN_MAX (32u << 10) /* bytes */

static bool fits(const json_t *plan)
{
    char *text = oc_json_text(plan);
    const bool small = text && strlen(text) <= PLAN_MAX;
    free(text);
    return small;
}

json_t *oc_op_readable_plan(struct oc_ops *ops, const struct oc_op *op, const json_t *plan)
{
    static const char *const last[] = {"facts", "changelog", "findings",
                                       "steps", "actions",   "changes"};
    json_t *copy = json_deep_copy(plan);
    oc_op_mask(ops, op, copy);
    for (size_t i = 0; i < OC_COUNT(last) && !fits(copy); i++) {
        json_object_del(copy, last[i]);
        oc_json_set_bool(copy, "shortened", true);
    }
    if (!fits(copy)) {
        json_decref(copy);
        copy = json_object();
        oc_json_set_str(copy, "plan", oc_json_str(plan, "plan", NULL));
        oc_json_set_bool(copy, "shortened", true);
    }
    return copy;
}

int oc_op_check_plan(const struct oc_op *op, const json_t *params, const json_t *plan,
                     struct oc_error *err)
{
    const char *agreed = oc_json_str(params, "plan", NULL);
    const char *hash = oc_json_str(plan, "plan", NULL);
    if (!hash) {
        return oc_error_set(err, OC_E_INTERNAL, "the plan of %s has no hash", op->name);
    }
    if (agreed && strcmp(agreed, hash) != 0) {
        oc_error_set(err, OC_E_CONFLICT, "the plan is another one by now: nothing was done");
        oc_error_hint(err, "Look at it again with --dry-run.");
        return OC_E_CONFLICT;
    }
    return OC_OK;
}
