/* Starts and counts the threads of the host. SPDX-License-Identifier: MIT */
#include "core/sys/thread.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct start {
    void *(*run)(void *ctx);
    void *ctx;
};

static atomic_ulong started, ended;

static void *thread_main(void *arg)
{
    const struct start start = *(struct start *)arg;
    free(arg);
    void *result = start.run(start.ctx);
    atomic_fetch_add(&ended, 1);
    return result;
}

int oc_thread_start(pthread_t *id, size_t stack_bytes, void *(*run)(void *ctx), void *ctx)
{
    struct start *start = oc_calloc(1, sizeof *start);
    pthread_attr_t attr;
    sigset_t all, before;
    *start = (struct start){run, ctx};
    sigfillset(&all);
    pthread_attr_init(&attr);
    if (stack_bytes) {
        pthread_attr_setstacksize(&attr, stack_bytes);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int rc = pthread_create(id, &attr, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc) {
        free(start);
    } else {
        atomic_fetch_add(&started, 1);
    }
    return rc;
}

static unsigned long count_threads(void)
{
    unsigned long count = 0;
    const struct dirent *e;
    DIR *dir = opendir("/proc/self/task");
    while (dir && (e = readdir(dir))) {
        count += e->d_name[0] != '.';
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

/* Those that had been started before we looked and have not ended after it were there all the time: there are not more of ours
 * among those that we saw. So whoever comes or goes meanwhile can hide nobody else. */
bool oc_threads_are_ours(void)
{
    const unsigned long before = atomic_load(&started), seen = count_threads();
    return seen == 1 + before - atomic_load(&ended);
}
