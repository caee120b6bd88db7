/* http and https URLs. SPDX-License-Identifier: MIT */
#include "probe/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes that would end the request line or the header early, or that no URL may hold. */
static bool clean(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

static bool parse_port(struct oc_url *url, const char *text, size_t len)
{
    unsigned long port = 0;
    if (len == 0) {
        return true; /* "host:" means the default port */
    }
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]) || i >= 5) {
            return false;
        }
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    url->port = (uint16_t)port;
    return port >= 1 && port <= 65535;
}

static bool host_valid(const char *host, size_t len, bool bracket)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)host[i];
        bool name = isalnum(c) || c == '-' || c == '.' || c == '_';
        if (bracket ? !(isxdigit(c) || strchr(":.%", c) || isalnum(c)) : !name) {
            return false;
        }
    }
    return len > 0 && len <= OC_URL_HOST_MAX;
}

/* `text` is "host[:port]", `len` bytes of it. */
static bool parse_authority(struct oc_url *url, const char *text, size_t len, const char **why)
{
    const char *host = text;
    const char *end = text + len;
    const char *after;
    if (memchr(text, '@', len)) {
        return refuse(why, "credentials do not belong into the URL");
    }
    url->bracket = len > 0 && text[0] == '[';
    if (url->bracket) {
        host++;
        after = memchr(text, ']', len);
        if (!after) {
            return refuse(why, "\"[\" without \"]\"");
        }
    } else {
        after = memchr(text, ':', len);
        after = after ? after : end;
    }
    size_t host_len = (size_t)(after - host);
    if (!host_valid(host, host_len, url->bracket)) {
        return refuse(why, "the host is missing or not valid");
    }
    after += url->bracket;
    if (after < end && (*after != ':' || !parse_port(url, after + 1, (size_t)(end - after) - 1))) {
        return refuse(why, "the port is not a number from 1 to 65535");
    }
    url->host = strndup(host, host_len);
    for (char *c = url->host; c && *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return url->host || refuse(why, "out of memory");
}

/* The path with its query, without the fragment, with a "/" in front. */
static bool copy_path(struct oc_url *url, const char *text, const char **why)
{
    size_t len = strcspn(text, "#");
    bool slash = text[0] == '/';
    url->path = malloc(len + 2);
    if (!url->path) {
        return refuse(why, "out of memory");
    }
    url->path[0] = '/';
    memcpy(url->path + (slash ? 0 : 1), text, len);
    url->path[len + (slash ? 0 : 1)] = '\0';
    return true;
}

bool oc_url_parse(struct oc_url *url, const char *text, const char **why)
{
    memset(url, 0, sizeof *url);
    if (strnlen(text, OC_URL_MAX + 1) > OC_URL_MAX) {
        return refuse(why, "it is longer than 2048 bytes");
    }
    if (!clean(text)) {
        return refuse(why, "it holds a space or a control character");
    }
    if (strncasecmp(text, "http://", 7) == 0) {
        url->port = 80;
        text += 7;
    } else if (strncasecmp(text, "https://", 8) == 0) {
        url->port = 443;
        url->tls = true;
        text += 8;
    } else {
        return refuse(why, "it does not begin with http:// or https://");
    }
    size_t len = strcspn(text, "/?#");
    if (!parse_authority(url, text, len, why) || !copy_path(url, text + len, why)) {
        oc_url_finish(url);
        return false;
    }
    return true;
}

static bool has_scheme(const char *text)
{
    const char *c = text;
    while (isalnum((unsigned char)*c) || *c == '+' || *c == '-' || *c == '.') {
        c++;
    }
    return c > text && *c == ':';
}

/* How much of the base's path stays in front of a relative reference. */
static size_t kept_path(const char *path, const char *location)
{
    size_t len = strcspn(path, "?");
    if (location[0] == '/') {
        return 0;
    }
    if (location[0] == '?') {
        return len;
    }
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    return len;
}

bool oc_url_resolve(struct oc_url *url, const struct oc_url *base, const char *location,
                    const char **why)
{
    char text[OC_URL_MAX + 1];
    const char *scheme = base->tls ? "https" : "http";
    int len;
    memset(url, 0, sizeof *url);
    if (strnlen(location, OC_URL_MAX + 1) > OC_URL_MAX) {
        return refuse(why, "it is longer than 2048 bytes");
    }
    if (has_scheme(location)) {
        return oc_url_parse(url, location, why);
    }
    if (location[0] == '/' && location[1] == '/') {
        len = snprintf(text, sizeof text, "%s:%s", scheme, location);
    } else {
        len = snprintf(text, sizeof text, "%s://%s%s%s:%u%.*s%s", scheme, base->bracket ? "[" : "",
                       base->host, base->bracket ? "]" : "", (unsigned)base->port,
                       (int)kept_path(base->path, location), base->path, location);
    }
    if (len < 0 || (size_t)len >= sizeof text) {
        return refuse(why, "it is longer than 2048 bytes");
    }
    return oc_url_parse(url, text, why);
}

/* Where the user information of `text` ends. Of a text that is no valid URL the last '@' of all counts: a password that
 * nobody encoded may hold what ends a host. */
static const char *user_end(const char *text, const char *host)
{
    struct oc_url url;
    const char *why;
    const char *at;
    if (oc_url_parse(&url, text, &why)) {
        oc_url_finish(&url);
        return host;
    }
    at = strrchr(host, '@');
    return at ? at : host;
}

char *oc_url_shown(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *host = scheme ? scheme + 3 : text;
    const char *rest = user_end(text, host);
    size_t room = strlen(text) + sizeof "********";
    char *shown = malloc(room);
    if (shown) {
        snprintf(shown, room, "%.*s%s%.*s", (int)(host - text), text, rest > host ? "********" : "",
                 (int)strcspn(rest, "?#"), rest);
    }
    return shown;
}

bool oc_url_same_origin(const struct oc_url *a, const struct oc_url *b)
{
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void oc_url_finish(struct oc_url *url)
{
    free(url->host);
    free(url->path);
    memset(url, 0, sizeof *url);
}
