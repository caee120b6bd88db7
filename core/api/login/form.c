/* Reading of forms, with the bounds of their callers. SPDX-License-Identifier: MIT */
#include "core/api/login/form.h"

#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* One character from the front of the text; how many bytes it took, 0 when it is malformed. */
static size_t take(const char *text, size_t len, char *c)
{
    *c = text[0] == '+' ? ' ' : text[0];
    if (text[0] != '%') {
        return text[0] ? 1 : 0;
    }
    const int high = len > 2 ? digit(text[1]) : -1, low = len > 2 ? digit(text[2]) : -1;
    if (high < 0 || low < 0 || high + low == 0) {
        return 0;
    }
    *c = (char)(high << 4 | low);
    return 3;
}

static long decode(const char *text, size_t len, char *value, size_t size)
{
    size_t out = 0;
    for (size_t i = 0, step; i < len; i += step) {
        step = out + 1 < size ? take(text + i, len - i, &value[out]) : 0;
        if (!step) {
            return -1;
        }
        out++;
    }
    value[out] = '\0';
    return (long)out;
}

long oc_form_value(const char *body, size_t len, const char *name, char *value, size_t size)
{
    const size_t name_len = strlen(name);
    const char *end = body + len;
    while (body < end) {
        const char *amp = memchr(body, '&', (size_t)(end - body));
        const size_t field = (size_t)((amp ? amp : end) - body);
        if (field > name_len && memcmp(body, name, name_len) == 0 && body[name_len] == '=') {
            return decode(body + name_len + 1, field - name_len - 1, value, size);
        }
        body += field + 1;
    }
    return -1;
}

const char *oc_form_next(const char *next)
{
    if (!next || next[0] != '/' || next[1] == '/' || strlen(next) > 1024) {
        return "/";
    }
    for (const char *c = next; *c; c++) {
        if (*c == '\\' || (unsigned char)*c <= ' ' || *c == 0x7f) {
            return "/";
        }
    }
    return next;
}
