/* The .ocp archive: one plugin, packed. SPDX-License-Identifier: MIT  [any]
 *
 * A tar (pax) in one zstd stream. Packing is deterministic: the same files give the same bytes. Reading trusts nothing: what
 * an honest packer never writes is refused, each kind with its own reason word (a heading in docs/errors.md):
 *   archive-link       a symbolic or hard link
 *   archive-path       absolute, "..", ".", empty, twice, too long, deep, not printable ASCII, or the host's own ".openclaw"
 *   archive-case       two names that differ only in case
 *   archive-special    a device, a FIFO, a socket
 *   archive-mode       setuid, setgid or sticky
 *   archive-size       too many files, too many bytes, or far more bytes than the archive has
 *   archive-truncated  it ends too early
 *   archive-format     it is something else */
#ifndef OC_ARCHIVE_OCP_H
#define OC_ARCHIVE_OCP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/map.h"

#define OC_OCP_ENTRIES 4096
#define OC_OCP_BYTES   (UINT64_C(512) << 20)
#define OC_OCP_RATIO   250u                 /* unpacked to packed bytes, once there are ... */
#define OC_OCP_FREE    (UINT64_C(16) << 20) /* ... this many */
#define OC_OCP_PATH    255u
#define OC_OCP_DEPTH   16u

struct oc_ocp_failure {
    const char *reason; /* one of the words above; "" when the machine failed, not the archive */
    struct oc_error err;
};
/* Sets both; returns err.code: OC_E_REFUSED for what only an attacker writes, OC_E_VERIFY for damage. */
int oc_ocp_fail(struct oc_ocp_failure *f, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- names ---- */

/* What was seen so far; zeroed = empty. */
struct oc_ocp_names {
    struct oc_map
        seen; /* lower-case path -> the spelling that came first, owned; "/" appended for a folder */
};
/* Checks one path and remembers it and its folders. */
int oc_ocp_names_add(struct oc_ocp_names *names, const char *path, bool folder,
                     struct oc_ocp_failure *f);
void oc_ocp_names_finish(struct oc_ocp_names *names);

/* ---- reading ---- */

struct oc_ocp_file {
    const char *path; /* borrowed during the callback */
    uint64_t size;
    const char *sha256; /* NULL when it was not written */
};

struct oc_ocp_target {
    int dir; /* an empty folder to write into; -1: everything is checked, nothing is written */
    void (*on_file)(void *ctx, const struct oc_ocp_file *file); /* may be NULL */
    void *ctx;
};

/* Reads the archive from `fd` at its offset. What was written before a failure stays: the caller removes the folder. */
int oc_ocp_read(int fd, const struct oc_ocp_target *target, struct oc_ocp_failure *f);

/* ---- packing ---- */

/* Packs the regular files below `dir` into `fd`, sorted by name; a top folder ".openclaw" is left out. `mtime` is given to
 * every file. */
int oc_ocp_pack(int dir, int fd, int64_t mtime, struct oc_ocp_failure *f);

#endif
