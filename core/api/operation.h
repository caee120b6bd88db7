/* Which operations the API has, and how they are asked. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_OPERATION_H
#define OC_API_OPERATION_H

#include "core/op/op.h"

/* Neither internal nor for files alone. */
bool oc_api_op_is_shown(const struct oc_op *op);
/* Changes nothing, so it answers GET, too. */
bool oc_api_op_reads(const struct oc_op *op);
/* Whoever asks from elsewhere names files of this host as an admin only, whatever role the operation itself wants. */
bool oc_api_op_may_ask(const struct oc_op *op, const json_t *params, enum oc_role role);

#endif
