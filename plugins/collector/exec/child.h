/* Child processes of checks, without blocking. SPDX-License-Identifier: MIT
 *
 * A child leads a process group of its own, has /dev/null for input, a minimal environment and no
 * descriptor of ours. When it ends, or is told to, its whole group goes with it, so that nothing
 * that a check started in its group outlives the check. All functions belong to the thread of the
 * call. */
#ifndef OC_EXEC_CHILD_H
#define OC_EXEC_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openclaw/plugin.h>

#define OC_CHILD_OUTPUT_MAX (64u << 10) /* more is read and thrown away */
#define OC_CHILD_ERRORS_MAX 1024u
#define OC_CHILD_POLL_FDS   3 /* pollfds that one child needs */

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
    const char *cwd; /* NULL = ours */
};

/* 0 or an errno. On success the caller owns `child` and ends it with oc_child_finish. */
int oc_child_start(struct oc_child *child, const struct oc_child_spec *spec);
/* Fills `fds` with what to wait for; unused ones get fd -1. */
void oc_child_poll_fds(const struct oc_child *child, struct pollfd fds[OC_CHILD_POLL_FDS]);
/* Reads what is there and notices the end. True while it runs. */
bool oc_child_step(struct oc_child *child);
void oc_child_signal(struct oc_child *child, int signal); /* its group */
/* Kills and reaps what still runs, closes and frees. A zeroed child is fine. */
void oc_child_finish(struct oc_child *child);

#endif
