/* openclawd: the host daemon. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "core/daemon/check.h"
#include "core/daemon/control.h"
#include "core/daemon/daemon.h"
#include "core/daemon/dump.h"
#include "core/daemon/greet.h"
#include "core/daemon/notify.h"
#include "core/daemon/options.h"
#include "core/daemon/privilege.h"
#include "core/daemon/sections.h"
#include "core/sys/file.h"
#include "core/sys/stdfd.h"

#define DRAIN (5 * OC_SECOND)

struct session {
    struct oc_daemon *daemon;
    struct oc_control *control;
    int launcher; /* the process that put us into the background waits for it; -1 = none */
    bool stopping;
};

static void on_stop(void *ctx)
{
    struct session *d = ctx;
    if (d->stopping) {
        oc_warn("second signal: leaving at once", NULL);
        _exit(130);
    }
    d->stopping = true;
    oc_info("stopping", NULL);
    oc_notify("STOPPING=1");
    oc_control_close(d->control);
    oc_daemon_stop(d->daemon, DRAIN);
}

static void on_reload(void *ctx)
{
    struct session *d = ctx;
    oc_daemon_reload(d->daemon, NULL);
}

static void on_flush(void *ctx)
{
    struct session *d = ctx;
    oc_daemon_flush(d->daemon);
}

static int fail(const struct oc_error *err)
{
    fprintf(stderr, "openclawd: %s\n", err->message);
    if (err->hint[0]) {
        fprintf(stderr, "  %s\n", err->hint);
    }
    return oc_error_exit(err->code);
}

/* For the package worker: what it writes into the folders of whoever called has the modes that they are used to. */
static void keep_umask(mode_t theirs)
{
    char text[8];
    snprintf(text, sizeof text, "%03o", (unsigned)theirs & 0777);
    setenv("OPENCLAW_UMASK", text, 1);
}

/* Small arenas for a program of few threads; no core file, which would hold the secrets of the configuration, unless
 * somebody who looks for a crash says OPENCLAW_CORE=1. */
static void prepare_process(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    keep_umask(umask(077));
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit fails as on a full disk */
    if (!getenv("OPENCLAW_CORE")) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int serve_one(struct session *d, const struct daemon_options *o, struct oc_error *err)
{
    struct oc_loop *loop = oc_daemon_loop(d->daemon);
    d->control =
        oc_control_create(loop, oc_daemon_ops(d->daemon), NULL, o->ephemeral, on_stop, d, err);
    if (!d->control) {
        return fail(err);
    }
    oc_loop_on_signal(loop, SIGTERM, on_stop, d);
    oc_loop_on_signal(loop, SIGINT, on_stop, d);
    oc_daemon_start(d->daemon);
    oc_loop_run(loop);
    return 0;
}

/* From here on the daemon has no terminal; what it says goes to its log. */
static void leave_launcher(struct session *d)
{
    if (d->launcher < 0) {
        return;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++) {
        dup2(null, fd);
    }
    if (null >= 0) {
        close(null);
    }
    oc_fd_write_all(d->launcher, "1", 1);
    close(d->launcher);
    d->launcher = -1;
}

static int serve(struct session *d, struct oc_error *err)
{
    struct oc_loop *loop = oc_daemon_loop(d->daemon);
    char *path = oc_path_join(oc_daemon_home(d->daemon), "run/openclawd.sock");
    d->control = oc_control_create(loop, oc_daemon_ops(d->daemon), path, -1, NULL, NULL, err);
    free(path);
    if (!d->control) {
        oc_warn("no control socket: the command line cannot reach this daemon", "reason=%s",
                err->message);
    }
    oc_loop_on_signal(loop, SIGTERM, on_stop, d);
    oc_loop_on_signal(loop, SIGINT, on_stop, d);
    oc_loop_on_signal(loop, SIGHUP, on_reload, d);
    oc_loop_on_signal(loop, SIGUSR1, on_flush, d);
    struct oc_timer *watchdog = oc_notify_watchdog(loop);
    oc_info("started", "version=%s pid=%d home=%s", OC_VERSION, (int)getpid(),
            oc_daemon_home(d->daemon));
    oc_daemon_start(d->daemon);
    oc_notify("READY=1");
    oc_greet(oc_daemon_ops(d->daemon), d->launcher < 0);
    leave_launcher(d);
    oc_loop_run(loop);
    oc_timer_destroy(watchdog);
    oc_info("stopped", NULL);
    return 0;
}

static int run(const struct daemon_options *o, int launcher)
{
    struct session d = {.launcher = launcher};
    struct oc_error err;
    oc_error_init(&err);
    int rc;
    if (o->user && oc_privilege_drop(o->user, getenv("OPENCLAW_HOME"), &err) != OC_OK) {
        return fail(&err);
    }
    d.daemon = oc_daemon_create(o, &err);
    if (!d.daemon) {
        return o->check ? oc_check_print_error(&err) : fail(&err);
    }
    if (o->dump_ops) {
        oc_dump_ops(oc_daemon_ops(d.daemon), stdout);
        rc = 0;
    } else if (o->check) {
        oc_daemon_start(d.daemon);
        oc_daemon_check_collectors(d.daemon);
        rc = oc_check_print(d.daemon);
        oc_daemon_stop(d.daemon, 0);
        oc_loop_run(oc_daemon_loop(d.daemon));
    } else if (o->ephemeral >= 0) {
        rc = serve_one(&d, o, &err);
    } else {
        rc = serve(&d, &err);
    }
    oc_control_destroy(d.control);
    oc_daemon_destroy(d.daemon);
    return rc;
}

/* The launcher's side: waits until the daemon serves or has left. */
static int await_daemon(int fd, pid_t pid)
{
    char ready;
    int status = 0;
    if (read(fd, &ready, 1) == 1) {
        return 0;
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* In the launcher the exit code to leave with, in the daemon -1: it has a session of its own, and
 * *launcher to write to. */
static int to_background(int *launcher)
{
    int fds[2];
    pid_t pid = -1;
    if (pipe2(fds, O_CLOEXEC) == 0) {
        pid = fork();
    }
    if (pid < 0) {
        perror("openclawd: cannot go to the background");
        return 1;
    }
    if (pid > 0) {
        close(fds[1]);
        return await_daemon(fds[0], pid);
    }
    close(fds[0]);
    setsid();
    *launcher = fds[1];
    return -1;
}

static int dump_options(void)
{
    json_t *sections = oc_sections_json();
    json_dumpf(sections, stdout, JSON_INDENT(2));
    json_decref(sections);
    return 0;
}

/* What was asked for on stdout is an answer only when all of it is there. */
static int flush_answer(int rc)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return rc;
    }
    fprintf(stderr, "openclawd: the answer cannot be written%s%s\n", errno ? ": " : "",
            errno ? strerror(errno) : "");
    return rc ? rc : 1;
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    struct daemon_options o;
    int rc = oc_daemon_options(argc, argv, &o);
    if (rc >= 0) {
        return flush_answer(rc);
    }
    if (o.dump_options) {
        return flush_answer(dump_options());
    }
    prepare_process();
    if (o.home) {
        setenv("OPENCLAW_HOME", o.home, 1);
    }
    int launcher = -1;
    if (!o.foreground && !o.check && !o.dump_ops && o.ephemeral < 0 &&
        (rc = to_background(&launcher)) >= 0) {
        return rc;
    }
    return flush_answer(run(&o, launcher));
}
