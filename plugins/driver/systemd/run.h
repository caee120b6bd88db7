/* Runs one program and keeps what it says. SPDX-License-Identifier: MIT */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/emit.h>

#define OUTPUT_MAX (256 * 1024)

struct output {
    char *text; /* stdout, NUL-terminated; free it */
    size_t len;
    char error[400]; /* the beginning of stderr, one line */
    int status;      /* exit status, or 128 + signal */
};

/* argv[0] is the path of the program. Waits until it ends, at most until the deadline; what is over OUTPUT_MAX is dropped.
 * OC_OK: it ran, see status. */
int32_t run_program(char *const argv[], const struct oc_request *req, struct output *out,
                    struct oc_error *err);

#endif
