/* Runs one program and keeps what it says. SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 100

struct child {
    pid_t pid;
    int out, err; /* -1 when it has closed them */
    size_t error_len;
};

static int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int spawn(struct child *c, char *const argv[], const int out[2], const int err[2])
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale[] = "LC_ALL=C", pager[] = "SYSTEMD_PAGER=", colors[] = "SYSTEMD_COLORS=0";
    char *envp[] = {path, locale, pager, colors, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawn_file_actions_init(&files);
    if (rc) {
        return rc;
    }
    rc = posix_spawnattr_init(&attr);
    if (rc) {
        posix_spawn_file_actions_destroy(&files);
        return rc;
    }
    rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setsigmask(&attr, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(&attr, &all);
    rc = rc ? rc : posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, err[1], STDERR_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    rc = rc ? rc : posix_spawn(&c->pid, argv[0], &files, &attr, argv, envp);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static int start(struct child *c, char *const argv[])
{
    int out[2], err[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) != 0) {
        return errno;
    }
    int rc = pipe2(err, O_CLOEXEC) == 0 ? spawn(c, argv, out, err) : errno;
    close(out[1]);
    if (err[1] >= 0) {
        close(err[1]);
    }
    if (rc) {
        close(out[0]);
        if (err[0] >= 0) {
            close(err[0]);
        }
        return rc;
    }
    c->out = out[0];
    c->err = err[0];
    return 0;
}

static void take(int *fd, char *into, size_t cap, size_t *len)
{
    char chunk[4096];
    ssize_t n = read(*fd, chunk, sizeof chunk);
    if (n > 0) {
        size_t fits = cap - 1 - *len < (size_t)n ? cap - 1 - *len : (size_t)n;
        memcpy(into + *len, chunk, fits);
        *len += fits;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(*fd);
        *fd = -1;
    }
}

/* Reads until both ends are closed. False: the time is over, or nobody waits any more. */
static bool read_all(struct child *c, const struct oc_request *req, struct output *o)
{
    while (c->out >= 0 || c->err >= 0) {
        struct pollfd fds[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
        int64_t left = req->deadline_ms - monotonic_ms();
        if (left <= 0 || OC_CANCELLED(req)) {
            return false;
        }
        poll(fds, 2, left < LOOK_MS ? (int)left : LOOK_MS);
        if (fds[0].revents) {
            take(&c->out, o->text, OUTPUT_MAX, &o->len);
        }
        if (fds[1].revents) {
            take(&c->err, o->error, sizeof o->error, &c->error_len);
        }
    }
    return true;
}

static int reap(const struct child *c)
{
    int status = 0;
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void close_rest(struct child *c)
{
    if (c->out >= 0) {
        close(c->out);
    }
    if (c->err >= 0) {
        close(c->err);
    }
}

int32_t run_program(char *const argv[], const struct oc_request *req, struct output *out,
                    struct oc_error *err)
{
    struct child c = {.out = -1, .err = -1};
    memset(out, 0, sizeof *out);
    out->text = calloc(1, OUTPUT_MAX);
    if (!out->text) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int rc = start(&c, argv);
    if (rc) {
        return oc_fail(err, OC_E_UNSUPPORTED, "cannot run %s: %s", argv[0], strerror(rc));
    }
    bool whole = read_all(&c, req, out);
    if (!whole) {
        kill(c.pid, SIGKILL);
    }
    close_rest(&c);
    out->status = reap(&c);
    out->error[strcspn(out->error, "\n")] = '\0';
    if (whole) {
        return OC_OK;
    }
    return OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "%s was cancelled", argv[0])
                             : oc_fail(err, OC_E_TIMEOUT, "%s did not answer in time", argv[0]);
}
