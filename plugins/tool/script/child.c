/* Starts, hears and ends the program behind a script tool. SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define LOOK_EVERY 100   /* ms, for the wish to be cancelled */
#define PIECE      16384 /* bytes read at once */

int64_t child_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void child_init(struct child *c)
{
    memset(c, 0, sizeof *c);
    c->in = c->out = c->err = -1;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void close_all(struct child *c)
{
    close_fd(&c->in);
    close_fd(&c->out);
    close_fd(&c->err);
    c->len = 0;
}

/* ---- starting ---- */

static int spawn_as(struct child *c, const struct child_command *command, const int ends[3],
                    short flags)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    for (int fd = 0; fd < 3; fd++) {
        posix_spawn_file_actions_adddup2(&actions, ends[fd], fd);
    }
    posix_spawn_file_actions_addchdir_np(&actions, command->dir);
    posix_spawnattr_setflags(&attr, flags);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none); /* the thread that we are on has all blocked */
    posix_spawnattr_setsigdefault(&attr, &all);
    const int rc = posix_spawnp(&c->pid, command->argv[0], &actions, &attr,
                                (char *const *)(uintptr_t)command->argv,
                                (char *const *)(uintptr_t)command->env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* In a sandbox there is no group but that of the whole plugin: what the program has started ends with the plugin then. */
static int spawn(struct child *c, const struct child_command *command, const int ends[3])
{
    const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    int rc = spawn_as(c, command, ends, (short)(flags | POSIX_SPAWN_SETPGROUP));
    c->grouped = rc == 0;
    return rc == EPERM ? spawn_as(c, command, ends, flags) : rc;
}

static void send_signal(const struct child *c, int signum)
{
    kill(c->grouped ? -c->pid : c->pid, signum);
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* ---- ending ---- */

static int reap_within(pid_t pid, int64_t ms)
{
    const int64_t until = child_clock_ms() + ms;
    for (;;) {
        const pid_t got = waitpid(pid, NULL, WNOHANG);
        if (got == pid || (got < 0 && errno == ECHILD)) {
            return 1;
        }
        if (child_clock_ms() >= until) {
            return 0;
        }
        poll(NULL, 0, 5);
    }
}

static void forget(struct child *c)
{
    c->pid = 0;
    close_all(c);
}

void child_kill(struct child *c)
{
    if (c->pid) {
        send_signal(c, SIGKILL);
        c->left = reap_within(c->pid, CHILD_KILL_MS) ? 0 : c->pid;
    }
    forget(c);
}

void child_end(struct child *c, int64_t patience_ms)
{
    close_fd(&c->in);
    if (c->pid && !reap_within(c->pid, patience_ms)) {
        send_signal(c, SIGTERM);
        if (!reap_within(c->pid, patience_ms)) {
            child_kill(c);
        }
    }
    if (c->pid && c->grouped) {
        kill(-c->pid, SIGKILL); /* what it has left behind */
    }
    forget(c);
}

void child_finish(struct child *c)
{
    child_end(c, 200);
    if (c->left && reap_within(c->left, CHILD_KILL_MS)) {
        c->left = 0;
    }
    free(c->line);
    c->line = NULL;
    c->len = c->cap = 0;
}

/* ---- a new one ---- */

int32_t child_start(struct child *c, const struct child_command *command, struct oc_error *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1};
    if (c->left && !reap_within(c->left, CHILD_KILL_MS)) {
        return oc_fail(err, OC_E_RETRY, "process %d was killed and hangs in the kernel",
                       (int)c->left);
    }
    c->left = 0;
    /* a socket for its stdin: a write to a program that is gone fails, and raises no signal */
    int rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 ||
                     pipe2(out, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0
                 ? errno
                 : 0;
    if (rc == 0) {
        const int ends[3] = {in[1], out[1], said[1]};
        rc = spawn(c, command, ends);
    }
    close_fd(&in[1]);
    close_fd(&out[1]);
    close_fd(&said[1]);
    c->in = in[0];
    c->out = out[0];
    c->err = said[0];
    if (rc != 0) {
        c->pid = 0;
        close_all(c);
        return oc_fail(err, rc == ENOENT ? OC_E_CONFIG : OC_E_RETRY, "cannot start %s: %s",
                       command->argv[0], strerror(rc));
    }
    set_nonblocking(c->in);
    set_nonblocking(c->out);
    set_nonblocking(c->err);
    c->len = 0;
    return OC_OK;
}

/* ---- talking ---- */

/* Waits until `fd` is ready, in short steps. */
static int32_t await(const struct child *c, int fd, short events, const struct oc_request *req,
                     int64_t until_ms, struct oc_error *err)
{
    for (;;) {
        struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = c->err, .events = POLLIN}};
        const int64_t left = until_ms - child_clock_ms();
        if (OC_CANCELLED(req)) {
            return oc_fail(err, OC_E_CANCELLED, "cancelled");
        }
        if (left <= 0) {
            return oc_fail(err, OC_E_TIMEOUT, "the program did not answer in time");
        }
        const nfds_t count = c->err >= 0 ? 2 : 1;
        if (poll(p, count, (int)(left < LOOK_EVERY ? left : LOOK_EVERY)) > 0) {
            return OC_OK;
        }
    }
}

int32_t child_write(struct child *c, const char *text, size_t len, const struct oc_request *req,
                    int64_t until_ms, struct oc_error *err)
{
    while (len) {
        const ssize_t n = send(c->in, text, len, MSG_NOSIGNAL);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return oc_fail(err, OC_E_RETRY, "the program does not listen any more");
        } else {
            const int32_t rc = await(c, c->in, POLLOUT, req, until_ms, err);
            if (rc != OC_OK) {
                return rc;
            }
        }
    }
    return OC_OK;
}

/* Its stderr goes to the log, in pieces when its lines are long. */
static void hear_stderr(struct child *c, void (*log)(void *ctx, const char *line), void *ctx)
{
    char text[1024], *rest = text, *line;
    const ssize_t n = c->err >= 0 ? read(c->err, text, sizeof text - 1) : -1;
    if (n == 0) {
        close_fd(&c->err);
    }
    if (n <= 0) {
        return;
    }
    text[n] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        if (*line) {
            log(ctx, line);
        }
    }
}

static int reserve(struct child *c, size_t wanted)
{
    if (wanted <= c->cap) {
        return 1;
    }
    const size_t cap = wanted < 2 * c->cap ? 2 * c->cap : wanted;
    char *more = realloc(c->line, cap);
    if (more) {
        c->line = more;
        c->cap = cap;
    }
    return more != NULL;
}

/* What came before is not looked through again: `seen` bytes hold no end of a line. */
static int32_t read_more(struct child *c, size_t max, struct oc_error *err)
{
    if (c->len > max) {
        return oc_fail(err, OC_E_PERMANENT, "the program answered with more than %zu bytes", max);
    }
    if (!reserve(c, c->len + PIECE + 1)) {
        return oc_fail(err, OC_E_RETRY, "out of memory");
    }
    const ssize_t n = read(c->out, c->line + c->len, PIECE);
    if (n == 0) {
        return oc_fail(err, OC_E_RETRY, "the program ended before it had answered");
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        return oc_fail(err, OC_E_RETRY, "cannot hear the program: %s", strerror(errno));
    }
    c->len += n > 0 ? (size_t)n : 0;
    return OC_OK;
}

int32_t child_read_line(struct child *c, size_t max, const struct oc_request *req, int64_t until_ms,
                        void (*log)(void *ctx, const char *line), void *log_ctx, const char **line,
                        struct oc_error *err)
{
    size_t seen = 0;
    /* the line that was given last time is at the front, its end a NUL */
    char *last = c->len ? memchr(c->line, '\0', c->len) : NULL;
    if (last) {
        c->len -= (size_t)(last + 1 - c->line);
        memmove(c->line, last + 1, c->len);
    }
    for (;;) {
        char *end = c->len > seen ? memchr(c->line + seen, '\n', c->len - seen) : NULL;
        if (end) {
            *end = '\0';
            *line = c->line;
            return OC_OK;
        }
        seen = c->len;
        int32_t rc = await(c, c->out, POLLIN, req, until_ms, err);
        hear_stderr(c, log, log_ctx);
        if (rc == OC_OK) {
            rc = read_more(c, max, err);
        }
        if (rc != OC_OK) {
            return rc;
        }
    }
}
