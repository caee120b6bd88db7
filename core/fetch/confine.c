/* Landlock and limits for the downloader. SPDX-License-Identifier: MIT
 *
 * The network itself stays open: which host a registry is at is the user's choice. What a broken TLS or HTTP parser could do
 * beyond that is read the host's public files. */
#include "core/fetch/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/base/mem.h"
#include "core/sys/kernel.h"
#include "core/sys/landlock.h"
#include "core/sys/limit.h"

static bool landlock(void)
{
    static const char *const readable[] = {"/etc", "/usr", "/lib", "/lib64", "/run", "/proc/self"};
    struct oc_kernel kernel;
    struct oc_landlock l;
    oc_kernel_probe(&kernel);
    if (oc_landlock_begin(&l, kernel.landlock, OC_NET_BIND, OC_SCOPE_SIGNALS, NULL)) {
        return false;
    }
    for (size_t i = 0; i < OC_COUNT(readable); i++) {
        oc_landlock_allow(&l, readable[i], OC_FS_READ);
    }
    return oc_landlock_enforce(&l, NULL) == OC_OK;
}

bool oc_fetch_confine(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    oc_limit_set(RLIMIT_FSIZE, 0, "file size", NULL);
    oc_limit_set(RLIMIT_CORE, 0, "core dumps", NULL);
    oc_limit_set(RLIMIT_NOFILE, 64, "descriptors", NULL);
    return landlock();
}
