/* Tries to stop, limit and trace its parent. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    const struct rlimit none = {3, 3};
    const pid_t parent = getppid();
    int pair[2] = {-1, -1};
    double done = 0;
    done += kill(parent, SIGSTOP) == 0;
    done += kill(-1, 0) == 0;
    done += syscall(SYS_tgkill, parent, parent, SIGTERM) == 0;
    done += prlimit(parent, RLIMIT_NOFILE, &none, NULL) == 0;
    done += setpriority(PRIO_PROCESS, (id_t)parent, 19) == 0;
    done += ptrace(PTRACE_SEIZE, parent, NULL, NULL) == 0;
    done += pipe(pair) == 0 && fcntl(pair[0], F_SETOWN, parent) == 0;
    close(pair[0]);
    close(pair[1]);
    return oc_emit_gauge(out, "zoo.got_through", done);
}

ZOO_ENTRY(NULL, NULL)
