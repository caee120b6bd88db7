/* Finds the processes of a session in /proc. SPDX-License-Identifier: MIT */
#include "core/sys/session.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ROUNDS 50

/* A process that has ended and was not waited for is none any more. */
static bool belongs(const char *pid, pid_t session)
{
    char path[64], text[512];
    char state = 'X';
    int of = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *after = strrchr(text, ')'); /* the name before it may hold anything */
    return after && sscanf(after, ") %c %*d %*d %d", &state, &of) == 2 && of == (int)session &&
           state != 'Z' && state != 'X';
}

/* The number may be another's by now: what is looked at once more is what is signalled. */
static bool kill_member(const char *name, pid_t session)
{
    const pid_t pid = (pid_t)strtol(name, NULL, 10);
    const int fd = pidfd_open(pid, 0);
    const bool killed = fd >= 0 ? belongs(name, session) && !pidfd_send_signal(fd, SIGKILL, NULL, 0)
                                : errno != ESRCH && kill(pid, SIGKILL) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return killed;
}

static size_t kill_once(pid_t session)
{
    size_t count = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (isdigit((unsigned char)e->d_name[0]) && belongs(e->d_name, session)) {
            count += kill_member(e->d_name, session);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

size_t oc_session_kill(pid_t session)
{
    size_t met = 0;
    if (session <= 1 || session == getsid(0)) {
        return 0;
    }
    for (int round = 0; round < ROUNDS; round++) {
        size_t found = kill_once(session);
        met += found;
        if (!found) {
            break;
        }
    }
    return met;
}
