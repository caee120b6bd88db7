/* Giving up root. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_PRIVILEGE_H
#define OC_DAEMON_PRIVILEGE_H

#include "core/base/error.h"

/* Becomes `user` with its groups for good and makes sure that there is no way back. `home` (may be NULL) is made and
 * given to the user first; HOME becomes the user's. Only root may ask. */
int oc_privilege_drop(const char *user, const char *home, struct oc_error *err);

#endif
