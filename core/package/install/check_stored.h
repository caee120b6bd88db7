/* Are the bytes in the store those that were installed? SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_INSTALL_CHECK_STORED_H
#define OC_PACKAGE_INSTALL_CHECK_STORED_H

#include "core/package/state.h"
#include "core/package/work.h"

/* {"name","version","digest","ok":bool,"files":n,"signature":"good"|"none"|"wrong","problems":[text]}; owned by the caller.
 * Every file against the receipt, nothing more and nothing less than it lists, the kept archive against the digest, its
 * signature against the key that counted at the installation. A linked folder is only looked for. */
json_t *oc_check_stored(struct oc_work *w, const struct oc_installed *p);

#endif
