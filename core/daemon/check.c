/* Validating a configuration in a process of its own: plugins are loaded there, so nothing of ours is at risk.
 * SPDX-License-Identifier: MIT */
#include "core/daemon/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/daemon/daemon.h"
#include "core/sys/file.h"

#define LIMIT    (20 * OC_SECOND)
#define SETS_MAX 64 /* as the options of the daemon */

extern char **environ;

struct words {
    char *argv[7 + 2 * SETS_MAX + 1];
    size_t count;
};

static void add_option(struct words *w, const char *option, const char *value)
{
    w->argv[w->count++] = (char *)option;
    w->argv[w->count++] = (char *)value;
}

/* The command line of the checker; what is above the file in the asking process is above it there. Without a file the checker
 * looks for conf.d where the asking process did: a home that it were told, which conf.d itself may have named, is elsewhere. */
static struct words words_of(const char *path, bool draft, const char *home,
                             const char *const *sets)
{
    struct words w = {.argv = {(char *)"openclawd", (char *)"--check"}, .count = 2};
    if (path) {
        add_option(&w, "--home", home);
        add_option(&w, "--config", path);
    }
    if (draft) {
        w.argv[w.count++] = (char *)"--draft";
    }
    for (size_t i = 0; sets && sets[i] && i < SETS_MAX; i++) {
        add_option(&w, "--set", sets[i]);
    }
    return w;
}

static int spawn_check(char **argv, int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (in >= 0) {
        posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    }
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int rc = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static bool read_all(int fd, struct oc_buf *text)
{
    int64_t until = oc_time_mono() + LIMIT;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - oc_time_mono();
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0 || text->len > OC_JSON_MAX_BYTES) {
            return false;
        }
        char chunk[4096];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0;
        }
        oc_buf_add(text, chunk, (size_t)n);
    }
}

static json_t *take_findings(int fd, pid_t pid, struct oc_error *err)
{
    struct oc_buf text = {0};
    int status = 0;
    bool whole = read_all(fd, &text);
    if (!whole) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    json_t *findings = NULL;
    if (!whole) {
        oc_error_set(err, OC_E_TIMEOUT, "the checker did not answer within 20 s");
    } else if (WIFSIGNALED(status)) {
        oc_error_set(err, OC_E_CRASHED, "the checker crashed: %s", strsignal(WTERMSIG(status)));
        oc_error_hint(err, "A plugin that the file names may be at fault.");
    } else {
        findings = oc_json_parse(text.data ? text.data : "", text.len, err);
    }
    oc_buf_finish(&text);
    return findings;
}

/* A file that has no name: what is in it, secrets too, is gone with the processes. -1 and err. */
static int nameless_file(const struct oc_buf *text, struct oc_error *err)
{
    int fd = memfd_create("openclaw.conf", MFD_CLOEXEC);
    int rc = fd < 0 ? -errno : oc_fd_write_all(fd, text->data ? text->data : "", text->len);
    if (rc == 0) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    oc_error_errno(err, OC_E_INTERNAL, -rc, "cannot hand a configuration to the checker");
    return -1;
}

static json_t *run_check(char **argv, int in, struct oc_error *err)
{
    int fds[2];
    pid_t pid;
    json_t *findings = NULL;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        oc_error_errno(err, OC_E_INTERNAL, errno, "cannot make a pipe");
        return NULL;
    }
    int rc = spawn_check(argv, in, fds[1], &pid);
    close(fds[1]);
    if (rc != 0) {
        oc_error_errno(err, OC_E_INTERNAL, rc, "cannot start the checker");
    } else {
        findings = take_findings(fds[0], pid, err);
    }
    close(fds[0]);
    return findings;
}

json_t *oc_check_file(const char *path, const struct oc_buf *draft, const char *home,
                      const char *const *sets, struct oc_error *err)
{
    struct words w = words_of(path, draft != NULL, home, sets);
    int in = draft ? nameless_file(draft, err) : -1;
    if (draft && in < 0) {
        return NULL;
    }
    json_t *findings = run_check(w.argv, in, err);
    if (in >= 0) {
        close(in);
    }
    return findings;
}

/* What starting and checking both find is told once. Takes `findings`; *errors counts those left. */
static json_t *without_repeats(json_t *findings, size_t *errors)
{
    json_t *kept = json_array(), *finding, *other;
    size_t i, k;
    *errors = 0;
    json_array_foreach(findings, i, finding)
    {
        bool repeated = false;
        json_array_foreach(kept, k, other)
        {
            repeated = repeated || json_equal(finding, other);
        }
        if (!repeated) {
            json_array_append(kept, finding);
            *errors += !oc_json_bool(finding, "warning", false);
        }
    }
    json_decref(findings);
    return kept;
}

static int print(json_t *findings)
{
    size_t errors;
    json_t *o = json_object();
    findings = without_repeats(findings, &errors);
    oc_json_set_int(o, "errors", (int64_t)errors);
    oc_json_take(o, "findings", findings);
    json_dumpf(o, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(o);
    return errors ? oc_error_exit(OC_E_CONFIG) : 0;
}

int oc_check_print(struct oc_daemon *h)
{
    return print(oc_diags_json(oc_daemon_diags(h)));
}

int oc_check_print_error(const struct oc_error *err)
{
    struct oc_diags diags = {0};
    oc_diags_add(&diags, false, NULL, "", err->hint, "%s", err->message);
    int rc = print(oc_diags_json(&diags));
    oc_diags_finish(&diags);
    return rc;
}
