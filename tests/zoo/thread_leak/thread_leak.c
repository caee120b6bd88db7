/* Leaves 20 threads behind in each call. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <pthread.h>

static void *sleeper(void *arg)
{
    zoo_sleep(600000);
    return arg;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    pthread_t thread;
    int made = 0;
    while (made < 20 && pthread_create(&thread, NULL, sleeper, NULL) == 0) {
        made++;
    }
    return oc_emit_gauge(out, "zoo.threads", made);
}

ZOO_ENTRY(NULL, NULL)
