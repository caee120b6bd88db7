/* The command `run`: the host in the foreground of this terminal. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/client.h"
#include "core/cli/commands.h"
#include "core/cli/show.h"
#include "core/sys/file.h"

#define TABLE_WITHIN 900 /* ms after our start: what has not answered by then is pending */
#define WAIT_MIN     50  /* ms that the collectors get at the least */
#define CONNECT_MAX  (15 * OC_SECOND)
#define CONNECT_STEP 2 /* ms */
#define CALL_MAX     (10 * OC_SECOND)

struct run {
    struct cli *cli;
    struct cli_show show;
    struct cli_child child;
    struct cli_link link;
    char *home, *socket, *log;
    int64_t began;
    json_t *shown; /* service -> state, as on the screen */
    bool stopping;
};

/* ---- starting ---- */

static int refuse_second(const struct run *r, struct oc_error *err)
{
    struct cli_link other;
    int rc = oc_link_connect(&other, r->socket, CALL_MAX, NULL);
    oc_link_close(&other);
    if (rc == OC_OK || rc == OC_E_DENIED || rc == OC_E_TIMEOUT) {
        oc_error_set(err, OC_E_CONFLICT, "a daemon is already running on %s", r->home);
        oc_error_hint(err,
                      "See it with `openclaw status` and `openclaw health watch`, or give another "
                      "--home.");
        return OC_E_CONFLICT;
    }
    return OC_OK;
}

static int open_log(const struct run *r, struct oc_error *err)
{
    char *dir = oc_path_dir(r->log);
    int fd = -1, rc = oc_dir_make(dir, 0700, err);
    if (rc == OC_OK) {
        fd = open(r->log, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (rc == OC_OK && fd < 0) {
        oc_error_errno(err, 0, errno, "cannot open %s", r->log);
    }
    free(dir);
    return fd;
}

static int start_child(struct run *r, struct oc_error *err)
{
    static const char *const options[] = {"--foreground", NULL};
    int log = open_log(r, err);
    return log >= 0 ? oc_child_start(&r->child, r->cli, options, -1, log, err) : err->code;
}

/* The exit code of a child that has left, -1 while it runs. */
static int child_left(struct run *r)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)r->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        !info.si_pid) {
        return -1;
    }
    return oc_child_wait(&r->child);
}

static int report_child(const struct run *r, int exit_code)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_child_error(&r->child, exit_code, &err)) {
        oc_error_set(&err, OC_E_PERMANENT, "openclawd left with exit code %d", exit_code);
        oc_error_hint(&err, "Its log is %s.", r->log);
    }
    oc_cli_fail(r->cli, &err, 0);
    return exit_code ? exit_code : 1;
}

static void pause_ms(int64_t ms)
{
    struct timespec span = {.tv_nsec = ms * 1000000};
    nanosleep(&span, NULL);
}

/* 0, or the exit code with which to leave. */
static int connect_child(struct run *r)
{
    int64_t until = oc_time_mono() + CONNECT_MAX;
    struct oc_error err;
    oc_error_init(&err);
    while (oc_link_connect(&r->link, r->socket, CALL_MAX, &err) != OC_OK) {
        int exit_code = child_left(r);
        if (exit_code >= 0) {
            return report_child(r, exit_code);
        }
        if (oc_time_mono() > until) {
            return oc_cli_fail(r->cli, &err, OC_EXIT_UNAVAILABLE);
        }
        pause_ms(CONNECT_STEP);
    }
    return 0;
}

/* ---- showing ---- */

static void remember(struct run *r, const json_t *checks)
{
    const json_t *check;
    size_t i;
    json_array_foreach(checks, i, check)
    {
        json_object_set(r->shown, oc_json_str(check, "service", ""),
                        json_object_get(check, "state"));
    }
}

static void show_table(struct run *r, const json_t *snapshot)
{
    const json_t *checks = json_object_get(snapshot, "checks");
    if (r->cli->json) {
        oc_show_row(&r->show, snapshot);
    } else {
        oc_view_headline(r->cli, snapshot, oc_view_health_exit(snapshot, false), false);
        fputc('\n', stdout);
        oc_view_checks(r->cli, checks);
        fputc('\n', stdout);
        fflush(stdout);
    }
    remember(r, checks);
}

static void show_change(struct run *r, const json_t *event)
{
    if (r->cli->json) {
        oc_show_row(&r->show, event);
    } else {
        oc_view_change(r->cli, event);
        fflush(stdout);
    }
}

/* The stream begins with a snapshot: what has changed since the table was made is told as changes.
 */
static void show_difference(struct run *r, const json_t *snapshot)
{
    const json_t *check;
    size_t i;
    json_array_foreach(json_object_get(snapshot, "checks"), i, check)
    {
        const char *service = oc_json_str(check, "service", ""),
                   *state = oc_json_str(check, "state", "");
        const char *before = oc_json_str(r->shown, service, "pending");
        if (strcmp(before, state) != 0) {
            json_t *event =
                json_pack("{s:s,s:O?,s:{s:s,s:s,s:s,s:b,s:s}}", "event", "health.changed", "time",
                          json_object_get(check, "checked"), "data", "service", service, "from",
                          before, "to", state, "hard", (int)oc_json_bool(check, "hard", true),
                          "output", oc_json_str(check, "output", ""));
            show_change(r, event);
            json_decref(event);
        }
    }
    remember(r, json_object_get(snapshot, "checks"));
}

static void show_row(struct run *r, const json_t *row)
{
    if (strcmp(oc_json_str(row, "event", ""), "snapshot") == 0) {
        show_difference(r, json_object_get(row, "data"));
    } else {
        show_change(r, row);
    }
}

/* ---- running ---- */

/* Waits for the end of call `id`; rows of the other one are shown. NULL when the daemon is gone or
 * a signal came. */
static json_t *wait_end(struct run *r, json_int_t id)
{
    json_t *frame;
    while (oc_link_next(&r->link, (int)CALL_MAX, &frame) == CLI_NEXT_FRAME) {
        if (json_integer_value(json_object_get(frame, "id")) == id &&
            !json_object_get(frame, "row") && !json_object_get(frame, "progress")) {
            return frame;
        }
        json_decref(frame);
    }
    return NULL;
}

/* False when the table could not be had: the daemon is going, or we are. */
static bool first_table(struct run *r)
{
    int64_t left = TABLE_WITHIN - (oc_time_mono() - r->began);
    char wait[32];
    oc_duration_format(left > WAIT_MIN ? left : WAIT_MIN, wait, sizeof wait);
    json_t *params = json_pack("{s:s}", "wait", wait);
    json_t *frame = wait_end(r, oc_link_send(&r->link, "health.check", params));
    json_t *data = json_object_get(frame, "data");
    if (data) {
        show_table(r, data);
    }
    json_decref(frame);
    json_decref(params);
    return data != NULL;
}

/* The answer to an operation without parameters; NULL when it failed. Owned by the caller. */
static json_t *ask(struct run *r, const char *op)
{
    json_t *frame = wait_end(r, oc_link_send(&r->link, op, NULL));
    json_t *data = json_incref(json_object_get(frame, "data"));
    json_decref(frame);
    return data;
}

/* On the first start of a host that serves the dashboard: how to get in. For a terminal only: anything else may be kept. */
static void offer_login(struct run *r)
{
    json_t *first = ask(r, "access.first");
    json_t *link = oc_json_bool(first, "first", false) ? ask(r, "login") : NULL;
    const char *url = oc_json_str(link, "url", NULL);
    if (url) {
        fprintf(stderr, "Sign in (once, within 15 minutes): %s\n\n", url);
    }
    json_decref(link);
    json_decref(first);
}

static void stop(struct run *r)
{
    if (!r->stopping && !r->cli->quiet) {
        fputs("\nStopping: the calls that are running may end.\n", stderr);
    }
    r->stopping = true;
    kill(r->child.pid, SIGTERM); /* a second one makes it leave at once */
}

/* Shows what happens until the daemon closes the connection. */
static void follow(struct run *r)
{
    enum cli_next next = CLI_NEXT_NOTHING;
    oc_link_send(&r->link, "health.watch", NULL);
    while (next != CLI_NEXT_GONE) {
        json_t *frame = NULL;
        next = oc_link_next(&r->link, -1, &frame);
        const json_t *row = json_object_get(frame, "row");
        if (next == CLI_NEXT_SIGNAL) {
            stop(r);
        } else if (row && !r->stopping) {
            show_row(r, row);
        }
        json_decref(frame);
    }
}

static int serve(struct run *r)
{
    bool table = first_table(r);
    if (table) {
        if (r->cli->tty_err && !r->cli->json && !r->cli->quiet) {
            offer_login(r);
        }
        follow(r);
    } else if (child_left(r) < 0) {
        stop(r);
    }
    int exit_code = r->child.pid ? oc_child_wait(&r->child) : 0;
    if (r->stopping) {
        return exit_code;
    }
    return report_child(r, exit_code);
}

static int start(struct run *r)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_cli_check_config(r->cli, &err) != OC_OK || refuse_second(r, &err) != OC_OK ||
        start_child(r, &err) != OC_OK) {
        return oc_cli_fail(r->cli, &err, oc_error_exit(err.code));
    }
    int rc = connect_child(r);
    if (rc == 0) {
        oc_signals_hold();
        rc = serve(r);
        oc_signals_release();
    }
    return rc;
}

int oc_command_run(struct cli *cli, int argc, char **argv)
{
    static const struct cli_op op = {.name = "run", .flags = OC_OP_STREAMS};
    struct run r = {.cli = cli,
                    .show = {.cli = cli, .op = &op},
                    .child.log = -1,
                    .link = {.fd = -1, .child.log = -1},
                    .home = oc_cli_home(cli),
                    .socket = oc_cli_socket(cli),
                    .began = oc_time_mono(),
                    .shown = json_object()};
    struct oc_error err;
    oc_error_init(&err);
    if (argc > 0) {
        oc_error_set(&err, OC_E_CONFIG, "`openclaw run` takes no words, found %s", argv[0]);
    }
    r.log = oc_path_join(r.home, "logs/openclawd.log");
    const bool wrong = argc > 0 || oc_show_check(&r.show, &err) != OC_OK;
    int rc = wrong ? oc_cli_fail_usage(cli, &err) : start(&r);
    oc_link_close(&r.link);
    oc_child_finish(&r.child);
    json_decref(r.shown);
    free(r.log);
    free(r.socket);
    free(r.home);
    return rc;
}
