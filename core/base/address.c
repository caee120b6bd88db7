/* What can be said of an IP address by its text. SPDX-License-Identifier: MIT */
#include "core/base/address.h"

#include <arpa/inet.h>
#include <string.h>

bool oc_address_is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    return inet_pton(AF_INET, text, &v4) == 1
               ? ntohl(v4.s_addr) >> 24 == 127
               : inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool oc_address_same(const char *a, const char *b)
{
    struct in6_addr one, other;
    for (int i = 0; i < 2; i++) {
        const int family = i == 0 ? AF_INET : AF_INET6;
        const size_t len = i == 0 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
        if (inet_pton(family, a, &one) == 1 && inet_pton(family, b, &other) == 1) {
            return memcmp(&one, &other, len) == 0;
        }
    }
    return false;
}
