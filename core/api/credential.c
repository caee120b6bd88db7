/* Bearer and Basic (RFC 6750, RFC 7617). SPDX-License-Identifier: MIT */
#include "core/api/credential.h"

#include <string.h>
#include <strings.h>

#include "core/base/error.h"
#include "core/sys/sign.h"

/* What follows the scheme, or NULL when it is another one. */
static const char *after_scheme(const char *header, const char *scheme)
{
    const size_t len = strlen(scheme);
    if (strncasecmp(header, scheme, len) != 0 || header[len] != ' ') {
        return NULL;
    }
    return header + len + strspn(header + len, " ");
}

static size_t trimmed(const char *text)
{
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return len;
}

static int take_bearer(const char *text, struct oc_credential *c)
{
    const size_t len = trimmed(text);
    if (!len || len > sizeof c->secret) {
        return OC_E_AUTH;
    }
    memcpy(c->secret, text, len);
    c->len = len;
    return OC_OK;
}

/* The user name says nothing: the password is the token, and everything behind the first colon. */
static int take_basic(const char *text, struct oc_credential *c)
{
    const size_t len = trimmed(text);
    const size_t padding =
        len && text[len - 1] == '=' ? (len > 1 && text[len - 2] == '=' ? 2 : 1) : 0;
    const size_t size = len / 4 * 3 - (len ? padding : 0);
    char plain[OC_CREDENTIAL_MAX];
    int rc = OC_E_AUTH;
    if (len < 4 || len % 4 || size > sizeof plain || !oc_base64_decode(text, len, plain, size)) {
        return rc;
    }
    const char *colon = memchr(plain, ':', size);
    if (colon && colon + 1 < plain + size) {
        c->len = (size_t)(plain + size - colon) - 1;
        memcpy(c->secret, colon + 1, c->len);
        rc = OC_OK;
    }
    oc_bytes_wipe(plain, sizeof plain);
    return rc;
}

bool oc_credential_known(const char *header)
{
    const size_t len = strcspn(header, " ");
    return (len == 6 && strncasecmp(header, "Bearer", len) == 0) ||
           (len == 5 && strncasecmp(header, "Basic", len) == 0);
}

int oc_credential_parse(const char *header, struct oc_credential *c)
{
    const char *rest;
    c->len = 0;
    if ((rest = after_scheme(header, "Bearer"))) {
        return take_bearer(rest, c);
    }
    if ((rest = after_scheme(header, "Basic"))) {
        return take_basic(rest, c);
    }
    return OC_E_AUTH;
}

/* Names are compared whole and by case: "xopenclaw_session" and "Openclaw_Session" are others. */
struct oc_view oc_cookie_find(const char *header, const char *name)
{
    const size_t name_len = strlen(name);
    for (const char *s = header; s && *s;) {
        s += strspn(s, " \t;");
        size_t len = strcspn(s, ";");
        const char *next = s + len;
        while (len && (s[len - 1] == ' ' || s[len - 1] == '\t')) {
            len--;
        }
        if (len > name_len && strncmp(s, name, name_len) == 0 && s[name_len] == '=') {
            return (struct oc_view){s + name_len + 1, len - name_len - 1};
        }
        s = next;
    }
    return (struct oc_view){NULL, 0};
}
