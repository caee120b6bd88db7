/* Programs that are run for what they say, without blocking. SPDX-License-Identifier: MIT
 *
 * A child leads a process group of its own (where a sandbox allows one), has /dev/null for input, the environment that it is
 * given and no descriptor of ours. When it ends, or is told to, its whole group goes with it, so that nothing that it started
 * in its group outlives it. No function waits without a limit: a process that hangs in the kernel (a dead NFS server, a broken
 * disk) does not even end when it is killed. All functions belong to the thread of the call. */
#ifndef PLUGIN_CHILD_CHILD_H
#define PLUGIN_CHILD_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openclaw/plugin.h>

#define OC_CHILD_POLL_FDS 3 /* pollfds that one child needs */

struct oc_child_text {
    int fd; /* -1: closed */
    char *data;
    size_t len, size, max;
};

struct oc_child {
    pid_t pid; /* 0: not running */
    int pidfd; /* -1 where the kernel has none: then the child is asked about in turns */
    bool termed, killed;
    int status; /* as from waitpid, once it is not running */
    struct oc_child_text out, err;
};

struct oc_child_spec {
    const char *path; /* absolute */
    char *const *argv;
    char *const *envp;
    const char *cwd;               /* NULL = ours */
    size_t output_max, errors_max; /* more is read and thrown away; powers of 2 from 1024 */
};

/* 0 or an errno. On success the caller owns `child` and ends it with oc_child_finish. */
int oc_child_start(struct oc_child *child, const struct oc_child_spec *spec);
/* Fills `fds` with what to wait for; unused ones get fd -1. */
void oc_child_poll_fds(const struct oc_child *child, struct pollfd fds[OC_CHILD_POLL_FDS]);
/* Reads what is there and notices the end. True while it runs. */
bool oc_child_step(struct oc_child *child);
void oc_child_signal(struct oc_child *child, int signal); /* its group */
/* Kills what still runs and waits at most `ms` for its end; closes and frees. A zeroed child is fine. 0, or the pid of one that
 * has not ended: it is the caller's to reap later. */
pid_t oc_child_finish(struct oc_child *child, int64_t ms);
/* Whether the process that oc_child_finish left is over: then it is reaped, and *pid is 0. True when it is 0 already. */
bool oc_child_reap(pid_t *pid);

#endif
