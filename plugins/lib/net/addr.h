/* One IPv4 or IPv6 socket address, as small as it can be. SPDX-License-Identifier: MIT
 *
 * A target keeps one of these at rest; sockaddr_storage would be 128 bytes of it. [any] */
#ifndef OC_NET_ADDR_H
#define OC_NET_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

union oc_addr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

#define OC_ADDR_TEXT_MAX 64 /* "[ffff:...]:65535" and the NUL */

/* Whether `host` (no brackets) is a literal address; fills `addr` with it and port 0. Scoped
 * addresses ("fe80::1%eth0") are literals too. */
bool oc_addr_parse(union oc_addr *addr, const char *host);

void oc_addr_set_port(union oc_addr *addr, unsigned port);
unsigned oc_addr_port(const union oc_addr *addr);
socklen_t oc_addr_len(const union oc_addr *addr);
bool oc_addr_loopback(const union oc_addr *addr);

/* "127.0.0.1:80" or "[::1]:80" into `text`; returns it. */
const char *oc_addr_text(const union oc_addr *addr, char text[OC_ADDR_TEXT_MAX]);

#endif
