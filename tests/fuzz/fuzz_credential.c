/* Fuzzes what a client shows: the first line as Authorization and Cookie, the second as Host, the third as Origin, the rest as the form of
 * the login page. SPDX-License-Identifier: MIT */
// uses: oc_api
#include <stdint.h>
#include <string.h>

#include "core/api/credential.h"
#include "core/api/login/form.h"
#include "core/api/origin.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *cut(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    *rest = end ? end + 1 : line + strlen(line);
    if (end) {
        *end = '\0';
    }
    return line;
}

static void try_header(const char *header)
{
    const struct oc_view cookie = oc_cookie_find(header, "openclaw_session");
    OC_ASSERT(!cookie.ptr || (cookie.ptr > header && cookie.len <= strlen(cookie.ptr) &&
                              !memchr(cookie.ptr, ';', cookie.len)));
    struct oc_credential c;
    const int rc = oc_credential_parse(header, &c);
    OC_ASSERT(rc == OC_OK || (rc == OC_E_AUTH && c.len == 0));
    OC_ASSERT(rc != OC_OK || (c.len > 0 && c.len <= sizeof c.secret));
}

static void try_place(const char *host, const char *origin)
{
    const char *own[] = {"https://ops.example.org"}, *names[] = {"ops.example.org"};
    const struct oc_list origins = {own, 1}, hosts = {names, 1}, none = {0};
    char name[256];
    bool is_address;
    long port;
    if (oc_host_split(host, name, sizeof name, &is_address, &port)) {
        OC_ASSERT(*name && port <= 65535);
    } else {
        OC_ASSERT(!oc_host_allowed(host, &hosts));
        OC_ASSERT(!oc_origin_allowed(origin, host, false, &none));
    }
    OC_ASSERT(!oc_origin_allowed(origin, host, true, &origins) || oc_starts(origin, "https://") ||
              (origin[0] | 0x20) == 'h');
}

static void try_form(const char *body, size_t len)
{
    char value[64];
    const long n = oc_form_value(body, len, "secret", value, sizeof value);
    OC_ASSERT(n < 0 || ((size_t)n < sizeof value && strlen(value) == (size_t)n));
    const char *next = oc_form_next(n < 0 ? NULL : value);
    OC_ASSERT(next[0] == '/' && next[1] != '/' && next[1] != '\\');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = oc_strndup((const char *)data, size), *rest = text;
    const char *header = cut(&rest), *host = cut(&rest);
    try_header(header);
    try_place(host, cut(&rest));
    try_form(rest, size - (size_t)(rest - text));
    free(text);
    return 0;
}
