/* The command `help`, and every other way to ask for help. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/cli/help.h"
#include "core/cli/invoke.h"

int oc_help_show_op(const struct cli *cli, const struct cli_op *op)
{
    if (cli->json) {
        oc_cli_print_data(cli, oc_help_op_json(op));
    } else {
        oc_help_op(op, stdout);
    }
    return 0;
}

int oc_help_show_command(const struct cli *cli, const struct cli_command *command)
{
    if (cli->json) {
        oc_cli_print_data(cli, oc_help_command_json(command));
    } else {
        oc_help_command(command, stdout);
    }
    return 0;
}

int oc_help_show_overview(const struct cli *cli)
{
    if (cli->json) {
        oc_cli_print_data(cli, oc_help_list_json(0, NULL));
    } else {
        oc_help_overview(stdout);
    }
    return 0;
}

static bool show_group(const struct cli *cli, int argc, char **argv)
{
    json_t *list = cli->json ? oc_help_list_json(argc, argv) : NULL;
    if (list) {
        oc_cli_print_data(cli, list);
    }
    return list || (!cli->json && oc_help_group(argc, argv, stdout));
}

int oc_command_help(struct cli *cli, int argc, char **argv)
{
    struct oc_error err;
    int command_words, op_words;
    if (argc == 0) {
        return oc_help_show_overview(cli);
    }
    const struct cli_command *command = oc_command_find(argc, argv, &command_words);
    const struct cli_op *op = oc_args_find(argc, argv, &op_words);
    if (command && command_words == argc && command_words >= op_words) {
        return oc_help_show_command(cli, command);
    }
    if (op && op_words == argc) {
        return oc_help_show_op(cli, op);
    }
    if (show_group(cli, argc, argv)) {
        return 0;
    }
    op = oc_invoke_find(cli, argc, argv, &op_words); /* one that a plugin brings */
    if (op && op_words == argc) {
        return oc_help_show_op(cli, op);
    }
    oc_error_init(&err);
    oc_args_unknown(argc, argv, &err);
    return oc_cli_fail_usage(cli, &err);
}
