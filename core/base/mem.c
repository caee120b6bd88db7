/* Allocation that aborts when memory is gone. SPDX-License-Identifier: MIT */
#include "core/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

_Noreturn void oc_assert_fail(const char *cond, const char *file, int line)
{
    fprintf(stderr, "openclaw: bug: assertion failed: %s (%s:%d)\n", cond, file, line);
    abort();
}

static void *require(void *ptr, size_t size)
{
    if (!ptr) {
        fprintf(stderr, "openclaw: out of memory (%zu bytes wanted)\n", size);
        abort();
    }
    return ptr;
}

/* malloc(0) may return NULL, which would look like exhaustion. */
static size_t at_least_one(size_t size)
{
    return size ? size : 1;
}

void *oc_alloc(size_t size)
{
    return require(malloc(at_least_one(size)), size);
}

void *oc_calloc(size_t count, size_t size)
{
    return require(calloc(at_least_one(count), at_least_one(size)), size);
}

void *oc_realloc(void *ptr, size_t size)
{
    return require(realloc(ptr, at_least_one(size)), size);
}

void *oc_memdup(const void *ptr, size_t size)
{
    void *copy = oc_alloc(size);
    if (size) {
        memcpy(copy, ptr, size);
    }
    return copy;
}

char *oc_strdup(const char *s)
{
    return s ? oc_memdup(s, strlen(s) + 1) : NULL;
}

char *oc_strndup(const char *s, size_t len)
{
    OC_ASSERT(len < SIZE_MAX);
    char *copy = oc_alloc(len + 1);
    if (len) {
        memcpy(copy, s, len);
    }
    copy[len] = '\0';
    return copy;
}

char *oc_vasprintf(const char *fmt, va_list ap)
{
    char *text = NULL;
    OC_ASSERT(vasprintf(&text, fmt, ap) >= 0);
    return text;
}

char *oc_asprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    return text;
}
