/* Starting a process that outlives us. SPDX-License-Identifier: MIT
 *
 * Two forks: the second child is nobody's (its parent has left), so it needs no waiting for and does not end with us. It waits on
 * a pipe until its pid file is on the disk, and leaves when we die before that. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETPRIV "/usr/bin/setpriv"

/* All that the child needs, made before the fork: after it only async-signal-safe calls are made. */
struct plan {
    const struct process *p;
    char path[PATH_CAP];
    int log, null;
    int pid_pipe[2], go_pipe[2], error_pipe[2];
    char *
        *argv; /* of the program, or of setpriv, which becomes another user and then the program */
    char uid[24], gid[24];
    char *wrapped[264];
};

static bool find_program(const struct process *p, char path[PATH_CAP])
{
    static const char *const folders[] = {"/usr/local/bin",  "/usr/bin",  "/bin",
                                          "/usr/local/sbin", "/usr/sbin", "/sbin"};
    const char *name = p->argv[0];
    if (strchr(name, '/')) {
        snprintf(path, PATH_CAP, "%s", name); /* a relative one is seen from `directory` */
        return true;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, PATH_CAP, "%s/%s", folders[i], name);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* A daemon that may become somebody else does so through setpriv: no plugin calls what only root may. */
static int32_t find_user(struct plan *plan, struct oc_error *err)
{
    static char reuid[] = "--reuid", regid[] = "--regid", groups[] = "--init-groups", end[] = "--",
                setpriv[] = SETPRIV;
    const char *name = plan->p->user;
    struct passwd entry, *found = NULL;
    char text[4096];
    size_t n = 0;
    plan->argv = plan->p->argv;
    if (!name) {
        return OC_OK;
    }
    if (getpwnam_r(name, &entry, text, sizeof text, &found) != 0 || !found) {
        return oc_fail(err, OC_E_CONFIG, "there is no user %s", name);
    }
    if (entry.pw_uid == geteuid()) {
        return OC_OK;
    }
    snprintf(plan->uid, sizeof plan->uid, "%u", (unsigned)entry.pw_uid);
    snprintf(plan->gid, sizeof plan->gid, "%u", (unsigned)entry.pw_gid);
    char *first[] = {setpriv, reuid, plan->uid, regid, plan->gid, groups, end, plan->path};
    for (; n < sizeof first / sizeof *first; n++) {
        plan->wrapped[n] = first[n];
    }
    memcpy(plan->wrapped + n, plan->p->argv + 1, plan->p->command.count * sizeof *plan->wrapped);
    plan->argv = plan->wrapped;
    return OC_OK;
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            close(pair[i]);
        }
        pair[i] = -1;
    }
}

static int32_t open_files(struct plan *plan, const char *log, struct oc_error *err)
{
    plan->log = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (plan->log < 0) {
        return oc_fail(err, OC_E_PERMANENT, "cannot open the log %s: %s", log, strerror(errno));
    }
    plan->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (plan->null < 0 || pipe2(plan->pid_pipe, O_CLOEXEC) != 0 ||
        pipe2(plan->go_pipe, O_CLOEXEC) != 0 || pipe2(plan->error_pipe, O_CLOEXEC) != 0) {
        return oc_fail(err, OC_E_RETRY, "cannot make a pipe: %s", strerror(errno));
    }
    return OC_OK;
}

/* ---- in the children ---- */

static void clear_signals(void)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signum = 1; signum < NSIG; signum++) {
        sigaction(signum, &usual, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void give_up(const struct plan *plan)
{
    int problem = errno;
    ssize_t n = write(plan->error_pipe[1], &problem, sizeof problem);
    (void)n;
    _exit(127);
}

/* Pipes of another start that goes on in another thread must not stay open with us: its child would wait for ever. */
static void keep_two(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
    if (low > STDERR_FILENO + 1) {
        close_range(STDERR_FILENO + 1, low - 1, 0);
    }
    if (high > low + 1) {
        close_range(low + 1, high - 1, 0);
    }
    close_range(high + 1, ~0U, 0);
}

static _Noreturn void become(const struct plan *plan)
{
    const struct process *p = plan->p;
    char go;
    bool ready = dup2(plan->null, STDIN_FILENO) >= 0 && dup2(plan->log, STDOUT_FILENO) >= 0 &&
                 dup2(plan->log, STDERR_FILENO) >= 0;
    int problem = errno;
    keep_two(plan->go_pipe[0], plan->error_pipe[1]);
    ssize_t n = read(plan->go_pipe[0], &go, 1);
    if (n != 1) {
        _exit(0); /* who wanted us is gone, and nobody knows of us */
    }
    if (!ready) {
        errno = problem;
        give_up(plan);
    }
    clear_signals();
    umask(022);
    if (p->directory && chdir(p->directory) != 0) {
        give_up(plan);
    }
    execve(plan->argv == p->argv ? plan->path : plan->argv[0], plan->argv, p->envp);
    give_up(plan);
}

static _Noreturn void middle(const struct plan *plan)
{
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        become(plan);
    }
    ssize_t n = write(plan->pid_pipe[1], &pid, sizeof pid);
    _exit(n == (ssize_t)sizeof pid ? 0 : 1);
}

/* ---- in the parent ---- */

static pid_t fork_twice(struct plan *plan)
{
    pid_t pid = -1, first = fork();
    if (first == 0) {
        middle(plan);
    }
    close(plan->pid_pipe[1]);
    close(plan->go_pipe[0]);
    close(plan->error_pipe[1]);
    plan->pid_pipe[1] = plan->go_pipe[0] = plan->error_pipe[1] = -1;
    if (first < 0 || read(plan->pid_pipe[0], &pid, sizeof pid) != (ssize_t)sizeof pid) {
        pid = -1;
    }
    while (first > 0 && waitpid(first, NULL, 0) < 0 && errno == EINTR) {
    }
    return pid;
}

/* The program runs once the error pipe has closed without a word. */
static int32_t let_go(struct plan *plan, struct oc_error *err)
{
    int problem = 0;
    if (write(plan->go_pipe[1], "g", 1) != 1) {
        return oc_fail(err, OC_E_PERMANENT, "the process was gone before its program began");
    }
    ssize_t n = read(plan->error_pipe[0], &problem, sizeof problem);
    if (n == (ssize_t)sizeof problem) {
        return oc_fail(err, OC_E_PERMANENT, "cannot start %s: %s", plan->path, strerror(problem));
    }
    return OC_OK;
}

static int32_t take_down(pid_t pid, const char *pidfile, struct record *r, struct oc_error *err)
{
    struct vitals v;
    *r = (struct record){.pid = pid, .started_ms = wall_ms()};
    if (!vitals_read(pid, &v) || !boot_id(r->boot)) {
        return oc_fail(err, OC_E_PERMANENT, "process %d cannot be seen in /proc", (int)pid);
    }
    r->ticks = v.ticks;
    return record_write(pidfile, r, err);
}

int32_t process_spawn(const struct process *p, const char *pidfile, const char *log,
                      struct record *r, struct oc_error *err)
{
    struct plan plan = {.p = p,
                        .log = -1,
                        .null = -1,
                        .pid_pipe = {-1, -1},
                        .go_pipe = {-1, -1},
                        .error_pipe = {-1, -1}};
    int32_t code = OC_OK;
    if (!find_program(p, plan.path)) {
        code = oc_fail(err, OC_E_CONFIG, "there is no program %s", p->argv[0]);
    }
    code = code ? code : find_user(&plan, err);
    code = code ? code : open_files(&plan, log, err);
    if (code == OC_OK) {
        pid_t pid = fork_twice(&plan);
        code = pid > 0 ? take_down(pid, pidfile, r, err)
                       : oc_fail(err, OC_E_RETRY, "cannot fork: %s", strerror(errno));
    }
    code = code ? code : let_go(&plan, err);
    close_pair(plan.pid_pipe);
    close_pair(plan.go_pipe);
    close_pair(plan.error_pipe);
    if (plan.log >= 0) {
        close(plan.log);
    }
    if (plan.null >= 0) {
        close(plan.null);
    }
    return code;
}
