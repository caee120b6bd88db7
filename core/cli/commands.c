/* The commands that are more than one operation. SPDX-License-Identifier: MIT */
#include "core/cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/version.h"

const struct cli_command oc_commands[] = {
    {.name = "completion",
     .summary = "Print the completion of a shell",
     .usage = "completion bash|zsh|fish",
     .words = "bash|zsh|fish",
     .example = "openclaw completion bash > ~/.local/share/bash-completion/completions/openclaw\n"
                "openclaw completion zsh > ~/.zfunc/_openclaw\n"
                "openclaw completion fish > ~/.config/fish/completions/openclaw.fish",
     .run = oc_command_completion},
    {.name = "config.edit",
     .summary = "Edit the configuration file; it is checked before it counts",
     .usage = "config edit",
     .description =
         "Opens a copy in $VISUAL, $EDITOR or vi. A copy with errors never replaces the file: "
         "the findings are shown and the copy is kept for another try. Neither does one whose file "
         "somebody else has changed meanwhile. With --json there is one try and one document.",
     .example = "openclaw config edit",
     .run = oc_command_edit},
    {.name = "explain",
     .summary = "Explain an error, an exit code, a state, a command or a configuration key",
     .usage = "explain [TOPIC]",
     .words = "errors|exit-codes|states",
     .description =
         "TOPIC is `errors`, `exit-codes`, `states`, one of their names, a command, or a key of "
         "the configuration, of which it says where its value comes from.",
     .example = "openclaw explain exit-codes\nopenclaw explain unreachable\n"
                "openclaw explain store.retention",
     .run = oc_command_explain},
    {.name = "help",
     .summary = "Show help, for all or for one command",
     .usage = "help [COMMAND]",
     .example = "openclaw help alert silence",
     .run = oc_command_help},
    {.name = "man",
     .summary = "Write the man pages to a folder",
     .usage = "man DIR",
     .hidden = true,
     .run = oc_command_man},
    {.name = "plugin.dev",
     .summary = "Build and reload a plugin whenever one of its files is saved",
     .usage = "plugin dev [FOLDER]",
     .description =
         "Builds the plugin of the folder, links it into the host that runs as `openclaw plugin "
         "link` does, then builds and reloads it on every save. What does not build "
         "or does not start leaves the plugin that runs as it is. Ctrl-C ends it; `openclaw plugin "
         "unlink` takes the plugin out again.",
     .example = "openclaw plugin dev ~/disk-space",
     .run = oc_command_dev},
    {.name = "run",
     .summary = "Start the host here: the health table, then a line for every change",
     .usage = "run",
     .description =
         "Starts openclawd as a child, waits for the first results (under a second), prints "
         "the health table and goes on with what changes. Ctrl-C drains the host and exits 0. "
         "The log goes to logs/openclawd.log in the daemon's folder.",
     .example = "openclaw run\nopenclaw --config openclaw.conf run",
     .run = oc_command_run},
    {.name = "version",
     .summary = "Print the version; no daemon is needed",
     .usage = "version",
     .example = "openclaw version --json",
     .run = oc_command_version},
    {.name = NULL},
};

const struct cli_command *oc_command_find(int argc, char **argv, int *used)
{
    const struct cli_command *best = NULL;
    *used = 0;
    for (const struct cli_command *c = oc_commands; c->name; c++) {
        int n = oc_args_match(c->name, argc, argv);
        if (n > *used) {
            *used = n;
            best = c;
        }
    }
    return best;
}

cli_front_fn oc_command_front(const char *op)
{
    static const struct {
        const char *op;
        cli_front_fn run;
    } fronts[] = {{"plugin.create", oc_command_create}};
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        if (strcmp(fronts[i].op, op) == 0) {
            return fronts[i].run;
        }
    }
    return NULL;
}

int oc_command_version(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (cli->json) {
        json_t *data = json_object();
        oc_json_set_str(data, "version", OC_VERSION);
        oc_json_set_int(data, "abi_major", OC_ABI_MAJOR);
        oc_json_set_int(data, "abi_minor", OC_ABI_MINOR);
        oc_cli_print_data(cli, data);
    } else {
        printf("openclaw %s (plugin ABI %d.%d)\n", OC_VERSION, OC_ABI_MAJOR, OC_ABI_MINOR);
    }
    return 0;
}
