/* Changing a file that people and other programs change, too. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_UPDATE_H
#define OC_SYS_UPDATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/error.h"

/* The file that `path` stands for, links followed, so that writing it anew leaves a link a link: `*real` is owned by the caller, and
 * `path` itself when nothing is there, which `*fresh` says. OC_E_NOT_FOUND: it is a link to a file that is not there. */
int oc_file_resolve(const char *path, char **real, bool *fresh, struct oc_error *err);

/* As oc_file_rewrite, but only over what the caller has `seen` in it, under a lock, so that of two who update it at once the second
 * sees the first. OC_E_CONFLICT: it holds something else or is gone, or somebody has kept the lock for a second; it is left as it is.
 * `path` is no link. */
int oc_file_update(const char *path, const struct oc_buf *seen, const struct oc_buf *text,
                   mode_t mode, struct oc_error *err);

#endif
