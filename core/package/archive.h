/* Packs and unpacks plugin archives, in a process of its own. SPDX-License-Identifier: MIT  [worker]
 *
 * What reads a foreign archive is openclaw-archive, shut in on the folder that it writes. Reasons are those of
 * core/archive/ocp/ocp.h: archive-link, archive-path, archive-case, archive-special, archive-mode, archive-size,
 * archive-truncated, archive-format. */
#ifndef OC_PACKAGE_ARCHIVE_H
#define OC_PACKAGE_ARCHIVE_H

#include "core/package/work.h"

/* Unpacks `file` into the empty folder `dir`. *files (owned by the caller) maps each path to its SHA-256. What was written
 * before a failure stays in `dir`. */
int oc_archive_unpack(struct oc_work *w, const char *file, const char *dir, json_t **files);
/* Packs the files below `dir`; the same files give the same bytes. */
int oc_archive_pack(struct oc_work *w, const char *dir, const char *file);

#endif
