/* Every place in the tree of commands: "", "alert", "alert silence". SPDX-License-Identifier: MIT */
#ifndef OC_CLI_PATHS_H
#define OC_CLI_PATHS_H

#include "core/base/vec.h"
#include "core/cli/commands.h"

struct cli_child_word {
    char *word;
    const char *summary; /* of the command, or of the group */
};

struct cli_path {
    char *words;                       /* "alert silence" */
    const struct cli_op *op;           /* NULL for groups and commands */
    const struct cli_command *command; /* NULL for groups and operations */
    OC_VEC(struct cli_child_word) children;
};

struct cli_paths {
    OC_VEC(struct cli_path) list; /* a path stands before those below it; the first is "" */
};

void oc_paths_init(struct cli_paths *paths);
void oc_paths_finish(struct cli_paths *paths);

#endif
