/* The trusted comment of a plugin's signature. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_AUTHOR_TRUSTED_H
#define OC_PACKAGE_AUTHOR_TRUSTED_H

#include "core/package/work.h"

/* "openclaw:<id>@<version> target:<target> file:<name> timestamp:<seconds>", where the parameter `id` of the work, or else the
 * manifest inside the .ocp archive, gives the id. The part before " file:" binds a signature to one release: an archive
 * cannot be passed off as another. A file of another name than *.ocp gets "file:<name> timestamp:<seconds>". NULL and w->err for
 * an archive that nobody could install: it is cut, or no plugin. Owned. */
char *oc_author_trusted_comment(struct oc_work *w, const char *file);

#endif
