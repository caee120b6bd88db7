/* The commands that are more than one operation, and the options of all. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_COMMANDS_H
#define OC_CLI_COMMANDS_H

#include "core/cli/cli.h"

struct cli_global {
    const char *name;
    char letter;       /* 0 = none */
    const char *value; /* what it wants; NULL = it is a switch */
    const char *help;
};
extern const struct cli_global oc_globals[]; /* ends with a NULL name */

struct cli_command {
    const char *name; /* dotted, like that of an operation */
    const char *summary, *usage, *description, *example;
    const char *words; /* what may follow: "bash|zsh|fish", for completion */
    bool hidden;
    int (*run)(struct cli *cli, int argc, char **argv); /* argv without the command's own words */
};
extern const struct cli_command oc_commands[]; /* sorted by name; ends with a NULL name */

/* The command that the words begin with; *used says how many words name it. NULL: there is none. */
const struct cli_command *oc_command_find(int argc, char **argv, int *used);
/* What is done in place of an operation that a person has typed; NULL: nothing, it is just run. */
typedef int (*cli_front_fn)(struct cli *cli, int argc, char **argv);
cli_front_fn oc_command_front(const char *op);
/* Runs an operation as if it had been typed. */
int oc_command_op(struct cli *cli, const struct cli_op *op, const json_t *params);
const struct cli_op *oc_cli_op(const char *name); /* of the table; NULL when there is none */

struct cli_topic {
    const char *name, *text;
};
extern const struct cli_topic oc_exit_codes[]; /* what they mean; ends with a NULL name */

int oc_command_run(struct cli *cli, int argc, char **argv);
int oc_command_version(struct cli *cli, int argc, char **argv);
int oc_command_help(struct cli *cli, int argc, char **argv);
int oc_command_completion(struct cli *cli, int argc, char **argv);
int oc_command_explain(struct cli *cli, int argc, char **argv);
int oc_command_edit(struct cli *cli, int argc, char **argv);
int oc_command_dev(struct cli *cli, int argc, char **argv);
int oc_command_create(struct cli *cli, int argc, char **argv); /* in front of plugin.create */
int oc_command_man(struct cli *cli, int argc, char **argv);

#endif
