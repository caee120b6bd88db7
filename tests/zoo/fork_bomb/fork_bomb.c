/* Forks without end, with the right to start programs. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <unistd.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    for (int i = 0; i < 100000; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            (void)setsid();
            for (;;) {
                pause();
            }
        }
        if (pid < 0) {
            oc_emit_gauge(out, "zoo.forks", i);
            break;
        }
    }
    zoo_sleep(600000);
    return OC_OK;
}

ZOO_ENTRY(NULL, NULL)
