/* What the files of the command line share. SPDX-License-Identifier: MIT
 *
 * The command line links no server library and loads no plugin: it parses words by the operation
 * table, speaks to the daemon over its socket (or starts a private one), and shows the answer.
 * stdout carries the answer and nothing else. One thread. */
#ifndef OC_CLI_CLI_H
#define OC_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/cli/table.h"
#include "core/op/op.h" /* the flags of an operation; nothing of it is linked */

#define OC_SETS_MAX         64
#define OC_EXIT_INTERRUPTED 130
#define OC_EXIT_UNREAD      141   /* nobody reads stdout: what a shell says of SIGPIPE */
#define OC_TIMEOUT_MS       60000 /* --timeout, unless it is given */

struct cli {
    const char *config, *home;         /* --config, --home */
    const char *sets[OC_SETS_MAX + 1]; /* --set, NULL-terminated */
    int64_t timeout_ms;                /* how long the daemon may be silent; 0 = for ever */
    bool json, csv, yes, quiet, help, version;
    bool tty, tty_err; /* stdout and stderr are terminals */
    bool color, color_err;
    int width, width_err; /* columns of the terminal on stdout and on stderr; 0 = not a terminal */
};

/* Looks at the terminal and at NO_COLOR; before oc_args_global. */
void oc_cli_init(struct cli *cli);

/* One answer: what the daemon said at the end. Owned; oc_answer_finish frees. */
struct cli_answer {
    bool ok;
    bool lost;        /* there is no daemon, or it went away */
    bool interrupted; /* by Ctrl-C */
    int unwritten;    /* the errno for which a row could not be written: the call was left */
    json_t *data, *warnings;
    struct oc_error err;
    json_t *details; /* what the error tells beside its message; NULL when it tells nothing */
};
void oc_answer_finish(struct cli_answer *answer);
int oc_answer_exit(const struct cli_answer *answer); /* of an answer that is not ok */
/* Says that it went wrong, on stderr or as the document that --json wants; returns the exit code.
 */
int oc_cli_fail(const struct cli *cli, const struct oc_error *err, int exit_code);
int oc_cli_fail_usage(const struct cli *cli, const struct oc_error *err);
/* The document that --json wants, for commands that need no daemon. Takes data. */
void oc_cli_print_data(const struct cli *cli, json_t *data);
/* Makes stdout a stream that keeps why it could not be written: stdio itself forgets the errno of what it wrote while it was printed
 * to. */
void oc_cli_open_out(const struct cli *cli);
/* Writes out what is buffered: 0, or the errno for which something could not be written, now or before. */
int oc_cli_write_out(void);
/* At the end: what cannot be written becomes the exit code unless there is another, and is said unless it is that nobody reads. */
int oc_cli_flush(int exit_code);
/* Whether somebody can be asked: stdin and stderr are a terminal. */
bool oc_cli_may_ask(void);
/* Asks on the terminal; false when the answer is not yes, or when nobody can be asked. */
bool oc_cli_confirm(const char *question);

/* ---- home.c: the daemon's folder, as the daemon itself finds it ---- */

/* --set host.home > OPENCLAW__HOST__HOME > --home > OPENCLAW_HOME > `home` of the section `host` in
 * conf.d and in the file > ~/.openclaw. Absolute; owned by the caller. */
char *oc_cli_home(const struct cli *cli);
/* A configuration file that is named, and cannot be read, is refused as the daemon refuses it: whose home would it be? Not one that is kept
 * from the caller when the home is said above the file. */
int oc_cli_check_config(const struct cli *cli, struct oc_error *err);
/* The configuration file, or NULL when there is none. Owned by the caller. */
char *oc_cli_config_file(const struct cli *cli);
/* The file that is looked for when nobody names one, and the first to be made. Owned by the caller. */
char *oc_cli_first_file(const struct cli *cli);
char *oc_cli_socket(const struct cli *cli); /* owned by the caller */

/* ---- args.c ---- */

/* Takes the options that every command has out of argv; returns the new argc, or -1 with err. */
int oc_args_global(struct cli *cli, int argc, char **argv, struct oc_error *err);
/* How many leading words of argv name the dotted `name`, 0 when they do not. A plural stands for
 * its singular, "p" for "plugin", '-' for '_'. */
int oc_args_match(const char *name, int argc, char **argv);
/* The operation that the words begin with; *used says how many words name it. NULL: there is none.
 */
const struct cli_op *oc_args_find(int argc, char **argv, int *used);
/* Says which command is unknown and which is near. */
void oc_args_unknown(int argc, char **argv, struct oc_error *err);

/* ---- params.c ---- */

/* The rest of the words as parameters. NULL and err when they do not fit. Owned by the caller. */
json_t *oc_params_parse(const struct cli_op *op, int argc, char **argv, struct oc_error *err);
const char *oc_param_word(const struct cli_param *param); /* "DURATION" */
/* Its word is a file, or may be one. */
bool oc_param_is_file(const struct cli_param *param);
/* "--max-age", "NAME" when it goes by place. */
void oc_param_spell(const struct cli_param *param, char *buf, size_t size);
/* "alert list" of "alert.list". */
void oc_op_words(const char *name, char *buf, size_t size);

#endif
