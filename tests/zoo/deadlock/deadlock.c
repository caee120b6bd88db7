/* Takes a lock that it holds. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <pthread.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
    return OC_OK;
}

ZOO_ENTRY(NULL, NULL)
