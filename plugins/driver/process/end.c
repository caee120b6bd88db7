/* Ending a process that may have been replaced by another meanwhile. SPDX-License-Identifier: MIT
 *
 * Signals go through a pidfd that was opened and then compared with the record: a pid that was given to somebody else is never
 * signalled. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define LOOK_MS 100  /* how often the cancel flag is looked at */
#define KILL_MS 5000 /* SIGKILL works at once, unless the kernel itself waits */

/* A descriptor of exactly this process, or -1. */
static int open_process(pid_t pid, unsigned long long ticks)
{
    struct vitals v;
    int fd = pidfd_open(pid, 0);
    if (fd >= 0 && (!vitals_read(pid, &v) || v.ticks != ticks || v.state == 'Z')) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* True when it ended within `ms`. */
static bool wait_end(int fd, int64_t ms, const struct oc_request *req)
{
    int64_t until = monotonic_ms() + ms;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (;;) {
        int64_t left = until - monotonic_ms();
        int n = poll(&p, 1, left <= 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS);
        if (n > 0) {
            return true;
        }
        if (left <= 0 || OC_CANCELLED(req)) {
            return false;
        }
    }
}

/* What its children left behind: everything of the session that it began. */
static void end_session(const struct record *r)
{
    struct vitals v;
    DIR *proc = opendir("/proc");
    if (!proc) {
        return;
    }
    for (struct dirent *e; (e = readdir(proc)) != NULL;) {
        pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)strtol(e->d_name, NULL, 10) : 0;
        if (pid <= 0 || pid == r->pid || !vitals_read(pid, &v) || v.session != r->pid ||
            v.ticks < r->ticks) {
            continue;
        }
        int fd = open_process(pid, v.ticks);
        if (fd >= 0) {
            pidfd_send_signal(fd, SIGKILL, NULL, 0);
            close(fd);
        }
    }
    closedir(proc);
}

/* A session id that somebody else's process carries now is not ours any more. */
static bool session_is_ours(const struct record *r)
{
    char boot[40];
    struct vitals v;
    return boot_id(boot) && strcmp(boot, r->boot) == 0 &&
           (!vitals_read(r->pid, &v) || v.ticks == r->ticks);
}

static int32_t end_leader(int fd, const struct record *r, int64_t grace_ms,
                          const struct oc_request *req, bool *killed, struct oc_error *err)
{
    int64_t left = req->deadline_ms - monotonic_ms() - KILL_MS;
    int64_t grace = grace_ms < left ? grace_ms : left;
    if (grace > 0) {
        pidfd_send_signal(fd, SIGTERM, NULL, 0);
        if (wait_end(fd, grace, req)) {
            return OC_OK;
        }
        if (OC_CANCELLED(req)) {
            return oc_fail(err, OC_E_CANCELLED, "process %d was told to end and may still run",
                           (int)r->pid);
        }
    }
    *killed = true;
    pidfd_send_signal(fd, SIGKILL, NULL, 0);
    return wait_end(fd, KILL_MS, req)
               ? OC_OK
               : oc_fail(err, OC_E_TIMEOUT, "process %d did not end", (int)r->pid);
}

int32_t process_end(const struct record *r, int64_t grace_ms, const struct oc_request *req,
                    bool *killed, struct oc_error *err)
{
    int32_t code = OC_OK;
    int fd = open_process(r->pid, r->ticks);
    *killed = false;
    if (fd >= 0) {
        code = end_leader(fd, r, grace_ms, req, killed, err);
        close(fd);
    }
    if (code == OC_OK && session_is_ours(r)) {
        end_session(r);
    }
    return code;
}
