/* Starting, reading and reaping programs that are run for what they say. SPDX-License-Identifier: MIT */
#include "child/child.h"

#include "collect/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 5 /* between two looks at a process that was killed, where there is no pidfd */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static int prepare_attributes(posix_spawnattr_t *attr, int group)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setflags(
        attr, (short)(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attr, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(attr, &all);
}

static int prepare_files(posix_spawn_file_actions_t *files, int out, int err, const char *cwd)
{
    int rc = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, err, STDERR_FILENO);
    if (rc == 0 && cwd) {
        rc = posix_spawn_file_actions_addchdir_np(files, cwd);
    }
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

static int spawn_as(pid_t *pid, const struct oc_child_spec *spec, int out, int err, int group)
{
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t files;
    int rc = posix_spawnattr_init(&attr);
    if (rc) {
        return rc;
    }
    rc = posix_spawn_file_actions_init(&files);
    if (rc == 0) {
        rc = prepare_attributes(&attr, group);
        rc = rc ? rc : prepare_files(&files, out, err, spec->cwd);
        rc = rc ? rc : posix_spawn(pid, spec->path, &files, &attr, spec->argv, spec->envp);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attr);
    return rc;
}

/* In a sandbox there is no group but that of the whole plugin: what the program has started ends with the plugin then. */
static int spawn(pid_t *pid, const struct oc_child_spec *spec, int out, int err)
{
    int rc = spawn_as(pid, spec, out, err, POSIX_SPAWN_SETPGROUP);
    return rc == EPERM ? spawn_as(pid, spec, out, err, 0) : rc;
}

/* Both ends are marked close-on-exec; only ours does not block. A write end below 3 would be closed
 * by its own dup2, so that one is moved up. */
static int open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    for (int i = 0; i < 2; i++) {
        if (ends[i] <= STDERR_FILENO) {
            int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
            close(ends[i]);
            ends[i] = moved;
        }
    }
    if (ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        int rc = errno;
        close_fd(&ends[0]);
        close_fd(&ends[1]);
        return rc;
    }
    return 0;
}

int oc_child_start(struct oc_child *child, const struct oc_child_spec *spec)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    memset(child, 0, sizeof *child);
    child->pidfd = child->out.fd = child->err.fd = -1;
    child->out.max = spec->output_max;
    child->err.max = spec->errors_max;
    int rc = open_pipe(out);
    rc = rc ? rc : open_pipe(err);
    rc = rc ? rc : spawn(&child->pid, spec, out[1], err[1]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    if (rc) {
        close_fd(&out[0]);
        close_fd(&err[0]);
        child->pid = 0;
        return rc;
    }
    child->out.fd = out[0];
    child->err.fd = err[0];
    child->pidfd = pidfd_open(child->pid, 0);
    return 0;
}

void oc_child_poll_fds(const struct oc_child *child, struct pollfd fds[OC_CHILD_POLL_FDS])
{
    bool runs = child->pid > 0;
    fds[0] = (struct pollfd){.fd = runs ? child->out.fd : -1, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = runs ? child->err.fd : -1, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = runs ? child->pidfd : -1, .events = POLLIN};
}

static bool make_room(struct oc_child_text *t)
{
    if (t->len < t->size) {
        return true;
    }
    size_t size = t->size ? t->size * 2 : 1024;
    char *data = size <= t->max ? realloc(t->data, size) : NULL;
    if (!data) {
        return false;
    }
    t->data = data;
    t->size = size;
    return true;
}

/* At most one pass over the cap: a child that writes without end must not keep the others waiting.
 */
static void read_text(struct oc_child_text *t)
{
    char waste[4096];
    for (int rounds = 0; t->fd >= 0 && rounds < 32; rounds++) {
        bool room = make_room(t);
        ssize_t n = room ? read(t->fd, t->data + t->len, t->size - t->len)
                         : read(t->fd, waste, sizeof waste);
        if (n > 0 && room) {
            t->len += (size_t)n;
        } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            close_fd(&t->fd);
        } else if (n < 0) {
            return;
        }
    }
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* The whole group, or the process alone when it leads none. */
static void send_signal(pid_t pid, int signal)
{
    if (kill(-pid, signal) != 0) {
        kill(pid, signal);
    }
}

/* It has ended, so this does not wait. The group is killed while its leader is still a zombie: its
 * number cannot belong to anyone else yet. */
static int reap(pid_t pid)
{
    int status = 0;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

bool oc_child_reap(pid_t *pid)
{
    if (*pid > 0 && !has_ended(*pid)) {
        return false;
    }
    if (*pid > 0) {
        reap(*pid);
        *pid = 0;
    }
    return true;
}

static void close_all(struct oc_child *child)
{
    close_fd(&child->pidfd);
    close_fd(&child->out.fd);
    close_fd(&child->err.fd);
}

bool oc_child_step(struct oc_child *child)
{
    if (child->pid == 0) {
        return false;
    }
    bool ended = has_ended(child->pid); /* asked first: all that it wrote is in the pipes then */
    read_text(&child->out);
    read_text(&child->err);
    if (ended) {
        child->status = reap(child->pid);
        child->pid = 0;
        close_all(child);
    }
    return !ended;
}

void oc_child_signal(struct oc_child *child, int signal)
{
    if (child->pid > 0) {
        send_signal(child->pid, signal);
    }
}

static void await_end(const struct oc_child *child, int64_t ms)
{
    const int64_t until = oc_monotonic_ms() + ms;
    struct pollfd p = {.fd = child->pidfd, .events = POLLIN};
    while (!has_ended(child->pid) && oc_left_ms(until) > 0) {
        poll(&p, 1, (int)(oc_left_ms(until) < LOOK_MS ? oc_left_ms(until) : LOOK_MS));
    }
}

pid_t oc_child_finish(struct oc_child *child, int64_t ms)
{
    pid_t left = child->pid;
    if (left > 0) {
        send_signal(left, SIGKILL);
        await_end(child, ms);
        oc_child_reap(&left);
        close_all(child);
    }
    free(child->out.data);
    free(child->err.data);
    memset(child, 0, sizeof *child);
    return left;
}
