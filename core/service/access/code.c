/* One-time codes: good once, for a quarter of an hour, gone with the process. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/time.h"
#include "core/service/access/internal.h"
#include "core/sys/sign.h"

/* By the monotonic clock: setting the wall clock back gives no old code new life. */
char *oc_code_make(struct oc_code codes[OC_CODES_MAX], enum oc_role role)
{
    struct oc_code *slot = &codes[0];
    for (size_t i = 1; i < OC_CODES_MAX; i++) {
        slot = codes[i].until_mono_ms < slot->until_mono_ms ? &codes[i] : slot;
    }
    char *text = oc_secret_make();
    oc_secret_hash(text, strlen(text), slot->hash);
    slot->role = role;
    slot->until_mono_ms = oc_time_mono() + OC_CODES_LIFE;
    return text;
}

bool oc_code_take(struct oc_code codes[OC_CODES_MAX], const uint8_t hash[OC_ACCESS_HASH],
                  enum oc_role *role)
{
    const int64_t now = oc_time_mono();
    bool good = false;
    for (size_t i = 0; i < OC_CODES_MAX; i++) { /* all of them: which one it was cannot be timed */
        const bool same = oc_bytes_equal(codes[i].hash, hash, OC_ACCESS_HASH);
        if (same && codes[i].until_mono_ms) {
            good = now < codes[i].until_mono_ms;
            *role = codes[i].role;
            oc_bytes_wipe(&codes[i], sizeof codes[i]);
        }
    }
    return good;
}
