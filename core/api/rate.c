/* Token buckets: what each client has left, and how it grows back. SPDX-License-Identifier: MIT */
#include "core/api/rate.h"

#include <string.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/sys/crypto.h"

#define SETS 1024u
#define WAYS 4u

struct bucket {
    uint64_t client; /* hash; 0 = free */
    double left;
    int64_t at_ms;
};

struct oc_rates {
    uint64_t seed; /* nobody can choose whose bucket is shared */
    struct bucket table[SETS][WAYS];
};

struct oc_rates *oc_rates_create(void)
{
    struct oc_rates *r = oc_calloc(1, sizeof *r);
    oc_random(&r->seed, sizeof r->seed);
    return r;
}

void oc_rates_destroy(struct oc_rates *r)
{
    free(r);
}

/* Its own bucket, or a full one in the place of the one that was quiet for longest. */
static struct bucket *find(struct oc_rates *r, const char *client, double full, int64_t now)
{
    const uint64_t hash = oc_hash_bytes(client, strlen(client), r->seed) | 1;
    struct bucket *set = r->table[(hash >> 32) % SETS], *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].client == hash) {
            return &set[i];
        }
        oldest = set[i].at_ms < oldest->at_ms ? &set[i] : oldest;
    }
    *oldest = (struct bucket){hash, full, now};
    return oldest;
}

bool oc_rates_take(struct oc_rates *r, const char *client, int64_t per_second)
{
    const int64_t now = oc_time_mono();
    const double rate = (double)per_second, full = 2 * rate;
    struct bucket *b = find(r, client, full, now);
    b->left += rate * (double)(now - b->at_ms) / 1000;
    b->left = b->left < full ? b->left : full;
    b->at_ms = now;
    if (b->left < 1) {
        return false;
    }
    b->left--;
    return true;
}
