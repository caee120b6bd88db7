/* Resource limits by setrlimit. SPDX-License-Identifier: MIT */
#include "core/sys/limit.h"

#include <errno.h>
#include <sys/resource.h>

int oc_limit_set(int resource, int64_t value, const char *what, struct oc_error *err)
{
    struct rlimit old, now = {(rlim_t)value, (rlim_t)value};
    if (getrlimit((__rlimit_resource_t)resource, &old) == 0 && now.rlim_cur > old.rlim_max) {
        now = (struct rlimit){old.rlim_max, old.rlim_max}; /* it is lower already */
    }
    return setrlimit((__rlimit_resource_t)resource, &now) == 0
               ? OC_OK
               : oc_error_errno(err, OC_E_PERMANENT, errno, "limit of %s", what);
}
