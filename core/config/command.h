/* What a command line can take of an operation: the names of its parameters, and the view of its answer. SPDX-License-Identifier: MIT
 *
 * The command line, the table of operations and the manifest of a plugin must agree about it, and this floor is the highest that lies
 * below all three. [any] */
#ifndef OC_CONFIG_COMMAND_H
#define OC_CONFIG_COMMAND_H

#include <stdbool.h>

/* Whether "--NAME" is an option of every command ('_' stands for '-'): it is taken before anybody knows which operation is meant, so
 * none could ever be given a parameter of that name. The table itself is oc_globals in core/cli/args.c. */
bool oc_command_option(const char *name);

/* Whether it is a view that knows nothing of the operation, the only kind that a plugin may ask for: "record", "text:KEY", or
 * "table:KEY=Title,..." with at least one column. The others are of one operation each, and trust what it answers. */
bool oc_command_view(const char *view);

#endif
