/* Waiting for a lock of the package folder. SPDX-License-Identifier: MIT */
#include "core/package/lock.h"

#include <stdlib.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/lock.h"

#define LOCK_WAIT  (10 * OC_SECOND)
#define LOCK_PAUSE 20000000 /* ns */
#define LOCK_TELL  50       /* tries between two words about it */

/* "process 123", as far as it can be told. Owned. */
static char *owner_of(const char *path)
{
    const long pid = (long)oc_lock_owner(path);
    return pid > 0 ? oc_asprintf("process %ld", pid) : oc_strdup("another process");
}

static void tell_waiting(struct oc_work *w, const char *path, const char *what)
{
    char *who = owner_of(path);
    char *text = oc_asprintf("waiting for %s, which is changing the %s", who, what);
    oc_work_progress(w, -1, text);
    free(text);
    free(who);
}

static int locked(struct oc_work *w, const char *path, const char *what)
{
    const long pid = (long)oc_lock_owner(path);
    char *who = owner_of(path);
    oc_error_set(&w->err, OC_E_CONFLICT, "%s is changing the %s of this home", who, what);
    free(who);
    oc_error_hint(&w->err, "Try again when it has ended; nothing was changed.");
    oc_work_detail(w, "pid", json_integer(pid));
    return oc_work_reason(w, "packages-locked");
}

int oc_packages_lock(struct oc_work *w, const char *path, const char *what)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE};
    const int64_t until = oc_time_mono() + LOCK_WAIT;
    int fd;
    for (unsigned tries = 1; (fd = oc_lock_take(path, &w->err)) == OC_E_CONFLICT &&
                             oc_time_mono() < until && !oc_work_cancelled();
         tries++) {
        if (tries % LOCK_TELL == 0) {
            tell_waiting(w, path, what);
        }
        nanosleep(&pause, NULL);
    }
    if (fd >= 0) {
        oc_error_init(&w->err); /* of the tries before */
    }
    return fd == OC_E_CONFLICT ? locked(w, path, what) : fd;
}
