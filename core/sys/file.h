/* Files: bounded reads, atomic writes, paths. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_FILE_H
#define OC_SYS_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/error.h"

/* Reads a whole regular file of at most `max` bytes, appending to `out`. OC_E_NOT_FOUND, OC_E_DENIED, OC_E_CONFIG
 * (too large, not a regular file). */
int oc_file_read(const char *path, size_t max, struct oc_buf *out, struct oc_error *err);
/* Whether a rename may put a file at `path`. A device (/dev/null, which root could replace), or a link to something that is no
 * regular file (/dev/stdout), gives OC_E_CONFIG. */
int oc_file_replaceable(const char *path, struct oc_error *err);
/* Writes to a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the folder: after a crash the
 * old or the new content is there, whole. */
int oc_file_write(const char *path, const void *data, size_t len, mode_t mode,
                  struct oc_error *err);
/* As oc_file_write, but never in the place of a file that is there, whoever has made it meanwhile: OC_E_CONFLICT. Any other error, also when
 * the file system cannot promise that, has left nothing behind. */
int oc_file_create(const char *path, const void *data, size_t len, mode_t mode,
                   struct oc_error *err);
/* As oc_file_write for a file that people keep: when root writes it anew, it stays its owner's. Not in a folder where somebody else may put
 * files: whoever put it there would be given what is written, so it becomes root's. */
int oc_file_rewrite(const char *path, const void *data, size_t len, mode_t mode,
                    struct oc_error *err);
/* with parents; existing folders are fine */
int oc_dir_make(const char *path, mode_t mode, struct oc_error *err);
bool oc_file_exists(const char *path);

/* `name` alone when it is absolute; owned by the caller */
char *oc_path_join(const char *dir, const char *name);
/* the part before the last '/', "." when there is none; owned */
char *oc_path_dir(const char *path);
/* "~/x", relative to base (NULL = cwd); owned, absolute */
char *oc_path_expand(const char *path, const char *base);
char *oc_path_self_dir(void); /* the folder of the running binary; owned */
/* A helper program or module (.so) of ours: beside the running binary, or in ../libexec/openclaw of it; NULL when there is none; owned */
char *oc_path_helper(const char *name);

int oc_fd_write_all(int fd, const void *data, size_t len); /* 0 or -errno */

#endif
