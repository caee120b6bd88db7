/* Starting openclawd as a child. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_SPAWN_H
#define OC_CLI_SPAWN_H

#include <sys/types.h>

#include "core/cli/cli.h"

struct cli_child {
    pid_t pid; /* 0 = none */
    int log;   /* what the child writes to stderr; -1 = none */
    long from; /* where in the log its output begins */
};

/* Starts `openclawd` with --config, --home and --set of `cli` and the options given
 * (NULL-terminated): the one beside this program, else the one on PATH. It has a process group of
 * its own, ends when we die, and finds `keep_fd` (-1 = none) open. Takes log_fd. */
int oc_child_start(struct cli_child *child, const struct cli *cli, const char *const *options,
                   int keep_fd, int log_fd, struct oc_error *err);
/* Waits for the end; returns the exit code. */
int oc_child_wait(struct cli_child *child);
/* The message with which the child left, from its log, as an error. False when it left none. */
bool oc_child_error(const struct cli_child *child, int exit_code, struct oc_error *err);
void oc_child_finish(struct cli_child *child); /* closes the log */

#endif
