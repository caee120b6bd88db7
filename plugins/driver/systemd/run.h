/* Runs one program and keeps what it says. SPDX-License-Identifier: MIT */
#ifndef RUN_H
#define RUN_H

#include <stddef.h>
#include <sys/types.h>

#include <openclaw/emit.h>

#define OUTPUT_MAX (256 * 1024)

struct output {
    char *text; /* stdout, NUL-terminated, NULL after a failure; free it */
    size_t len;
    char error[400]; /* the beginning of stderr, one line */
    int status;      /* exit status, or 128 + signal */
};

/* argv[0] is the path of the program. Waits until it ends, and ends it with its group a little before the deadline; what is over
 * OUTPUT_MAX is dropped. OC_OK: it ran, see status. `left`, 0 at first, keeps the pid of one that does not even end when it is
 * killed: OC_E_RETRY until it has. */
int32_t run_program(char *const argv[], pid_t *left, const struct oc_request *req,
                    struct output *out, struct oc_error *err);

#endif
