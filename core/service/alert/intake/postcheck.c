/* What a posted alert may hold where Alertmanager is particular: times and addresses. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/time.h"
#include "core/service/alert/intake/post.h"

#define TIME_TEXT_MAX 64

/* ---- times ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2026-11-23T03:00:00", to the letter: no small t, no space. */
static bool is_point(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) {
            return false;
        }
    }
    return memcmp(text + 17, "60", 2) != 0; /* it knows no leap seconds */
}

/* Go takes a comma for the fraction, and no offset at all for UTC. */
bool oc_post_time(const char *text, size_t len, int64_t *ms)
{
    char copy[TIME_TEXT_MAX + 2];
    if (len < 19 || len > TIME_TEXT_MAX || memchr(text, 0, len) || !is_point(text)) {
        return false;
    }
    memcpy(copy, text, len);
    copy[19] = copy[19] == ',' && len > 19 ? '.' : copy[19];
    size_t at = 19;
    if (len > at && copy[at] == '.') {
        for (at++; at < len && is_digit(copy[at]); at++) {
        }
    }
    if (at == len) {
        copy[len++] = 'Z';
    }
    copy[len] = '\0';
    return copy[len - 1] != 'z' && oc_time_parse(copy, 0, ms) == OC_OK;
}

/* ---- addresses ---- */

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool has_good_escapes(const char *s, const char *end)
{
    for (; s < end; s++) {
        if (*s == '%' && (end - s < 3 || !is_hex(s[1]) || !is_hex(s[2]))) {
            return false;
        }
    }
    return true;
}

/* Behind the last colon that is not inside of brackets. */
static bool is_port(const char *s, const char *end)
{
    for (; s < end; s++) {
        if (!is_digit(*s)) {
            return false;
        }
    }
    return true;
}

static bool is_authority(const char *s, const char *end)
{
    const char *at = memrchr(s, '@', (size_t)(end - s));
    if (!has_good_escapes(s, end)) {
        return false;
    }
    s = at ? at + 1 : s;
    const char *close = s < end && *s == '[' ? memrchr(s, ']', (size_t)(end - s)) : NULL;
    if (s < end && *s == '[' && (!close || (close + 1 < end && close[1] != ':'))) {
        return false;
    }
    for (const char *c = s; c < end; c++) {
        if (memchr(" \\^`{|}", *c, 7)) {
            return false;
        }
    }
    const char *from = close ? close + 1 : s;
    const char *colon = memrchr(from, ':', (size_t)(end - from));
    return !colon || is_port(colon + 1, end);
}

static const char *until(const char *s, const char *end, const char *any)
{
    while (s < end && !strchr(any, *s)) {
        s++;
    }
    return s;
}

/* Behind the scheme: "//host/path", "/path"; anything else is opaque where there is a scheme. */
static bool is_rest(const char *s, const char *end, bool scheme)
{
    if (s == end || *s != '/') {
        return scheme;
    }
    if (scheme && end - s >= 2 && s[1] == '/') {
        const char *path = until(s + 2, end, "/?");
        if (!is_authority(s + 2, path)) {
            return false;
        }
        s = path;
    }
    return has_good_escapes(s, until(s, end, "?"));
}

/* As Go's url.ParseRequestURI has it. */
bool oc_post_uri(const char *text, size_t len)
{
    const char *end = text + len, *s = text;
    for (const char *c = text; c < end; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return false;
        }
    }
    if (len == 1 && *text == '*') {
        return true;
    }
    while (s < end && ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                       (s > text && (is_digit(*s) || memchr("+-.", *s, 3))))) {
        s++;
    }
    if (s < end && *s == ':') {
        return s > text && is_rest(s + 1, end, true);
    }
    return is_rest(text, end, false);
}
