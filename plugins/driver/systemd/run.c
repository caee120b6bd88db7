/* Runs one program and keeps what it says. SPDX-License-Identifier: MIT */
#include "run.h"

#include "child/child.h"
#include "collect/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LOOK_MS    100
#define RETURN_MS  100 /* of the host's deadline, kept for ending the program and for the answer */
#define END_MS     50  /* that a program which was killed is waited for */
#define ERRORS_MAX 1024

static int start(struct oc_child *c, char *const argv[])
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale[] = "LC_ALL=C", pager[] = "SYSTEMD_PAGER=", colors[] = "SYSTEMD_COLORS=0";
    char *const envp[] = {path, locale, pager, colors, NULL};
    const struct oc_child_spec spec = {.path = argv[0],
                                       .argv = argv,
                                       .envp = envp,
                                       .output_max = OUTPUT_MAX,
                                       .errors_max = ERRORS_MAX};
    return oc_child_start(c, &spec);
}

/* False: the time is over, or nobody waits any more. */
static bool await_end(struct oc_child *c, const struct oc_request *req)
{
    while (oc_child_step(c)) {
        struct pollfd fds[OC_CHILD_POLL_FDS];
        const int64_t left = oc_left_ms(req->deadline_ms - RETURN_MS);
        if (left == 0 || OC_CANCELLED(req)) {
            return false;
        }
        oc_child_poll_fds(c, fds);
        poll(fds, OC_CHILD_POLL_FDS, left < LOOK_MS ? (int)left : LOOK_MS);
    }
    return true;
}

static bool take_output(const struct oc_child *c, struct output *o)
{
    o->text = calloc(1, c->out.len + 1);
    if (!o->text) {
        return false;
    }
    if (c->out.len > 0) {
        memcpy(o->text, c->out.data, c->out.len);
    }
    o->len = c->out.len;
    snprintf(o->error, sizeof o->error, "%.*s", (int)c->err.len, c->err.len ? c->err.data : "");
    o->error[strcspn(o->error, "\n")] = '\0';
    o->status = WIFEXITED(c->status) ? WEXITSTATUS(c->status) : 128 + WTERMSIG(c->status);
    return true;
}

int32_t run_program(char *const argv[], pid_t *left, const struct oc_request *req,
                    struct output *out, struct oc_error *err)
{
    struct oc_child c;
    int32_t code = OC_OK;
    memset(out, 0, sizeof *out);
    if (!oc_child_reap(left)) {
        return oc_fail(err, OC_E_RETRY,
                       "process %d of an earlier call was killed and hangs in the kernel",
                       (int)*left);
    }
    int rc = start(&c, argv);
    if (rc) {
        return oc_fail(err, OC_E_UNSUPPORTED, "cannot run %s: %s", argv[0], strerror(rc));
    }
    if (!await_end(&c, req)) {
        code = OC_CANCELLED(req) ? oc_fail(err, OC_E_CANCELLED, "%s was cancelled", argv[0])
                                 : oc_fail(err, OC_E_TIMEOUT, "%s did not answer in time", argv[0]);
    } else if (!take_output(&c, out)) {
        code = oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    *left = oc_child_finish(&c, END_MS);
    return code;
}
