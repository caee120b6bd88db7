/* What every command does at its beginning and at its end. SPDX-License-Identifier: MIT */
#include "core/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/sys/file.h"

static int terminal_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

void oc_cli_init(struct cli *cli)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool plain = (no_color && *no_color) || (term && strcmp(term, "dumb") == 0);
    *cli = (struct cli){.timeout_ms = OC_TIMEOUT_MS,
                        .tty = isatty(STDOUT_FILENO),
                        .tty_err = isatty(STDERR_FILENO)};
    cli->color = cli->tty && !plain;
    cli->color_err = cli->tty_err && !plain;
    cli->width = cli->tty ? terminal_width(STDOUT_FILENO) : 0;
    cli->width_err = cli->tty_err ? terminal_width(STDERR_FILENO) : 0;
}

int oc_answer_exit(const struct cli_answer *answer)
{
    if (answer->lost) {
        return OC_EXIT_UNAVAILABLE;
    }
    return answer->interrupted ? OC_EXIT_INTERRUPTED : oc_error_exit(answer->err.code);
}

int oc_cli_fail(const struct cli *cli, const struct oc_error *err, int exit_code)
{
    if (cli->json) {
        struct cli_answer answer = {.err = *err};
        oc_show_document(cli, &answer, !cli->tty);
    } else {
        oc_show_error(cli, err);
    }
    return exit_code;
}

int oc_cli_fail_usage(const struct cli *cli, const struct oc_error *err)
{
    return oc_cli_fail(cli, err, OC_EXIT_USAGE);
}

void oc_cli_print_data(const struct cli *cli, json_t *data)
{
    struct cli_answer answer = {.ok = true, .data = data};
    oc_show_document(cli, &answer, !cli->tty);
    oc_answer_finish(&answer);
}

/* ---- the answer ---- */

static int write_failed; /* the first errno */

static ssize_t write_answer(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    if (!write_failed) {
        write_failed = -oc_fd_write_all(STDOUT_FILENO, data, len);
    }
    return write_failed ? 0 : (ssize_t)len;
}

void oc_cli_open_out(const struct cli *cli)
{
    FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_answer});
    if (out) {
        setvbuf(out, NULL, cli->tty ? _IOLBF : _IOFBF, BUFSIZ);
        stdout = out;
    }
}

int oc_cli_write_out(void)
{
    if (fflush(stdout) != 0 && !write_failed) {
        write_failed = errno;
    }
    return write_failed;
}

int oc_cli_flush(int exit_code)
{
    const int failed = oc_cli_write_out();
    if (!failed || exit_code == OC_EXIT_UNREAD) {
        return exit_code;
    }
    if (failed != EPIPE) {
        fprintf(stderr, "openclaw: the answer cannot be written: %s\n", strerror(failed));
    }
    return exit_code ? exit_code : failed == EPIPE ? OC_EXIT_UNREAD : 1;
}

bool oc_cli_may_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool oc_cli_confirm(const char *question)
{
    char line[16];
    if (!oc_cli_may_ask()) {
        return false;
    }
    oc_term_printf(stderr, "%s [y/N] ", question);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}
