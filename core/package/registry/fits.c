/* Does a version row fit this host? SPDX-License-Identifier: MIT
 *
 * Decided from the row alone, before anything is downloaded. */
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/package/registry/host.h"
#include "core/package/release.h"

#if defined(__x86_64__)
#define HOST_ARCH "x86_64"
#elif defined(__aarch64__)
#define HOST_ARCH "aarch64"
#elif defined(__riscv)
#define HOST_ARCH "riscv64"
#else
#define HOST_ARCH "unknown"
#endif
#define HOST_OS   "linux"
#define HOST_LIBC "glibc"

const char *oc_target(void)
{
    return HOST_OS "-" HOST_ARCH "-" HOST_LIBC;
}

/* "2.36" as 2036000: enough for every libc that counts its versions. */
static int64_t libc_number(const char *text)
{
    int64_t number = 0;
    for (int i = 0; i < 3; i++) {
        char *end;
        const long part = strtol(text, &end, 10);
        number = number * 1000 + (part < 0 || part > 999 ? 999 : part);
        text = *end == '.' ? end + 1 : "";
    }
    return number;
}

static int differs(struct oc_error *err, const char *field, const char *theirs, const char *ours,
                   const char *fix)
{
    oc_error_set(err, OC_E_UNSUPPORTED, "%s: it needs %s, this host has %s", field, theirs, ours);
    oc_error_hint(err, "%s", fix);
    return OC_E_UNSUPPORTED;
}

static bool any_or(const json_t *a, const char *key, const char *ours)
{
    const char *theirs = oc_json_str(a, key, "");
    return strcmp(theirs, "any") == 0 || strcmp(theirs, ours) == 0;
}

static int check_abi(const json_t *abi, struct oc_error *err)
{
    const int64_t major = oc_json_int(abi, "major", 0), minor = oc_json_int(abi, "min_minor", 0);
    char theirs[48], ours[48];
    if (major == OC_ABI_MAJOR && minor <= OC_ABI_MINOR) {
        return OC_OK;
    }
    snprintf(theirs, sizeof theirs, "%" PRId64 ".%" PRId64, major, minor);
    snprintf(ours, sizeof ours, "%d.%d", OC_ABI_MAJOR, OC_ABI_MINOR);
    return differs(err, "abi", theirs, ours,
                   major < OC_ABI_MAJOR ? "Ask the publisher for a build for this ABI."
                                        : "Update openclaw, or take an older version of it.");
}

int oc_host_fits(const json_t *a, struct oc_error *err)
{
    static const char *const fix = "Ask the publisher for a build for this kind of host.";
    const char *libc_min = oc_json_str(a, "libc_min", "");
    if (!any_or(a, "os", HOST_OS)) {
        return differs(err, "os", oc_json_str(a, "os", ""), HOST_OS, fix);
    }
    if (!any_or(a, "arch", HOST_ARCH)) {
        return differs(err, "arch", oc_json_str(a, "arch", ""), HOST_ARCH, fix);
    }
    if (!any_or(a, "libc", HOST_LIBC)) {
        return differs(err, "libc", oc_json_str(a, "libc", ""), HOST_LIBC, fix);
    }
    if (*libc_min && strcmp(oc_json_str(a, "libc", ""), "any") != 0 &&
        libc_number(libc_min) > libc_number(gnu_get_libc_version())) {
        return differs(err, "libc_min", libc_min, gnu_get_libc_version(),
                       "Update the system, or take an older version of it.");
    }
    return check_abi(json_object_get(a, "abi"), err);
}

/* "inproc" 0, "process" 1, "sandbox" 2; unknown words count as the most open, which every policy may refuse. */
static int tier_rank(const char *tier)
{
    return strcmp(tier, "sandbox") == 0 ? 2 : strcmp(tier, "process") == 0 ? 1 : 0;
}

int oc_host_tier(const json_t *artifact, const char *wanted, struct oc_error *err)
{
    const char *can = oc_json_str(artifact, "tier", "sandbox");
    if (!wanted || tier_rank(can) >= tier_rank(wanted)) {
        return OC_OK;
    }
    return differs(err, "tier", can, wanted,
                   "The registry's policy wants it more isolated than it can run; ask its keeper.");
}

const json_t *oc_host_pick(const json_t *row, const char *tier, struct oc_error *err)
{
    const json_t *artifacts = json_object_get(row, "artifacts");
    oc_error_set(err, OC_E_UNSUPPORTED, "it has no artifact");
    for (size_t i = 0; i < json_array_size(artifacts); i++) {
        const json_t *a = json_array_get(artifacts, i);
        if (oc_host_fits(a, err) == OC_OK && oc_host_tier(a, tier, err) == OC_OK) {
            return a;
        }
    }
    return NULL;
}
