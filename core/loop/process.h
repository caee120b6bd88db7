/* Child processes of the loop: words in, lines out, an end. SPDX-License-Identifier: MIT  [loop]
 *
 * The child gets `input` on its stdin, its stdout comes back line by line and its stderr as one text of at most
 * OC_PROCESS_STDERR bytes (the beginning of it). No shell is involved. The child dies with us (PR_SET_PDEATHSIG is the
 * child's own matter; a closed stdout is what ours obey). */
#ifndef OC_LOOP_PROCESS_H
#define OC_LOOP_PROCESS_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/loop/loop.h"

#define OC_PROCESS_LINE   (64u << 20) /* a longer line ends the child with SIGKILL */
#define OC_PROCESS_STDERR (64u << 10)

struct oc_process;

struct oc_process_options {
    const char *file;        /* path of the program */
    const char *const *argv; /* NULL-terminated; argv[0] included */
    const char *const *env;  /* NULL-terminated "NAME=value"; NULL = ours */
    const char *cwd;         /* NULL = ours */
    const char *input;       /* NUL-terminated; NULL = an empty stdin; copied */
    void (*on_line)(void *ctx, const char *line, size_t len); /* without its newline; may be NULL */
    /* Once and last, when it has ended and its output is read: exit status, or 128 + signal. Frees the process. What others hold open of its
     * output when it has ended is read for some seconds more. */
    void (*on_exit)(void *ctx, int status, const char *stderr_text);
    void *ctx;
};

/* NULL and err when it cannot be started: no callback runs then. Options are copied. */
struct oc_process *oc_process_start(struct oc_loop *loop, const struct oc_process_options *options,
                                    struct oc_error *err);
/* on_exit follows when the signal ends it. One that has ended is sent nothing. */
void oc_process_kill(struct oc_process *p, int signum);
/* Lets go of it: SIGKILL, and no callback runs from here on. NULL is fine. */
void oc_process_forget(struct oc_process *p);

#endif
