/* Runs one helper program and reads what it says. SPDX-License-Identifier: MIT */
#include "core/package/check/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/work.h"
#include "core/sys/file.h"

#define LINE_MAX_BYTES (1u << 20)
#define LOOK_MS        100 /* how often a cancel is looked for */

extern char **environ;

struct pipes {
    int in, out, errors; /* memory files for what is given, and for stderr; a pipe to read from */
    pid_t pid;
};

static int memory_file(const char *text)
{
    const int fd = memfd_create("openclaw", MFD_CLOEXEC);
    if (fd >= 0 && text && oc_fd_write_all(fd, text, strlen(text)) == 0) {
        lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

static int start(const struct oc_child *child, const char *path, struct pipes *p,
                 struct oc_error *err)
{
    int out[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    p->in = memory_file(child->input);
    p->errors = memory_file(NULL);
    if (p->in < 0 || p->errors < 0 || pipe2(out, O_CLOEXEC)) {
        return oc_error_errno(err, OC_E_INTERNAL, errno, "cannot make a pipe");
    }
    p->out = out[0];
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&actions, p->in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, p->errors, STDERR_FILENO);
    const int why =
        posix_spawn(&p->pid, path, &actions, &attr, (char *const *)(uintptr_t)child->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    close(out[1]);
    return why ? oc_error_errno(err, OC_E_UNSUPPORTED, why, "cannot start %s", child->program)
               : OC_OK;
}

/* Takes the whole lines out of `text`. */
static void take_lines(const struct oc_child *child, struct oc_buf *text)
{
    char *newline;
    while (text->len && (newline = memchr(text->data, '\n', text->len))) {
        const size_t len = (size_t)(newline - text->data);
        json_t *line = oc_json_parse(text->data, len, NULL);
        if (json_is_object(line)) {
            child->on_line(child->ctx, line);
        }
        json_decref(line);
        oc_buf_consume(text, len + 1);
    }
    if (text->len > LINE_MAX_BYTES) {
        oc_buf_clear(text);
    }
}

/* Until its stdout ends, it is late or we are told to end. True when it has to be killed. */
static bool listen_to(const struct oc_child *child, const struct pipes *p, struct oc_child_end *end)
{
    const int64_t until = oc_time_mono() + child->timeout_ms;
    struct pollfd fd = {p->out, POLLIN, 0};
    struct oc_buf text = {0};
    char piece[8192];
    bool kill_it = false;
    for (;;) {
        const int64_t left = until - oc_time_mono();
        end->late = left <= 0;
        kill_it = end->late || oc_work_cancelled();
        if (kill_it) {
            break;
        }
        if (poll(&fd, 1, (int)(left < LOOK_MS ? left : LOOK_MS)) <= 0) {
            continue;
        }
        const ssize_t n = read(p->out, piece, sizeof piece);
        if (n <= 0) {
            break;
        }
        oc_buf_add(&text, piece, (size_t)n);
        take_lines(child, &text);
    }
    oc_buf_finish(&text);
    return kill_it;
}

/* Its stdout may be closed while it still runs: then it has what is left of its time. */
static void wait_for(const struct oc_child *child, struct pipes *p, bool kill_it,
                     struct oc_child_end *end)
{
    const int64_t until = oc_time_mono() + child->timeout_ms;
    int status = 0;
    pid_t got = 0;
    while (!kill_it && (got = waitpid(p->pid, &status, WNOHANG)) == 0) {
        kill_it = oc_time_mono() >= until || oc_work_cancelled();
        end->late = end->late || kill_it;
        poll(NULL, 0, 1);
    }
    kill(-p->pid, SIGKILL); /* its children, too */
    while (got == 0 && (got = waitpid(p->pid, &status, 0)) < 0 && errno == EINTR) {
        got = 0;
    }
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end->signum = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void read_tail(int fd, char *tail)
{
    const off_t size = lseek(fd, 0, SEEK_END);
    const off_t from = size > OC_CHILD_TAIL ? size - OC_CHILD_TAIL : 0;
    const ssize_t n = pread(fd, tail, OC_CHILD_TAIL, from);
    tail[n > 0 ? n : 0] = '\0';
}

static void close_all(struct pipes *p)
{
    const int fds[] = {p->in, p->out, p->errors};
    for (size_t i = 0; i < OC_COUNT(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

int oc_child_run(const struct oc_child *child, struct oc_child_end *end, struct oc_error *err)
{
    struct pipes p = {-1, -1, -1, 0};
    char *path = oc_path_helper(child->program);
    *end = (struct oc_child_end){0};
    if (!path) {
        oc_error_set(err, OC_E_UNSUPPORTED, "%s cannot be found", child->program);
        oc_error_hint(err, "Install openclaw whole: it lies in libexec/openclaw.");
        return OC_E_UNSUPPORTED;
    }
    int code = start(child, path, &p, err);
    if (!code) {
        wait_for(child, &p, listen_to(child, &p, end), end);
        read_tail(p.errors, end->tail);
        code = oc_work_cancelled() ? oc_error_set(err, OC_E_CANCELLED, "cancelled") : OC_OK;
    }
    close_all(&p);
    free(path);
    return code;
}
