/* One program that answers lines: started when it is needed, ended with its whole group. SPDX-License-Identifier: MIT
 *
 * All functions belong to the thread of the call; calls never overlap. None waits without a limit: a process that hangs in the
 * kernel does not even end when it is killed. */
#ifndef SCRIPT_CHILD_H
#define SCRIPT_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include <openclaw/plugin.h>

#define CHILD_KILL_MS 50

struct child {
    pid_t pid;        /* 0 = it does not run */
    pid_t left;       /* one that was killed and has not ended: it hangs in the kernel; 0 = none */
    int grouped;      /* it leads a process group of its own */
    int in, out, err; /* our ends of its stdin, stdout, stderr; -1 */
    char *line;       /* what came and is not a whole line yet; owned */
    size_t len, cap;
};

struct child_command {
    const char *const *argv; /* argv[0] is looked for in PATH; no shell is asked */
    const char *const *env;  /* "NAME=value" */
    const char *dir;
};

void child_init(struct child *c);
/* OC_E_RETRY also while one that was killed has not ended. */
int32_t child_start(struct child *c, const struct child_command *command, struct oc_error *err);
/* Ends it: its stdin is closed, then it is asked, then it is killed, with all that it has started in its group. */
void child_end(struct child *c, int64_t patience_ms);
/* Kills it at once, and waits CHILD_KILL_MS at most for its end. */
void child_kill(struct child *c);
void child_finish(struct child *c); /* frees; ends it too */

/* Writes the whole text. OC_E_TIMEOUT and OC_E_CANCELLED by the request; OC_E_RETRY when it has closed its stdin. */
int32_t child_write(struct child *c, const char *text, size_t len, const struct oc_request *req,
                    int64_t until_ms, struct oc_error *err);
/* The next line without its end, owned by `c` until the next call; longer than `max` bytes is OC_E_PERMANENT, the end of its
 * output OC_E_RETRY. `log` gets the lines of its stderr. */
int32_t child_read_line(struct child *c, size_t max, const struct oc_request *req, int64_t until_ms,
                        void (*log)(void *ctx, const char *line), void *log_ctx, const char **line,
                        struct oc_error *err);

int64_t child_clock_ms(void); /* CLOCK_MONOTONIC, as deadlines are */

#endif
