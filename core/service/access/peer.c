/* Peers that failed of late, and how long they wait. SPDX-License-Identifier: MIT
 *
 * A fixed number of slots; the one that was quiet for longest makes room. Somebody with many addresses can push others out
 * and so gains fresh tries, which against 256 random bits are worth nothing. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"

struct oc_peer {
    char key[64];
    unsigned failures;
    int64_t failed_ms, until_ms; /* monotonic: the latest failure; waits until */
};

char *oc_peer_key(const char *peer, char buf[64])
{
    struct in6_addr a;
    oc_copy(buf, 64, peer && *peer ? peer : "?");
    if (peer && strchr(peer, ':') && inet_pton(AF_INET6, peer, &a) == 1) {
        const uint8_t *b = a.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&a)) {
            snprintf(buf, 64, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
        } else if (!IN6_IS_ADDR_LOOPBACK(&a)) {
            snprintf(buf, 64, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", b[0], b[1], b[2], b[3],
                     b[4], b[5], b[6], b[7]);
        }
    }
    return buf;
}

static struct oc_peer *find(const struct oc_peers *p, const char *key)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->slots[i].key, key) == 0) {
            return &p->slots[i];
        }
    }
    return NULL;
}

static struct oc_peer *quietest(const struct oc_peers *p)
{
    struct oc_peer *found = &p->slots[0];
    for (size_t i = 1; i < p->count; i++) {
        found = p->slots[i].failed_ms < found->failed_ms ? &p->slots[i] : found;
    }
    return found;
}

static struct oc_peer *need(struct oc_peers *p, const char *peer)
{
    char key[64];
    struct oc_peer *slot = find(p, oc_peer_key(peer, key));
    if (!slot) {
        p->slots = p->slots ? p->slots : oc_calloc(OC_PEERS_MAX, sizeof *p->slots);
        slot = p->count < OC_PEERS_MAX ? &p->slots[p->count++] : quietest(p);
        memset(slot, 0, sizeof *slot);
        oc_copy(slot->key, sizeof slot->key, key);
    }
    return slot;
}

void oc_peers_finish(struct oc_peers *p)
{
    OC_FREE(p->slots);
    p->count = 0;
}

/* A peer that waits already fails no further: the wait does not grow by what is refused unseen. */
void oc_peers_failed(struct oc_peers *p, const char *peer)
{
    const int64_t now = oc_time_mono();
    struct oc_peer *slot = need(p, peer);
    if (now - slot->failed_ms > OC_PEER_FORGET) {
        slot->failures = 0;
    }
    slot->failed_ms = now;
    if (now < slot->until_ms) {
        return;
    }
    slot->failures++;
    if (slot->failures >= OC_PEER_FREE) {
        const unsigned steps = slot->failures - OC_PEER_FREE;
        const int64_t wait = steps < 20 ? OC_PEER_WAIT << steps : OC_PEER_LONGEST;
        slot->until_ms = now + (wait < OC_PEER_LONGEST ? wait : OC_PEER_LONGEST);
    }
}

int64_t oc_peers_wait(const struct oc_peers *p, const char *peer)
{
    char key[64];
    const struct oc_peer *slot = p->count ? find(p, oc_peer_key(peer, key)) : NULL;
    const int64_t left = slot ? slot->until_ms - oc_time_mono() : 0;
    return left > 0 ? left : 0;
}
