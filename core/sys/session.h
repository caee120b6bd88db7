/* Sessions: the processes that one process started and that cannot leave it. SPDX-License-Identifier: MIT */
#ifndef OC_SYS_SESSION_H
#define OC_SYS_SESSION_H

#include <stddef.h>
#include <sys/types.h>

/* SIGKILL to every process of the session, again until none is left that forked meanwhile (so many rounds at the most); how
 * many were met. A process that has made a session of its own is not found: a sandboxed one cannot. Reads all of /proc, some
 * milliseconds. [worker] */
size_t oc_session_kill(pid_t session);

#endif
