/* Running one operation from its parameters to its exit code. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_INVOKE_H
#define OC_CLI_INVOKE_H

#include "core/cli/cli.h"

/* An operation that the running daemon has beyond the table, because a plugin brings it; lives
 * until the program ends. NULL when no daemon runs or it has none of that name. */
const struct cli_op *oc_invoke_find(const struct cli *cli, int argc, char **argv, int *used);
/* From an element of op.list; lives until the program ends. NULL when it is not one. */
const struct cli_op *oc_invoke_op_from_json(const json_t *json);

#endif
