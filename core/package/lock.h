/* The locks of those who change what is installed, or which registries are known. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_LOCK_H
#define OC_PACKAGE_LOCK_H

#include "core/package/work.h"

/* Waits up to 10 s for the lock file `path`, and says so. `what` is what it guards, as people call it: "plugins". Returns a
 * descriptor for oc_lock_drop, or the code of w->err; reason "packages-locked" names the pid that holds it. */
int oc_packages_lock(struct oc_work *w, const char *path, const char *what);

#endif
