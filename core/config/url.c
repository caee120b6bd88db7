/* Whether a text is a URL. SPDX-License-Identifier: MIT */
#include "core/config/url.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t scheme_length(const char *url)
{
    size_t len = 0;
    while (is_letter(url[len]) ||
           (len > 0 && (is_digit(url[len]) || (url[len] && strchr("+-.", url[len]))))) {
        len++;
    }
    return len;
}

static bool is_one_of(const char *word, size_t len, const char *choices)
{
    while (*choices) {
        size_t n = strcspn(choices, "|");
        if (n == len && !strncasecmp(word, choices, len)) {
            return true;
        }
        choices += n + (choices[n] == '|');
    }
    return false;
}

static bool port_valid(const char *port, const char *end)
{
    long value = 0;
    for (; port < end; port++) {
        if (!is_digit(*port) || (value = value * 10 + (*port - '0')) > 65535) {
            return false;
        }
    }
    return value > 0;
}

/* host or host:port or [v6]:port, up to `end`. */
static bool host_valid(const char *host, const char *end)
{
    const char *colon = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    if (!colon || host == end) {
        return false;
    }
    if (*host == '[') {
        colon++;
        if (colon < end && *colon != ':') {
            return false;
        }
        colon = colon < end ? colon : NULL;
    } else {
        colon = memchr(host, ':', (size_t)(end - host));
    }
    return colon != host && (!colon || port_valid(colon + 1, end));
}

static bool is_one_word(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

bool oc_url_valid(const char *url, const char *schemes)
{
    size_t len = scheme_length(url);

    if (len == 0 || url[len] != ':' || (schemes && !is_one_of(url, len, schemes)) ||
        !is_one_word(url)) {
        return false;
    }
    if (url[len + 1] == '/' && url[len + 2] != '/' && is_one_of(url, len, "unix")) {
        return url[len + 2] != '\0'; /* unix:/path, as people write it */
    }
    if (strncmp(url + len, "://", 3) != 0) {
        return false;
    }
    const char *authority = url + len + 3, *end = authority + strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', (size_t)(end - authority));
    const char *host = at ? at + 1 : authority;
    return host_valid(host, end) || (host == end && *end && is_one_of(url, len, "file|unix"));
}
