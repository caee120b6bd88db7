/* Signing what a member of governance says, where its key is. SPDX-License-Identifier: MIT
 *
 * An operation of governance that is given `key` is not sent with it: the running daemon says what is to be signed
 * (governance.form), a private one signs it (governance.sign), and the signature goes in the place of the key. */
#ifndef OC_CLI_SIGN_H
#define OC_CLI_SIGN_H

#include "core/cli/client.h"

/* True when the parameters have to be signed before the call. */
bool oc_sign_first(const struct cli_op *op, const json_t *params);
/* The parameters with the signature; owned. NULL: *answer says why not. */
json_t *oc_sign_params(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                       const json_t *params, struct cli_answer *answer);

#endif
