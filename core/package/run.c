/* Runs compilers, test programs and helpers. SPDX-License-Identifier: MIT */
#include "core/package/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/file.h"

#define LINE_MAX_LEN (1u << 20)
#define LOOK_MS      100 /* how often a cancel is looked for */
#define GRACE_MS     2000 /* from SIGTERM to SIGKILL, and from there until it is left to the kernel */
#define PIECE        8192u
#define LAST_PIECES  128 /* more than a pipe holds: who left the group may write for ever */

extern char **environ;

struct child {
    int in, out,
        errors; /* memory files for what is given and for stderr, or -1; a pipe to read from */
    int pidfd;
    pid_t pid;
    struct oc_buf text; /* a line that has not ended */
};

/* ---- the start ---- */

static int memory_file(const char *text)
{
    const int fd = memfd_create("openclaw", MFD_CLOEXEC);
    if (fd >= 0 && text && oc_fd_write_all(fd, text, strlen(text)) == 0) {
        lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

static int spawn(const struct oc_run *run, struct child *c, int out)
{
    char *const *argv = (char *const *)(uintptr_t)run->argv;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    if (c->in >= 0) {
        posix_spawn_file_actions_adddup2(&files, c->in, STDIN_FILENO);
    } else {
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, c->errors >= 0 ? c->errors : out, STDERR_FILENO);
    if (run->dir) {
        posix_spawn_file_actions_addchdir_np(&files, run->dir);
    }
    /* a group of its own, so that the compilers below it can be ended with it */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attr, 0);
    const int rc = run->program ? posix_spawn(&c->pid, run->program, &files, &attr, argv, environ)
                                : posix_spawnp(&c->pid, argv[0], &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Its end is told by a descriptor: then it can be waited for together with what it says. */
static int watch(struct child *c, struct oc_error *err)
{
    c->pidfd = pidfd_open(c->pid, 0);
    if (c->pidfd >= 0) {
        return OC_OK;
    }
    const int code = oc_error_errno(err, 0, errno, "cannot watch a process");
    kill(-c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    return code;
}

static int start(const struct oc_run *run, struct child *c, struct oc_error *err)
{
    int out[2];
    c->in = run->input ? memory_file(run->input) : -1;
    c->errors = run->apart ? memory_file(NULL) : -1;
    if ((run->input && c->in < 0) || (run->apart && c->errors < 0) || pipe2(out, O_CLOEXEC)) {
        return oc_error_errno(err, 0, errno, "cannot make a pipe");
    }
    c->out = out[0];
    fcntl(c->out, F_SETFL, O_NONBLOCK);
    const int rc = spawn(run, c, out[1]);
    close(out[1]);
    return rc ? oc_error_errno(err, rc == ENOENT ? OC_E_NOT_FOUND : 0, rc, "cannot start %s",
                               run->argv[0])
              : watch(c, err);
}

static void close_all(struct child *c)
{
    const int fds[] = {c->in, c->out, c->errors, c->pidfd};
    for (size_t i = 0; i < OC_COUNT(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    oc_buf_finish(&c->text);
}

/* ---- what it says ---- */

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

/* False when there is nothing more, for now or for ever. */
static bool read_piece(const struct oc_run *run, struct child *c)
{
    char piece[PIECE];
    const ssize_t n = c->out >= 0 ? read(c->out, piece, sizeof piece) : -1;
    if (n > 0) {
        oc_buf_add(&c->text, piece, (size_t)n);
        tell_lines(run, &c->text, false);
    } else if (n == 0) { /* it may run on in silence */
        close(c->out);
        c->out = -1;
    }
    return n > 0;
}

static void read_rest(const struct oc_run *run, struct child *c)
{
    for (int i = 0; i < LAST_PIECES && read_piece(run, c); i++) {
    }
    tell_lines(run, &c->text, true);
}

static void read_tail(int fd, char *tail)
{
    const off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    const off_t from = size > OC_RUN_TAIL ? size - OC_RUN_TAIL : 0;
    const ssize_t n = fd >= 0 ? pread(fd, tail, OC_RUN_TAIL, from) : 0;
    tail[n > 0 ? n : 0] = '\0';
}

/* ---- the end ---- */

/* Why the child must end now: OC_OK while it need not. */
static int must_end(const struct oc_run *run, int64_t begun_ms)
{
    const bool late = run->limit_ms && oc_time_mono() - begun_ms >= run->limit_ms;
    return oc_work_cancelled() ? OC_E_CANCELLED : late ? OC_E_TIMEOUT : OC_OK;
}

/* Waits a moment for words or the end; true at the end. */
static bool listen_to(const struct oc_run *run, struct child *c)
{
    struct pollfd fds[] = {{.fd = c->out, .events = POLLIN}, {.fd = c->pidfd, .events = POLLIN}};
    if (poll(fds, OC_COUNT(fds), LOOK_MS) <= 0) {
        return false;
    }
    if (fds[0].revents) {
        read_piece(run, c);
    }
    return fds[1].revents != 0;
}

/* Until it has ended. OC_OK, or why it was made to. */
static int attend(const struct oc_run *run, struct child *c)
{
    const int64_t begun_ms = oc_time_mono();
    int64_t next_ms = 0;
    int why = OC_OK, next = SIGTERM;
    while (!listen_to(run, c)) {
        why = why == OC_OK ? must_end(run, begun_ms) : why;
        if (why == OC_OK || oc_time_mono() < next_ms) {
            continue;
        }
        if (!next) { /* not even SIGKILL: it hangs in the kernel */
            break;
        }
        kill(-c->pid, next);
        next = next == SIGTERM ? SIGKILL : 0;
        next_ms = oc_time_mono() + GRACE_MS;
    }
    kill(-c->pid, SIGKILL); /* what it leaves; the group's number is its own until it is reaped */
    read_rest(run, c);
    return why;
}

static void reap(struct child *c, struct oc_run_end *end)
{
    int status = SIGKILL; /* what becomes of one that hangs in the kernel */
    waitpid(c->pid, &status, WNOHANG);
    end->signum = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->status = end->signum ? 128 + end->signum : WEXITSTATUS(status);
    read_tail(c->errors, end->tail);
}

int oc_run(const struct oc_run *run, struct oc_run_end *end, struct oc_error *err)
{
    struct child c = {.in = -1, .out = -1, .errors = -1, .pidfd = -1};
    *end = (struct oc_run_end){0};
    int code = start(run, &c, err);
    if (code == OC_OK) {
        code = attend(run, &c);
        reap(&c, end);
        if (code == OC_E_TIMEOUT) {
            oc_error_set(err, code, "%s took longer than %lld s", run->argv[0],
                         (long long)(run->limit_ms / 1000));
        } else if (code != OC_OK) {
            oc_error_set(err, code, "cancelled");
        }
    }
    close_all(&c);
    return code;
}
