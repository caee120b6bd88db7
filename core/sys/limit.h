/* Resource limits of this process. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_LIMIT_H
#define OC_SYS_LIMIT_H

#include <stdint.h>

#include "core/base/error.h"

/* A sanitizer's shadow memory is terabytes of address space: programs built with one are not limited in it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OC_SANITIZED 1
#endif
#endif
#ifndef OC_SANITIZED
#define OC_SANITIZED 0
#endif

/* Sets soft and hard limit of `resource` (RLIMIT_*) to `value`, or leaves the hard one where that is lower. `what` names it in
 * the message. */
int oc_limit_set(int resource, int64_t value, const char *what, struct oc_error *err);

#endif
