/* Asks the kernel for its Landlock ABI and for seccomp. SPDX-License-Identifier: MIT */
#include "core/sys/kernel.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET_VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */

static int landlock_abi(void)
{
#ifdef SYS_landlock_create_ruleset
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
#else
    return 0;
#endif
}

static bool has_seccomp(void)
{
    const uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
}

void oc_kernel_lower(struct oc_kernel *kernel, const char *text)
{
    for (const char *p = text; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        int value;
        if (sscanf(p, "landlock=%3d", &value) == 1 && value >= 0 && value < kernel->landlock) {
            kernel->landlock = value;
        } else if (sscanf(p, "seccomp=%3d", &value) == 1 && value == 0) {
            kernel->seccomp = false;
        }
    }
}

void oc_kernel_probe(struct oc_kernel *kernel)
{
    *kernel = (struct oc_kernel){.landlock = landlock_abi(), .seccomp = has_seccomp()};
    oc_kernel_lower(kernel, getenv("OPENCLAW_KERNEL"));
}

json_t *oc_kernel_json(const struct oc_kernel *kernel)
{
    return json_pack("{s:i, s:b}", "landlock", kernel->landlock, "seccomp", (int)kernel->seccomp);
}
