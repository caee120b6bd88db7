/* Shuts this process in before it reads a foreign archive. SPDX-License-Identifier: MIT */
#ifndef OC_ARCHIVE_CONFINE_H
#define OC_ARCHIVE_CONFINE_H

#include <stdbool.h>

/* From here on only files and folders below `dir` can be made, read and written (-1: nothing at all); descriptors that are
 * open stay usable. No new rights by exec, limits on memory, CPU, file size and descriptors. False when the kernel has no
 * Landlock: then only the rest is in force. */
bool oc_archive_confine(int dir);

#endif
