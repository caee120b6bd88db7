/* Locks: at most one process owns a file, and a home folder. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SYS_LOCK_H
#define OC_SYS_LOCK_H

#include <sys/types.h>

#include "core/base/error.h"

/* Takes a file lock on `path` and writes our pid into it, if there is room. OC_E_CONFLICT names the pid that holds it, if it is known. The
 * kernel drops the lock when the process dies, however it dies. Returns the descriptor (>= 0) or OC_E_*. */
int oc_lock_take(const char *path, struct oc_error *err);
void oc_lock_drop(int fd);
/* The pid that holds it now; 0 when nobody does, or the disk was too full to say who. */
pid_t oc_lock_owner(const char *path);

/* A home that is ours. run/openclawd.lock tells who owns it, but whoever cleans run/ takes it away, and where run/ cannot be written to there is
 * none. So what must have one writer only is locked as well: the folders data/ and ledger/ themselves, for which nothing has to be written. */
struct oc_home_lock {
    int pid;        /* a descriptor, as are the others; -1: we do not have it */
    int folders[2]; /* -1: it is not there, or not ours to read */
};

#define OC_HOME_UNLOCKED ((struct oc_home_lock){-1, {-1, -1}})

/* OC_E_CONFLICT: another process has a part of it, and we have nothing; nor do we with OC_E_UNSUPPORTED, where folders cannot be locked. With any
 * other code there is no pid lock, for that reason, while the folders are ours as with OC_OK. */
int oc_home_lock(const char *home, struct oc_home_lock *lock, struct oc_error *err);
void oc_home_unlock(struct oc_home_lock *lock); /* what we have of it */

#endif
