/* One IPv4 or IPv6 socket address. SPDX-License-Identifier: MIT */
#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool parse_v6(struct sockaddr_in6 *v6, const char *host)
{
    char text[INET6_ADDRSTRLEN];
    const char *zone = strchr(host, '%');
    size_t len = zone ? (size_t)(zone - host) : strlen(host);
    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
        return false;
    }
    v6->sin6_family = AF_INET6;
    if (zone) {
        v6->sin6_scope_id = if_nametoindex(zone + 1);
    }
    return true;
}

bool oc_addr_parse(union oc_addr *addr, const char *host)
{
    memset(addr, 0, sizeof *addr);
    if (inet_pton(AF_INET, host, &addr->v4.sin_addr) == 1) {
        addr->v4.sin_family = AF_INET;
        return true;
    }
    return parse_v6(&addr->v6, host);
}

void oc_addr_set_port(union oc_addr *addr, unsigned port)
{
    /* sin_port and sin6_port share their place, but only the standard types say so. */
    if (addr->any.sa_family == AF_INET6) {
        addr->v6.sin6_port = htons((uint16_t)port);
    } else {
        addr->v4.sin_port = htons((uint16_t)port);
    }
}

unsigned oc_addr_port(const union oc_addr *addr)
{
    return addr->any.sa_family == AF_INET6 ? ntohs(addr->v6.sin6_port) : ntohs(addr->v4.sin_port);
}

socklen_t oc_addr_len(const union oc_addr *addr)
{
    return addr->any.sa_family == AF_INET6 ? sizeof addr->v6 : sizeof addr->v4;
}

bool oc_addr_loopback(const union oc_addr *addr)
{
    if (addr->any.sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&addr->v6.sin6_addr);
    }
    return (ntohl(addr->v4.sin_addr.s_addr) >> 24) == 127;
}

const char *oc_addr_text(const union oc_addr *addr, char text[OC_ADDR_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (addr->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &addr->v6.sin6_addr, host, sizeof host);
        snprintf(text, OC_ADDR_TEXT_MAX, "[%s]:%u", host, oc_addr_port(addr));
    } else {
        inet_ntop(AF_INET, &addr->v4.sin_addr, host, sizeof host);
        snprintf(text, OC_ADDR_TEXT_MAX, "%s:%u", host, oc_addr_port(addr));
    }
    return text;
}
