/* A pid lock on the home folder: at most one daemon owns it. SPDX-License-Identifier: MIT  [loop] */
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

#endif
