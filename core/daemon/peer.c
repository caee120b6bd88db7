/* Looks for a plugin host among a process and its ancestors, and for its control group. SPDX-License-Identifier: MIT */
#include "core/daemon/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

#define ANCESTORS_MAX 64
#define HOST_NAME     "openclaw-plughost"

static bool read_proc(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* False when there is no such process. */
static bool read_stat(pid_t pid, pid_t *parent, pid_t *session)
{
    char text[512];
    int of[2];
    const char *after = read_proc(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (!after || sscanf(after, ") %*c %d %*d %d", &of[0], &of[1]) != 2) {
        return false;
    }
    *parent = (pid_t)of[0];
    *session = (pid_t)of[1];
    return true;
}

static pid_t parent_of(pid_t pid)
{
    pid_t parent, session;
    return read_stat(pid, &parent, &session) ? parent : 0;
}

/* The name of a process is its own to choose; the file it runs is not. A sandboxed one hides even that from an ordinary user
 * (PR_SET_DUMPABLE), and of our own children only plugin hosts do. */
static bool is_plugin_host(pid_t pid, pid_t parent)
{
    char path[64], target[4096];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0) {
        return errno == EACCES && parent == getpid();
    }
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    return slash && oc_starts(slash + 1, HOST_NAME);
}

/* Whoever has left its parents behind is still in the group that was made for the plugin. */
static bool in_our_group(pid_t pid)
{
    char text[4096], name[48];
    snprintf(name, sizeof name, "/openclaw-%d-", (int)getpid());
    return read_proc(pid, "cgroup", text, sizeof text) && strstr(text, name);
}

/* A plugin host leads the session of all that it starts, and in the sandbox nobody can leave that. */
static bool in_its_session(pid_t session)
{
    return session > 1 && session != getsid(0) && is_plugin_host(session, parent_of(session));
}

bool oc_peer_is_plugin(pid_t pid)
{
    pid_t parent, session = 0;
    if (pid > 0 && !read_stat(pid, &parent, &session)) {
        return true; /* whoever connects and ends leaves the socket to somebody that nobody can look at */
    }
    if (pid > 1 && (in_our_group(pid) || in_its_session(session))) {
        return true;
    }
    for (int i = 0; i < ANCESTORS_MAX && pid > 1 && pid != getpid(); i++) {
        parent = parent_of(pid);
        if (is_plugin_host(pid, parent)) {
            return true;
        }
        pid = parent;
    }
    return false;
}
