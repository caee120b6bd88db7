/* Runs compilers and test programs. SPDX-License-Identifier: MIT */
#include "core/package/author/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define LINE_MAX_LEN 65536u
#define LOOK_EVERY   200 /* ms, for the wish to be cancelled */
#define KILL_TRIES   10

extern char **environ;

static int spawn(const struct oc_run *run, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    if (run->dir) {
        posix_spawn_file_actions_addchdir_np(&actions, run->dir);
    }
    /* a group of its own, so that the compilers below it can be ended with it */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attr, 0);
    const int rc = posix_spawnp(pid, run->argv[0], &actions, &attr,
                                (char *const *)(uintptr_t)run->argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static void tell_line(const struct oc_run *run, const char *text, size_t len)
{
    if (run->on_line) {
        char *clean = oc_utf8_clean(text, len);
        run->on_line(run->ctx, clean);
        free(clean);
    }
}

static void tell_lines(const struct oc_run *run, struct oc_buf *in, bool last)
{
    const char *end;
    while (in->len && (end = memchr(in->data, '\n', in->len))) {
        tell_line(run, in->data, (size_t)(end - in->data));
        oc_buf_consume(in, (size_t)(end - in->data) + 1);
    }
    if (in->len && (last || in->len > LINE_MAX_LEN)) {
        tell_line(run, in->data, in->len);
        oc_buf_clear(in);
    }
}

/* Why the child must end now: OC_OK while it need not. */
static int must_end(const struct oc_run *run, int64_t start)
{
    const bool late = run->limit_ms && oc_time_mono() - start > run->limit_ms;
    return oc_work_cancelled() ? OC_E_CANCELLED : late ? OC_E_TIMEOUT : OC_OK;
}

/* Reads to the end of what the child says; OC_OK, or why it was ended before that. */
static int listen_to(const struct oc_run *run, int fd, pid_t pid)
{
    struct oc_buf in = {0};
    char piece[8192];
    const int64_t start = oc_time_mono();
    int why = OC_OK;
    for (int tries = 0; tries < KILL_TRIES;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int ready = poll(&p, 1, LOOK_EVERY);
        if (why == OC_OK && (why = must_end(run, start)) != OC_OK) {
            kill(-pid, SIGTERM);
        }
        if (ready <= 0) {
            if (why != OC_OK) {
                kill(-pid, SIGKILL);
                tries++; /* who left the group may hold the pipe for ever */
            }
            continue;
        }
        const ssize_t n = read(fd, piece, sizeof piece);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            break;
        }
        oc_buf_add(&in, piece, n > 0 ? (size_t)n : 0);
        tell_lines(run, &in, false);
    }
    tell_lines(run, &in, true);
    oc_buf_finish(&in);
    return why;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int oc_run(const struct oc_run *run, int *status, struct oc_error *err)
{
    int fds[2];
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return oc_error_errno(err, 0, errno, "cannot make a pipe");
    }
    const int rc = spawn(run, fds[1], &pid);
    close(fds[1]);
    if (rc != 0) {
        close(fds[0]);
        return oc_error_errno(err, rc == ENOENT ? OC_E_NOT_FOUND : 0, rc, "cannot start %s",
                              run->argv[0]);
    }
    const int why = listen_to(run, fds[0], pid);
    close(fds[0]);
    *status = wait_for(pid);
    return why == OC_OK          ? OC_OK
           : why == OC_E_TIMEOUT ? oc_error_set(err, why, "%s took longer than %lld s",
                                                run->argv[0], (long long)(run->limit_ms / 1000))
                                 : oc_error_set(err, why, "cancelled");
}
