/* The growing byte buffer. SPDX-License-Identifier: MIT */
#include "core/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#define CAP_MIN 64

void oc_buf_finish(struct oc_buf *b)
{
    free(b->data);
    *b = (struct oc_buf){0};
}

void oc_buf_clear(struct oc_buf *b)
{
    b->len = 0;
    if (b->data) {
        b->data[0] = '\0';
    }
}

void oc_buf_reserve(struct oc_buf *b, size_t extra)
{
    size_t need;
    OC_ASSERT(!__builtin_add_overflow(b->len, extra, &need) && need < SIZE_MAX / 2);
    need++; /* the terminator */
    if (need <= b->cap) {
        return;
    }
    size_t cap = b->cap ? b->cap : CAP_MIN;
    while (cap < need) {
        cap *= 2;
    }
    b->data = oc_realloc(b->data, cap);
    b->cap = cap;
    b->data[b->len] = '\0';
}

void oc_buf_add(struct oc_buf *b, const void *data, size_t len)
{
    oc_buf_reserve(b, len);
    if (len) {
        memcpy(b->data + b->len, data, len);
        b->len += len;
        b->data[b->len] = '\0';
    }
}

void oc_buf_addc(struct oc_buf *b, char c)
{
    if (b->len + 1 >= b->cap) {
        oc_buf_reserve(b, 1);
    }
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void oc_buf_adds(struct oc_buf *b, const char *s)
{
    oc_buf_add(b, s, strlen(s));
}

void oc_buf_addi(struct oc_buf *b, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    oc_buf_add(b, digits + at, sizeof digits - at);
}

void oc_buf_vaddf(struct oc_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    oc_buf_reserve(b, CAP_MIN);
    size_t room = b->cap - b->len;
    int len = vsnprintf(b->data + b->len, room, fmt, ap);
    OC_ASSERT(len >= 0);
    if ((size_t)len >= room) {
        oc_buf_reserve(b, (size_t)len);
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    }
    b->len += (size_t)len;
    va_end(again);
}

void oc_buf_addf(struct oc_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    oc_buf_vaddf(b, fmt, ap);
    va_end(ap);
}

void oc_buf_consume(struct oc_buf *b, size_t len)
{
    OC_ASSERT(len <= b->len);
    if (len) {
        b->len -= len;
        memmove(b->data, b->data + len, b->len + 1);
    }
}

char *oc_buf_take(struct oc_buf *b)
{
    char *text = b->data ? b->data : oc_strdup("");
    *b = (struct oc_buf){0};
    return text;
}
