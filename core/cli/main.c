/* openclaw: the command line. SPDX-License-Identifier: MIT */
#include <signal.h>

#include "core/cli/commands.h"
#include "core/cli/help.h"
#include "core/cli/invoke.h"
#include "core/sys/stdfd.h"

static int usage_of_group(struct cli *cli, int argc, char **argv)
{
    struct oc_error err;
    oc_error_init(&err);
    if (cli->json && cli->help) {
        return oc_command_help(cli, argc, argv);
    }
    if (!oc_help_is_group(argc, argv)) {
        oc_args_unknown(argc, argv, &err);
        return oc_cli_fail_usage(cli, &err);
    }
    if (cli->json) {
        oc_help_want_command(argc, argv, &err);
        return oc_cli_fail_usage(cli, &err);
    }
    oc_help_group(argc, argv, cli->help ? stdout : stderr);
    return cli->help ? 0 : OC_EXIT_USAGE;
}

static int run_op(struct cli *cli, const struct cli_op *op, int argc, char **argv)
{
    struct oc_error err;
    oc_error_init(&err);
    if (cli->help) {
        return oc_help_show_op(cli, op);
    }
    const cli_front_fn front = oc_command_front(op->name);
    if (front) {
        return front(cli, argc, argv);
    }
    json_t *params = oc_params_parse(op, argc, argv, &err);
    if (!params) {
        return oc_cli_fail_usage(cli, &err);
    }
    int rc = oc_command_op(cli, op, params);
    json_decref(params);
    return rc;
}

static int run_words(struct cli *cli, int argc, char **argv)
{
    int command_words, op_words;
    const struct cli_command *command = oc_command_find(argc, argv, &command_words);
    const struct cli_op *op = oc_args_find(argc, argv, &op_words);
    if (command && command_words >= op_words) {
        if (cli->help) {
            return oc_help_show_command(cli, command);
        }
        return command->run(cli, argc - command_words, argv + command_words);
    }
    if (!op && !oc_help_is_group(argc, argv)) {
        op = oc_invoke_find(cli, argc, argv, &op_words); /* one that a plugin brings */
    }
    return op ? run_op(cli, op, argc - op_words, argv + op_words) : usage_of_group(cli, argc, argv);
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    struct cli cli;
    struct oc_error err;
    signal(SIGPIPE, SIG_IGN); /* writing says that nobody reads, and what is left to do is done */
    oc_error_init(&err);
    oc_cli_init(&cli);
    oc_cli_open_out(&cli);
    argc = oc_args_global(&cli, argc - 1, argv + 1, &err);
    argv++;
    if (argc < 0) {
        return oc_cli_flush(oc_cli_fail_usage(&cli, &err));
    }
    if (cli.version) {
        return oc_cli_flush(oc_command_version(&cli, 0, argv));
    }
    if (argc == 0) {
        return oc_cli_flush(oc_help_show_overview(&cli));
    }
    return oc_cli_flush(run_words(&cli, argc, argv));
}
