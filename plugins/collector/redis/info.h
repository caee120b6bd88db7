/* What INFO says, as samples. SPDX-License-Identifier: MIT */
#ifndef OC_REDIS_INFO_H
#define OC_REDIS_INFO_H

#include "../../lib/collect/collect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the status is made of. */
struct oc_redis_facts {
    char version[32];
    bool replica, link_down, loading, save_failed, append_failed;
    uint64_t clients, used_bytes;
};

/* Puts out the samples of an INFO answer of any version; lines that it does not know are passed
 * over. `now_s` is used where the server does not tell its own time. */
void oc_redis_info(const char *text, size_t len, int64_t now_s, struct oc_out *out,
                   struct oc_redis_facts *facts);

#endif
