/* Help from the operation table. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_HELP_H
#define OC_CLI_HELP_H

#include "core/cli/commands.h"

#define OC_HELP_WIDTH 80

void oc_help_overview(FILE *out);
void oc_help_op(const struct cli_op *op, FILE *out);
void oc_help_command(const struct cli_command *command, FILE *out);
/* True when more words are needed: "alert" of "alert list". */
bool oc_help_is_group(int argc, char **argv);
/* The commands that begin with these words; false when there are none. */
bool oc_help_group(int argc, char **argv, FILE *out);
/* Says that the words name a group, where one of its commands was wanted. */
void oc_help_want_command(int argc, char **argv, struct oc_error *err);

/* True when `name` lies below the words up to the first option; without words all do. */
bool oc_help_is_below(const char *name, int argc, char **argv);

/* What --json wants. */
json_t *oc_help_op_json(const struct cli_op *op);
json_t *oc_help_command_json(const struct cli_command *command);
/* The commands below the words; without words all of them and the options of all. NULL: none. */
json_t *oc_help_list_json(int argc, char **argv);

/* For people, or as a document when --json was given. */
int oc_help_show_op(const struct cli *cli, const struct cli_op *op);
int oc_help_show_command(const struct cli *cli, const struct cli_command *command);
int oc_help_show_overview(const struct cli *cli);

/* "openclaw alert silence [OPTIONS] MATCHERS..." */
void oc_help_usage(const struct cli_op *op, char *buf, size_t size);
/* "health" of "health.check", the name itself when it has no dot. */
void oc_help_group_of(const char *name, char *buf, size_t size);
/* What a group is about; "" when nobody has said. */
const char *oc_help_group_summary(const char *group);
/* Calls fn for every visible command and operation in the order of their names; `op` or `command`
 * is NULL. */
void oc_help_each(void (*fn)(void *ctx, const struct cli_op *op, const struct cli_command *command),
                  void *ctx);

#endif
