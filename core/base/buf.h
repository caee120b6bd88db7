/* A growing byte buffer that is also a string builder. SPDX-License-Identifier: MIT
 *
 * `data` is always NUL-terminated one past `len` (so it can be used as a C string) except in a zeroed, never
 * written buffer, where it is NULL. [any], not shared. */
#ifndef OC_BASE_BUF_H
#define OC_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct oc_buf {
    char *data; /* owned */
    size_t len, cap;
};

void oc_buf_finish(struct oc_buf *b); /* frees; the buffer is zeroed and can be used again */
void oc_buf_clear(struct oc_buf *b);  /* len = 0, keeps the memory */
void oc_buf_reserve(struct oc_buf *b, size_t extra);
void oc_buf_add(struct oc_buf *b, const void *data, size_t len);
void oc_buf_addc(struct oc_buf *b, char c);
void oc_buf_adds(struct oc_buf *b, const char *s);
void oc_buf_addi(struct oc_buf *b, int64_t value); /* decimal */
void oc_buf_addf(struct oc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void oc_buf_vaddf(struct oc_buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
void oc_buf_consume(struct oc_buf *b, size_t len); /* drops `len` bytes at the front */
/* the string, owned by the caller ("" when empty); resets */
char *oc_buf_take(struct oc_buf *b);

#endif
