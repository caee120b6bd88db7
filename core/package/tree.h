/* Folders as wholes: made durable, read-only, copied, removed, summed. SPDX-License-Identifier: MIT  [any]
 *
 * Links are never followed. Every function is given absolute paths. */
#ifndef OC_PACKAGE_TREE_H
#define OC_PACKAGE_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"

/* Removes a file, a link or a whole folder, also a read-only one; nothing there is fine. */
int oc_tree_remove(const char *path, struct oc_error *err);
/* fsyncs every file and folder, from the leaves up, and takes away the right to write when `read_only`; the top folder
 * itself stays writable, so that it can be renamed: see oc_tree_close. */
int oc_tree_seal(const char *path, bool read_only, struct oc_error *err);
int oc_tree_close(const char *path, struct oc_error *err); /* the top folder: read-only, fsynced */
int oc_tree_copy(const char *from, const char *to, struct oc_error *err); /* `to` is made */
uint64_t oc_tree_size(const char *path);                                  /* bytes on disk */

/* {"plugin.json":"<sha256>",..} of every file but those below a top ".openclaw"; owned by the caller. Links and other
 * special files are OC_E_VERIFY. */
json_t *oc_tree_files(const char *path, struct oc_error *err);

/* fsync of one folder: makes the names in it durable. */
int oc_tree_sync_folder(const char *path, struct oc_error *err);
/* Makes `path` and its missing parents, durably. */
int oc_tree_make(const char *path, mode_t mode, struct oc_error *err);

#endif
