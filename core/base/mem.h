/* Allocation that cannot fail: it aborts instead. SPDX-License-Identifier: MIT
 *
 * Sizes that come from outside the process are checked against a named limit before they get here. [any] */
#ifndef OC_BASE_MEM_H
#define OC_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

void *oc_alloc(size_t size);                /* uninitialised */
void *oc_calloc(size_t count, size_t size); /* zeroed */
void *oc_realloc(void *ptr, size_t size);
void *oc_memdup(const void *ptr, size_t size);
char *oc_strdup(const char *s); /* NULL gives NULL */
/* exactly len bytes, NUL-terminated; s need not be */
char *oc_strndup(const char *s, size_t len);
char *oc_vasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
char *oc_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Frees and sets the pointer to NULL: `oc_free(&p->name)` is written OC_FREE(p->name). */
#define OC_FREE(p)  (free(p), (p) = NULL)
#define OC_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* An assertion that stays in release builds: a failure is a bug in this program, never bad input. */
#define OC_ASSERT(cond) ((cond) ? (void)0 : oc_assert_fail(#cond, __FILE__, __LINE__))
_Noreturn void oc_assert_fail(const char *cond, const char *file, int line);

#endif
