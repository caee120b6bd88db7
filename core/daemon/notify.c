/* The readiness protocol of systemd: one datagram to the socket named in the environment. SPDX-License-Identifier: MIT */
#include "core/daemon/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void oc_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof addr.sun_path) {
        return;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return;
    }
    memcpy(addr.sun_path, path, strlen(path));
    if (*path == '@') {
        addr.sun_path[0] = '\0'; /* the abstract namespace */
    }
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&addr, len);
    close(fd);
}

static void feed(void *ctx)
{
    (void)ctx;
    oc_notify("WATCHDOG=1");
}

struct oc_timer *oc_notify_watchdog(struct oc_loop *loop)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    long long half_ms = usec ? strtoll(usec, NULL, 10) / 2000 : 0;
    if (half_ms <= 0 || (pid && strtol(pid, NULL, 10) != getpid())) {
        return NULL;
    }
    struct oc_timer *t = oc_timer_create(loop, feed, NULL);
    oc_timer_start(t, half_ms, half_ms);
    return t;
}
