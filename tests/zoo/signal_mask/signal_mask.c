/* Ignores every signal and never returns. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <signal.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int n = 1; n < 32; n++) {
        (void)signal(n, SIG_IGN);
    }
    zoo_sleep(600000);
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
