/* Host and Origin headers. SPDX-License-Identifier: MIT */
#include "core/api/origin.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/text.h"

#define HOST_MAX 256

/* ":1234" or nothing. */
static bool take_port(const char *text, long *port)
{
    *port = -1;
    if (!*text) {
        return true;
    }
    const size_t digits = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
    if (digits > 5 || text[0] != ':' || text[1 + digits]) {
        return false;
    }
    *port = digits ? strtol(text + 1, NULL, 10) : -1; /* RFC 3986 lets the port be empty */
    return *port <= 65535;
}

static bool copy_lower(char *host, size_t size, const char *text, size_t len)
{
    if (!len || len >= size) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    }
    host[len] = '\0';
    return true;
}

static bool is_name(const char *host)
{
    return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") == strlen(host);
}

bool oc_host_split(const char *text, char *host, size_t size, bool *is_address, long *port)
{
    struct in_addr v4;
    struct in6_addr v6;
    *is_address = false;
    *port = -1;
    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        *is_address = end && copy_lower(host, size, text + 1, (size_t)(end - text) - 1) &&
                      inet_pton(AF_INET6, host, &v6) == 1;
        return *is_address && take_port(end + 1, port);
    }
    const size_t len = strcspn(text, ":");
    if (!copy_lower(host, size, text, len) || !is_name(host) || !take_port(text + len, port)) {
        return false;
    }
    *is_address = inet_pton(AF_INET, host, &v4) == 1;
    return true;
}

/* "localhost" and what browsers never look up (RFC 6761). */
static bool is_localhost(const char *host)
{
    return strcmp(host, "localhost") == 0 || oc_ends(host, ".localhost");
}

static bool is_machine(const char *host)
{
    char name[HOST_MAX];
    return gethostname(name, sizeof name - 1) == 0 && (name[sizeof name - 1] = '\0', *name) &&
           strcasecmp(name, host) == 0;
}

static bool is_listed(const char *host, const struct oc_list *names)
{
    const char *const *items = names->items;
    for (uint64_t i = 0; i < names->count; i++) {
        if (strcasecmp(items[i], host) == 0) {
            return true;
        }
    }
    return false;
}

bool oc_host_allowed(const char *value, const struct oc_list *names)
{
    char host[HOST_MAX];
    bool is_address;
    long port;
    if (!oc_host_split(value, host, sizeof host, &is_address, &port)) {
        return false;
    }
    const size_t len = strlen(host);
    if (len > 1 && host[len - 1] == '.') { /* the absolute form of a name */
        host[len - 1] = '\0';
    }
    return is_address || is_localhost(host) || is_listed(host, names) || is_machine(host);
}

/* Same host, same port; a scheme's own port may be left out. */
static bool same_place(const char *a, const char *b, long standard)
{
    char host[2][HOST_MAX];
    bool is_address[2];
    long port[2];
    if (!oc_host_split(a, host[0], HOST_MAX, &is_address[0], &port[0]) ||
        !oc_host_split(b, host[1], HOST_MAX, &is_address[1], &port[1])) {
        return false;
    }
    port[0] = port[0] < 0 ? standard : port[0];
    port[1] = port[1] < 0 ? standard : port[1];
    return port[0] == port[1] && strcmp(host[0], host[1]) == 0;
}

static bool is_configured(const char *value, const struct oc_list *origins)
{
    const char *const *items = origins->items;
    for (uint64_t i = 0; i < origins->count; i++) {
        const size_t len = strlen(items[i]);
        const size_t bare = len && items[i][len - 1] == '/' ? len - 1 : len;
        if (bare && strlen(value) == bare && strncasecmp(items[i], value, bare) == 0) {
            return true;
        }
    }
    return false;
}

bool oc_origin_allowed(const char *value, const char *host, bool tls, const struct oc_list *origins)
{
    static const char http[] = "http://", https[] = "https://";
    if (is_configured(value, origins)) {
        return true;
    }
    if (strncasecmp(value, https, sizeof https - 1) == 0) {
        return host && same_place(value + sizeof https - 1, host, 443);
    }
    return !tls && host && strncasecmp(value, http, sizeof http - 1) == 0 &&
           same_place(value + sizeof http - 1, host, 80);
}
