/* A connected socket to the first address that takes one. SPDX-License-Identifier: MIT */
#include "net/connect.h"

#include <unistd.h>

/* The shortest time that one of several addresses gets before the next is tried. */
#define ATTEMPT_MIN_MS 250

static int64_t share(const struct oc_wait *wait)
{
    int64_t left = oc_left_ms(wait->deadline);
    int64_t half = left / 2 > ATTEMPT_MIN_MS ? left / 2 : ATTEMPT_MIN_MS;
    return wait->deadline - (half < left ? left - half : 0);
}

/* 0 or an errno. */
static int finish_connect(int fd, const struct oc_wait *wait)
{
    struct oc_error ignored = {.struct_size = sizeof ignored};
    int number = 0;
    socklen_t size = sizeof number;
    int32_t code = oc_wait_fd(fd, POLLOUT, wait, &ignored);
    if (code != OC_OK) {
        return code == OC_E_CANCELLED ? ECANCELED : ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
}

static int connect_one(const union oc_addr *addr, int type, const struct oc_wait *wait)
{
    int fd = socket(addr->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    int number = connect(fd, &addr->any, oc_addr_len(addr)) == 0 ? 0 : errno;
    number = number == EINPROGRESS ? finish_connect(fd, wait) : number;
    if (number != 0) {
        close(fd);
        return -number;
    }
    return fd;
}

int oc_net_connect(const struct oc_addrs *to, unsigned port, int type, const struct oc_wait *wait)
{
    int fd = -ECONNREFUSED;
    for (unsigned i = 0; i < to->count && fd < 0 && fd != -ECANCELED; i++) {
        union oc_addr addr = to->at[i];
        struct oc_wait attempt = *wait;
        attempt.deadline = i + 1 < to->count ? share(wait) : wait->deadline;
        oc_addr_set_port(&addr, port);
        fd = connect_one(&addr, type, &attempt);
    }
    return fd;
}
