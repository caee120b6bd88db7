/* Processes that hang in the kernel, for tests: killed, they do not end. SPDX-License-Identifier: MIT
 *
 * Header-only. The waitid and waitpid of a test program go before the C library's, also for what plugins call: as long as
 * `stuck` is set they do not show processes that were killed by SIGKILL. Whoever waits for such a one without a limit ends the
 * test program. */
#ifndef PLUGIN_CHILD_TESTING_STUCK_H
#define PLUGIN_CHILD_TESTING_STUCK_H

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool stuck;

static int stuck_real(idtype_t type, id_t id, siginfo_t *info, int options)
{
    int (*fn)(idtype_t, id_t, siginfo_t *, int);
    *(void **)&fn = dlsym(RTLD_NEXT, "waitid");
    return fn(type, id, info, options);
}

/* Whether `pid` runs or was killed, and must not be seen to have ended. */
static bool stuck_hides(pid_t pid)
{
    siginfo_t info = {0};
    return stuck && pid > 0 &&
           stuck_real(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           (info.si_pid == 0 || (info.si_code == CLD_KILLED && info.si_status == SIGKILL));
}

__attribute__((visibility("default"))) int waitid(idtype_t type, id_t id, siginfo_t *info,
                                                  int options)
{
    if (type == P_PID && (options & WNOHANG) && stuck_hides((pid_t)id)) {
        memset(info, 0, sizeof *info);
        return 0;
    }
    return stuck_real(type, id, info, options);
}

__attribute__((visibility("default"))) pid_t waitpid(pid_t pid, int *status, int options)
{
    pid_t (*fn)(pid_t, int *, int);
    *(void **)&fn = dlsym(RTLD_NEXT, "waitpid");
    if (stuck_hides(pid)) {
        if (!(options & WNOHANG)) {
            fprintf(stderr, "a process that does not end is waited for without a limit\n");
            _exit(2);
        }
        return 0;
    }
    return fn(pid, status, options);
}

#endif
