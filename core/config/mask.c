/* Hides secrets inside one text: URLs and key=value connection strings. SPDX-License-Identifier: MIT */
#include "core/config/mask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/path.h"

bool oc_mask_secret_name(const char *name)
{
    static const char *const words[] = {"password",  "passwd",     "passphrase",  "secret",
                                        "token",     "bearer",     "master_key",  "api_key",
                                        "apikey",    "api-key",    "routing_key", "private_key",
                                        "signature", "access_key", "credential",  "authorization"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcasestr(name, words[i])) {
            return true;
        }
    }
    return false;
}

bool oc_mask_secret_parameter(const char *name, size_t len)
{
    static const char *const names[] = {"key", "sig", "pass", "pwd", "auth", "code", "jwt", "hmac"};
    char *copy = oc_strndup(name, len);
    bool secret = oc_mask_secret_name(copy);
    for (size_t i = 0; i < OC_COUNT(names) && !secret; i++) {
        secret = strcasecmp(copy, names[i]) == 0;
    }
    free(copy);
    return secret;
}

bool oc_mask_secret_key(const char *key)
{
    struct oc_step step, name = {.name = ""};
    const char *cursor = key;
    while (oc_step_next(&cursor, &step) > 0) {
        name = step.bracket ? name : step; /* the items of a list have the name of the list */
    }
    return oc_mask_secret_name(key) || oc_mask_secret_parameter(name.name, name.len);
}

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The end of the value at `text`: behind its closing quote, or before what ends it. A backslash takes the next byte
 * along, as libpq reads it. */
static const char *value_end(const char *text, bool url)
{
    char quote = *text == '\'' || *text == '"' ? *text++ : '\0';
    while (*text && (quote ? *text != quote
                           : !isspace((unsigned char)*text) && !(url && strchr("&#", *text)))) {
        text += *text == '\\' && text[1] && !url ? 2 : 1;
    }
    return *text && quote ? text + 1 : text;
}

/* Where the value begins when a secret parameter's "name=" ends the bytes `name` to the result; NULL when not. */
static const char *secret_value(const char *name, const char *name_end, bool url)
{
    const char *c = name_end;
    while (!url && isspace((unsigned char)*c)) {
        c++;
    }
    if (*c != '=' || !oc_mask_secret_parameter(name, (size_t)(name_end - name))) {
        return NULL;
    }
    c++;
    while (!url && isspace((unsigned char)*c)) {
        c++;
    }
    return *c ? c : NULL;
}

static void add_parameters_masked(struct oc_buf *out, const char *text, bool url)
{
    while (*text) {
        const char *end = text;
        while (name_byte(*end)) {
            end++;
        }
        const char *value = end > text ? secret_value(text, end, url) : NULL;
        if (value) {
            oc_buf_add(out, text, (size_t)(value - text));
            oc_buf_adds(out, OC_MASK);
            text = value_end(value, url);
        } else {
            end += end == text;
            oc_buf_add(out, text, (size_t)(end - text));
            text = end;
        }
    }
}

/* The last '@' counts: a password that nobody encoded may hold others. */
static const char *add_user_masked(struct oc_buf *out, const char *text, const char *host)
{
    const char *at = strrchr(host, '@');
    const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    if (!colon) {
        return text;
    }
    oc_buf_add(out, text, (size_t)(colon + 1 - text));
    oc_buf_adds(out, OC_MASK);
    return at;
}

/* Scheme and host; the rest is hidden. */
static bool add_host_only(struct oc_buf *out, const char *text, const char *host)
{
    if (strncasecmp(text, "http:", 5) != 0 && strncasecmp(text, "https:", 6) != 0) {
        return false;
    }
    const char *end = host + strcspn(host, "/?#");
    const char *at = memrchr(host, '@', (size_t)(end - host));
    oc_buf_add(out, text, (size_t)(host - text));
    if (at) {
        oc_buf_adds(out, OC_MASK "@");
        host = at + 1;
    }
    oc_buf_add(out, host, (size_t)(end - host));
    if (*end) {
        oc_buf_adds(out, strcmp(end, "/") == 0 ? "/" : "/" OC_MASK);
    }
    return true;
}

/* Where the host, or who logs in, begins: behind "://", or behind the ":/" of somebody who forgot a slash. NULL: nowhere. */
static const char *host_of(const char *text)
{
    const char *mark = strstr(text, "://");
    if (mark) {
        return mark + 3;
    }
    mark = strstr(text, ":/");
    return mark && strchr(mark, '@') ? mark + 2 : NULL;
}

char *oc_mask_text(const char *text, bool path_too)
{
    struct oc_buf out = {0};
    const char *host = host_of(text), *blank = strpbrk(text, " \t=");
    /* "options with a url=http://..." are no URL themselves */
    bool url = host && (!blank || blank > host);
    if (!url) {
        text = host ? add_user_masked(&out, text, host) : text;
        add_parameters_masked(&out, text, false);
    } else if (!path_too || !add_host_only(&out, text, host)) {
        add_parameters_masked(&out, add_user_masked(&out, text, host), true);
    }
    char *shown = oc_buf_take(&out);
    return shown ? shown : oc_strdup("");
}

/* ---- what may be a secret ---- */

/* The bytes of an address up to `len`: "?a=x&b#c" without its values. */
static void add_query_masked(struct oc_buf *out, const char *text, size_t len)
{
    bool value = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const bool mark = strchr("?&;#", c) != NULL;
        if (mark || !value) {
            oc_buf_add(out, &text[i], 1);
        }
        if (c == '=' && !value) {
            value = true;
            oc_buf_adds(out, OC_MASK);
        } else if (mark) {
            const size_t name = strcspn(text + i + 1, "=?&;#");
            const bool bare = i + 1 + name >= len || text[i + 1 + name] != '=';
            value = c == '#' || bare;
            if (value && i + 1 < len) {
                oc_buf_adds(out, OC_MASK);
            }
        }
    }
}

char *oc_mask_addresses(const char *text)
{
    struct oc_buf out = {0};
    const char *mark;
    while ((mark = strstr(text, "://")) != NULL) {
        const char *host = mark + 3;
        const size_t len = strcspn(host, " \t\r\n\"'<>");
        const size_t authority = strcspn(host, "/?# \t\r\n\"'<>");
        const size_t query = strcspn(host, "?#");
        const char *at = memrchr(host, '@', authority);
        oc_buf_add(&out, text, (size_t)(host - text));
        if (at) {
            oc_buf_adds(&out, OC_MASK);
        }
        at = at ? at : host;
        const char *rest = host + (query < len ? query : len);
        oc_buf_add(&out, at, (size_t)(rest - at));
        add_query_masked(&out, rest, (size_t)(host + len - rest));
        text = host + len;
    }
    oc_buf_adds(&out, text);
    return oc_buf_take(&out);
}

/* ---- what is wrong ---- */

static size_t scheme_length(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");
    return text[len] == ':' && text[len + 1] == '/' ? len + 1 + strspn(text + len + 1, "/") : 0;
}

char *oc_mask_message(const char *text)
{
    const char *at = strrchr(text, '@');
    if (!at || !memchr(text, ':', (size_t)(at - text))) {
        return oc_mask_text(text, false);
    }
    struct oc_buf out = {0};
    oc_buf_add(&out, text, scheme_length(text));
    oc_buf_addf(&out, OC_MASK "%s", at);
    char *shown = oc_mask_text(out.data, false);
    oc_buf_finish(&out);
    return shown;
}
