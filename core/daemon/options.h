/* The command line of openclawd. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_OPTIONS_H
#define OC_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
    const char *config;   /* --config FILE */
    const char *home;     /* --home DIR */
    const char *user;     /* --user NAME: give up root for this user */
    const char *sets[65]; /* --set KEY=VALUE, NULL-terminated */
    bool foreground, safe_mode;
    /* print the operation table and leave: the build makes the command line from it */
    bool dump_ops;
    /* print the sections of the configuration and leave: the reference is made from it */
    bool dump_options;
    bool check;      /* validate the configuration, print findings as JSON, leave */
    bool draft;      /* with --check: standard input, a file, says what the main file would */
    int ephemeral;   /* --ephemeral FD: serve that socket only, then leave; -1 = no */
    bool no_store;   /* with --ephemeral: keep nothing, touch no state */
    bool looks;      /* with --ephemeral: as no_store when there is no home yet */
    bool no_plugins; /* with --ephemeral: the one operation needs none */
    bool plain;      /* with --ephemeral: nothing is watched, so nothing of that is configured */
    bool collect;    /* with --ephemeral: run the collectors */
};

/* Fills `o`. Returns -1 to go on, else the exit code to leave with (help, version, usage error). */
int oc_daemon_options(int argc, char **argv, struct daemon_options *o);

#endif
