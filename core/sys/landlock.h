/* Landlock: what a process may still reach in the file system and the network. SPDX-License-Identifier: MIT
 *
 * begin, allow what is needed, enforce: from then on this process and its children have no other right of a kind that the
 * ruleset handles. Descriptors that are open stay usable. Source of the numbers: linux/landlock.h of 6.12; they are written
 * out because headers may be older than the kernel. One thread, before others are started. [any] */
#ifndef OC_SYS_LANDLOCK_H
#define OC_SYS_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_FS_EXECUTE    (UINT64_C(1) << 0)
#define OC_FS_WRITE_FILE (UINT64_C(1) << 1)
#define OC_FS_READ_FILE  (UINT64_C(1) << 2)
#define OC_FS_READ_DIR   (UINT64_C(1) << 3)
#define OC_FS_REMOVE_DIR (UINT64_C(1) << 4)
#define OC_FS_REMOVE     (UINT64_C(1) << 5)
#define OC_FS_MAKE_CHAR  (UINT64_C(1) << 6)
#define OC_FS_MAKE_DIR   (UINT64_C(1) << 7)
#define OC_FS_MAKE_REG   (UINT64_C(1) << 8)
#define OC_FS_MAKE_SOCK  (UINT64_C(1) << 9)
#define OC_FS_MAKE_FIFO  (UINT64_C(1) << 10)
#define OC_FS_MAKE_BLOCK (UINT64_C(1) << 11)
#define OC_FS_MAKE_SYM   (UINT64_C(1) << 12)
#define OC_FS_REFER      (UINT64_C(1) << 13)
#define OC_FS_TRUNCATE   (UINT64_C(1) << 14)
#define OC_FS_IOCTL_DEV  (UINT64_C(1) << 15)

#define OC_FS_READ (OC_FS_READ_FILE | OC_FS_READ_DIR)
#define OC_FS_WRITE                                                                                \
    (OC_FS_WRITE_FILE | OC_FS_TRUNCATE | OC_FS_REMOVE_DIR | OC_FS_REMOVE | OC_FS_MAKE_DIR |        \
     OC_FS_MAKE_REG | OC_FS_MAKE_SOCK | OC_FS_MAKE_FIFO | OC_FS_MAKE_SYM | OC_FS_REFER)

#define OC_NET_BIND    (UINT64_C(1) << 0)
#define OC_NET_CONNECT (UINT64_C(1) << 1)

#define OC_SCOPE_SOCKETS (UINT64_C(1) << 0) /* abstract unix sockets of others */
#define OC_SCOPE_SIGNALS (UINT64_C(1) << 1) /* signals to others */

struct oc_landlock {
    uint64_t files, ports, scopes; /* what is handled: denied unless allowed */
    int fd;
    int failed; /* errno of the first rule that the kernel refused; 0 = none */
};

/* Handles every right to files that `abi` (core/sys/kernel.h) knows, and those of `ports` and `scopes` that it knows.
 * OC_E_UNSUPPORTED when abi is 0. */
int oc_landlock_begin(struct oc_landlock *l, int abi, uint64_t ports, uint64_t scopes,
                      struct oc_error *err);
/* Everything below `path`, or the one file. False when there is no such path, which is no error: systems differ. */
bool oc_landlock_allow(struct oc_landlock *l, const char *path, uint64_t access);
void oc_landlock_allow_fd(struct oc_landlock *l, int fd, uint64_t access);
void oc_landlock_allow_port(struct oc_landlock *l, uint16_t port, uint64_t access);
/* Puts the rules in force (no_new_privs must be set) and closes the ruleset, also when it fails. */
int oc_landlock_enforce(struct oc_landlock *l, struct oc_error *err);

#endif
