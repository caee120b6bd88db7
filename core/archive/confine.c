/* Landlock and limits for the unpacker. SPDX-License-Identifier: MIT
 *
 * No seccomp filter: the process has no other right left than those on one folder, and libarchive's calls change with its
 * version. */
#include "core/archive/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/archive/ocp/ocp.h"
#include "core/sys/kernel.h"
#include "core/sys/landlock.h"
#include "core/sys/limit.h"

#define MEMORY_MAX      (INT64_C(1) << 30) /* a zstd window may be 128 MB */
#define CPU_SECONDS     60
#define DESCRIPTORS_MAX 32

static bool landlock(int dir)
{
    struct oc_kernel kernel;
    struct oc_landlock l;
    oc_kernel_probe(&kernel);
    if (oc_landlock_begin(&l, kernel.landlock, OC_NET_BIND | OC_NET_CONNECT,
                          OC_SCOPE_SOCKETS | OC_SCOPE_SIGNALS, NULL)) {
        return false;
    }
    if (dir >= 0) {
        oc_landlock_allow_fd(&l, dir,
                             OC_FS_READ | OC_FS_WRITE_FILE | OC_FS_MAKE_DIR | OC_FS_MAKE_REG);
    }
    return oc_landlock_enforce(&l, NULL) == OC_OK;
}

bool oc_archive_confine(int dir)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    oc_limit_set(RLIMIT_FSIZE, OC_OCP_BYTES, "file size", NULL);
    oc_limit_set(RLIMIT_CPU, CPU_SECONDS, "CPU time", NULL);
    oc_limit_set(RLIMIT_NOFILE, DESCRIPTORS_MAX, "descriptors", NULL);
    oc_limit_set(RLIMIT_NPROC, 0, "processes", NULL);
    oc_limit_set(RLIMIT_CORE, 0, "core dumps", NULL);
    if (!OC_SANITIZED) {
        oc_limit_set(RLIMIT_AS, MEMORY_MAX, "memory", NULL);
    }
    return landlock(dir);
}
