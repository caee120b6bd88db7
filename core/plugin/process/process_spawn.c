/* Starts and ends the process of an isolated plugin. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/manifest/rights.h"
#include "core/plugin/process/process.h"
#include "core/sys/file.h"
#include "core/sys/session.h"

#define REAP_MS  2000 /* a killed process that is still there then is left to the kernel */
#define GRACE_MS 500  /* for one that has closed its socket by itself */
#define FAR_FD                                                                                     \
    64 /* all that the child gets lies beyond where it gets it, so that none overwrites another */
#define SOCK_SIZE (1 << 20)

extern char **environ;

/* ---- environment ---- */

static bool is_plain(const char *entry)
{
    static const char *const names[] = {
        "PATH=",   "HOME=",         "LANG=",          "LC_ALL=",       "TZ=",
        "TMPDIR=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "OPENCLAW_KERNEL="};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (oc_starts(entry, names[i])) {
            return true;
        }
    }
    return false;
}

static bool may_see(const struct oc_rights *rights, const char *entry)
{
    char *name = oc_strndup(entry, strcspn(entry, "="));
    const bool allowed = oc_rights_allow(rights, OC_RIGHT_ENV, name);
    free(name);
    return allowed || is_plain(entry);
}

char **oc_process_env(const json_t *rights)
{
    struct oc_rights read = {0};
    size_t count = 0;
    while (environ[count]) {
        count++;
    }
    char **env = oc_calloc(count + 1, sizeof *env), **to = env;
    oc_rights_read(rights, &read);
    for (size_t i = 0; i < count; i++) {
        if (may_see(&read, environ[i])) {
            *to++ = oc_strdup(environ[i]);
        }
    }
    oc_rights_finish(&read);
    return env;
}

void oc_process_env_free(char **env)
{
    for (char **e = env; e && *e; e++) {
        free(*e);
    }
    free(env);
}

/* ---- descriptors ---- */

static int move_far(int fd)
{
    const int far = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FAR_FD);
    if (fd >= 0) {
        const int why = errno;
        close(fd);
        errno = why;
    }
    return far;
}

int oc_process_page(struct oc_wire_page **page, struct oc_error *err)
{
    int fd = move_far(memfd_create("openclaw-page", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    /* sealed: whoever could shrink it would end us with SIGBUS */
    if (fd < 0 || ftruncate(fd, sizeof **page) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        oc_error_errno(err, OC_E_INTERNAL, errno, "cannot make a shared page");
        goto failed;
    }
    *page = mmap(NULL, sizeof **page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*page == MAP_FAILED) {
        oc_error_errno(err, OC_E_INTERNAL, errno, "cannot map a shared page");
        goto failed;
    }
    return fd;
failed:
    if (fd >= 0) {
        close(fd);
    }
    *page = NULL;
    return OC_E_INTERNAL;
}

struct ends { /* of the child */
    int sock, output;
};

static int make_ends(struct oc_process_body *p, struct ends *child, int *sock, struct oc_error *err)
{
    int pair[2], out[2];
    const int size = SOCK_SIZE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return oc_error_errno(err, OC_E_RETRY, errno, "cannot make a socket pair");
    }
    if (pipe2(out, O_CLOEXEC)) {
        close(pair[0]);
        close(pair[1]);
        return oc_error_errno(err, OC_E_RETRY, errno, "cannot make a pipe");
    }
    for (int i = 0; i < 2; i++) { /* the kernel keeps both to its own limit */
        setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    *sock = pair[0];
    p->output = out[0];
    *child = (struct ends){move_far(pair[1]), move_far(out[1])};
    return child->sock >= 0 && child->output >= 0
               ? OC_OK
               : oc_error_set(err, OC_E_RETRY, "no descriptors are left for its process");
}

/* ---- the process ---- */

static int spawn(struct oc_process_body *p, const struct ends *child, pid_t *pid)
{
    static char name[] = "openclaw-plughost";
    char *argv[] = {name, (char *)(uintptr_t)p->body.plugin->name,
                    (char *)(uintptr_t)p->body.host.host.instance, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, child->output, 1);
    posix_spawn_file_actions_adddup2(&files, child->output, 2);
    posix_spawn_file_actions_adddup2(&files, child->sock, OC_WIRE_SOCKET);
    posix_spawn_file_actions_adddup2(&files, p->page_fd, OC_WIRE_PAGE_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, OC_WIRE_PAGE_FD + 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    const int rc = posix_spawn(pid, p->plughost, &files, &attr, argv, p->env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* Its end is told by a descriptor; a process without one would have to be guessed at. */
static int watch(struct oc_process_body *p, pid_t pid, struct oc_error *err)
{
    p->pidfd = pidfd_open(pid, 0);
    if (p->pidfd >= 0) {
        return OC_OK;
    }
    const int code = oc_error_errno(err, OC_E_RETRY, errno, "cannot watch its process");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return code;
}

int oc_process_spawn(struct oc_process_body *p, struct oc_error *err)
{
    struct ends child = {-1, -1};
    int sock = -1;
    pid_t pid = 0;
    int code = make_ends(p, &child, &sock, err);
    if (!code) {
        p->begun_ms = oc_time_mono();
        const int rc = spawn(p, &child, &pid);
        code = rc ? oc_error_errno(err, OC_E_INTERNAL, rc, "cannot start %s", p->plughost) : OC_OK;
    }
    close_fd(&child.sock);
    close_fd(&child.output);
    if (!code) {
        code = watch(p, pid, err);
    }
    if (code) {
        close_fd(&sock);
        close_fd(&p->output);
        return code;
    }
    p->body.host.ended = p->pidfd;
    if (p->cgroup) {
        oc_cgroup_enter(p->cgroup, pid); /* it waits for INIT still */
    }
    p->last_pid = pid;
    pthread_mutex_lock(&p->lock);
    p->pid = pid;
    p->sock = sock;
    const bool kill_it = p->kill_wanted;
    pthread_mutex_unlock(&p->lock);
    if (kill_it) {
        oc_process_body_kill(p);
    }
    return OC_OK;
}

/* ---- the end ---- */

void oc_process_body_kill(struct oc_process_body *p)
{
    pthread_mutex_lock(&p->lock);
    p->kill_wanted = true;
    if (p->pid > 0 && !p->ended) {
        p->killed = true;
        kill(-p->pid, SIGKILL);
        kill(p->pid, SIGKILL);
        if (p->cgroup) {
            oc_cgroup_kill(p->cgroup);
        }
    }
    pthread_mutex_unlock(&p->lock);
}

static bool has_ended(int pidfd, int64_t ms)
{
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    return poll(&fd, 1, (int)ms) > 0;
}

void oc_process_reap(struct oc_process_body *p)
{
    pthread_mutex_lock(&p->lock);
    const int64_t grace_ms = p->killed ? REAP_MS : GRACE_MS;
    pthread_mutex_unlock(&p->lock);
    if (!has_ended(p->pidfd, grace_ms)) {
        oc_process_body_kill(p);
        has_ended(p->pidfd, REAP_MS);
    }
    pthread_mutex_lock(&p->lock);
    const pid_t pid = p->pid;
    kill(-pid,
         SIGKILL); /* what it started and left; the group's number is its own until it is reaped */
    p->ended = true;
    pthread_mutex_unlock(&p->lock);
    if (p->cgroup) {
        oc_cgroup_kill(p->cgroup); /* what has left the group, whatever it did */
    } else {
        oc_session_kill(pid);
    }
    pthread_mutex_lock(&p->lock);
    if (waitpid(pid, &p->wait_status, WNOHANG) != pid) {
        p->wait_status = -1;
    }
    p->pid = 0;
    pthread_mutex_unlock(&p->lock);
    close(p->pidfd);
}
