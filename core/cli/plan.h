/* Showing what an operation would do, asking, and doing exactly that. SPDX-License-Identifier: MIT
 *
 * An operation with OC_OP_PLANS is first called with dry_run: it answers a plan and changes nothing. What was shown is what is
 * done: the second call brings the plan's hash, and another plan is refused by the daemon. */
#ifndef OC_CLI_PLAN_H
#define OC_CLI_PLAN_H

#include "core/cli/client.h"

/* True when the plan is to be seen before anything happens. With --yes it is not: the daemon then refuses what was not consented
 * to. An operation that has a switch `fix` only plans when that is given. */
bool oc_plan_first(const struct cli *cli, const struct cli_op *op, const json_t *params);
/* True when the answer is a plan and not the result of one. */
bool oc_plan_is(const struct cli_op *op, const json_t *data);

/* Calls with dry_run, shows the plan on stderr, asks there, and calls again. *answer is of the second call; of the first when
 * nothing is to be done, when only a plan was asked for, or when it failed; a refusal when the answer was no. */
void oc_plan_call(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                  const json_t *params, const struct cli_listener *listener,
                  struct cli_answer *answer);

#endif
