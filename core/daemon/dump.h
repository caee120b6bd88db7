/* Prints the operation table as C, for the command line's build. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_DUMP_H
#define OC_DAEMON_DUMP_H

#include <stdio.h>

#include "core/op/op.h"

/* A C file that defines oc_cli_ops and oc_cli_op_count of core/cli/table.h. */
void oc_dump_ops(struct oc_ops *ops, FILE *out);

#endif
