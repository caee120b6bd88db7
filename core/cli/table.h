/* The operation table as the command line has it: data that the build prints from openclawd.
 * SPDX-License-Identifier: MIT */
#ifndef OC_CLI_TABLE_H
#define OC_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

struct cli_param {
    const char *name;
    uint32_t type, flags; /* OC_OPT_* */
    const char *fallback, *choices, *help;
};

struct cli_op {
    const char *name, *summary, *role;
    uint32_t flags; /* OC_OP_* */
    const char *view, *description, *example;
    const struct cli_param *params;
    size_t param_count;
};

extern const struct cli_op oc_cli_ops[]; /* sorted by name */
extern const size_t oc_cli_op_count;
bool oc_cli_op_has(const struct cli_op *op, const char *param); /* a parameter of that name */

#endif
