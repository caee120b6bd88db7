/* One child program and the lines that it says. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_AUTHOR_RUN_H
#define OC_PACKAGE_AUTHOR_RUN_H

#include <stdint.h>

#include "core/package/work.h"

struct oc_run {
    const char *const *argv; /* argv[0] is looked for in PATH; no shell is asked */
    const char *dir;         /* NULL = where we are */
    int64_t limit_ms;        /* it is ended after that time: OC_E_TIMEOUT; 0 = none */
    /* each line of stdout and stderr, in the order in which they came; without its end */
    void (*on_line)(void *ctx, const char *line);
    void *ctx;
};

/* Waits for the end. OC_OK and *status: the exit status, or 128 + signal. OC_E_NOT_FOUND when there is no such program,
 * OC_E_TIMEOUT after the limit, OC_E_CANCELLED when this program was told to end: the child and its children are ended too. */
int oc_run(const struct oc_run *run, int *status, struct oc_error *err);

#endif
