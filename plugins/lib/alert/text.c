/* A growing string. SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_finish(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

static bool reserve(struct text *t, size_t extra)
{
    if (t->failed || t->cap - t->len > extra) {
        return !t->failed;
    }
    size_t cap = (t->len + extra) * 2 + 64;
    char *data = realloc(t->data, cap);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *data, size_t len)
{
    if (reserve(t, len)) {
        memcpy(t->data + t->len, data, len);
        t->len += len;
        t->data[t->len] = '\0';
    }
}

void text_adds(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
    char *s;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (len < 0) {
        t->failed = true;
        return;
    }
    text_add(t, s, (size_t)len);
    free(s);
}

size_t text_char(const char *s, size_t len)
{
    /* lead byte, length, bounds of the second byte (RFC 3629) */
    static const unsigned char leads[][4] = {
        {0xc2, 2, 0x80, 0xbf}, {0xe0, 3, 0xa0, 0xbf}, {0xe1, 3, 0x80, 0xbf},
        {0xed, 3, 0x80, 0x9f}, {0xee, 3, 0x80, 0xbf}, {0xf0, 4, 0x90, 0xbf},
        {0xf1, 4, 0x80, 0xbf}, {0xf4, 4, 0x80, 0x8f}, {0xf5, 0, 0, 0},
    };
    const unsigned char *u = (const unsigned char *)s;
    size_t row = sizeof leads / sizeof leads[0];
    while (row > 0 && u[0] < leads[row - 1][0]) {
        row--;
    }
    const unsigned char *lead = row > 0 ? leads[row - 1] : NULL;
    if (!lead || lead[1] == 0 || lead[1] > len || u[1] < lead[2] || u[1] > lead[3]) {
        return 1;
    }
    for (size_t i = 2; i < lead[1]; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 1;
        }
    }
    return lead[1];
}

static bool is_control(const char *s, size_t n)
{
    unsigned char c = (unsigned char)s[0];
    bool c1 = n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0;
    return n == 1 ? c < 0x20 || c >= 0x7f : c1;
}

void text_add_line(struct text *t, const char *s)
{
    for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
        n = text_char(s, left);
        if (is_control(s, n)) {
            text_add(t, " ", 1);
        } else {
            text_add(t, s, n);
        }
    }
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\n':
        return "<br>\n";
    default:
        return NULL;
    }
}

void text_add_html(struct text *t, const char *s)
{
    for (; *s; s++) {
        const char *e = entity(*s);
        if (e) {
            text_adds(t, e);
        } else {
            text_add(t, s, 1);
        }
    }
}
