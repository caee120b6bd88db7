/* One child program, the lines that it says, and its end. SPDX-License-Identifier: MIT  [any]
 *
 * It runs in a process group of its own. Whoever is late or no longer wanted gets SIGTERM, and SIGKILL some seconds later,
 * whatever it says meanwhile; what the group leaves behind is killed with the end of the child. */
#ifndef OC_PACKAGE_RUN_H
#define OC_PACKAGE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/package/work.h"

#define OC_RUN_TAIL 2048 /* bytes of the end of stderr that are kept */

struct oc_run {
    const char *program;     /* its path; NULL = argv[0] is looked for in PATH. No shell is asked */
    const char *const *argv; /* NULL-terminated */
    const char *dir;         /* NULL = where we are */
    const char *input;       /* for its stdin; NULL = nothing */
    int64_t limit_ms;        /* it is ended after that time: OC_E_TIMEOUT; 0 = none */
    bool apart;              /* stderr is none of the lines; its end is in `tail` */
    /* each line in the order in which they came, without its end; one of more than 1 MiB is several. May be NULL */
    void (*on_line)(void *ctx, const char *line);
    void *ctx;
};

struct oc_run_end {
    int status;                 /* the exit status, or 128 + signal */
    int signum;                 /* the signal that ended it, or 0 */
    char tail[OC_RUN_TAIL + 1]; /* the end of stderr, if that is apart */
};

/* Waits for the end, however it is. OC_OK and *end; OC_E_NOT_FOUND when there is no such program; OC_E_TIMEOUT after the limit
 * and OC_E_CANCELLED when this program was told to end, both with *end, too. */
int oc_run(const struct oc_run *run, struct oc_run_end *end, struct oc_error *err);

#endif
