/* Tries to connect out in six ways. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    const struct sockaddr_in peer = {
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    static const int kinds[][3] = {{AF_INET, SOCK_STREAM, 0},   {AF_INET, SOCK_DGRAM, 0},
                                   {AF_INET, SOCK_STREAM, 262}, {AF_INET, SOCK_RAW, 1},
                                   {AF_UNIX, SOCK_STREAM, 0},   {AF_NETLINK, SOCK_RAW, 0}};
    double made = 0;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const int fd = socket(kinds[i][0], kinds[i][1], kinds[i][2]);
        if (fd >= 0) {
            (void)connect(fd, (const struct sockaddr *)&peer, sizeof peer);
            made++;
        }
    }
    return oc_emit_gauge(out, "zoo.got_through", made);
}

ZOO_ENTRY(NULL, NULL)
