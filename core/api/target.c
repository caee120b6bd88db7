/* The target of a request: path and query, decoded once and strictly. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/api/server_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

char *oc_target_decode(const char *text, size_t len, bool plus)
{
    char *out = oc_alloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            const int high = len - i > 2 ? hex(text[i + 1]) : -1;
            const int low = high >= 0 ? hex(text[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0)) {
                free(out);
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

/* Every segment has a name: what a file system or a proxy would resolve has no place here. */
static bool is_sound(const char *path)
{
    if (path[0] != '/' || strchr(path, '\\') || !oc_utf8_valid(path, strlen(path))) {
        return false;
    }
    for (const char *s = path + 1; *s;) {
        const size_t len = strcspn(s, "/");
        if (len == 0 || (len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.')) {
            return false;
        }
        s += len + (s[len] == '/');
    }
    for (const char *s = path; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Which of `http` and `https` it begins with; the length, or 0. */
static size_t scheme_of(const char *target, bool *secure)
{
    static const char plain[] = "http://", tls[] = "https://";
    *secure = strncasecmp(target, tls, sizeof tls - 1) == 0;
    return *secure                                             ? sizeof tls - 1
           : strncasecmp(target, plain, sizeof plain - 1) == 0 ? sizeof plain - 1
                                                               : 0;
}

bool oc_target_split(const char *target, const char *method, bool tls, char **authority,
                     char **rest)
{
    bool secure;
    const size_t from = scheme_of(target, &secure);
    const size_t len = from ? strcspn(target + from, "/?#") : 0;
    const char *path = target + from + len;
    *authority = *rest = NULL;
    if (!len || secure != tls) {
        return false;
    }
    const bool server = !*path && strcmp(method, "OPTIONS") == 0;
    *authority = oc_strndup(target + from, len);
    *rest = oc_asprintf("%s%s", server ? "*" : *path == '/' ? "" : "/", path);
    return true;
}

int oc_target_parse(const char *target, char **path, const char **query, struct oc_error *err)
{
    const size_t len = strcspn(target, "?");
    *query = target[len] == '?' ? target + len + 1 : NULL;
    *path = strchr(target, '#') ? NULL : oc_target_decode(target, len, false);
    if (*path && is_sound(*path)) {
        return OC_OK;
    }
    free(*path);
    *path = NULL;
    oc_error_set(err, OC_E_CONFIG, "the path of the request is malformed");
    oc_error_hint(err, "Write it with single slashes, without `.` and `..`, as UTF-8 in %%XX, and "
                       "without a fragment.");
    return OC_E_CONFIG;
}

static bool is_sound_text(const char *text, size_t len)
{
    char *out = oc_target_decode(text, len, true);
    const bool sound = out && oc_utf8_valid(out, strlen(out));
    free(out);
    return sound;
}

int oc_query_check(const char *query, struct oc_error *err)
{
    const size_t all = query ? strlen(query) : 0;
    for (size_t at = 0; at < all;) {
        const size_t len = strcspn(query + at, "&");
        if (!is_sound_text(query + at, len)) {
            oc_error_set(err, OC_E_CONFIG, "the query of the request is malformed");
            oc_error_hint(err, "Write it as UTF-8 in %%XX, a percent sign as %%25, without NUL.");
            return OC_E_CONFIG;
        }
        at += len + 1;
    }
    return OC_OK;
}

bool oc_target_climbs(const char *target)
{
    const size_t len = strcspn(target, "?#");
    if (target[0] != '/') {
        return false; /* no path at all: `*`, an authority, an address */
    }
    char *path = oc_target_decode(target, len, false);
    bool climbs = !path && memmem(target, len, "%00", 3);
    for (const char *s = path; s && *s && !climbs;) {
        const size_t n = strcspn(s, "/\\");
        climbs = s[n] == '\\' || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.');
        s += n + (s[n] != 0);
    }
    free(path);
    return climbs;
}

char *oc_target_shown(const char *target)
{
    return oc_strndup(target, strcspn(target, "?#"));
}
