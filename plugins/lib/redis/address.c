/* Where a Redis server is: URLs taken apart. SPDX-License-Identifier: MIT */
#include "redis/link.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define DEFAULT_PORT 6379

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A copy of [from, to) with %41 as A. */
static char *decode(const char *from, const char *to)
{
    char *out = malloc((size_t)(to - from) + 1);
    size_t n = 0;
    while (out && from < to) {
        if (*from == '%' && to - from > 2 && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
            out[n++] = (char)(hex(from[1]) * 16 + hex(from[2]));
            from += 3;
        } else {
            out[n++] = *from++;
        }
    }
    if (out) {
        out[n] = '\0';
    }
    return out;
}

static bool parse_whole(const char *text, int64_t max, int64_t *value)
{
    char *end;
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *value >= 0 && *value <= max;
}

/* "user:password", ":password" or "user". A lone word before '@' is a password in older URLs; here
 * it is a user, as the Redis documentation has it. */
static bool parse_credentials(struct oc_redis_address *a, const char *from, const char *to)
{
    const char *colon = memchr(from, ':', (size_t)(to - from));
    if (colon) {
        a->password = decode(colon + 1, to);
    }
    if (colon != from && from < to) {
        a->user = decode(from, colon ? colon : to);
    }
    return (!colon || a->password) && (colon == from || from == to || a->user);
}

static bool parse_host(struct oc_redis_address *a, const char *from, const char *to)
{
    const char *end = to, *colon = NULL;
    if (from < to && *from == '[') {
        end = memchr(from, ']', (size_t)(to - from));
        if (!end) {
            return false;
        }
        colon = end + 1 < to ? end + 1 : NULL;
        from++;
    } else {
        colon = memchr(from, ':', (size_t)(to - from));
        end = colon ? colon : to;
    }
    a->port = DEFAULT_PORT;
    if (colon) {
        char digits[8];
        int64_t port;
        size_t len = (size_t)(to - colon - 1);
        if (*colon != ':' || len >= sizeof digits) {
            return false;
        }
        memcpy(digits, colon + 1, len);
        digits[len] = '\0';
        if (!parse_whole(digits, 65535, &port) || port == 0) {
            return false;
        }
        a->port = (int)port;
    }
    a->host = end > from ? decode(from, end) : NULL;
    return a->host != NULL;
}

static bool parse_tcp(struct oc_redis_address *a, const char *rest)
{
    const char *slash = strchr(rest, '/');
    const char *end = slash ? slash : rest + strlen(rest);
    const char *at = memrchr(rest, '@', (size_t)(end - rest));
    if (at && !parse_credentials(a, rest, at)) {
        return false;
    }
    if (slash && slash[1] && !parse_whole(slash + 1, 1000000, &a->db)) {
        return false;
    }
    return parse_host(a, at ? at + 1 : rest, end);
}

int32_t oc_redis_address_parse(struct oc_redis_address *a, const char *url, struct oc_error *err)
{
    bool ok = false;
    memset(a, 0, sizeof *a);
    if (strncmp(url, "redis://", 8) == 0) {
        ok = parse_tcp(a, url + 8);
    } else if (strncmp(url, "unix:", 5) == 0) {
        const char *path = url + 5;
        path += strncmp(path, "//", 2) == 0 ? 2 : 0;
        a->path = path[0] == '/' ? decode(path, path + strlen(path)) : NULL;
        ok = a->path != NULL;
    }
    if (ok) {
        return OC_OK;
    }
    oc_redis_address_finish(a);
    oc_fail(err, OC_E_CONFIG,
            "url: expected redis://[user[:password]@]host[:port][/db] or unix:/path");
    if (strncmp(url, "rediss://", 9) == 0) {
        snprintf(err->hint, sizeof err->hint,
                 "TLS is not spoken here. Put stunnel in front of the server.");
    }
    return OC_E_CONFIG;
}

void oc_redis_address_finish(struct oc_redis_address *a)
{
    if (a->password) {
        explicit_bzero(a->password, strlen(a->password));
    }
    free(a->host);
    free(a->path);
    free(a->user);
    free(a->password);
    memset(a, 0, sizeof *a);
}

const char *oc_redis_address_text(const struct oc_redis_address *a, char *text, size_t size)
{
    if (a->path) {
        snprintf(text, size, "%s", a->path);
    } else {
        bool v6 = strchr(a->host, ':') != NULL;
        snprintf(text, size, v6 ? "[%s]:%d" : "%s:%d", a->host, a->port);
    }
    return text;
}
